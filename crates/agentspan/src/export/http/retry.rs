//! When to try again: the rules of the OTLP specification.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Source: OTLP specification, "Retryable Response Codes".
pub(super) fn is_worth_it(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// The pause after so many attempts: doubled each time, and shortened at random so that programs that lost
/// the same collector do not come back together.
pub(super) fn pause(tries: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    // Each state has keys of its own, which is random enough here.
    let random = RandomState::new().hash_one(tries) % 1000;
    whole.mul_f64(0.5 + random as f64 / 2000.0)
}

/// `Retry-After`: seconds, or the moment as an HTTP date.
pub(super) fn after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(http_date(value)?.duration_since(now).unwrap_or_default())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the form that RFC 9110 has servers send.
fn http_date(value: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, date) = value.split_once(", ")?;
    let mut parts = date.strip_suffix(" GMT")?.split([' ', ':']);
    let day: u64 = parts.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64;
    let year: u64 = parts.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut number = || parts.next()?.parse::<u64>().ok().filter(|number| *number < 61);
    let (hours, minutes, seconds) = (number()?, number()?, number()?);
    // Years counted from March, so that the leap day is the last one; the constant is 1970-01-01 in that count.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    let seconds = (days.checked_sub(719_468)? * 24 + hours) * 3600 + minutes * 60 + seconds;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777 - 10);
        let check = |value: &str, expected: Option<u64>| {
            assert_eq!(after(value, now), expected.map(Duration::from_secs), "for {value}");
        };
        check("7", Some(7));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(10));
        check("Sun, 06 Nov 1994 08:49:00 GMT", Some(0));
        check("Thu, 29 Feb 1996 00:00:00 GMT", Some(825_552_000 - 784_111_767));
        for bad in [
            "",
            "-1",
            "soon",
            "Sun, 06 Nov 1994",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn pauses_grow_up_to_five_seconds() {
        assert!(pause(1) >= Duration::from_millis(100) && pause(1) <= Duration::from_millis(200));
        assert!(pause(3) >= Duration::from_millis(400) && pause(3) <= Duration::from_millis(800));
        assert!(pause(u32::MAX) <= Duration::from_secs(5));
    }
}
