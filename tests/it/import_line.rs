//! Data flows one way: a room of the library imports only from rooms before it in one line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The line of ARCHITECTURE, from the first room to the last. Rooms in one entry stand side by side.
const LINE: [&[&str]; 11] = [
    &["error", "config"],
    &["usage"],
    &["cost"],
    &["span"],
    &["propagation", "sampling"],
    &["adapters"],
    &["view"],
    &["export"],
    &["pipeline"],
    &["init"],
    &["testing"],
];

fn place(room: &str) -> Option<usize> {
    LINE.iter().position(|rooms| rooms.contains(&room))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The first words behind each `crate::` in code; of `crate::{a::…, b}` all of them.
fn imported(source: &str) -> BTreeSet<String> {
    let code: Vec<_> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut rooms = BTreeSet::new();
    for rest in code.join("\n").split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => rooms.extend(members(group)),
            None => rooms.extend(word(rest)),
        }
    }
    rooms
}

fn word(text: &str) -> Option<String> {
    let word: String = text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}

/// The first word of each member of a braced list, which ends with its own bracket.
fn members(group: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let mut found: Vec<String> = word(group).into_iter().collect();
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => found.extend(word(&group[at + 1..])),
            _ => {}
        }
    }
    found
}

#[test]
fn a_room_imports_only_from_earlier_rooms() {
    let root = agentspan_tests::root().join("crates/agentspan/src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50, "{} files", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&root).expect("it lies inside");
        let first = inside.iter().next().expect("it has a name").to_string_lossy();
        let room = first.trim_end_matches(".rs").to_owned();
        if room == "lib" {
            continue;
        }
        let Some(own) = place(&room) else {
            wrong.push(format!("`{room}` is no room of the line"));
            continue;
        };
        let source = fs::read_to_string(&file).expect("the file can be read");
        for other in imported(&source) {
            let allowed = other == room || place(&other).is_some_and(|place| place <= own);
            // What users see stands at the root, and may be named in tests and macros as users name it.
            let public = place(&other).is_none();
            if !allowed && !public {
                wrong.push(format!("{} imports from `{other}`", inside.display()));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn imports_are_found_in_all_their_forms() {
    let source = "use crate::span::Node;\nuse crate::{config::{A, B}, cost};\n// crate::init\nlet x = crate::view::x();";
    let expected = ["config", "cost", "span", "view"].map(str::to_owned);
    assert_eq!(imported(source), BTreeSet::from(expected));
}

#[test]
fn the_names_of_everything_stand_before_the_line() {
    let mut files = Vec::new();
    sources(&agentspan_tests::root().join("crates/agentspan-semconv/src"), &mut files);
    for file in files {
        let source = fs::read_to_string(&file).expect("the file can be read");
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<String>();
        assert!(!code.contains("opentelemetry::") && !code.contains("agentspan::"), "{}", file.display());
    }
}
