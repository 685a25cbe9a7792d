//! The table of what is read from each API, and the fixtures behind its cells.

mod anthropic;
mod aws;
mod chat;
mod completion;
mod fixture;
mod google;
mod openai;
mod others;
mod recut;
mod row;
mod spoilt;
mod typed;
mod wire;

use fixture::Column;
use row::Row;
use std::fmt::Write;
use std::path::Path;
use typed::Types;

fn rows() -> Vec<Row> {
    [chat::rows(), openai::rows(), anthropic::rows(), google::rows(), aws::rows(), others::rows()].concat()
}

/// The bytes of every fixture, whole and streamed.
#[cfg(feature = "tower")]
pub(crate) fn bodies() -> Vec<Vec<u8>> {
    let fixtures = rows().into_iter().flat_map(|row| row.fixtures);
    let both = |fixture: fixture::Fixture| {
        let whole = fixture.whole.map(|whole| whole.to_string().into_bytes());
        whole.into_iter().chain(fixture.stream.map(|(wire, chunks)| wire.bytes(&chunks)))
    };
    fixtures.flat_map(both).collect()
}

#[test]
fn each_fixture_is_read_exactly_whole_and_in_every_cut() {
    for row in rows() {
        row.fixtures.iter().for_each(|fixture| fixture.check(row.family));
    }
}

#[test]
fn each_cell_has_a_fixture_or_a_reason() {
    for row in rows() {
        let given = row.given();
        for column in Column::ALL {
            let reasons: Vec<_> = row.reasons(column).collect();
            let expected = usize::from(!given.contains(&column));
            assert_eq!(reasons.len(), expected, "{}, {}: {reasons:?}", row.family, column.as_str());
        }
    }
}

#[test]
fn types_that_are_said_to_fail_do() {
    for row in rows() {
        if let Types::NotChat(reason) = row.types {
            assert_eq!(row.lost(), None, "{}: {reason}", row.family);
        }
    }
}

#[test]
fn the_committed_table_is_what_the_fixtures_give() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/agentspan/src/usage/families.md");
    let table = markdown(&rows());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        committed, table,
        "make it anew with `UPDATE=1 cargo test -p agentspan-tests --test it families`"
    );
}

/// The notes below the table, each once, in the order of their first cell.
#[derive(Default)]
struct Notes(Vec<&'static str>);

impl Notes {
    fn mark(&mut self, note: &'static str) -> String {
        let place = self.0.iter().position(|known| *known == note).unwrap_or_else(|| {
            self.0.push(note);
            self.0.len() - 1
        });
        format!("<sup>{}</sup>", place + 1)
    }
}

fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "<!-- Made from `tests/it/families`; made anew by `UPDATE=1 cargo test -p agentspan-tests --test it families`. -->\n",
    );
    let columns = Column::ALL.map(Column::as_str).join(" | ");
    writeln!(text, "| API | {columns} | through types |\n|---|{}---|", "---|".repeat(Column::ALL.len()))
        .unwrap();
    let mut notes = Notes::default();
    for row in rows {
        write!(text, "| {} |", row.family).unwrap();
        for column in Column::ALL {
            match row.reasons(column).next() {
                Some(reason) => write!(text, " –{} |", notes.mark(reason)).unwrap(),
                None => text.push_str(" yes |"),
            }
        }
        let cell = match row.types {
            Types::None(reason) => format!("–{}", notes.mark(reason)),
            Types::NotChat(reason) => format!("no{}", notes.mark(reason)),
            Types::Chat | Types::Responses | Types::Embeddings => match &row.lost().expect(row.family)[..] {
                [] => "all".to_owned(),
                lost => format!(
                    "without {}",
                    lost.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(", ")
                ),
            },
        };
        writeln!(text, " {cell} |").unwrap();
    }
    text.push('\n');
    for (place, note) in notes.0.iter().enumerate() {
        writeln!(text, "{}. {note}", place + 1).unwrap();
    }
    text
}
