//! Dates and times of day of the price file, all UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;

/// When a price holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// From a second since 1970 on.
    Since(i64),
    /// Between two seconds of a day, without the second; it may pass midnight.
    Daily { start: i64, end: i64 },
}

impl Window {
    pub(crate) fn holds(self, seconds: i64) -> bool {
        match self {
            Self::Since(start) => seconds >= start,
            Self::Daily { start, end } => {
                let now = seconds.rem_euclid(DAY);
                if end < start { now >= start || now < end } else { (start..end).contains(&now) }
            }
        }
    }
}

/// Whole seconds since 1970, rounded down, so that a window begins exactly at its second.
pub(crate) fn seconds(at: SystemTime) -> i64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            -i64::try_from(before.as_secs()).unwrap_or(i64::MAX - 1) - i64::from(before.subsec_nanos() > 0)
        }
    }
}

/// The reverse of [`seconds`]; `None` for what the clock of this system cannot hold.
pub(crate) fn moment(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

/// The first second of `2026-10-14`; `None` for what is no date.
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let mut number = |digits| {
        let part = parts.next()?;
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<i64>().ok())?
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !(1..=days).contains(&day) {
        return None;
    }
    // Years are counted from March, so that the leap day is the last of a year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some((days + (153 * month + 2) / 5 + day - 1 - 719_468) * DAY)
}

/// The second of the day of `01:00:00Z`; `None` for what is no time in UTC.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    let mut parts = text.split(':').map(|part| (part.len() == 2).then(|| part.parse::<i64>().ok())?);
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0))?;
    let valid = (0..24).contains(&hours) && (0..60).contains(&minutes) && (0..60).contains(&seconds);
    (valid && parts.next().is_none()).then_some(hours * 3600 + minutes * 60 + seconds)
}
