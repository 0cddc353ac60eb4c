//! The report of a failure as text and as JSON, which never invites a second run that could be charged
//! twice.

use std::time::Duration;

use crate::support::{EDIT, Ended, RUN, Service, TEXT_TO_IMAGE, all_at_once, command};
use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

/// The keys of the object of a failure.
const KEYS: [&str; 14] = [
    "request_id",
    "model_id",
    "input",
    "status",
    "queue_position",
    "output",
    "files",
    "failed_files",
    "warnings",
    "error",
    "created_at",
    "finished_at",
    "elapsed_seconds",
    "cost",
];
/// The keys of `error`.
const ERROR_KEYS: [&str; 12] = [
    "kind",
    "message",
    "advice",
    "exit_code",
    "request_id",
    "may_have_been_submitted",
    "idempotency_key",
    "http_status",
    "error_code",
    "retry_after_seconds",
    "detail",
    "violations",
];

fn keys(json: &Value) -> Vec<&str> {
    json.as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// Scripts the reply to a submit, and returns what `run` prints as text and as JSON.
fn submit(reply: impl Fn() -> Reply) -> (Ended, Ended) {
    let service = Service::new();
    let run = |json: &[&str]| {
        service.emulator.script(Call::Submit, reply());
        service.run(&[&RUN[..], &["--timeout", "2"], json].concat())
    };
    (run(&[]), run(&["--output", "record"]))
}

#[test]
fn every_failure_has_the_same_keys() {
    let service = Service::new();
    let no_token = || {
        let mut command = command();
        command.args(RUN).args(["--output", "record"]);
        Ended::from(command.output().unwrap())
    };
    service
        .emulator
        .fail_next(json!([{"errorCode": 7, "error": "out of paint"}]));
    for (ended, code, kind) in [
        (service.json(&RUN), 1, "job_failed"),
        (
            service.json(&["run", TEXT_TO_IMAGE, "--no-such"]),
            2,
            "usage",
        ),
        (service.json(&["status", "../x"]), 2, "usage"),
        (
            service.json(&["run", TEXT_TO_IMAGE, "--input", "{"]),
            65,
            "invalid_input",
        ),
        (
            service.json(&["run", TEXT_TO_IMAGE, "--scale", "7"]),
            65,
            "invalid_input",
        ),
        (service.json(&["status", "no-such-id"]), 65, "not_found"),
        (
            service.json(&["run", TEXT_TO_IMAGE, "--input-file", "none.json"]),
            66,
            "io",
        ),
        (no_token(), 77, "unauthenticated"),
    ] {
        let json = ended.json();
        assert_eq!(keys(&json), KEYS, "{ended:?}");
        let error = &json["error"];
        assert_eq!(keys(error), ERROR_KEYS, "{ended:?}");
        assert_eq!(
            (ended.code, &error["kind"]),
            (code, &json!(kind)),
            "{ended:?}"
        );
        assert_eq!(error["exit_code"], json!(code));
        assert!(!error["message"].as_str().unwrap().is_empty(), "{ended:?}");
        // A script sees JSON and nothing else.
        match kind {
            "job_failed" => assert_eq!(json["request_id"], ended.only_id_on_stderr()),
            _ => assert_eq!(ended.err, "", "{ended:?}"),
        }
    }
}

#[test]
fn failed_job_is_reported_with_the_service_error() {
    let service = Service::new();
    service
        .emulator
        .fail_next(json!([{"errorCode": 7, "error": "out of paint"}]));
    let failed = service.json(&RUN).json();
    assert_eq!(
        (&failed["status"], &failed["output"]),
        (&json!("failed"), &Value::Null)
    );
    assert_eq!(failed["error"]["detail"][0]["error"], "out of paint");
    let id = failed["request_id"].as_str().unwrap();
    let result = service.json(&["result", id]);
    assert_eq!(
        (result.code, &result.json()["error"]),
        (1, &failed["error"])
    );
    let ended = service.run(&["result", id]).err;
    assert!(
        ended.starts_with("error: the job has failed: [{"),
        "{ended}"
    );
    assert!(
        ended.ends_with("`runcomfy balance` shows whether the job was charged.\n"),
        "{ended}"
    );
}

#[test]
fn violation_names_its_flag_or_pointer() {
    let service = Service::new();
    let input = r#"{"scale": 7, "promt": "x"}"#;
    let flags = [
        "--image-urls",
        "https://a.example/1.jpg",
        "--image-urls",
        "none.jpg",
    ];
    let refused = service.json(
        &[
            &["run", EDIT, "--input", input, "--no-check-media"],
            &flags[..],
        ]
        .concat(),
    );
    let json = refused.json();
    let found: Vec<(Value, Value)> = json["error"]["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| (violation["flag"].clone(), violation["pointer"].clone()))
        .collect();
    let expected = [
        (json!("--image-urls"), json!("/image_urls/1")),
        (json!("--prompt"), json!("/prompt")),
        (Value::Null, json!("/scale")),
        (Value::Null, json!("/promt")),
    ];
    assert_eq!(found, expected, "{json:#}");
    assert!(service.emulator.ledger().is_empty());
}

#[test]
fn lost_response_never_invites_a_second_run() {
    for reply in [
        Reply::lost,
        Reply::close,
        Reply::garbage,
        || Reply::html(502),
        || Reply::new(503, ""),
    ] {
        let (ended, json) = submit(reply);
        assert_eq!((ended.code, json.code), (69, 69), "{ended:?}");
        assert!(
            ended
                .err
                .contains("look at your account before you submit it again"),
            "{ended:?}"
        );
        assert!(
            ended
                .err
                .ends_with("If a job exists, it runs and is charged.\n"),
            "{ended:?}"
        );
        let error = &json.json()["error"];
        assert_eq!(error["may_have_been_submitted"], true);
        assert!(error["idempotency_key"].is_string());
    }
}

#[test]
fn rejected_submit_advises_and_charges_nothing() {
    let refused = |status, code| move || Reply::refused(status, code);
    for (reply, code, kind, next) in [
        (
            refused(402, 400_002),
            65,
            "insufficient_balance",
            "Add to the balance of the account and run the command again.",
        ),
        (
            refused(200, 400_002),
            65,
            "insufficient_balance",
            "Add to the balance of the account and run the command again.",
        ),
        (
            refused(401, 400_004),
            77,
            "unauthenticated",
            "Run `runcomfy login`, or set RUNCOMFY_TOKEN to a token of https://www.runcomfy.com/profile. \
             `runcomfy run` and `batch run` need none with --emulate.",
        ),
        (
            refused(400, 400_001),
            65,
            "unknown_model",
            "`runcomfy models list --search TEXT` lists the models.",
        ),
        (
            refused(422, 422_001),
            65,
            "bad_request",
            "Fix the input and run the command again.",
        ),
    ] {
        let (ended, json) = submit(reply);
        assert_eq!((ended.code, json.code), (code, code), "{ended:?}");
        let advice = format!("Nothing was submitted, so nothing is charged. {next}");
        assert!(ended.err.ends_with(&format!("\n{advice}\n")), "{ended:?}");
        let error = &json.json()["error"];
        assert_eq!(
            (&error["kind"], &error["advice"]),
            (&json!(kind), &json!(advice))
        );
        assert_eq!(error["may_have_been_submitted"], false);
    }
    let busy = || Reply::refused(429, 429_000).retry_after(Duration::from_secs(30));
    let (ended, json) = submit(busy);
    assert_eq!(
        (ended.code, &json.json()["error"]["retry_after_seconds"]),
        (75, &json!(30.0))
    );
    assert!(
        ended
            .err
            .ends_with("nothing is charged. Run the command again in 30 s.\n"),
        "{ended:?}"
    );
}

#[test]
fn wait_for_a_job_never_exits_with_75() {
    let service = Service::slow();
    let limits = ["--timeout", "1"];
    let late = service.json(&[&RUN[..], &limits].concat());
    let json = late.json();
    assert_eq!(
        (late.code, &json["error"]["kind"], &json["status"]),
        (69, &json!("deadline"), &json!("in_queue"))
    );
    let id = json["request_id"].as_str().unwrap();
    let advice = format!("It is charged when it succeeds. Resume the wait: runcomfy resume {id}");
    assert_eq!(json["error"]["advice"], json!(advice));
    service.emulator.advance(Duration::from_secs(3600));
    let resumed = service.json(&["resume", id]).good_json();
    assert_eq!(
        (&resumed["request_id"], service.files()),
        (&json["request_id"], 1)
    );
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn throttled_query_exits_with_75() {
    let service = Service::slow();
    let job = service.piped(&["run", TEXT_TO_IMAGE, "--prompt", "x", "--no-wait"]);
    let id = job.good_json()["request_id"].as_str().unwrap().to_owned();
    let busy = || Reply::refused(429, 429_000).retry_after(Duration::from_secs(3600));
    for (call, command) in [
        (Call::Status, ["status", &id]),
        (Call::Result, ["result", &id]),
        (Call::Cancel, ["cancel", &id]),
        (Call::Catalogue, ["models", "list"]),
    ] {
        service.emulator.script(call, busy());
        assert_eq!(service.run(&command).code, 75, "{command:?}");
    }
}

#[test]
fn unsaved_file_can_be_saved_later() {
    let service = Service::new();
    std::fs::write(service.folder.path().join("taken"), "").unwrap();
    let id = service
        .json(&[&RUN[..], &["--no-wait"]].concat())
        .good_json()["request_id"]
        .clone();
    let id = id.as_str().unwrap();
    let failed = service.json(&["resume", id, "--output-dir", "taken"]);
    let json = failed.json();
    assert_eq!(
        (failed.code, &json["status"]),
        (1, &json!("succeeded")),
        "{failed:?}"
    );
    assert!(json["output"]["image"].is_string());
    let message = json["error"]["message"].as_str().unwrap();
    assert!(message.contains("(os error "), "the reason: {message}");
    let advice = json["error"]["advice"].as_str().unwrap();
    assert!(
        advice.ends_with(&format!("Save them: runcomfy result {id}")),
        "{advice}"
    );
    assert_eq!(
        service.json(&["result", id]).good_json()["files"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn unwritable_folder_fails_before_the_submit() {
    let service = Service::new();
    std::fs::write(service.folder.path().join("taken"), "").unwrap();
    for folder in ["taken", "taken/below"] {
        let refused = service.json(&[&RUN[..], &["--output-dir", folder]].concat());
        let error = &refused.json()["error"];
        assert_eq!(
            (refused.code, &error["kind"], &error["advice"]),
            (
                1,
                &json!("io"),
                &json!("Nothing was submitted, so nothing is charged.")
            )
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("(os error "), "the reason: {message}");
    }
    assert!(service.emulator.ledger().is_empty());
    let done = service.json(&[&RUN[..], &["--output-dir", "new/folder"]].concat());
    assert_eq!(done.good_json()["files"].as_array().unwrap().len(), 1);
    let left = std::fs::read_dir(service.folder.path().join("new/folder")).unwrap();
    assert_eq!(left.count(), 1, "nothing but the picture");
}

#[test]
fn no_wait_conflicts_with_flags_of_the_wait() {
    let service = Service::new();
    for more in [&["--cancel-if-queued-after", "5"][..], &["--open"]] {
        let refused = service.run(&[&RUN[..], &["--no-wait"], more].concat());
        assert_eq!(refused.code, 2, "{refused:?}");
    }
    assert!(service.emulator.ledger().is_empty());
    // Flags that scripts for the service's own command line combine with it.
    let usual = ["--no-download", "--output-dir", "out"];
    let submitted = service.json(&[&RUN[..], &["--no-wait"], &usual].concat());
    assert_eq!(submitted.code, 0, "{submitted:?}");
}

#[test]
fn unknown_request_id_is_to_be_checked() {
    let service = Service::new();
    for command in ["status", "result", "resume", "cancel"] {
        let ended = service.run(&[command, "no-such-id"]);
        assert!(
            ended
                .err
                .contains("\nCheck that the request id is complete."),
            "{command}: {ended:?}"
        );
    }
}

#[test]
fn query_gives_no_advice_about_a_submit() {
    let mut balance = command();
    balance.args(["balance", "--output", "record"]);
    let ended = Ended::from(balance.output().unwrap());
    let advice = ended.json()["error"]["advice"].clone();
    let advice = advice.as_str().unwrap();
    assert!(advice.starts_with("Run `runcomfy login`") && !advice.contains("submit"));
    let folder = tempfile::tempdir().unwrap();
    // A folder of this name cannot be read as a file.
    std::fs::create_dir(folder.path().join("token.json")).unwrap();
    let mut run = command();
    run.args(RUN).args(["--output", "record"]);
    let ended = Ended::from(
        run.env("RUNCOMFY_CONFIG_DIR", folder.path())
            .output()
            .unwrap(),
    );
    let error = &ended.json()["error"];
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("token.json` cannot be read: it is a folder"),
        "{message}"
    );
    let advice = error["advice"].as_str().unwrap();
    assert!(
        advice.starts_with("Nothing was submitted, so nothing is charged. Run `runcomfy login`"),
        "{advice}"
    );
}

#[test]
fn text_of_the_service_cannot_control_the_terminal() {
    let service = Service::new();
    let clear = "\u{1b}[2J\u{1b}]0;x\u{7}";
    let status = json!({ "request_id": "some-id", "status": clear });
    service
        .emulator
        .script(Call::Status, Reply::json(200, &status));
    let ended = service.run(&["status", "some-id"]);
    assert!(
        ended.out.contains(r"status:     \u{1b}[2J\u{1b}]0;x\u{7}"),
        "{ended:?}"
    );
    let refusal = json!({ "code": 422_001, "message": clear, "detail": clear });
    service
        .emulator
        .script(Call::Submit, Reply::json(422, &refusal));
    let ended = service.run(&RUN);
    assert!(
        ended.code == 65 && !ended.err.contains('\u{1b}') && ended.err.contains("[2J"),
        "{ended:?}"
    );
}

/// Writes to `/dev/full`, which behaves like a full disk.
#[cfg(target_os = "linux")]
#[test]
fn unwritable_output_fails_and_goes_to_stderr() {
    let service = Service::new();
    let full = |arguments: &[&str]| {
        let full = std::fs::File::create("/dev/full").unwrap();
        Ended::from(service.command(arguments).stdout(full).output().unwrap())
    };
    let submitted = full(&[&RUN[..], &["--no-wait"]].concat());
    let id = &service.emulator.ledger()[0].request_id;
    assert!(
        submitted.code == 1 && submitted.err.contains(id),
        "{submitted:?}"
    );
    for arguments in [
        &["--help"][..],
        &["completion", "bash"],
        &["models", "list"],
    ] {
        let ended = full(arguments);
        assert_eq!(ended.code, 1, "{ended:?}");
    }
}

#[test]
fn closed_pipe_is_no_failure() {
    for arguments in [
        &["--help"][..],
        &["completion", "bash"],
        &["models", "list", "--built-in"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = Ended::from(command().args(arguments).stdout(writer).output().unwrap());
        assert_eq!((ended.code, &*ended.err), (0, ""), "{arguments:?}");
    }
}

#[test]
fn invalid_base_url_is_not_blamed_on_the_token() {
    let service = Service::new();
    let mut balance = service.command(&["balance"]);
    balance.env("RUNCOMFY_MODEL_API_BASE", "http://example.com/v1");
    let ended = Ended::from(balance.output().unwrap());
    assert_eq!(ended.code, 64, "{ended:?}");
    let mut without = service.command(&["balance"]);
    without.env_remove("RUNCOMFY_TOKEN");
    let ended = Ended::from(without.output().unwrap());
    assert_eq!(ended.code, 77, "{ended:?}");
    assert!(
        ended
            .err
            .starts_with("error: found no API token in RUNCOMFY_TOKEN,"),
        "{ended:?}"
    );
}

/// Returns the id of a finished job whose output is patched from now on.
fn done(service: &Service, output: impl Fn(&str) -> Value) -> String {
    let json = service.json(&[&RUN[..], &["--no-download"]].concat());
    let json = json.good_json();
    let patched = output(json["output"]["image"].as_str().unwrap());
    let patched = Reply::patched(json!({ "output": patched }));
    service
        .emulator
        .add_fault(Fault::from_nth(Call::Result, 1, patched));
    json["request_id"].as_str().unwrap().to_owned()
}

const FOREIGN: &str = "https://input.example/account/mine.jpg?sig=s3cret";

#[test]
fn file_of_another_host_is_skipped_with_a_warning() {
    let service = Service::new();
    let id = done(
        &service,
        |image| json!({ "source": FOREIGN, "image": image }),
    );
    let skipped =
        "skipped https://input.example/…/mine.jpg?…, which is not on a host of the service";
    for (command, files) in [("result", 1), ("resume", 1)] {
        let json = service.json(&[command, &id]);
        assert_eq!(json.code, 0, "{json:?}");
        match command {
            "resume" => assert_eq!(json.only_id_on_stderr(), id),
            _ => assert_eq!(json.err, "", "{json:?}"),
        }
        let json = json.json();
        assert_eq!(json["files"].as_array().unwrap().len(), 1, "{json}");
        assert_eq!(json["warnings"], json!([{ "text": skipped }]));
        assert_eq!(service.files(), files);
    }
    let words = service.run(&["result", &id]);
    assert_eq!(words.code, 0);
    assert!(words.out.starts_with("saved image-1.png  "), "{words:?}");
    assert!(
        words.err.ends_with(&format!("\nwarning: {skipped}\n")),
        "{words:?}"
    );
}

#[test]
fn output_with_only_foreign_files_fails() {
    let service = Service::new();
    let id = done(&service, |_| json!({ "source": FOREIGN }));
    let ended = service.run(&["result", &id]);
    let words = format!(
        "error: skipped https://input.example/…/mine.jpg?…, which is not on a host of the service\n\
         The job has succeeded and is charged. The service keeps its files for some time. \
         List the URLs of the files: runcomfy result {id} --no-download\n"
    );
    assert_eq!((ended.code, ended.err), (1, words));
    assert_eq!(ended.out, format!("not saved: {FOREIGN}\n"));
}

#[test]
fn files_saved_before_a_failure_are_listed() {
    let service = Service::new();
    let id = done(&service, |image| {
        json!([image, image.replace("image.png", "none.png")])
    });
    let ended = service.run(&["result", &id]);
    assert_eq!((ended.code, service.files()), (1, 1), "{ended:?}");
    let advice = "\nSaved: image.png. The job has succeeded and is charged.";
    assert!(ended.err.contains(advice), "{ended:?}");
}

#[test]
fn file_redirected_to_another_host_is_not_saved() {
    let service = Service::new();
    let id = done(&service, |image| json!([image, format!("{image}?n=2")]));
    let elsewhere = Reply::new(302, "").header("location", FOREIGN);
    service.emulator.script(Call::File, elsewhere);
    let ended = service.run(&["result", &id]);
    assert_eq!((ended.code, service.files()), (1, 1), "{ended:?}");
    let why = "redirects to a host that is not the service's\nSaved: image.png. ";
    assert!(ended.err.contains(why), "{ended:?}");
    assert!(!ended.err.contains("s3cret"), "{ended:?}");
}

#[test]
fn failed_download_never_hides_the_paid_result() {
    let hour = Duration::from_secs(3600);
    let cases = [
        ("gone", Some(Reply::new(404, "")), "."),
        ("forbidden", Some(Reply::new(403, "")), "."),
        (
            "busy",
            Some(Reply::refused(429, 429_000).retry_after(hour)),
            ".",
        ),
        (
            "redirected",
            Some(Reply::new(302, "").header("location", FOREIGN)),
            ".",
        ),
        ("foreign", None, "."),
        ("unwritable", None, "taken"),
    ];
    all_at_once(cases, |(name, reply, folder)| {
        let service = Service::new();
        std::fs::write(service.folder.path().join("taken"), "").unwrap();
        let foreign = name == "foreign";
        let id = done(&service, |image| {
            if foreign {
                json!({ "image": FOREIGN })
            } else {
                json!({ "image": image })
            }
        });
        if let Some(reply) = reply {
            service
                .emulator
                .add_fault(Fault::every(Call::File, 1, reply));
        }
        let mut lines = vec![
            vec!["resume", &id],
            vec!["result", &id],
            vec!["requests", "result", &id],
        ];
        if folder == "." && !foreign {
            lines.push(RUN.to_vec());
        }
        for line in lines {
            let line = [&line[..], &["--output-dir", folder]].concat();
            let ended = service.json(&line);
            let record = ended.json();
            let url = record["output"]["image"].as_str().unwrap();
            assert_eq!(
                (ended.code, &record["status"], &record["files"]),
                (1, &json!("succeeded"), &json!([])),
                "{name}: {ended:?}"
            );
            let failed = record["failed_files"].as_array().unwrap();
            assert_eq!(
                (failed.len(), &failed[0]["url"]),
                (1, &json!(url)),
                "{name}: {ended:?}"
            );
            assert!(!failed[0]["message"].as_str().unwrap().is_empty());
            assert_eq!(record["error"]["exit_code"], 1);

            for format in ["pretty", "json"] {
                let ended = service.piped(&[&line[..], &["--output", format]].concat());
                assert_eq!(ended.code, 1, "{name}: {ended:?}");
                let json = ended.json();
                let output = if line[0] == "result" || line[0] == "requests" {
                    &json["output"]
                } else {
                    &json
                };
                assert!(output["image"].is_string(), "{name}: {ended:?}");
                let last = ended.err.lines().last().unwrap();
                if format == "json" {
                    let last: Value = serde_json::from_str(last).unwrap();
                    assert!(last["error"].is_string(), "{name}: {ended:?}");
                    assert_eq!(last["failed_files"][0]["url"], output["image"]);
                } else {
                    assert!(ended.err.contains("error: "), "{name}: {ended:?}");
                }
            }
            let ended = service.run(&line);
            assert_eq!(ended.code, 1, "{name}: {ended:?}");
            assert!(
                ended.out.starts_with("not saved: http"),
                "{name}: {ended:?}"
            );
        }
    });
}
