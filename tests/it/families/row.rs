//! One row of the table.

use super::fixture::{Column, Fixture};
use super::typed::Types;

/// Columns that the provider has nothing for, and why.
pub(super) type Absent = (&'static [Column], &'static str);

pub(super) const NO_AUDIO: Absent =
    (&[Column::Audio], "Its models take and give no audio, or do not count it.");
pub(super) const NO_COST: Absent =
    (&[Column::ProviderCost], "The provider does not say what a call cost; it is priced by the catalogue.");
pub(super) const NO_REASONING: Absent =
    (&[Column::Reasoning], "Reasoning is in the output and has no count of its own.");
pub(super) const NO_WRITES: Absent =
    (&[Column::Written], "It caches by itself, charges nothing for it and counts no writes.");

/// One API family, or one provider that means something of its own by the same words.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) family: &'static str,
    pub(super) fixtures: Vec<Fixture>,
    /// What the provider has not, each with a sentence that says why.
    pub(super) absent: Vec<Absent>,
    pub(super) types: Types,
}

impl Row {
    /// What at least one of the fixtures gives.
    pub(super) fn given(&self) -> Vec<Column> {
        let given: Vec<_> = self.fixtures.iter().flat_map(Fixture::given).collect();
        Column::ALL.into_iter().filter(|column| given.contains(column)).collect()
    }

    pub(super) fn reasons(&self, column: Column) -> impl Iterator<Item = &'static str> {
        self.absent.iter().filter(move |(columns, _)| columns.contains(&column)).map(|(_, reason)| *reason)
    }

    /// What the bytes give and types of a client lose; `None` when these fail, or would give other counts.
    pub(super) fn lost(&self) -> Option<Vec<Column>> {
        // Among chats, what has no finish reason is something else, for which their types have no room.
        let is_chat =
            |fixture: &&Fixture| matches!(self.types, Types::Embeddings) || fixture.finish.is_some();
        let fixtures = self.fixtures.iter().filter(is_chat);
        let lost = fixtures.map(|fixture| fixture.lost(self.types)).collect::<Option<Vec<_>>>()?.concat();
        Some(Column::ALL.into_iter().filter(|column| lost.contains(column)).collect())
    }
}
