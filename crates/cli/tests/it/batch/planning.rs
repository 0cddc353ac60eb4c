//! `batch run --dry-run`: everything is checked, and nothing is submitted, created or changed.

use super::jobs::{FILE, Jobs};
use crate::support::Ended;

const STORE: &str = "boats.jsonl.batch.db";

/// Returns the names and contents of all files of the folder.
fn files(jobs: &Jobs) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let entries = std::fs::read_dir(jobs.service.folder.path()).unwrap();
    let entries = entries.map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.path().is_file());
    let mut files: Vec<_> = files
        .map(|file| (file.file_name(), std::fs::read(file.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// Runs the file without an agreement, and with `--dry-run`.
fn dry_run(jobs: &Jobs, more: &[&str]) -> Ended {
    let mut arguments = Jobs::arguments(FILE, &["--dry-run"]);
    arguments.retain(|argument| *argument != "--yes");
    arguments.extend(more);
    let before = files(jobs);
    let ended = jobs.service.run(&arguments);
    assert_eq!(files(jobs), before, "{ended:?}");
    ended
}

#[test]
fn dry_run_shows_the_plan_and_creates_no_store() {
    let jobs = Jobs::new(3);
    let planned = dry_run(&jobs, &["--budget", "0.05", "--rate", "30/min"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let text = "\
dry run: nothing was submitted, and no store was created or changed
3 jobs to submit, for about $0.12: 3 new

budget  $0.05, of which $0.05 is left: the run needs $0.07 more, and ends with exit code 3
rate    30/min
store   boats.jsonl.batch.db, which the run creates
files   boats.jsonl.out
";
    assert_eq!(planned.out, text);
    assert_eq!(jobs.submitted(), 0);
}

#[test]
fn dry_run_compares_with_the_store() {
    let jobs = Jobs::new(4);
    jobs.ends(&["--budget", "0.05"], 3);
    let line = |id: &str, prompt: &str| {
        format!("{{\"id\": \"{id}\", \"input\": {{\"prompt\": \"{prompt}\"}}}}\n")
    };
    // The first one was submitted; of the others one is the same, one was edited, and one is gone.
    let lines = [
        line("boat-1", "Ship"),
        line("boat-2", "Boat 2"),
        line("boat-3", "Ship 3"),
        line("boat-5", "Boat 5"),
    ];
    jobs.write(FILE, lines.concat());
    let json = dry_run(&jobs, &["--output", "json"]).good_json();
    for (member, count) in [
        ("to_submit", 3),
        ("new", 1),
        ("replaced", 1),
        ("ready", 1),
        ("known", 0),
        ("edited", 1),
        ("removed", 1),
        ("absent", 0),
    ] {
        assert_eq!(json[member], count, "{member}: {json}");
    }
    assert_eq!(json["edited_lines"][0]["id"], "boat-1");
    assert_eq!(json["removed_jobs"][0], "boat-4");
    assert_eq!(json["store_exists"], true);
    assert_eq!(json["money"]["estimate"], 0.12);
    assert_eq!(
        (&json["money"]["budget"], &json["money"]["left"]),
        (&0.05.into(), &0.01.into())
    );
    assert_eq!(jobs.submitted(), 1);
}

/// With `--repeat` a line has several jobs, and is named once.
#[test]
fn edited_line_of_repeated_jobs_is_named_once() {
    let jobs = Jobs::new(2);
    jobs.ends(&["--repeat", "3"], 0);
    let text = std::fs::read_to_string(jobs.path(FILE)).unwrap();
    jobs.write(FILE, text.replace("Boat 1", "Ship 1"));
    let planned = dry_run(&jobs, &["--repeat", "3"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let warnings = planned.err.matches("warning:").count();
    assert_eq!(warnings, 1, "{planned:?}");
    let words =
        "line 1 was edited after 3 of its jobs were submitted, such as `boat-1`, which is saved";
    assert!(planned.err.contains(words), "{planned:?}");
    let text =
        "no job to submit; 3 submitted before\n3 jobs whose lines were edited after the submit";
    assert!(planned.out.contains(text), "{planned:?}");
}

#[test]
fn dry_run_is_refused_as_the_run_would_be() {
    let jobs = Jobs::new(1);
    jobs.write("boats.jsonl.out", "no folder");
    let refused = dry_run(&jobs, &[]);
    assert_eq!(refused.code, 66, "{refused:?}");
    std::fs::remove_file(jobs.path("boats.jsonl.out")).unwrap();
    jobs.write(STORE, "{}");
    assert_eq!(dry_run(&jobs, &[]).code, 66);
    std::fs::remove_file(jobs.path(STORE)).unwrap();
    jobs.write(FILE, "{\"input\": {\"promt\": \"x\"}}\n");
    let refused = dry_run(&jobs, &[]);
    assert_eq!(refused.code, 65, "{refused:?}");
    assert!(refused.err.contains("did you mean `prompt`"), "{refused:?}");
    let skipped = dry_run(&jobs, &["--skip-invalid"]);
    assert_eq!(skipped.code, 65, "{skipped:?}");
    assert!(skipped.err.contains("has no jobs"), "{skipped:?}");
    jobs.write(FILE, "{\"input\": {\"prompt\": \"x\"}}\n");
    let mut command = jobs.service.command(&Jobs::arguments(
        FILE,
        &["--dry-run", "--price-per-job", "1"],
    ));
    command.env_remove("RUNCOMFY_TOKEN");
    let refused = Ended::from(command.output().unwrap());
    assert_eq!(refused.code, 77, "{refused:?}");
    assert_eq!(dry_run(&jobs, &["--no-submit"]).code, 2);
    let emulated = dry_run(&jobs, &["--emulate"]);
    assert_eq!(emulated.code, 0, "{emulated:?}");
    assert_eq!(jobs.submitted(), 0);
}

#[cfg(unix)]
#[test]
fn dry_run_names_the_process_of_a_store_in_use() {
    use runcomfy_emulator::Call;

    let minute = std::time::Duration::from_secs(60);
    let jobs = Jobs::with(2, |builder| builder.run_time(minute));
    let mut command = jobs.service.command(&Jobs::arguments(FILE, &[]));
    let null = std::process::Stdio::null;
    let mut child = command.stdout(null()).stderr(null()).spawn().unwrap();
    jobs.service.until_received(Call::Submit);
    let arguments = Jobs::arguments(FILE, &["--dry-run"]);
    let ended = jobs.service.run(&arguments);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ended.code, 75, "{ended:?}");
    let name = format!("process {}", child.id());
    assert!(ended.err.contains(&name), "{ended:?}");
}
