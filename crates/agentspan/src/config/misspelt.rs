//! Variables that nobody reads, because their names are written wrong.

use std::ffi::OsString;

use super::reader::Warning;
use super::variables::VARIABLES;

/// What the variables of this crate's own begin with.
const OURS: &str = "AGENTSPAN_";

/// The most letters by which a name may be wrong. One that differs more, or in half of what stands behind [`OURS`], is taken for
/// another program's.
const SLIPS: usize = 3;

/// A warning for each variable that is set and has almost the name of one of ours; values are not shown.
pub(super) fn warnings(environment: impl Iterator<Item = (OsString, OsString)>) -> Vec<Warning> {
    let set = environment.filter(|(_, value)| !value.to_string_lossy().trim().is_empty());
    let mut names: Vec<_> = set.filter_map(|(name, _)| name.into_string().ok()).collect();
    // The order of an environment is nobody's intention.
    names.sort_unstable();
    let meant = names.iter().filter_map(|name| Some((name, meant_by(name)?)));
    meant
        .map(|(name, meant)| {
            Warning::new(&format!("ignoring `{name}`: there is no such variable; did you mean `{meant}`?"))
        })
        .collect()
}

/// The name that was meant, of one that is not known.
fn meant_by(name: &str) -> Option<&'static str> {
    let given = name.strip_prefix(OURS)?;
    let ours = VARIABLES.iter().filter_map(|known| Some((known.name, known.name.strip_prefix(OURS)?)));
    let (distance, known, behind) =
        ours.map(|(known, behind)| (distance(given, behind), known, behind)).min()?;
    (distance > 0 && distance <= SLIPS && distance * 2 < behind.len()).then_some(known)
}

/// How many letters have to be put in, left out or replaced to make one of the other; more than [`SLIPS`] are not counted out.
fn distance(one: &str, other: &str) -> usize {
    if one.len().abs_diff(other.len()) > SLIPS {
        return SLIPS + 1;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (column, wanted) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(letter != wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
