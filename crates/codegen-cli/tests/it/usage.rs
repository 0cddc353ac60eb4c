//! Exit codes and messages of wrong usage, apart from those of wrong files.

use std::path::Path;
use std::process::Command;

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
