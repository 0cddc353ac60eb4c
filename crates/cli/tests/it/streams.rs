//! Streams that cannot be written to: the request id of a paid job is printed wherever a stream is
//! left, and otherwise the command fails.

use std::fs::File;
use std::process::{Command, Stdio};

use runcomfy_emulator::Reply;
use serde_json::{Value, json};

use crate::support::{RUN, Service, all_at_once, copy_env};

/// The state in which a command finds a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Read,
    Closed,
    /// A pipe without a reader.
    Broken,
    Full,
}

const STATES: [State; 4] = [State::Read, State::Closed, State::Broken, State::Full];

/// States of standard output and standard error.
const PAIRS: [(State, State); 10] = [
    (State::Read, State::Closed),
    (State::Read, State::Broken),
    (State::Read, State::Full),
    (State::Closed, State::Read),
    (State::Closed, State::Closed),
    (State::Closed, State::Full),
    (State::Broken, State::Read),
    (State::Broken, State::Broken),
    (State::Full, State::Read),
    (State::Full, State::Full),
];

fn stdio(state: State) -> Stdio {
    match state {
        State::Read => Stdio::piped(),
        State::Closed => Stdio::inherit(),
        State::Broken => std::io::pipe().unwrap().1.into(),
        State::Full => File::create("/dev/full").unwrap().into(),
    }
}

/// Runs a command with its streams in these states, and returns its exit code and what was read.
fn run(service: &Service, line: &[&str], out: State, err: State) -> (i32, String, String) {
    let closing = match (out == State::Closed, err == State::Closed) {
        (true, true) => "exec \"$@\" >&- 2>&-",
        (true, false) => "exec \"$@\" >&-",
        (false, true) => "exec \"$@\" 2>&-",
        (false, false) => "exec \"$@\"",
    };
    let command = service.command(line);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", closing, "sh"])
        .arg(command.get_program())
        .args(line)
        .current_dir(service.folder.path())
        .stdout(stdio(out))
        .stderr(stdio(err));
    copy_env(&command, &mut shell);
    let output = shell.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Checks a command in each pair of states; `ID` in it stands for the id of a job.
fn check(arguments: &[&str]) {
    let service = Service::new();
    let submitted = service.json(&[&RUN[..4], &["--no-wait"]].concat());
    let known = submitted.json()["request_id"].as_str().unwrap().to_owned();
    let line: Vec<&str> = arguments
        .iter()
        .map(|word| if *word == "ID" { &*known } else { word })
        .collect();
    // A line with the id is on standard error before the result is on standard output.
    let has_line = match line[0] {
        _ if line.contains(&"--quiet") => false,
        "run" => true,
        "resume" => line.contains(&"json") || line.contains(&"record"),
        _ => false,
    };
    // In words, on standard error: standard output has only data.
    let is_answer = line[0] == "cancel" && !line.contains(&"--output");
    for (out, err) in PAIRS {
        let jobs = service.emulator.ledger().len();
        let (code, stdout, stderr) = run(&service, &line, out, err);
        let ledger = service.emulator.ledger();
        let id = match ledger.get(jobs) {
            Some(job) => &job.request_id,
            None => &known,
        };
        let case = format!("{line:?}, {out:?}, {err:?}: {code}, {stdout:?}, {stderr:?}");
        let (first, second) = if is_answer { (err, out) } else { (out, err) };
        let is_saved = line.contains(&"--output-dir");
        let is_lost = first != State::Read;
        // The other stream has the lines. Files on disk are a result too.
        let is_line_lost = has_line && matches!(err, State::Broken | State::Full);
        let fails = match first {
            // The line was closed away by whoever wants none, or standard output has the id as well.
            State::Read => is_line_lost && !stdout.contains(id),
            State::Closed if second == State::Closed => !is_saved,
            State::Closed => second != State::Read,
            State::Broken | State::Full => true,
        };
        assert_eq!(code != 0, fails, "{case}");
        if is_lost && err == State::Read {
            assert!(stderr.contains(id), "{case}");
            // The result itself.
            let result = match line[0] {
                "status" => "status",
                "cancel" => "outcome",
                _ if line.contains(&"--no-wait") => id,
                _ if line.contains(&"out") => "out/",
                _ => "image",
            };
            assert!(stderr.contains(result), "{case}");
        }
        if is_answer && is_lost && out == State::Read {
            assert!(stdout.contains("cannot be cancelled"), "{case}");
        }
        // The report of the failure.
        let last = format!("\n{stderr}")
            .rfind("\n{")
            .filter(|_| fails && line.contains(&"json"));
        if let Some(at) = last {
            let mut objects = serde_json::Deserializer::from_str(&stderr[at..]).into_iter();
            let last: Value = objects.next().unwrap().unwrap();
            assert_eq!(last["request_id"], *id, "{case}");
        }
    }
}

#[test]
fn request_id_reaches_a_stream_or_the_command_fails() {
    let no_wait = [&RUN[..4], &["--no-wait"]].concat();
    let no_files = [&RUN[..], &["--no-download"]].concat();
    let saving = [&RUN[..], &["--output-dir", "out"]].concat();
    let json = &["--output", "record"][..];
    let quiet = &["--quiet"][..];
    let formats = ["pretty", "json", "record", "text"].map(|format| ["--output", format]);
    let by_format = formats.each_ref().map(|format| [&no_files[..], format]);
    let lines = [
        [&no_wait[..], &[]],
        [&no_wait, json],
        [&no_wait, quiet],
        [&no_files, json],
        [&no_files, quiet],
        [&saving, &[]],
        [&["resume", "ID", "--no-download"], json],
        [&["result", "ID", "--no-download"], quiet],
        [&["requests", "result", "ID", "--output-dir", "out"], json],
        [&["resume", "ID", "--output-dir", "out"], &[]],
        [&["result", "ID", "--output-dir", "out"], &[]],
        [&["status", "ID"], &[]],
        [&["status", "ID"], json],
        [&["cancel", "ID"], &[]],
        [&["cancel", "ID"], json],
    ];
    // URLs have the id, so only the names of files show what is lost without it.
    let in_words = [&saving[..], &["--output", "text"]];
    let lines = lines.into_iter().chain(by_format).chain([in_words]);
    all_at_once(lines, |line| check(&line.concat()));
}

/// The words name only files, so that what is left of a lost line has no id.
#[test]
fn lost_words_are_followed_by_the_request_id() {
    let service = Service::new();
    let in_words = ["--output-dir", "out", "--output", "text", "--quiet"];
    let line = [&RUN[..], &in_words].concat();
    for (number, out) in [State::Broken, State::Full].into_iter().enumerate() {
        let (code, _, stderr) = run(&service, &line, out, State::Read);
        let id = &service.emulator.ledger()[number].request_id;
        assert!(code == 1 && stderr.contains(id), "{out:?}: {code} {stderr}");
    }
}

#[test]
fn key_of_an_unknown_outcome_reaches_a_stream() {
    let line = [&RUN[..], &["--output", "record"]].concat();
    for out in STATES {
        let service = Service::new();
        let lost = Reply::lost().carried_out();
        service
            .emulator
            .script(runcomfy_emulator::Call::Submit, lost);
        let (code, stdout, stderr) = run(&service, &line, out, State::Read);
        let headers = service.emulator.ledger()[0].headers.clone();
        let key = |text: &str| {
            headers
                .iter()
                .any(|(_, value)| value.len() > 8 && text.contains(value.as_str()))
        };
        assert!(code == 69 && key(&(stdout + &stderr)), "{out:?}: {stderr}");
    }
}

/// A wait that is killed must not lose the id.
#[test]
fn json_run_prints_the_id_before_it_waits() {
    use std::io::{BufRead, BufReader};

    let service = Service::slow();
    let mut waiting = service
        .command(&[&RUN[..], &["--output", "record"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stderr = waiting.stderr.take().unwrap();
    BufReader::new(stderr).read_line(&mut line).unwrap();
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    let id = &service.emulator.ledger()[0].request_id;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line, json!({ "request_id": id }));
}
