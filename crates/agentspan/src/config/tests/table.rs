use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use crate::config::variables::{Status, VARIABLES, markdown};
use crate::config::{Config, Overrides};

fn named(status: &[Status]) -> BTreeSet<String> {
    let chosen = VARIABLES.iter().filter(|variable| status.contains(&variable.status));
    chosen.map(|variable| variable.name.to_owned()).collect()
}

/// The names that are looked up when the environment says `value` to each of them.
fn asked(value: Option<&str>) -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    Config::resolve(
        &|name| {
            names.borrow_mut().insert(name.to_owned());
            value.map(str::to_owned)
        },
        &Overrides::default(),
    );
    names.into_inner()
}

#[test]
fn the_table_holds_the_variables_that_are_read_and_no_others() {
    let table = named(&[Status::Honoured, Status::Warned]);
    assert_eq!(asked(None), table);
    for value in ["true", "x", "0", "grpc", "traceidratio", "http://h"] {
        let more: Vec<_> = asked(Some(value)).difference(&table).cloned().collect();
        assert!(more.is_empty(), "{more:?} are read and stand in no table");
    }
}

#[test]
fn each_name_stands_in_the_table_once() {
    let names: BTreeSet<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    assert_eq!(names.len(), VARIABLES.len());
}

#[test]
fn the_environment_file_is_what_the_table_renders() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/environment.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, markdown()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, markdown(), "make it anew with `UPDATE=1 cargo test -p agentspan environment`");
}

#[test]
fn cells_of_the_table_break_no_row() {
    for variable in VARIABLES {
        for cell in [variable.default, variable.values, variable.meaning] {
            assert!(!cell.is_empty() && !cell.contains(['|', '\n']), "{}: {cell}", variable.name);
        }
    }
}

#[test]
fn a_variable_without_support_is_answered_with_exactly_one_warning() {
    for variable in VARIABLES {
        let env = |name: &str| (name == variable.name).then(|| "true".to_owned());
        let (_, warnings) = Config::resolve(&env, &Overrides::default());
        match variable.status {
            Status::Warned => assert_eq!(warnings.len(), 1, "{}: {warnings:?}", variable.name),
            Status::Honoured => assert!(warnings.len() <= 1, "{}: {warnings:?}", variable.name),
        }
        for warning in warnings {
            assert!(warning.to_string().contains(variable.name), "{warning}");
        }
    }
}

#[test]
fn an_empty_or_blank_value_counts_as_unset() {
    let unset = format!("{:?}", Config::resolve(&|_| None, &Overrides::default()));
    for blank in ["", "  ", "\t"] {
        let config = Config::resolve(&|_| Some(blank.to_owned()), &Overrides::default());
        assert_eq!(format!("{config:?}"), unset);
    }
}

#[test]
fn no_value_panics_or_makes_a_warning_of_more_than_one_short_line() {
    let long = "é=,".repeat(10_000);
    let nasty = [
        "\u{0}",
        "é",
        "=",
        ",,,",
        "%",
        "%C3",
        "a=%E9",
        "[",
        "[{",
        "é[é{é=é}]=é",
        "😀://😀",
        "http://é",
        &long,
    ];
    for value in nasty {
        let (_, warnings) = Config::resolve(&|_| Some(value.to_owned()), &Overrides::default());
        for warning in warnings {
            let text = warning.to_string();
            assert!(text.chars().count() < 500 && !text.contains(char::is_control), "{text}");
        }
    }
}

#[test]
fn the_defaults_in_the_table_are_those_of_the_code() {
    let table: Vec<(String, String)> = VARIABLES
        .iter()
        .filter(|variable| variable.default.starts_with(|c: char| c == '`' || c.is_ascii_digit()))
        .filter(|variable| !variable.default.contains('<'))
        .map(|variable| (variable.name.to_owned(), variable.default.replace('`', "")))
        .collect();
    assert!(table.len() > 20, "{table:?}");
    let env = |name: &str| table.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let unset = format!("{:?}", Config::resolve(&|_| None, &Overrides::default()));
    assert_eq!(format!("{:?}", Config::resolve(&env, &Overrides::default())), unset);
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_named_and_left_out() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use crate::config::reader::snapshot;

    let (values, warnings) = snapshot(|name| match name {
        "RUST_LOG" => Some(OsString::from_vec(vec![b'a', 0xff])),
        "AGENTSPAN_SPANS" => Some(OsString::from("debug")),
        _ => None,
    });
    assert_eq!(values.into_iter().collect::<Vec<_>>(), [("AGENTSPAN_SPANS", "debug".to_owned())]);
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["ignoring `RUST_LOG`: expected UTF-8; using what applies when it is not set"]);
}
