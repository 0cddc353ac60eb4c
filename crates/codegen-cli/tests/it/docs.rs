//! The guide and the README show what the command prints.

use std::path::Path;
use std::process::Command;

use runcomfy_codegen::Builder;
use runcomfy_codegen_cli::diff;

const GUIDE: &str = include_str!("../../../../docs/code-generator.md");
const README: &str = include_str!("../../README.md");

/// Returns the `text` block that follows a text, less its first line.
fn block<'a>(page: &'a str, start: &str) -> &'a str {
    let (_, rest) = page.split_once(start).unwrap();
    let (_, shown) = rest.split_once('\n').unwrap();
    shown.split("```").next().unwrap()
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn report_of_changes_is_as_shown() {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas");
    let old = Builder::new().schemas(schemas).read().unwrap();

    let edit = "bytedance/dreamina-4-0/edit";
    let text = std::fs::read_to_string(format!("{schemas}/{edit}.json")).unwrap();
    let text = text
        .replace("\"maximum\": 1,", "\"maximum\": 0.8,")
        .replace("\"maxLength\": 800", "\"maxLength\": 900");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{edit}.json"));
    write(&path, &text);
    let changed = Builder::new().schemas(folder.path()).read().unwrap();
    let same = old.iter().filter(|model| &*model.id != edit).cloned();
    let new: Vec<_> = same.chain(changed).collect();
    let printed = format!("{}\n", diff(&old, &new));
    let command = "$ runcomfy-codegen diff main HEAD";
    assert_eq!(printed, block(GUIDE, command));
    assert_eq!(printed, block(README, command));
}

/// The README of the generator has the same block as the guide.
#[test]
fn diagnostic_is_as_shown() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{\n  \"type\": \"object\",\n  \"required\": [\"text\"],\n  \"properties\": {\n    \"text\": { \"type\": \"string\" },\n    \"strength\": { \"type\": \"number\", \"minimum\": \"0\", \"maximum\": 1 }\n  }\n}\n";
    let path = folder
        .path()
        .join("schemas/acme/stamp-2/text-to-image.json");
    write(&path, text);
    let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy-codegen"));
    let output = command.current_dir(folder.path()).arg("lint").output();
    let printed = String::from_utf8(output.unwrap().stdout).unwrap();
    let shown = printed.strip_suffix("\nerrors: 1, warnings: 0\n").unwrap();
    for page in [GUIDE, include_str!("../../../../codegen/README.md")] {
        assert!(page.contains(&format!("```text\n{shown}```")), "{printed}");
    }
}

#[test]
fn import_is_as_shown() {
    let folder = tempfile::tempdir().unwrap();
    let page = "curl https://model-api.runcomfy.net/v1/models/acme/stamp/edit\n{\"type\": \"object\", \"properties\": {}}";
    write(&folder.path().join("stamp.html"), page);
    let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy-codegen"));
    let command = command.current_dir(folder.path());
    let output = command.args(["import", "stamp.html"]).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        block(GUIDE, "$ runcomfy-codegen import stamp.html")
    );
}
