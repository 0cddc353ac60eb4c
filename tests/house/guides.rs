//! Guides for contributors name files and functions that exist.

use std::fs;

use crate::tree::{File, files, root};

/// The pages whose paths are checked. Those of `docs/` also name files of a user's own project.
const GUIDES: &[&str] = &["ARCHITECTURE.md", "CONTRIBUTING.md"];

/// The texts between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Returns `true` if the quoted text is a path from the repository's root.
fn is_path(text: &str) -> bool {
    let folders = [
        "src/",
        "codegen/",
        "crates/",
        "docs/",
        "examples/",
        "generated/",
        "schemas/",
        "tests/",
        "fuzz/",
        "benches/",
        "api/",
        ".ci/",
        ".github/",
    ];
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    folders.iter().any(|folder| text.starts_with(folder)) && text.chars().all(plain)
}

/// Returns a message for each row of the table "Where is …" whose file lacks its name.
fn wrong_answers(guide: &File) -> Vec<String> {
    let table = guide
        .text
        .split("\n## ")
        .find(|section| section.starts_with("Where is"));
    let rows = table
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1);
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in rows {
        let answer = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let cells: Vec<&str> = quoted(answer).collect();
        let [path, name] = cells[..] else {
            panic!("{row}: expected FILE: NAME")
        };
        let text = fs::read_to_string(root().join(path)).unwrap_or_default();
        if !text.contains(name) {
            wrong.push(format!("{path} does not contain `{name}`"));
        }
        count += 1;
    }
    assert!(count >= 15, "{count} rows");
    wrong
}

/// Returns the paths that the file names and that do not exist.
fn missing_paths(file: &File) -> Vec<String> {
    let paths = quoted(&file.text).filter(|text| is_path(text));
    let missing = paths.filter(|path| !root().join(path).exists());
    missing
        .map(|path| format!("{} names {path}, which does not exist", file.path))
        .collect()
}

#[test]
fn every_answer_of_where_is_holds() {
    let guide = files(&["CONTRIBUTING.md"]);
    assert_eq!(wrong_answers(&guide[0]), [""; 0]);
}

#[test]
fn guides_name_paths_that_exist() {
    let pages = files(&[".md"]);
    let pages = pages.iter().filter(|page| GUIDES.contains(&&*page.path));
    let missing: Vec<String> = pages.flat_map(missing_paths).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn path_that_does_not_exist_is_found() {
    let page = File::new(
        "docs/bad.md",
        "See `src/nowhere.rs`, `src/lib.rs` and `Client`.",
    );
    assert_eq!(
        missing_paths(&page),
        ["docs/bad.md names src/nowhere.rs, which does not exist"]
    );
}

#[test]
fn answer_without_its_name_is_found() {
    let row = "| a thing | `src/lib.rs`: `no_such_name` |\n";
    let text = format!(
        "\n## Where is …\n\n| where | answer |\n|---|---|\n{}",
        row.repeat(15)
    );
    assert_eq!(wrong_answers(&File::new("bad.md", &text)).len(), 15);
}
