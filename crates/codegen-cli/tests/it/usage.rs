//! Exit codes and messages of wrong usage, apart from those of wrong files.

use std::path::Path;
use std::process::Command;

use crate::support::write;

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy-codegen"));
    let output = command.current_dir(folder).args(arguments).output();
    let output = output.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), stderr)
}

#[test]
fn wrong_options_are_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("schemas/acme")).unwrap();
    std::fs::write(root.join("schemas/acme/stamp.json"), "{\"properties\": {}}").unwrap();
    std::fs::write(root.join("Bare.toml"), "[package]\n").unwrap();
    for (options, expected) in [
        (["--models", "nobody/**"], "no model id matches `nobody/**`"),
        (["--manifest", "Bare.toml"], "Add these two lines"),
        (
            ["--support", "not a path!"],
            "found `not a path!` as the support crate, expected a Rust path such as `::runcomfy`",
        ),
    ] {
        for command in ["generate", "check", "lint"] {
            let (code, stderr) = run(root, &[command, options[0], options[1]]);
            assert_eq!(code, Some(64), "{command} {options:?}: {stderr}");
            assert!(stderr.contains(expected), "{stderr}");
            assert!(!stderr.contains("report it with"), "{stderr}");
        }
    }
    let (code, stderr) = run(root, &["lint", "--schemas", "nowhere"]);
    assert_eq!(code, Some(74), "{stderr}");
    assert!(!root.join("generated").exists());
}

fn text(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy-codegen"));
    let output = command.current_dir(folder).args(arguments).output();
    let output = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

const COMMANDS: [&str; 8] = [
    "generate",
    "check",
    "lint",
    "diff",
    "pull",
    "import",
    "export",
    "completion",
];

#[test]
fn every_command_has_its_own_help() {
    let folder = tempfile::tempdir().unwrap();
    let (code, whole, _) = text(folder.path(), &["--help"]);
    assert_eq!(code, Some(0));
    for command in COMMANDS {
        assert!(whole.contains(command), "{whole}");
        let (code, help, _) = text(folder.path(), &[command, "--help"]);
        let usage = format!("Usage: runcomfy-codegen {command}");
        assert!(code == Some(0) && help.contains(&usage), "{help}");
    }
}

#[test]
fn every_shell_completes_commands_and_flags() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (code, script, stderr) = text(folder.path(), &["completion", shell]);
        assert_eq!((code, &*stderr), (Some(0), ""));
        for word in COMMANDS
            .into_iter()
            .chain(["fail-on-breaking", "own-crate"])
        {
            // elvish and powershell complete no values.
            let is_value = word == "own-crate" && ["elvish", "powershell"].contains(&shell);
            assert!(is_value || script.contains(word), "{shell}: {word}");
        }
    }
}

/// A flag that a command would ignore is refused by it.
#[test]
fn flag_of_another_command_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let flags = [
        ("--one-file", &["generate", "check", "lint"][..]),
        ("--out=x", &["generate", "check", "lint"]),
        ("--models=x", &["generate", "check", "lint", "pull"]),
        ("--json", &["lint", "diff", "pull"]),
        ("--format=json", &["lint", "diff", "pull"]),
        ("--bindings=dependency", &["diff", "pull"]),
        ("--fail-on-breaking", &["diff", "pull"]),
        ("--fail-on-default", &["diff", "pull"]),
        ("--exit-code", &["diff", "pull"]),
        ("--prune", &["pull"]),
        ("--dry-run", &["pull"]),
        (
            "--quiet",
            &["generate", "check", "lint", "diff", "pull", "import"],
        ),
    ];
    for (flag, taken) in flags {
        for command in COMMANDS.into_iter().filter(|c| !taken.contains(c)) {
            let (code, stderr) = run(folder.path(), &[command, flag]);
            assert_eq!(code, Some(64), "{command} {flag}: {stderr}");
            assert!(
                stderr.contains("unexpected argument"),
                "{command} {flag}: {stderr}"
            );
        }
    }
    for both in [
        &["diff", "a", "b", "--json", "--format", "github"][..],
        &["diff", "a", "b", "--json", "--quiet"],
        &["lint", "--json", "--quiet"],
    ] {
        let (code, stderr) = run(folder.path(), both);
        assert_eq!(code, Some(64), "{stderr}");
        assert!(stderr.contains("cannot be used with"), "{stderr}");
    }
}

#[test]
fn mistyped_words_get_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, meant) in [
        (&["generat"][..], "'generate'"),
        (&["dif", "a", "b"], "'diff'"),
        (&["lint", "--scemas", "x"], "'--schemas'"),
        (
            &["diff", "a", "b", "--fail-on-braking"],
            "'--fail-on-breaking'",
        ),
        (&["diff", "a", "b", "--bindings", "own"], "'own-crate'"),
        (&["export", "openap"], "'openapi'"),
    ] {
        let (code, stderr) = run(folder.path(), arguments);
        assert_eq!(code, Some(64), "{stderr}");
        assert!(
            stderr.contains("similar") && stderr.contains(meant),
            "{stderr}"
        );
    }
}

/// Warnings are about the service's schemas; whoever only generates cannot fix them.
#[test]
fn warnings_are_one_line_outside_of_lint() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("schemas/acme")).unwrap();
    let schema = r#"{"properties": {"a": {"type": "string", "pattern": "x"}, "b": {"type": "string", "pattern": "x"}}}"#;
    std::fs::write(root.join("schemas/acme/stamp.json"), schema).unwrap();
    let (_, lint, _) = text(root, &["lint"]);
    assert!(lint.contains("warnings: 2"), "{lint}");
    let note = "note: 2 warnings about the schemas; `runcomfy-codegen lint` prints them\n";
    for command in ["generate", "check"] {
        let (code, _, stderr) = text(root, &[command]);
        assert_eq!((code, &*stderr), (Some(0), note), "{command}");
        let silent = (Some(0), String::new(), String::new());
        assert_eq!(text(root, &[command, "--quiet"]), silent);
    }
    let silent = (Some(0), String::new(), String::new());
    assert_eq!(text(root, &["lint", "--quiet"]), silent);
}

/// A package without committed bindings has nothing that could be out of date.
#[test]
fn check_of_bindings_built_each_time_checks_schemas() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "schemas/acme/stamp.json", "{\"properties\": {}}");
    let build = "fn main() { runcomfy_codegen::Builder::new().build_script(); }";
    let in_tree = build.replace("build_script", "out_dir(\"src\").build_script_in_tree");
    for (script, manifest, code) in [
        ("", "", 1),
        (build, "", 0),
        (&in_tree, "", 1),
        ("fn main() {}", "runcomfy-macros = \"0.1\"", 0),
    ] {
        write(root, "build.rs", script);
        write(root, "Cargo.toml", manifest);
        let (found, stdout, stderr) = text(root, &["check"]);
        assert_eq!(found, Some(code), "{script} {manifest}: {stdout}{stderr}");
        let says = stdout.contains("the schemas of 1 models are valid; nothing is committed");
        assert_eq!(says, code == 0, "{stdout}");
    }
    // A folder that is named, or there, is compared.
    assert_eq!(text(root, &["check", "--out", "generated/src"]).0, Some(1));
    write(root, "schemas/acme/stamp.json", "{");
    assert_eq!(text(root, &["check"]).0, Some(65));
}
