//! A file of calls to be priced, a JSON line each.

use agentspan::Usage;
use agentspan::cost::{Price, PriceQuery, Prices};
use serde_json::{Value, json};
use std::error::Error;
use std::time::{Duration, SystemTime};

/// The bill of one line: what it cost, or why that cannot be said.
pub fn bill(prices: &Prices, line: &str) -> Value {
    let call: Value = match serde_json::from_str(line) {
        Ok(call) => call,
        Err(error) => return json!({"id": null, "status": "unknown", "error": error.to_string()}),
    };
    match price(prices, &call) {
        Ok(price) => json!({
            "id": call["id"],
            "total_usd": price.total_usd().map(|usd| usd.to_string()),
            "input_usd": price.input_usd().map(|usd| usd.to_string()),
            "output_usd": price.output_usd().map(|usd| usd.to_string()),
            "status": price.status().as_str(),
            "source": price.source().map(|source| source.as_str()),
            "price_model": price.price_model(),
            "missing": price.missing(),
        }),
        Err(error) => json!({"id": call["id"], "status": "unknown", "error": error.to_string()}),
    }
}

fn price(prices: &Prices, call: &Value) -> Result<Price, Box<dyn Error>> {
    let text = |key: &str| call[key].as_str();
    let provider = text("provider").or(text("url")).ok_or("`provider` or `url` is wanting")?;
    let mut usage = Usage::new();
    for (key, value) in call["usage"].as_object().ok_or("`usage` is no object")? {
        if value.is_null() {
            continue;
        }
        if key == "seconds" {
            usage.seconds = Some(value.as_f64().ok_or("`seconds` is no number")?);
            continue;
        }
        let count = value.as_u64().ok_or_else(|| format!("`{key}` is no count"))?;
        let field = match key.as_str() {
            "input" => &mut usage.input,
            "output" => &mut usage.output,
            "cache_read" => &mut usage.cache_read,
            "cache_write" => &mut usage.cache_write,
            "cache_write_1h" => &mut usage.cache_write_1h,
            "reasoning" => &mut usage.reasoning,
            "input_audio" => &mut usage.input_audio,
            "cache_audio_read" => &mut usage.cache_audio_read,
            "output_audio" => &mut usage.output_audio,
            "input_image" => &mut usage.input_image,
            "output_image" => &mut usage.output_image,
            "input_video" => &mut usage.input_video,
            "output_video" => &mut usage.output_video,
            "web_searches" => &mut usage.web_searches,
            "file_searches" => &mut usage.file_searches,
            _ => return Err(format!("`{key}` is no part of a usage").into()),
        };
        *field = Some(count);
    }
    let mut query = PriceQuery::new(provider, text("model").ok_or("`model` is wanting")?, &usage);
    query = query.batch(call["batch"].as_bool().unwrap_or(false));
    if let Some(tier) = text("service_tier") {
        query = query.service_tier(tier);
    }
    if !call["at"].is_null() {
        query = query.at(moment(&call["at"]).ok_or("`at` is no time such as 2026-11-20T00:00:00Z")?);
    }
    Ok(prices.price(&query))
}

/// Seconds since 1970, or a date with or without a time of day, in UTC.
pub fn moment(at: &Value) -> Option<SystemTime> {
    if let Some(seconds) = at.as_f64() {
        return SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?);
    }
    let text = at.as_str()?;
    let (written, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00Z"));
    let time = time.trim_end_matches('Z').trim_end_matches("+00:00");
    let numbers =
        |text: &str, by| text.split(by).map(|part| part.parse::<f64>().ok()).collect::<Option<Vec<_>>>();
    let (date, time) = (numbers(written, '-')?, numbers(time, ':')?);
    let [year, month, day] = date[..] else { return None };
    let [hour, minute, second] = [0, 1, 2].map(|at| time.get(at).copied().unwrap_or(0.0));
    let valid = year >= 1970.0 && (1.0..=12.0).contains(&month) && (1.0..=31.0).contains(&day);
    let valid = valid && hour < 24.0 && minute < 60.0 && second < 61.0;
    // Years begin in March, so that the leap day is the last.
    let (year, month) = if month > 2.0 { (year, month - 3.0) } else { (year - 1.0, month + 9.0) };
    let leaps = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    let days = 365.0 * year + leaps + ((153.0 * month + 2.0) / 5.0).floor() + day - 719_469.0;
    let seconds = days * 86_400.0 + hour * 3600.0 + minute * 60.0 + second;
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
    // A 30th of February would be another day.
    (valid && self::day(at) == written).then_some(at)
}

/// The day of a moment in UTC, as `2026-11-20`.
pub fn day(at: SystemTime) -> String {
    let days = at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    // Eras of 400 years have one length, and years that begin in March have the leap day at their end.
    let (era, of_era) = ((days + 719_468) / 146_097, (days + 719_468) % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", 400 * era + year + next)
}
