//! What holds for all sources of the library: the direction of imports, and who may print.

use agentspan_tests::root;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room imports only from those that stand before it.
const LINE: [&str; 13] = [
    "error",
    "config",
    "usage",
    "cost",
    "span",
    "propagation",
    "sampling",
    "adapters",
    "view",
    "export",
    "pipeline",
    "init",
    "testing",
];

#[test]
fn each_module_imports_only_from_those_before_it_in_the_line() {
    let src = root().join("crates/agentspan/src");
    let mut wrong = Vec::new();
    let mut imports = 0;
    for file in sources(&src) {
        let inside = file.strip_prefix(&src).expect("the file was found there");
        let room = inside.iter().next().and_then(|part| Path::new(part).file_stem()?.to_str());
        let room = room.expect("source files have names in UTF-8");
        if room == "lib" {
            continue;
        }
        let place = LINE.iter().position(|known| *known == room);
        let place = place.unwrap_or_else(|| panic!("`{room}` has no place in the line"));
        let text = fs::read_to_string(&file).expect("a source file can be read");
        if text.contains("crate::{") {
            wrong.push(format!("{} hides rooms in `crate::{{`", inside.display()));
        }
        for used in rooms_used(&text) {
            imports += 1;
            if LINE.iter().position(|known| *known == used) > Some(place) {
                wrong.push(format!("{} imports from `{used}`", inside.display()));
            }
        }
    }
    assert!(imports > 100, "only {imports} imports were found, so the test looks in the wrong place");
    assert_eq!(wrong, Vec::<String>::new());
}

/// The macros that print panic when a program has closed the stream; the library speaks by `error::say` alone.
#[test]
fn nothing_is_printed_by_a_macro_that_can_panic() {
    let printing: Vec<_> = sources(&root().join("crates/agentspan/src"))
        .into_iter()
        .filter(|file| !file.components().any(|part| part.as_os_str() == "tests"))
        .filter(|file| {
            let text = fs::read_to_string(file).expect("a source file can be read");
            let mut code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
            code.any(|line| {
                line.contains("println!(") || line.contains(" print!(") || line.contains("eprint!(")
            })
        })
        .collect();
    assert_eq!(printing, Vec::<PathBuf>::new());
}

/// The rooms that code names by `crate::room`; what stands in comments counts for nothing.
fn rooms_used(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
        .filter(|word| LINE.contains(word))
        .collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder of the sources is there") {
        let path = entry.expect("a folder can be read to its end").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn an_import_is_found_in_code_and_not_in_comments() {
    let text =
        "use crate::span::lock;\n//! see crate::init\nlet a = crate::config::b() + crate::Usage::new();";
    assert_eq!(rooms_used(text), ["span", "config"]);
}
