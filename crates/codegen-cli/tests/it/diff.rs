//! The command `diff`, on folders and git revisions.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{git, write};

const OLD: &str =
    r#"{"properties": {"scale": {"type": "float", "maximum": 2}, "seed": {"type": "integer"}}}"#;
const NEW: &str = r#"{"properties": {"scale": {"type": "float", "maximum": 1}}}"#;

fn diff(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy-codegen"));
    let command = command.current_dir(folder).arg("diff").args(arguments);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn folders_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "old/acme/stamp.json", OLD);
    write(root, "new/acme/stamp.json", NEW);
    let expected = "acme/stamp\n\
        \x20 breaking    /scale: the range was at most 2, is at most 1\n\
        \x20 breaking    /seed: the property was removed\n\n\
        changes: 2 breaking, 0 own crate, 0 default, 0 compatible, 0 text only; models: 1 changed, 0 unchanged\n";
    assert_eq!(
        diff(root, &["old", "new"]),
        (Some(0), expected.into(), String::new())
    );
    assert_eq!(diff(root, &["old", "new", "--fail-on-breaking"]).0, Some(1));
    assert_eq!(diff(root, &["old", "old", "--fail-on-breaking"]).0, Some(0));

    let json: Value = serde_json::from_str(&diff(root, &["old", "new", "--json"]).1).unwrap();
    assert_eq!(json["breaking"], 2);
    let (_, github, _) = diff(root, &["old", "new", "--format", "github"]);
    assert_eq!(
        github.lines().next(),
        Some(
            "::error file=new/acme/stamp.json,title=acme/stamp%3A breaking::/scale: the range was at most 2, is at most 1%0A/seed: the property was removed"
        )
    );
}

#[test]
fn git_revisions_are_compared_without_a_checkout() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "--quiet"]);
    write(root, "sub/schemas/acme/stamp.json", OLD);
    write(root, "sub/schemas/acme/日本 x.json", OLD);
    write(root, "sub/schemas/notes.txt", "not a schema");
    write(root, "sub/schemas/.hidden/x.json", "not JSON");
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "-m", "old"]);
    write(root, "sub/schemas/acme/stamp.json", NEW);
    git(root, &["commit", "--quiet", "-am", "new"]);
    // The working tree does not matter between revisions.
    write(root, "sub/schemas/acme/stamp.json", "broken");

    let sub = root.join("sub");
    let (code, stdout, errors) = diff(&sub, &["HEAD~1", "HEAD", "--fail-on-breaking"]);
    assert_eq!((code, &*errors), (Some(1), ""));
    assert!(
        stdout.ends_with("models: 1 changed, 1 unchanged\n"),
        "{stdout}"
    );
    let (code, stdout, _) = diff(root, &["HEAD", "HEAD~1", "--schemas", "sub/schemas"]);
    assert_eq!(code, Some(0));
    assert!(
        stdout.contains("/seed: the property was added: an integer"),
        "{stdout}"
    );
    let (_, github, _) = diff(&sub, &["HEAD~1", "HEAD", "--format=github"]);
    assert!(
        github.starts_with("::error file=schemas/acme/stamp.json,"),
        "{github}"
    );

    let (code, _, errors) = diff(&sub, &["HEAD", "schemas"]);
    assert_eq!(code, Some(65));
    assert!(errors.contains("schemas/acme/stamp.json:1:1"), "{errors}");
    git(root, &["commit", "--quiet", "-am", "broken"]);
    let (code, _, errors) = diff(&sub, &["HEAD~1", "HEAD"]);
    assert_eq!(code, Some(65));
    assert!(
        errors.contains("HEAD:schemas/acme/stamp.json:1:1"),
        "{errors}"
    );
}

/// A step of CI that compares with the state before could otherwise never pass again.
#[test]
fn change_that_fixes_a_schema_can_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "--quiet"]);
    write(root, "schemas/acme/stamp.json", OLD);
    write(root, "schemas/acme/broken.json", "{\n]");
    write(
        root,
        "schemas/acme/twins.json",
        r#"{"properties": {"a b": {}, "a-b": {}}}"#,
    );
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "-m", "old"]);
    let copy = |to: &str| {
        for name in ["stamp", "broken", "twins"] {
            write(root, &format!("{to}/acme/{name}.json"), OLD);
        }
    };
    copy("schemas");
    let expected = "acme/broken\n  compatible  the model was added\n\n\
        acme/twins\n  compatible  the model was added\n\n\
        changes: 0 breaking, 0 own crate, 0 default, 2 compatible, 0 text only; models: 2 changed, 1 unchanged\n";
    let (code, shown, errors) = diff(root, &["HEAD", "schemas", "--fail-on-breaking"]);
    assert_eq!((code, &*shown), (Some(0), expected), "{errors}");
    let notes: Vec<&str> = errors.lines().collect();
    let note = "note: an invalid schema is left out of the old side: HEAD:schemas/acme";
    let starts = [
        "broken.json:2:1: error[RC0001]: this is not JSON",
        "twins.json:1:",
    ];
    for (printed, start) in notes.iter().zip(starts) {
        assert!(printed.starts_with(&format!("{note}/{start}")), "{errors}");
    }
    assert_eq!(notes.len(), 2, "{errors}");

    copy("fixed");
    git(root, &["checkout", "--quiet", "."]);
    let (code, shown, errors) = diff(root, &["schemas", "fixed"]);
    assert_eq!((code, &*shown), (Some(0), expected), "{errors}");
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert_eq!(diff(root, &["fixed", "schemas"]).0, Some(65));
}

#[test]
fn invalid_schema_is_no_compatible_change() {
    const COLLIDES: &str = r#"{"properties": {"scale": {}, "Scale": {}}}"#;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "--quiet"]);
    write(root, "schemas/acme/stamp.json", OLD);
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "-m", "old"]);
    write(root, "schemas/acme/stamp.json", COLLIDES);
    git(root, &["commit", "--quiet", "-am", "new"]);
    for new in ["schemas", "HEAD"] {
        let (code, _, errors) = diff(root, &["HEAD~1", new]);
        assert_eq!(code, Some(65), "{new}");
        assert!(errors.contains("both become the field `scale`"), "{errors}");
    }
}

#[test]
fn unknown_revision_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "--quiet"]);
    git(root, &["commit", "--quiet", "--allow-empty", "-m", "empty"]);
    let (code, _, errors) = diff(root, &["nothing", "HEAD"]);
    assert_eq!(code, Some(74));
    assert!(
        errors.starts_with("could not find the folder or git revision `nothing`: git printed: "),
        "{errors}"
    );
    let (code, _, errors) = diff(root, &["HEAD", "HEAD"]);
    assert_eq!(code, Some(74));
    assert!(errors.contains("`HEAD:schemas`"), "{errors}");
    assert_eq!(diff(root, &["--", "HEAD"]).0, Some(64));
    assert_eq!(diff(root, &["HEAD"]).0, Some(64));
    assert_eq!(diff(root, &["HEAD", "HEAD", "--format", "xml"]).0, Some(64));
}
