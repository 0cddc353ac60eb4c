//! Models that the catalogue does not know or whose schema it cannot give, and properties that a schema
//! does not know: sent with `--unchecked`, refused without.

use crate::support::{Service, TEXT_TO_IMAGE, all_at_once};
use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

const MODEL: &str = "acme/paint/draw";

/// Returns each reason for which the schema of a model is unknown, with a reply of the catalogue.
fn causes() -> Vec<(&'static str, Reply)> {
    let entry =
        |schema: Value| Reply::json(200, &json!({ "model_id": MODEL, "input_schema": schema }));
    vec![
        ("401", Reply::refused(401, 400_004)),
        ("403", Reply::json(403, &json!({}))),
        ("403001", Reply::refused(403, 403_001)),
        ("404", Reply::new(404, "")),
        ("404001", Reply::refused(404, 404_001)),
        ("500", Reply::new(500, "")),
        ("lost", Reply::lost()),
        ("null", entry(Value::Null)),
        ("empty", entry(json!({}))),
        ("text", entry(json!("none"))),
        ("no JSON", Reply::new(200, "<html>")),
    ]
}

#[test]
fn unknown_schema_is_refused_and_unchecked_sends() {
    all_at_once(causes(), |(cause, reply)| {
        let service = Service::new();
        service
            .emulator
            .add_fault(Fault::every(Call::Catalogue, 1, reply));
        let accepted = Reply::json(200, &json!({ "request_id": "r-1" }));
        service
            .emulator
            .add_fault(Fault::every(Call::Submit, 1, accepted));
        let run = ["run", MODEL, "--input", r#"{"a": 1}"#, "--no-wait"];
        let refused = service.run(&run);
        assert_ne!(refused.code, 0, "{cause}");
        assert_eq!(service.emulator.count(Call::Submit), 0, "{cause}");
        for part in [
            "--unchecked",
            "Nothing was submitted, so nothing is charged.",
        ] {
            assert!(refused.err.contains(part), "{cause}: {part}: {refused:?}");
        }
        let sent = service.json(&[&run[..], &["--unchecked", "--extra", r#"{"b": 2}"#]].concat());
        assert_eq!(
            sent.good_json()["input"],
            json!({ "a": 1, "b": 2 }),
            "{cause}"
        );
        assert_eq!(service.emulator.count(Call::Submit), 1, "{cause}");
    });
}

#[test]
fn unreachable_catalogue_sends_only_unchecked() {
    let service = Service::new();
    let run = |more: &[&str]| {
        let line = [
            "run",
            MODEL,
            "--input",
            "{}",
            "--no-wait",
            "--output",
            "text",
        ];
        let mut command = service.command(&[&line[..], more].concat());
        let ended = command.env("RUNCOMFY_MODEL_API_BASE", "http://127.0.0.1:1/v1");
        let ended = ended.output().unwrap();
        String::from_utf8(ended.stderr).unwrap()
    };
    assert!(run(&[]).contains("--unchecked"), "{}", run(&[]));
    // The submit itself finds nobody.
    assert!(run(&["--unchecked"]).contains("is not checked, since its schema is unknown"));
}

#[test]
fn id_without_a_slash_is_refused_locally() {
    let service = Service::new();
    for more in [&[][..], &["--unchecked"]] {
        let line = ["run", "dreamina", "--input", "{}"];
        let refused = service.run(&[&line[..], more].concat());
        assert!(
            refused.err.contains("there is no model `dreamina`"),
            "{refused:?}"
        );
        assert_ne!(refused.code, 0);
    }
    assert_eq!(service.emulator.requests().len(), 0);
}

#[test]
fn refusal_is_worded_by_what_was_asked_for() {
    let service = Service::new();
    let words = |call: Call, reply: Reply, line: &[&str]| {
        service.emulator.script(call, reply);
        service.run(line).err
    };
    let forbidden = || Reply::json(403, &json!({}));
    let missing = || Reply::new(404, "");
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x"];
    for (call, line) in [
        (Call::Submit, &run[..]),
        (Call::Catalogue, &["models", "list"]),
        (Call::Balance, &["balance"]),
    ] {
        let words = words(call, forbidden(), line);
        assert!(
            words.contains("this token may not") || words.contains("of this token may not"),
            "{line:?}: {words}"
        );
        assert!(!words.contains("submitted the job"), "{line:?}: {words}");
    }
    for (call, line) in [
        (Call::Catalogue, &["models", "list"][..]),
        (Call::Balance, &["balance"]),
    ] {
        let words = words(call, missing(), line);
        assert!(
            words.contains(&service.emulator.base_url()),
            "{line:?}: {words}"
        );
        assert!(!words.contains("request id"), "{line:?}: {words}");
    }
    let job = words(Call::Status, forbidden(), &["status", "some-id"]);
    assert!(
        job.contains("Use the token of the account that submitted the job."),
        "{job}"
    );
}

#[test]
fn properties_beside_the_schema_are_sent_only_when_meant() {
    let service = Service::new();
    let lora = r#"{"lora": {"path": "mine"}}"#;
    let run = ["run", TEXT_TO_IMAGE, "--no-wait"];
    let both = r#"{"prompt": "x", "lora": {"path": "mine"}}"#;
    let refused = service.run(&[&run[..], &["--input", both]].concat());
    assert_eq!(refused.code, 65, "{refused:?}");
    for more in [
        &["--input", both, "--unchecked"][..],
        &["--prompt", "x", "--extra", lora],
    ] {
        let accepted = Reply::json(200, &json!({ "request_id": "r-1" }));
        service.emulator.script(Call::Submit, accepted);
        let sent = service.json(&[&run[..], more].concat()).good_json();
        let expected: Value = serde_json::from_str(both).unwrap();
        assert_eq!(sent["input"], expected, "{more:?}");
    }
    for (more, code) in [
        // A property of the schema is checked anyway.
        (
            &[
                "--prompt",
                "x",
                "--unchecked",
                "--input",
                r#"{"width×height": 1}"#,
            ][..],
            65,
        ),
        (&["--prompt", "x", "--extra", r#"{"prompt": "y"}"#], 2),
        (&["--prompt", "x", "--extra", "lora"], 65),
    ] {
        let refused = service.run(&[&run[..], more].concat());
        assert_eq!(refused.code, code, "{more:?}: {refused:?}");
    }
    assert_eq!(service.emulator.count(Call::Submit), 2);
}
