//! The README's commands do what it says.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use std::process::Command;

const README: &str = include_str!("../../README.md");

/// The command lines of all `sh` blocks.
fn commands() -> Vec<&'static str> {
    let blocks = README
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    blocks.flat_map(str::lines).collect()
}

/// Splits at spaces outside of double quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

#[test]
fn every_command_is_run_somewhere() {
    // The other commands are run, as they stand in the README, by the project's own CI.
    let elsewhere = [
        "cargo test --workspace",
        "cargo run -p runcomfy-codegen-cli -- check",
        "cargo run -p runcomfy-codegen-cli -- generate",
    ];
    let mut outcomes = Vec::new();
    for command in commands() {
        let Some(arguments) = command.strip_prefix("cargo run -p runcomfy-cli -- ") else {
            assert!(elsewhere.contains(&command), "{command}");
            continue;
        };
        let folder = tempfile::tempdir().unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_runcomfy"))
            .args(words(arguments))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let shown =
            String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap();
        outcomes.push((
            run.status.code().unwrap(),
            shown,
            std::fs::read_dir(folder.path()).unwrap().count(),
        ));
    }
    let [(0, picture, 1), (65, refusal, 0)] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert!(picture.starts_with("saved "), "{picture}");
    let block = README
        .split("```text\n")
        .find(|block| block.starts_with("error:"))
        .unwrap();
    assert_eq!(*refusal, block.split("```").next().unwrap());
}
