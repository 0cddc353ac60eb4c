//! The commands in the documentation, which do what it shows.

#[cfg(unix)]
use std::process::Command;

use crate::support::{all_at_once, command};

const README: &str = include_str!("../../../../README.md");
const CRATE_README: &str = include_str!("../../README.md");
const PAGE: &str = include_str!("../../../../docs/command-line.md");
#[cfg(unix)]
const SKILLS: &str = include_str!("../../../../docs/skills.md");

/// Returns the fenced blocks of a page, each with its language.
fn blocks(page: &'static str) -> Vec<(&'static str, &'static str)> {
    let fenced = page.split("```").skip(1).step_by(2);
    fenced.filter_map(|block| block.split_once('\n')).collect()
}

/// Splits a command line at spaces outside double quotes.
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

/// Runs a command of the documentation. With `refusal`, the text block after it, the command must
/// print exactly that; without, it must save one file.
fn check(arguments: &str, refusal: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let run = command()
        .args(["--output", "text"])
        .args(words(arguments))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let printed = String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap();
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    let code = run.status.code().unwrap();
    match refusal {
        Some(refusal) => assert_eq!((code, files, &*printed), (65, 0, refusal), "{arguments}"),
        None => assert!(
            (code, files) == (0, 1) && printed.starts_with("saved "),
            "{arguments}: {printed}"
        ),
    }
}

#[test]
fn commands_of_the_docs_run() {
    // CI runs or installs these.
    let elsewhere = [
        "cargo test --workspace",
        "cargo run -p runcomfy-codegen-cli -- check",
        "cargo run -p runcomfy-codegen-cli -- generate",
        "cargo install runcomfy-cli --locked --features postgres,mcp",
        "pip install runcomfy-rs             # or: uvx --from runcomfy-rs runcomfy",
        "npm install --global runcomfy-rs    # or: npx runcomfy-rs",
        "cargo install --path crates/cli",
    ];
    let mut checks = Vec::new();
    for page in [README, CRATE_README, PAGE] {
        let blocks = blocks(page);
        for (index, (language, text)) in blocks.iter().enumerate() {
            let next = blocks.get(index + 1);
            let refusal = next.filter(|(_, text)| text.starts_with("error:"));
            for line in text.lines().filter(|_| *language == "sh") {
                let arguments = ["cargo run -p runcomfy-cli -- ", "runcomfy "];
                let arguments = arguments.iter().find_map(|start| line.strip_prefix(start));
                match arguments {
                    Some(arguments) => {
                        checks.push((arguments, refusal.map(|(_, text)| *text)));
                    }
                    None => assert!(elsewhere.contains(&line), "{line}"),
                }
            }
        }
    }
    assert!(checks.len() >= 3, "{checks:?}");
    all_at_once(checks, |(arguments, refusal)| check(arguments, refusal));
}

/// A command of a session, and what it prints.
#[cfg(unix)]
type Step = (String, String);

/// Returns the `text` blocks that are sessions in a shell.
#[cfg(unix)]
fn sessions(page: &'static str) -> Vec<Vec<Step>> {
    let step = |command: &str| {
        let (line, printed) = command.split_once('\n').unwrap_or((command, ""));
        (line.to_owned(), printed.trim_end().to_owned())
    };
    let blocks = blocks(page).into_iter();
    blocks
        .filter(|(language, text)| *language == "text" && text.starts_with("$ "))
        .map(|(_, text)| {
            format!("\n{text}")
                .split("\n$ ")
                .skip(1)
                .map(step)
                .collect()
        })
        .collect()
}

/// Returns a text without time and size in a line about a saved file.
#[cfg(unix)]
fn without_numbers(text: &str) -> String {
    let line = |line: &str| {
        let cells = line
            .split("  ")
            .filter(|cell| !cell.ends_with(" s") && !cell.ends_with(" KB"));
        let cells: Vec<&str> = cells.collect();
        if line.starts_with("saved ") || line.starts_with("kept ") {
            cells.join("  ")
        } else {
            line.to_owned()
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(unix)]
#[test]
fn sessions_of_the_docs_print_what_they_show() {
    use crate::support::has_jq;

    if !has_jq() {
        return;
    }
    let sessions = [CRATE_README, PAGE, SKILLS].map(sessions).concat();
    assert!(sessions.len() >= 5, "{sessions:?}");
    all_at_once(sessions, |session| replay(&session));
}

/// Runs a session in a Rust project, with an emulator as the service.
#[cfg(unix)]
fn replay(session: &[Step]) {
    use std::time::Duration;

    use crate::support::{Ended, Service};

    let service = Service::with(|builder| builder.run_time(Duration::from_secs(60)));
    let folder = service.folder.path();
    std::fs::create_dir_all(folder.join("src/bin")).unwrap();
    let manifest = "[package]\nname = \"boats\"\nedition = \"2024\"\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    // A separator after the output of each command.
    let lines = session
        .iter()
        .map(|(line, _)| format!("{line}\nprintf '\\001'\n"));
    // Text output, as in a terminal. A function, since a file that was just written may not run while
    // another test starts a process.
    let binary = env!("CARGO_BIN_EXE_runcomfy");
    let as_text = format!("runcomfy() {{ '{binary}' --output text \"$@\"; }}\n");
    let script = as_text + &lines.collect::<Vec<_>>().concat();
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", &script])
        .env("RUNCOMFY_TOKEN", "t")
        .env(
            "RUNCOMFY_MODEL_API_BASE",
            service.emulator.base_url() + "/v1",
        )
        .current_dir(folder);
    // The first poll finds the job running.
    let run = || Ended::from(shell.output().unwrap());
    let ended = service.ending_jobs_with(2, run);
    assert_eq!(ended.code, 0, "{ended:?}");
    let printed: Vec<&str> = ended.out.split('\u{1}').map(str::trim_end).collect();
    let printed: Vec<String> = printed.into_iter().map(without_numbers).collect();
    let shown = session.iter().map(|(_, shown)| without_numbers(shown));
    assert_eq!(printed, shown.chain([String::new()]).collect::<Vec<_>>());
}
