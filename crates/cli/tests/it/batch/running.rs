//! `batch run`: each job once, within the budget, resumed by the same command.

use std::time::Duration;

use runcomfy_emulator::{Call, Reply};
use serde_json::Value;

use super::jobs::{FILE, Jobs};
use crate::support::{Ended, with_stdin};

#[test]
fn same_command_resumes_within_a_new_budget() {
    let jobs = Jobs::new(6);
    let stopped = jobs.ends(&["--budget", "0.13"], 3);
    assert!(stopped.err.contains("$0.01 is left"), "{stopped:?}");
    assert!(stopped.err.contains("for about $0.24"), "{stopped:?}");
    assert_eq!((jobs.submitted(), jobs.pictures()), (3, 3));
    // The budget belongs to the store.
    jobs.ends(&[], 3);
    let places = "\n\nthe files are in boats.jsonl.out, and the store is boats.jsonl.batch.db\n";
    assert!(stopped.out.ends_with(places), "{stopped:?}");
    let ended = jobs.ends(&["--budget", "none", "--output", "json"], 0);
    let json = ended.json();
    assert_eq!(json["jobs"]["saved"], 6);
    assert_eq!(json["money"]["spent"], 0.24);
    assert_eq!(json["ended_by"], "done");
    jobs.ends(&[], 0);
    assert_eq!((jobs.submitted(), jobs.pictures()), (6, 6));
}

#[test]
fn jobs_on_standard_input_need_a_store() {
    let jobs = Jobs::new(0);
    let csv = "id,prompt\na,Boat\nb,Ship\n";
    let run = |more: &[&str]| {
        let arguments = Jobs::arguments("-", more);
        with_stdin(&mut jobs.service.command(&arguments), csv.as_bytes())
    };
    let refused = run(&[]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("--store"), "{refused:?}");
    for _ in 0..2 {
        let ended = run(&["--store", "x.batch.db", "--repeat", "2"]);
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    assert_eq!(jobs.prompts(), ["Boat", "Boat", "Ship", "Ship"]);
    for end in ["png", "json"] {
        assert!(
            jobs.path("x.out")
                .join(format!("000002-a_2.{end}"))
                .exists()
        );
    }
}

#[cfg(not(feature = "postgres"))]
#[test]
fn command_without_postgres_refuses_its_urls() {
    let jobs = Jobs::new(1);
    let more = ["--store", "postgres://me:hunter2@127.0.0.1/db"];
    let refused = jobs.ends(&more, 2);
    assert!(
        refused.err.contains("built without Postgres"),
        "{refused:?}"
    );
    assert!(!refused.err.contains("hunter2"), "{refused:?}");
    assert_eq!(jobs.submitted(), 0);
}

#[test]
fn doubt_is_named_and_never_submitted_again() {
    let jobs = Jobs::new(3);
    jobs.service.emulator.script(Call::Submit, Reply::lost());
    let ended = jobs.ends(&[], 69);
    let key = jobs.service.emulator.ledger()[0]
        .idempotency_key()
        .unwrap()
        .to_owned();
    // As it comes, and at the end.
    let n = key.split('-').nth(1).unwrap();
    let at_once = format!("the submit {key} of job {n} `boat-{n}` is in doubt: ");
    let listed = format!("  {key} (job {n} `boat-{n}`) since 20");
    assert!(ended.err.contains(&at_once), "{ended:?}");
    assert!(ended.err.contains(&listed), "{ended:?}");
    assert!(
        ended.err.contains("batch resolve KEY boats.jsonl"),
        "{ended:?}"
    );
    jobs.ends(&[], 69);
    assert_eq!((jobs.submitted(), jobs.pictures()), (3, 2));
}

#[test]
fn failed_jobs_are_listed() {
    let jobs = Jobs::new(3);
    let fails = Reply::job_fails("no boat");
    jobs.service.emulator.script(Call::Submit, fails);
    let ended = jobs.ends(&["--concurrency", "1"], 1);
    assert!(ended.err.contains("of 3 jobs, 1 failed"), "{ended:?}");
    assert!(ended.err.contains("job 1 `boat-1` ("), "{ended:?}");
}

#[test]
fn stores_that_cannot_be_used_are_explained() {
    let jobs = Jobs::new(1);
    jobs.ends(&[], 0);
    let store = jobs.path("boats.jsonl.batch.db");
    let whole = std::fs::read(&store).unwrap();
    let mut newer = whole.clone();
    // `user_version`, which SQLite documents to be at byte 60.
    newer[63] = 99;
    let mut damaged = whole.clone();
    damaged[4096..].fill(7);
    for (bytes, message) in [
        (&newer[..], "the store has version 99"),
        (&damaged, "the store is damaged"),
        (b"{}", "keep it: it names what was paid"),
    ] {
        std::fs::write(&store, bytes).unwrap();
        let _ = std::fs::remove_file(jobs.path("boats.jsonl.batch.db-wal"));
        let ended = jobs.ends(&[], 66);
        assert!(ended.err.contains(message), "{ended:?}");
        assert_eq!(std::fs::read(&store).unwrap(), bytes);
    }
    assert_eq!(jobs.submitted(), 1);
}

#[test]
fn emulated_run_needs_no_token_and_no_agreement() {
    let jobs = Jobs::new(2);
    let mut command = jobs.service.command(&[
        "batch",
        "run",
        FILE,
        "--model",
        crate::support::TEXT_TO_IMAGE,
        "--emulate",
    ]);
    command.env_remove("RUNCOMFY_TOKEN");
    let ended = Ended::from(command.output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(jobs.submitted(), 0);
    assert!(jobs.path("boats.jsonl.emulated.batch.db").exists());
    assert!(!jobs.path("boats.jsonl.batch.db").exists());
    let status = jobs.service.run(&["batch", "status", FILE]);
    assert_eq!(status.code, 66, "{status:?}");
    let hint = "whose store is boats.jsonl.emulated.batch.db";
    assert!(status.err.contains(hint), "{status:?}");
}

#[test]
fn log_has_a_line_of_json_for_each_transition() {
    let jobs = Jobs::new(2);
    let ended = jobs.ends(&["--log-format", "json"], 0);
    let lines = ended
        .err
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let states: Vec<(&str, &str)> = lines
        .iter()
        .filter(|line| line["n"] == 1)
        .filter_map(|line| Some((line["state.from"].as_str()?, line["state.to"].as_str()?)))
        .collect();
    assert_eq!(
        states,
        [
            ("ready", "intent"),
            ("intent", "submitted"),
            ("submitted", "saved")
        ]
    );
    let saved = lines
        .iter()
        .find(|line| line["state.to"] == "saved")
        .unwrap();
    for member in [
        "time",
        "level",
        "target",
        "message",
        "batch",
        "key",
        "request_id",
        "worker",
    ] {
        assert!(saved.get(member).is_some(), "{member}: {saved}");
    }
    assert_eq!(
        (&saved["target"], &saved["cost"]),
        (&"runcomfy::batch".into(), &0.04.into())
    );
}

#[cfg(unix)]
#[test]
fn signal_leaves_jobs_for_the_next_run() {
    use rustix::process::{Pid, Signal, kill_process};

    use crate::support::exit_code;

    let minute = Duration::from_secs(60);
    let jobs = Jobs::with(4, |builder| builder.run_time(minute));
    let arguments = Jobs::arguments(FILE, &["--rate", "1/h"]);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut command = jobs.service.command(&arguments);
        let piped = std::process::Stdio::piped;
        let before = jobs.service.polls();
        let child = command.stdout(piped()).stderr(piped()).spawn().unwrap();
        while jobs.service.polls() == before {
            std::thread::sleep(Duration::from_millis(10));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(exit_code(output.status), code);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("1 running at the service"), "{text}");
        assert!(text.contains("3 not submitted"), "{text}");
    }
    assert_eq!(jobs.submitted(), 1);
    jobs.service.emulator.advance(minute * 100);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                jobs.service.emulator.advance(minute);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let ended = jobs.run(FILE, &["--rate", "none"]);
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(ended.code, 0, "{ended:?}");
    });
    assert_eq!((jobs.submitted(), jobs.pictures()), (4, 4));
}

#[cfg(unix)]
#[test]
fn store_in_use_names_its_process() {
    let minute = Duration::from_secs(60);
    let jobs = Jobs::with(2, |builder| builder.run_time(minute));
    let mut command = jobs.service.command(&Jobs::arguments(FILE, &[]));
    let null = std::process::Stdio::null;
    let mut child = command.stdout(null()).stderr(null()).spawn().unwrap();
    jobs.service.until_received(Call::Submit);
    let ended = jobs.run(FILE, &[]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ended.code, 75, "{ended:?}");
    let name = format!("process {}", child.id());
    assert!(ended.err.contains(&name), "{ended:?}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_in_a_terminal_leaves_what_runs() {
    use crate::support::terminal::Terminal;

    let jobs = Jobs::with(3, |builder| builder.run_time(Duration::from_secs(60)));
    let arguments = Jobs::arguments(FILE, &["--rate", "1/h"]);
    let mut terminal = Terminal::new(&jobs.service.command(&arguments));
    // On the screen.
    terminal.until("0 of 3");
    while jobs.service.polls() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    terminal.press_ctrl_c();
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 130, "{ended:?}");
    let lines = ended.err.replace('\n', " ");
    assert!(
        lines.contains("1 running at the service, 2 not submitted"),
        "{ended:?}"
    );
    assert!(lines.contains("Run the same command again"), "{ended:?}");
}

#[test]
fn account_without_balance_stops_the_batch() {
    let jobs = Jobs::with(3, |builder| builder.balance(0.05));
    let ended = jobs.ends(&["--concurrency", "1"], 77);
    assert!(ended.err.contains("refuses the account"), "{ended:?}");
    assert!(ended.err.contains("2 jobs are not submitted"), "{ended:?}");
}

#[cfg(unix)]
#[test]
fn long_check_is_stopped_with_a_word() {
    use rustix::process::{Pid, Signal, kill_process};

    use crate::support::exit_code;

    let jobs = Jobs::new(30_000);
    let mut command = jobs.service.command(&Jobs::arguments(FILE, &[]));
    let piped = std::process::Stdio::piped;
    let child = command.stdout(piped()).stderr(piped()).spawn().unwrap();
    // Its price is fetched before its lines are checked.
    jobs.service.until_received(Call::Catalogue);
    std::thread::sleep(Duration::from_millis(20));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(exit_code(output.status), 130, "{text}");
    assert!(text.contains("Nothing was submitted"), "{text}");
    assert_eq!(jobs.submitted(), 0);
}

/// Both are found before the first submit, so that a script takes neither for jobs that have failed.
#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_one_code_and_one_sentence() {
    use crate::support::{TEXT_TO_IMAGE, copy_env};

    let jobs = Jobs::new(1);
    std::fs::create_dir(jobs.path("disk")).unwrap();
    // A disk of its own, which not every machine lets its users mount.
    let script = r#"mount -t tmpfs -o size=2m tmpfs disk || exit 99
        cp boats.jsonl disk/old.jsonl && cp boats.jsonl disk/new.jsonl || exit 1
        run() { "$0" batch run "disk/$1.jsonl" --model "$2" --yes --out "out-$1" 2>&1; echo "code $?"; }
        run old "$1"
        head -c 4m /dev/zero > disk/zeros 2> /dev/null
        run old "$1"
        run new "$1""#;
    let mut command = std::process::Command::new("unshare");
    let binary = env!("CARGO_BIN_EXE_runcomfy");
    let arguments = [
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        script,
        binary,
        TEXT_TO_IMAGE,
    ];
    command
        .args(arguments)
        .current_dir(jobs.service.folder.path());
    copy_env(&jobs.service.command(&[]), &mut command);
    let Ok(output) = command.output() else { return };
    let ended = Ended::from(output);
    if !ended.out.contains("code ") {
        return;
    }
    let codes = ended.out.lines().filter(|line| line.starts_with("code "));
    let codes: Vec<&str> = codes.collect();
    assert_eq!(codes, ["code 0", "code 66", "code 66"], "{ended:?}");
    let sentence = "the disk of the store is full; nothing was stored";
    assert_eq!(ended.out.matches(sentence).count(), 2, "{ended:?}");
    assert_eq!(jobs.submitted(), 1);
}
