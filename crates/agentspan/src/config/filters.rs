use tracing_subscriber::filter::Directive;

use super::list::name_them;
use super::reader::{Reader, Rejected, in_code};
use super::value::{members, shown};

const EXPECTED: &str = "directives such as `info` or `my_crate=debug`, separated by commas";
const LOG_EVENTS: &str = "AGENTSPAN_LOG_EVENTS";

/// Filter directives, cleaned so that `tracing-subscriber` takes every one of them.
///
/// Its own lenient parser would print a line for each wrong directive past us, and it cuts directives that have
/// a space before them in the wrong place.
pub(super) fn directives(reader: &mut Reader<'_>, name: &str, code: Option<&str>, default: &str) -> String {
    let (used, rejected) = usable(reader, name, code);
    let used = used.unwrap_or_else(|| default.to_owned());
    reader.report(rejected, &format!("`{}`", shown(&used)));
    used
}

/// As [`directives`], where `none` and `off` record no events at all, which is the default.
pub(super) fn log_events(reader: &mut Reader<'_>, code: Option<&str>) -> Option<String> {
    let (used, rejected) = usable(reader, LOG_EVENTS, code);
    let used = used.filter(|used| !["none", "off"].iter().any(|word| word.eq_ignore_ascii_case(used)));
    reader.report(rejected, &format!("`{}`", shown(used.as_deref().unwrap_or("none"))));
    used
}

/// The good directives of the first source that has any, and what was refused on the way.
fn usable(reader: &Reader<'_>, name: &str, code: Option<&str>) -> (Option<String>, Vec<Rejected>) {
    let mut rejected = Vec::new();
    let mut refuse = |given| rejected.push(Rejected { given, expected: EXPECTED.to_owned() });
    if let Some(text) = reader.get(name) {
        let (good, bad) = split(&text);
        if !bad.is_empty() {
            refuse(name_them(name, &text, &bad, good.is_empty()));
        }
        if !good.is_empty() {
            return (Some(good.join(",")), rejected);
        }
    }
    if let Some(text) = code {
        let (good, bad) = split(text);
        if !bad.is_empty() {
            refuse(in_code(&bad.join(","), &[name]));
        }
        if !good.is_empty() {
            return (Some(good.join(",")), rejected);
        }
    }
    (None, rejected)
}

fn split(text: &str) -> (Vec<&str>, Vec<&str>) {
    members(text).partition(|directive| directive.parse::<Directive>().is_ok())
}
