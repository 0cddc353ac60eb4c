//! The README's commands do what it says.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod support;

use std::process::Command;

const README: &str = include_str!("../../../README.md");

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
            .args(["--output", "pretty"])
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

/// The blocks of the section about the command line that are sessions in a shell: each command
/// with what it prints.
#[cfg(unix)]
fn sessions() -> Vec<Vec<(String, String)>> {
    let section = README
        .split("\n## ")
        .find(|section| section.starts_with("Use it on the command line"))
        .unwrap();
    let blocks = section.split("```text\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let session = |block: &str| -> Vec<(String, String)> {
        let commands = format!("\n{block}");
        let commands = commands.split("\n$ ").skip(1).map(|command| {
            let (line, shown) = command.split_once('\n').unwrap_or((command, ""));
            (line.to_owned(), shown.trim_end().to_owned())
        });
        commands.collect()
    };
    blocks.map(session).collect()
}

#[cfg(unix)]
#[test]
fn the_sessions_are_as_they_are_recorded() {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use support::{Ended, Service, has_jq};

    if !has_jq() {
        return;
    }
    let sessions = sessions();
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        let service = Service::with(|builder| builder.run_time(Duration::from_secs(3)));
        let folder = service.folder.path();
        std::fs::create_dir_all(folder.join("src/bin")).unwrap();
        let manifest = "[package]\nname = \"boats\"\nedition = \"2024\"\n";
        std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        // One sign behind the output of each command.
        let lines = session
            .iter()
            .map(|(line, _)| format!("{line}\nprintf '\\001'\n"));
        let script = lines.collect::<Vec<_>>().concat();
        // In words, as in a terminal.
        let bin = tempfile::tempdir().unwrap();
        let command = bin.path().join("runcomfy");
        let binary = env!("CARGO_BIN_EXE_runcomfy");
        let in_words = format!("#!/bin/sh\nexec '{binary}' --output pretty \"$@\"\n");
        std::fs::write(&command, in_words).unwrap();
        std::fs::set_permissions(&command, PermissionsExt::from_mode(0o755)).unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut shell = Command::new("sh");
        shell
            .args(["-euc", &script])
            .env("PATH", format!("{}:{path}", bin.path().display()))
            .env("RUNCOMFY_TOKEN", "t")
            .env(
                "RUNCOMFY_MODEL_API_BASE",
                service.emulator.base_url() + "/v1",
            )
            .current_dir(folder);
        let ended = Ended::from(shell.output().unwrap());
        assert_eq!(ended.code, 0, "{ended:?}");
        let shown: Vec<&str> = ended.out.split('\u{1}').map(str::trim_end).collect();
        let recorded = session.iter().map(|(_, shown)| shown.as_str());
        assert_eq!(shown, recorded.chain([""]).collect::<Vec<_>>());
    }
}
