//! What the steps of a run come to, name by name.

use crate::cost::Usd;
use std::time::Duration;

/// The rows of `agent.breakdown`.
#[derive(Debug, Default)]
pub(super) struct Breakdown(Vec<Row>);

/// Rows; what comes later falls into the last one.
const MAX_ROWS: usize = 20;

/// Room that is made at once.
const USUAL_ROWS: usize = 8;

/// The row of everything that has no row of its own.
const OTHER_ROW: &str = "other";

impl Breakdown {
    pub(super) fn add(&mut self, line: &Line<'_>) {
        let rows = &mut self.0;
        let found = rows.iter().position(|row| row.name == line.name);
        let at = found.unwrap_or_else(|| {
            if rows.len() >= MAX_ROWS {
                rows[MAX_ROWS - 1].name = OTHER_ROW.into();
                return MAX_ROWS - 1;
            }
            if rows.is_empty() {
                rows.reserve(USUAL_ROWS);
            }
            rows.push(Row { name: line.name.to_owned(), ..Row::default() });
            rows.len() - 1
        });
        let row = &mut rows[at];
        row.count += 1;
        row.tokens = add(row.tokens, line.tokens, u64::saturating_add);
        row.usd = add(row.usd, line.usd, |sum, usd| sum + usd);
        row.duration += line.duration;
        row.failures += u64::from(line.failed);
    }

    /// JSON with the dearest rows first; `None` without rows.
    pub(super) fn json(&mut self) -> Option<String> {
        self.0.sort_by(|one, other| other.usd.cmp(&one.usd).then_with(|| one.name.cmp(&other.name)));
        let mut json = Vec::with_capacity(128 * self.0.len());
        for row in &self.0 {
            json.push(if json.is_empty() { b'[' } else { b',' });
            row.write(&mut json).ok()?;
        }
        json.push(b']');
        if self.0.is_empty() { None } else { String::from_utf8(json).ok() }
    }
}

/// One line of `agent.breakdown`.
#[derive(Debug, Default)]
struct Row {
    name: String,
    count: u64,
    tokens: Option<u64>,
    usd: Option<Usd>,
    duration: Duration,
    failures: u64,
}

impl Row {
    /// Writes the line as JSON, piece by piece: the caller waits for it at the end of each run.
    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        let Self { name, count, tokens, usd, duration, failures } = self;
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

/// What a step adds to the breakdown.
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    pub(crate) tokens: Option<u64>,
    pub(crate) usd: Option<Usd>,
    pub(crate) duration: Duration,
    pub(crate) failed: bool,
}

fn add<T>(sum: Option<T>, part: Option<T>, plus: impl FnOnce(T, T) -> T) -> Option<T> {
    match (sum, part) {
        (Some(sum), Some(part)) => Some(plus(sum, part)),
        (sum, part) => sum.or(part),
    }
}
