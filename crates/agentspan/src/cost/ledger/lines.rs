//! Names and what was spent on each, as many as there is room for.

use crate::cost::books::{BookLine, Spend};
use crate::usage::short_name;
use foldhash::fast::RandomState as FastHash;
use std::collections::HashMap;

/// Names with a line of their own, also among stop reasons; a program that puts an id into a name must not grow without bound.
pub(super) const MAX_LINES: usize = 1_000;

/// The line of everything that has none of its own.
pub(super) const OTHER: &str = "other";

#[derive(Debug, Default)]
pub(super) struct Lines {
    places: HashMap<String, usize, FastHash>,
    lines: Vec<BookLine>,
    other: Option<Spend>,
}

/// Where a line stands in its list; `None` for the line of all that have none of their own.
pub(super) type Place = Option<usize>;

impl Lines {
    /// The line of a name, which is made where there is none.
    pub(super) fn place(&mut self, name: &str) -> Place {
        // Models make up names of tools, too.
        let name = short_name(name);
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        let place = self.lines.len();
        if place >= MAX_LINES {
            return None;
        }
        self.lines.push(BookLine { name: name.to_owned(), spend: Spend::default() });
        self.places.insert(name.to_owned(), place);
        Some(place)
    }

    /// The same for a name that is put together of parts, in `name`.
    pub(super) fn place_of(&mut self, parts: [&str; 3], name: &mut String) -> Place {
        name.clear();
        parts.iter().for_each(|part| name.push_str(part));
        self.place(name)
    }

    /// Whether a place is that of a name which these parts make.
    pub(super) fn is_at<const PARTS: usize>(&self, place: Place, parts: [&str; PARTS]) -> bool {
        let name = place.and_then(|place| self.lines.get(place)).map(|line| line.name.as_str());
        parts.into_iter().try_fold(name.unwrap_or(""), str::strip_prefix) == Some("")
    }

    #[inline]
    pub(super) fn add(&mut self, place: Place, spend: &Spend) {
        add(&mut self.lines, &mut self.other, place, spend);
    }

    /// What was spent on each name and on those without a line.
    pub(super) fn spends(&self) -> impl Iterator<Item = &Spend> {
        self.lines.iter().map(|line| &line.spend).chain(&self.other)
    }

    /// The lines with what is posted to `more` besides, the dearest first.
    pub(super) fn sorted<'a>(&self, more: impl Iterator<Item = (Place, &'a Spend)>) -> Vec<BookLine> {
        let (mut lines, mut other) = (self.lines.clone(), self.other);
        for (place, spend) in more {
            add(&mut lines, &mut other, place, spend);
        }
        lines.sort_by(|one, other| {
            other.spend.usd.cmp(&one.spend.usd).then_with(|| one.name.cmp(&other.name))
        });
        lines.extend(other.map(|spend| BookLine { name: OTHER.to_owned(), spend }));
        lines
    }
}

fn add(lines: &mut [BookLine], other: &mut Option<Spend>, place: Place, spend: &Spend) {
    match place.and_then(|place| lines.get_mut(place)) {
        Some(line) => line.spend.add(spend),
        None => other.get_or_insert_default().add(spend),
    }
}
