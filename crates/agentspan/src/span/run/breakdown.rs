//! What the steps of a run come to, name by name.

use crate::cost::Usd;
use crate::span::node::Name;
use std::ops::Range;
use std::time::Duration;

/// The rows of `agent.breakdown`.
#[derive(Debug, Default)]
pub(super) struct Breakdown {
    rows: Vec<Row>,
    /// What the names of all rows are put together of, one after the other, as it reads.
    names: String,
}

/// Rows; what comes later falls into the last one.
const MAX_ROWS: usize = 20;

/// Room that is made at once.
const USUAL_ROWS: usize = 6;
const USUAL_NAMES: usize = 128;

/// The row of everything that has no row of its own.
const OTHER_ROW: &str = "other";

impl Breakdown {
    pub(super) fn add(&mut self, line: &Line<'_>) {
        if let Some(row) = self.row(&line.name) {
            return row.figures.add(&line.figures);
        }
        let (provider, named) = line.name.read();
        let name = Name { kind: line.name.kind, provider: provider.as_deref(), named: &named };
        // Different words may read the same.
        if !name.is_made_of(&line.name)
            && let Some(row) = self.row(&name)
        {
            return row.figures.add(&line.figures);
        }
        let Self { rows, names } = self;
        if let Some(last) = rows.get_mut(MAX_ROWS - 1) {
            last.name = None;
            return last.figures.add(&line.figures);
        }
        if rows.is_empty() {
            *rows = Vec::with_capacity(USUAL_ROWS);
            *names = String::with_capacity(USUAL_NAMES);
        }
        rows.push(Row { name: Some(Place::of(&name, names)), figures: line.figures });
    }

    fn row(&mut self, name: &Name<'_>) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.is_of(&self.names, name))
    }

    /// JSON with the dearest rows first; `None` without rows.
    pub(super) fn json(&self) -> Option<String> {
        let mut rows: Vec<(String, Figures)> = Vec::with_capacity(self.rows.len());
        for Row { name, figures } in &self.rows {
            let name = name.as_ref().map_or(OTHER_ROW.into(), |name| name.read(&self.names).to_string());
            match rows.iter_mut().find(|(known, _)| *known == name) {
                // A dot may stand in a provider or in a model.
                Some((_, known)) => known.add(figures),
                None => rows.push((name, *figures)),
            }
        }
        rows.sort_by(|(one, its), (other, others)| others.usd.cmp(&its.usd).then_with(|| one.cmp(other)));
        let mut json = Vec::with_capacity(128 * rows.len());
        for (name, figures) in &rows {
            json.push(if json.is_empty() { b'[' } else { b',' });
            figures.write(name, &mut json).ok()?;
        }
        json.push(b']');
        if rows.is_empty() { None } else { String::from_utf8(json).ok() }
    }
}

/// One line of `agent.breakdown`.
#[derive(Debug)]
struct Row {
    /// Absent in the row of everything else.
    name: Option<Place>,
    figures: Figures,
}

impl Row {
    fn is_of(&self, names: &str, name: &Name<'_>) -> bool {
        // Nearly all that differ do in their length.
        let place = self.name.as_ref().filter(|place| place.named.len() == name.named.len());
        place.is_some_and(|place| place.read(names) == *name)
    }
}

/// Where the parts of a name stand among those of all names.
#[derive(Debug)]
struct Place {
    kind: Option<&'static str>,
    provider: Option<Range<usize>>,
    named: Range<usize>,
}

impl Place {
    /// Puts the parts of a name behind the others.
    fn of(name: &Name<'_>, names: &mut String) -> Self {
        let mut put = |part| {
            let start = names.len();
            names.push_str(part);
            start..names.len()
        };
        Self { kind: name.kind, provider: name.provider.map(&mut put), named: put(name.named) }
    }

    fn read<'n>(&self, names: &'n str) -> Name<'n> {
        let read = |part: &Range<usize>| &names[part.start..part.end];
        Name { kind: self.kind, provider: self.provider.as_ref().map(read), named: read(&self.named) }
    }
}

/// What a step adds to the breakdown.
pub(crate) struct Line<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) figures: Figures,
}

/// What some steps of one name come to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) count: u64,
    pub(crate) tokens: Option<u64>,
    pub(crate) usd: Option<Usd>,
    pub(crate) duration: Duration,
    pub(crate) failures: u64,
}

impl Figures {
    fn add(&mut self, more: &Self) {
        self.count += more.count;
        self.tokens = add(self.tokens, more.tokens, u64::saturating_add);
        self.usd = add(self.usd, more.usd, |sum, usd| sum + usd);
        self.duration += more.duration;
        self.failures += more.failures;
    }

    /// Writes the line as JSON, piece by piece.
    fn write(&self, name: &str, json: &mut Vec<u8>) -> serde_json::Result<()> {
        let Self { count, tokens, usd, duration, failures } = self;
        json.extend_from_slice(br#"{"count":"#);
        serde_json::to_writer(&mut *json, count)?;
        json.extend_from_slice(br#","failures":"#);
        serde_json::to_writer(&mut *json, failures)?;
        json.extend_from_slice(br#","ms":"#);
        serde_json::to_writer(&mut *json, &u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))?;
        json.extend_from_slice(br#","name":"#);
        serde_json::to_writer(&mut *json, name)?;
        if let Some(tokens) = tokens {
            json.extend_from_slice(br#","tokens":"#);
            serde_json::to_writer(&mut *json, tokens)?;
        }
        if let Some(usd) = usd {
            json.extend_from_slice(br#","usd":"#);
            serde_json::to_writer(&mut *json, &usd.as_f64())?;
        }
        json.push(b'}');
        Ok(())
    }
}

fn add<T>(sum: Option<T>, part: Option<T>, plus: impl FnOnce(T, T) -> T) -> Option<T> {
    match (sum, part) {
        (Some(sum), Some(part)) => Some(plus(sum, part)),
        (sum, part) => sum.or(part),
    }
}
