//! The command line as a whole: input, output, help and exit codes.

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::support::{TEXT_TO_IMAGE, command};

fn run(arguments: &[&str], folder: &Path) -> Output {
    command()
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn invalid_input_is_not_submitted() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "run",
        TEXT_TO_IMAGE,
        "--prompt",
        "x",
        "--scale",
        "7",
        "--emulate",
    ];
    let refused = run(&arguments, folder.path());
    assert_eq!(refused.status.code(), Some(65));
    assert_eq!(
        err(&refused),
        "error: the input for `bytedance/dreamina-4-0/text-to-image` violates its schema\n  \
         --scale: found 7, expected a number in 0..=1\n\
         Nothing was submitted, so nothing is charged. \
         `runcomfy run bytedance/dreamina-4-0/text-to-image --help` lists the properties.\n"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let refused = run(
        &[&arguments[..], &["--output", "record"]].concat(),
        folder.path(),
    );
    assert_eq!(refused.status.code(), Some(65));
    let json: Value = serde_json::from_slice(&refused.stdout).unwrap();
    let violation = &json["error"]["violations"][0];
    assert_eq!(
        (&violation["pointer"], &violation["rule"]),
        (&json!("/scale"), &json!("maximum"))
    );
    assert_eq!(
        (&violation["limit"], &violation["actual"]),
        (&json!(1), &json!(7))
    );
}

#[test]
fn all_violations_are_reported_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let input = r#"{"promt": "x", "width×height": "1x1"}"#;
    let refused = run(
        &[
            "run",
            TEXT_TO_IMAGE,
            "--input",
            input,
            "--scale",
            "much",
            "--emulate",
        ],
        folder.path(),
    );
    assert_eq!(refused.status.code(), Some(65));
    let text = err(&refused);
    assert_eq!(text.lines().count(), 6, "{text}");
    for part in [
        "--prompt: is missing",
        "--scale: found the string \"much\"",
        "/width×height: found \"1x1\"",
        "did you mean `prompt`?",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn emulated_run_saves_an_image_of_the_requested_size() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("in.json"),
        r#"{"prompt": "A boat", "width×height": "1024x1024(1:1)"}"#,
    )
    .unwrap();
    let arguments = [
        "run",
        TEXT_TO_IMAGE,
        "--input",
        "@in.json",
        "--emulate",
        "--poll-secs",
        "0",
        "--output-dir",
        "out",
    ];
    let in_words = [&arguments[..], &["--output", "text"]].concat();
    let done = run(&in_words, folder.path());
    assert!(done.status.success(), "{}", err(&done));
    let progress = err(&done);
    for part in [
        "submitted bytedance/dreamina-4-0/text-to-image as ",
        "finished (",
    ] {
        assert!(progress.contains(part), "{part}: {progress}");
    }
    let saved = out(&done);
    assert!(
        saved.contains("  1024×1024  ") && saved.ends_with("  free\n"),
        "{saved}"
    );
    let line = saved.strip_prefix("saved ").unwrap();
    let file = line.split("  ").next().unwrap();
    let picture = std::fs::read(folder.path().join(file)).unwrap();
    assert_eq!(picture[16..24], [0, 0, 4, 0, 0, 0, 4, 0], "1024 by 1024");

    let done = run(
        &[&arguments[..], &["--output", "record", "--no-download"]].concat(),
        folder.path(),
    );
    assert!(done.status.success(), "{}", err(&done));
    let json: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(
        (&json["status"], &json["files"]),
        (&json!("succeeded"), &json!([]))
    );
    assert!(
        json["output"]["image"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    let id = json!({ "request_id": json["request_id"] });
    let printed: Value = serde_json::from_slice(&done.stderr).unwrap();
    assert_eq!(printed, id, "a script sees JSON and nothing else");
}

#[test]
fn standard_input_may_be_the_input() {
    let folder = tempfile::tempdir().unwrap();
    for flag in [["--input", "-"], ["--input-file", "-"], ["--input", "@-"]] {
        let mut child = command()
            .args(["run", TEXT_TO_IMAGE, "--emulate"])
            .args(flag)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all("\u{feff}{\"prompt\": 7}".as_bytes())
            .unwrap();
        let refused = child.wait_with_output().unwrap();
        assert_eq!(refused.status.code(), Some(65));
        assert!(
            err(&refused).contains("/prompt: found 7, expected a string"),
            "{}",
            err(&refused)
        );
    }
}

#[test]
fn exit_codes_are_those_of_sysexits() {
    let folder = tempfile::tempdir().unwrap();
    let code = |arguments: &[&str]| run(arguments, folder.path()).status.code();
    assert_eq!(code(&["--help"]), Some(0));
    assert_eq!(code(&["run"]), Some(2));
    assert_eq!(code(&["run", TEXT_TO_IMAGE, "--no-such-flag"]), Some(2));
    assert_eq!(code(&["run", TEXT_TO_IMAGE, "--input", "{"]), Some(65));
    assert_eq!(code(&["run", TEXT_TO_IMAGE, "--input", "[1]"]), Some(65));
    assert_eq!(
        code(&["run", "bytedance/dreamina-4-0/text-to-imag", "--emulate"]),
        Some(65)
    );
    assert_eq!(
        code(&["run", TEXT_TO_IMAGE, "--input", "@missing.json"]),
        Some(66)
    );
    assert_eq!(
        code(&["run", TEXT_TO_IMAGE, "--prompt", "x"]),
        Some(77),
        "no token"
    );
    for no_value in [
        &["status", "../x"][..],
        &["status", "x", "--output", "xml"],
        &["run", TEXT_TO_IMAGE, "--prompt", "x", "--timeout", "abc"],
        &["models", "list", "--limit", "0"],
        &["completion", "nosh"],
        &["emulator", "--output", "xml"],
    ] {
        assert_eq!(code(no_value), Some(2), "{no_value:?}");
    }
    assert_eq!(
        code(&["run", TEXT_TO_IMAGE, "--force-single", "false"]),
        Some(2)
    );
}

#[test]
fn refused_connection_on_this_machine_ends_at_once() {
    for (arguments, money) in [
        (
            &["run", TEXT_TO_IMAGE, "--prompt", "x", "-q"][..],
            "Nothing was submitted, so nothing is charged. ",
        ),
        (&["balance"], ""),
        (&["models", "list"], ""),
    ] {
        let mut command = command();
        command
            .env("RUNCOMFY_TOKEN", "t")
            .env("RUNCOMFY_MODEL_API_BASE", "http://localhost:1/v1");
        let ended = command.args(arguments).output().unwrap();
        assert_eq!(ended.status.code(), Some(75), "{arguments:?}");
        assert_eq!(
            err(&ended)
                .split(" RUNCOMFY_MODEL_API_BASE")
                .next()
                .unwrap(),
            format!(
                "error: no connection to http://localhost:1 (connection refused); nothing was sent\n\
                 {money}Nothing listens there. Is `runcomfy emulator --port 1` running?"
            ),
            "{arguments:?}"
        );
    }
}

#[test]
fn unreachable_service_exits_with_75() {
    let code = |arguments: &[&str]| {
        let mut command = command();
        // No process listens on port 1 of this machine.
        command
            .env("RUNCOMFY_TOKEN", "t")
            .env("RUNCOMFY_MODEL_API_BASE", "http://127.0.0.1:1/v1");
        command.args(arguments).output().unwrap().status.code()
    };
    assert_eq!(
        code(&["run", TEXT_TO_IMAGE, "--prompt", "x", "--timeout", "1"]),
        Some(75),
        "nothing was sent"
    );
    assert_eq!(
        code(&["status", "some-id"]),
        Some(75),
        "to ask again does no harm"
    );
}

#[cfg(unix)]
#[test]
fn argument_that_is_not_utf8_is_reported_as_json() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let mut probe = command();
    probe
        .args(["probe", "--output", "record"])
        .arg(OsStr::from_bytes(b"boat\xff.gif"));
    let refused = probe.output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let json: Value = serde_json::from_slice(&refused.stdout).unwrap();
    let message = json["error"]["message"].as_str().unwrap();
    assert!(message.ends_with("with `-` as standard input"), "{message}");
}

#[test]
fn help_has_range_enum_and_default_of_each_flag() {
    let help = run(
        &["run", "bytedance/dreamina-4-0/edit", "-h"],
        Path::new("."),
    );
    let text = out(&help).split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "--image-urls <URL|PATH>",
        "[required: an array of 1 to 10 image URLs]",
        "[required: a string of at most 800 characters]",
        "[default 0.5: a number in 0..=1]",
        "[default 2048x2048(1:1): one of \"1024x1024(1:1)\",",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn built_in_models_are_listed_as_text_and_json() {
    let list = run(&["models", "list", "--built-in"], Path::new("."));
    assert_eq!(out(&list).lines().count(), runcomfy_models::ALL.len());
    let list = run(
        &["models", "list", "--built-in", "--output", "record"],
        Path::new("."),
    );
    let json: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(json["models"][2], json!({"model_id": TEXT_TO_IMAGE}));
}
