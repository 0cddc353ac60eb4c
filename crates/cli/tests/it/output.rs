//! The output formats: what `run`, `result` and failures print in each.

use crate::support::{Ended, RUN, Service, TEXT_TO_IMAGE, all_at_once};
use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

/// Outputs of every form that a model may have.
fn outputs() -> Vec<Value> {
    vec![
        json!({ "video": null, "seed": 7, "a": { "z": 1, "b": [] } }),
        json!(["b", "a"]),
        json!("a text"),
        json!(0.5),
        json!(null),
        json!({}),
        json!([]),
    ]
}

fn with_output(output: &Value) -> Service {
    let service = Service::new();
    let patch = Reply::patched(json!({ "output": output }));
    service
        .emulator
        .add_fault(Fault::from_nth(Call::Result, 1, patch));
    service
}

fn in_format(service: &Service, arguments: &[&str], format: &str) -> Ended {
    service.piped(&[arguments, &["--output", format]].concat())
}

fn line(text: &str) -> Value {
    let last = text.lines().last();
    let last = last.unwrap_or_else(|| panic!("no line in {text:?}"));
    serde_json::from_str(last).unwrap_or_else(|why| panic!("{why}: {text}"))
}

/// Scripts for the service's own command line read the output and nothing else.
#[test]
fn run_prints_the_output_and_nothing_else() {
    all_at_once(outputs(), |output| {
        let service = with_output(&output);
        let run = [&RUN[..], &["--no-download"]].concat();
        for (format, expected) in [
            ("json", format!("{output}\n")),
            ("pretty", format!("{output:#}\n")),
        ] {
            let ended = in_format(&service, &run, format);
            assert_eq!((ended.code, ended.out), (0, expected), "{format}");
        }
        let by_default = service.piped(&run);
        assert_eq!(by_default.out, format!("{output:#}\n"));
        let record = in_format(&service, &run, "record").good_json();
        assert_eq!(record["output"], output);
    });
}

#[test]
fn result_prints_the_record_as_received() {
    for status in ["succeeded", "completed", "failed", "in_progress"] {
        let body = json!({
            "status": status, "request_id": "a", "output": { "text": "x" }, "error": null,
            "logs": ["one"], "cost": { "usd": 0.04 }, "seed": 7, "finished_at": "…+00:00Z",
        });
        let service = Service::new();
        service
            .emulator
            .add_fault(Fault::every(Call::Result, 1, Reply::json(200, &body)));
        for (format, expected) in [
            ("json", format!("{body}\n")),
            ("pretty", format!("{body:#}\n")),
        ] {
            let ended = in_format(&service, &["result", "a", "--no-download"], format);
            let code = i32::from(status == "failed");
            assert_eq!((ended.code, ended.out), (code, expected), "{format}");
        }
    }
}

#[test]
fn submit_without_a_wait_prints_the_id() {
    let service = Service::slow();
    let run = [&RUN[..4], &["--no-wait"]].concat();
    let mut ids = Vec::new();
    let mut check = |format: &str, expected: fn(&str) -> String| {
        let ended = in_format(&service, &run, format);
        let id = service.emulator.ledger().last().unwrap().request_id.clone();
        assert_eq!((ended.code, ended.out), (0, expected(&id)), "{format}");
        ids.push(id);
    };
    check("json", |id| {
        format!("{}\n", json!({ "request_id": id, "wait": false }))
    });
    check("pretty", |id| {
        format!("{:#}\n", json!({ "request_id": id, "wait": false }))
    });
    check("text", |id| format!("{id}\n"));
    let record = in_format(&service, &run, "record").good_json();
    assert_eq!(
        (&record["model_id"], &record["status"], &record["input"]),
        (
            &json!(TEXT_TO_IMAGE),
            &json!("in_queue"),
            &json!({"prompt": "x"})
        )
    );
}

#[test]
fn json_has_the_id_first_and_the_failure_last() {
    let service = Service::new();
    service
        .emulator
        .fail_next(json!([{ "error": "out of paint" }]));
    let ended = in_format(&service, &RUN, "json");
    let id = &service.emulator.ledger()[0].request_id;
    assert_eq!((ended.code, &*ended.out), (1, ""), "{ended:?}");
    let lines: Vec<Value> = ended.err.lines().map(line).collect();
    assert_eq!(lines[0], json!({ "request_id": id }));
    let last = lines.last().unwrap();
    assert!(last["error"].as_str().unwrap().contains("out of paint"));
    assert_eq!(
        (&last["kind"], &last["exit_code"], &last["request_id"]),
        (&json!("job_failed"), &json!(1), &json!(id))
    );
    assert_eq!(last["detail"][0]["error"], "out of paint");

    let result = in_format(&service, &["result", id], "json");
    assert_eq!(
        (result.code, &result.json()["error"][0]["error"]),
        (1, &json!("out of paint"))
    );
    assert!(line(&result.err)["error"].is_string());

    service.emulator.fail_next(json!("x"));
    let quiet = in_format(&service, &[&RUN[..], &["-q"]].concat(), "json");
    assert_eq!(quiet.err.lines().count(), 1, "{quiet:?}");
}

#[test]
fn every_line_of_standard_error_is_json() {
    let service = Service::new();
    let twice = r#"{"prompt": "x", "prompt": ""}"#;
    let cases: [(&[&str], i32); 9] = [
        (
            &["run", TEXT_TO_IMAGE, "--input", twice, "--no-download"],
            0,
        ),
        (&["run", TEXT_TO_IMAGE, "--scale", "7"], 65),
        (&["run", TEXT_TO_IMAGE, "--input", "{"], 65),
        (&["run", "no/such-model", "--input", "{}"], 65),
        (&["run", "dreamina", "--prompt", "x"], 65),
        (&["run"], 2),
        (&["runn"], 2),
        (&["status", "no-such"], 65),
        (
            &["run", TEXT_TO_IMAGE, "--prompt", "x", "--timeout", "soon"],
            2,
        ),
    ];
    for format in ["json", "record"] {
        for (arguments, code) in cases {
            let ended = in_format(&service, arguments, format);
            assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
            for text in ended.err.lines() {
                let _: Value = line(text);
            }
            let failure = match format {
                "json" if code != 0 => &line(&ended.err)["error"],
                "record" if code != 0 => &ended.json()["error"]["message"],
                _ => continue,
            };
            assert!(failure.is_string(), "{arguments:?}: {ended:?}");
            assert!(format == "record" || ended.out.is_empty(), "{ended:?}");
        }
    }
}

#[test]
fn record_has_one_shape_for_every_outcome() {
    let service = Service::new();
    let keys =
        |json: &Value| -> Vec<String> { json.as_object().unwrap().keys().cloned().collect() };
    let done = in_format(&service, &RUN, "record").good_json();
    let id = done["request_id"].as_str().unwrap().to_owned();
    assert_eq!(
        (
            &done["files"][0]["path"],
            &done["files"][0]["format"],
            &done["files"][0]["width"]
        ),
        (&json!("image.png"), &json!("png"), &json!(2048))
    );
    let mut records = vec![done];
    for line in [["status", &id], ["result", &id], ["resume", &id]] {
        records.push(in_format(&service, &line, "record").good_json());
    }
    service.emulator.fail_next(json!("out of paint"));
    let failed = in_format(&service, &RUN, "record").json();
    assert_eq!(
        (
            &failed["model_id"],
            &failed["input"]["prompt"],
            &failed["status"]
        ),
        (&json!(TEXT_TO_IMAGE), &json!("x"), &json!("failed"))
    );
    records.push(failed);
    for line in [
        &["run"][..],
        &["status", "x y"],
        &["run", TEXT_TO_IMAGE, "--scale", "7"],
    ] {
        records.push(in_format(&service, line, "record").json());
    }
    for record in &records {
        assert_eq!(keys(record), keys(&records[0]), "{record}");
    }
}

#[test]
fn variable_sets_the_format_and_a_flag_wins() {
    let service = Service::new();
    let balance = |variable: &str, more: &[&str]| -> Ended {
        let mut command = service.command(&[&["balance"], more].concat());
        command
            .env("RUNCOMFY_OUTPUT", variable)
            .output()
            .unwrap()
            .into()
    };
    assert!(balance("json", &[]).out.starts_with("{\"balance_usd\""));
    assert!(
        balance("json", &["--output", "text"])
            .out
            .starts_with("balance: $")
    );
    assert!(balance(" ", &[]).out.starts_with("balance: $"));
    let invalid = balance("yaml", &[]);
    assert_eq!(
        (invalid.code, &*invalid.err),
        (
            64,
            "error: RUNCOMFY_OUTPUT is `yaml`, expected one of pretty, json, record, text\n"
        )
    );
    assert_eq!(balance("yaml", &["--output", "text"]).code, 0);
}

#[test]
fn balance_has_a_base_of_its_own() {
    let models = Service::new();
    let account = Service::with(|builder| builder.balance(3.5));
    let mut balance = models.command(&["balance"]);
    let base = account.emulator.base_url() + "/prod/v2";
    let ended = Ended::from(
        balance
            .env("RUNCOMFY_SERVERLESS_API_BASE", base)
            .output()
            .unwrap(),
    );
    assert_eq!((ended.code, &*ended.out), (0, "balance: $3.50 USD\n"));
    assert_eq!(models.emulator.count(Call::Balance), 0);
}

#[test]
fn words_about_data_go_to_standard_error() {
    let service = Service::slow();
    let run = [&RUN[..4], &["--no-wait"]].concat();
    let id = service.json(&run).good_json()["request_id"].clone();
    let id = id.as_str().unwrap();
    for format in ["pretty", "text"] {
        let none = in_format(&service, &["models", "list", "--search", "zzz"], format);
        assert_eq!((none.code, &*none.out), (0, ""));
        assert_eq!(none.err, "no model matches\n");
        let some = in_format(&service, &["models", "list"], format);
        assert_eq!(some.err, "Showing 1-3 of 3\n");
        let cancelled = in_format(&service, &["cancel", id], format);
        assert_eq!((cancelled.code, &*cancelled.out), (0, ""));
        assert!(!cancelled.err.is_empty());
    }
    let cancelled = in_format(&service, &["cancel", id], "json").good_json();
    assert_eq!(cancelled["request_id"], id);
}

#[cfg(unix)]
#[test]
fn terminal_gets_words_only_where_a_person_reads() {
    use crate::support::terminal::Terminal;

    let service = Service::new();
    let result = json!({ "request_id": "job-1", "status": "in_queue", "n": 1 });
    let reply = Reply::json(200, &result);
    service
        .emulator
        .add_fault(Fault::every(Call::Result, 1, reply));
    let shown = |variables: &[(&str, &str)]| {
        // Quiet, since a slow machine shows how long it waits.
        let command = service.command(&["result", "job-1", "--quiet"]);
        let (ended, bytes) = Terminal::with(&command, variables).end();
        assert_eq!(ended.code, 0, "{ended:?}");
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!(shown(&[]), "in_queue\r\n");
    let json = format!("{result:#}\n").replace('\n', "\r\n");
    for variables in [
        ("CI", "true"),
        ("TERM", "dumb"),
        ("RUNCOMFY_OUTPUT", "pretty"),
    ] {
        assert_eq!(shown(&[variables]), json, "{variables:?}");
    }
}
