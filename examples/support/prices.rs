//! By which prices the calculator and the reader of exchanges count.

use crate::day;
use agentspan::cost::{Price, Prices};

/// The file that `AGENTSPAN_PRICES` names, as the library itself takes it, or else the catalogue.
pub fn prices() -> Result<Prices, String> {
    let Some(path) = std::env::var_os("AGENTSPAN_PRICES").filter(|path| !path.is_empty()) else {
        return Ok(Prices::bundled());
    };
    let wrong = |problem: &dyn std::fmt::Display| format!("AGENTSPAN_PRICES={}: {problem}", path.display());
    let json = std::fs::read(&path).map_err(|error| wrong(&error))?;
    Prices::from_json(&json).map_err(|error| wrong(&error))
}

/// As `gpt-4o: for a million input 2.5, output 10`, and what is special about it.
pub fn rates(price: &Price) -> String {
    let lines = price.lines().iter().map(|line| match line.per() {
        1_000_000 => format!("{} {}", line.what(), line.rate()),
        per => format!("{} {} for {per}", line.what(), line.rate()),
    });
    let lines = lines.collect::<Vec<_>>().join(", ");
    let mut text = format!("{}: for a million {lines}", price.price_model().unwrap_or("?"));
    text.extend(price.tier().map(|tier| format!("; {tier}")));
    text += &price.effective_since().map_or("; without a date".into(), |at| format!("; since {}", day(at)));
    text.extend(price.missing().iter().map(|part| format!("; no rate for {part}")));
    text
}
