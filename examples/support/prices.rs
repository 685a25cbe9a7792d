//! By which prices the calculator and the reader of exchanges count.

use agentspan::cost::Prices;

/// The file that `AGENTSPAN_PRICES` names, as the library itself takes it, or else the catalogue.
pub fn prices() -> Result<Prices, String> {
    let Some(path) = std::env::var_os("AGENTSPAN_PRICES").filter(|path| !path.is_empty()) else {
        return Ok(Prices::bundled());
    };
    let wrong = |problem: &dyn std::fmt::Display| format!("AGENTSPAN_PRICES={}: {problem}", path.display());
    let json = std::fs::read(&path).map_err(|error| wrong(&error))?;
    Prices::from_json(&json).map_err(|error| wrong(&error))
}
