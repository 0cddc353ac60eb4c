//! What is known before anything costs: a dry run, media at hand, and schemas from elsewhere.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use runcomfy_emulator::{Call, Reply};
use serde_json::{Value, json};
use support::{EDIT, Ended, Service, TEXT_TO_IMAGE, command, with_stdin};

/// A whole picture of 640 x 480.
const PICTURE: &[u8] = b"GIF89a\x80\x02\xe0\x01\x00\x00\x00;";
const DATA: &str = "data:image/gif;base64,R0lGODlhgALgAQAAADs=";

/// A model that is not built in.
const PAINT: &str = "acme/paint/draw";

fn paint() -> Value {
    json!({"type": "object", "required": ["text"], "properties": {
        "text": {"type": "string", "maxLength": 5},
        "colour": {"type": "string", "enum": ["red", "blue"]},
    }})
}

/// A service that has one model more.
fn service() -> Service {
    let (model, diagnostics) = schema();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    Service::with(|builder| builder.models(model))
}

fn schema() -> (
    Option<runcomfy::schema::ModelSchema>,
    Vec<runcomfy::schema::Diagnostic>,
) {
    runcomfy::schema::ModelSchema::parse(Some(PAINT), &[paint()])
}

#[test]
fn a_dry_run_shows_the_body_and_the_price_and_submits_nothing() {
    let service = Service::new();
    std::fs::write(service.folder.path().join("a.gif"), PICTURE).unwrap();
    let run = [
        "run",
        EDIT,
        "--dry-run",
        "--prompt",
        "x",
        "--image-urls",
        "a.gif",
    ];
    let json = service.json(&run).good_json();
    assert_eq!(json["input"], json!({"image_urls": [DATA], "prompt": "x"}));
    assert_eq!(
        (&json["submitted"], &json["price"]["base_price_usd"]),
        (&json!(false), &json!(0.04))
    );
    let told = service.run(&run);
    assert!(
        told.out.contains("\nbase price: $0.04/output\n"),
        "{told:?}"
    );
    assert!(told.out.ends_with("\nnothing was submitted\n"), "{told:?}");
    assert_eq!(service.emulator.count(Call::Submit), 0);

    let refused = service.json(&[&run[..], &["--scale", "7"]].concat());
    assert_eq!(refused.code, 65);

    // Without a token the price is not known, and the rest is.
    let mut without = command();
    without.args([
        "run",
        TEXT_TO_IMAGE,
        "--dry-run",
        "--prompt",
        "x",
        "--output",
        "json",
    ]);
    let json = with_stdin(&mut without, b"").good_json();
    assert_eq!(
        (&json["price"], &json["input"]),
        (&Value::Null, &json!({"prompt": "x"}))
    );
}

#[test]
fn a_flag_is_not_taken_for_the_value_that_was_forgotten() {
    let service = Service::new();
    for flag in ["--dry-run", "--emulate", "--output=json"] {
        let refused = service.json(&["run", TEXT_TO_IMAGE, "--prompt", flag]);
        let json = refused.json();
        assert_eq!(
            (refused.code, &json["error"]["message"]),
            (
                2,
                &json!(format!(
                    "`--prompt` has no value; write `--prompt={flag}` if you mean that text"
                ))
            )
        );
    }
    assert_eq!(service.emulator.count(Call::Submit), 0);
    let meant = service.json(&["run", TEXT_TO_IMAGE, "--prompt=--dry-run", "--no-wait"]);
    assert_eq!(meant.code, 0, "{meant:?}");
    assert_eq!(
        service.emulator.ledger()[0].input["prompt"],
        json!("--dry-run")
    );
}

#[test]
fn standard_input_is_a_medium_once() {
    let service = Service::new();
    let run = [
        "run",
        EDIT,
        "--dry-run",
        "--output",
        "json",
        "--prompt",
        "x",
        "--image-urls",
        "-",
    ];
    let json = service.run_with_stdin(&run, PICTURE).good_json();
    assert_eq!(json["input"]["image_urls"], json!([DATA]));
    for (more, stdin) in [
        (["--image-urls", "-"], PICTURE),
        (["--input", "-"], b"{}".as_slice()),
    ] {
        let refused = service.run_with_stdin(&[&run[..], &more].concat(), stdin);
        assert_eq!(
            (refused.code, &refused.json()["error"]["kind"]),
            (64, &json!("usage"))
        );
    }
    let refused = service.run_with_stdin(&run, b"The password is swordfish.");
    assert_eq!(refused.code, 65, "{refused:?}");
    assert!(!refused.out.contains("swordfish"), "{refused:?}");
    let done = service.run_with_stdin(
        &["run", EDIT, "--prompt", "x", "--image-urls", "-"],
        PICTURE,
    );
    assert_eq!(
        (done.code, service.emulator.ledger().len()),
        (0, 1),
        "{done:?}"
    );
}

#[test]
fn the_catalogue_gives_the_flags_of_a_model_that_is_not_built_in() {
    let service = service();
    let help = service.run(&["run", PAINT, "--help"]);
    assert!(
        help.out.contains("--colour") && help.out.contains("at most 5 characters"),
        "{help:?}"
    );
    let refused = service.json(&["run", PAINT, "--text", "too long", "--colour", "green"]);
    assert_eq!(
        (
            refused.code,
            refused.json()["error"]["violations"]
                .as_array()
                .unwrap()
                .len()
        ),
        (65, 2)
    );
    assert!(service.emulator.ledger().is_empty());
    let done = service
        .json(&["run", PAINT, "--text", "short", "--no-download"])
        .good_json();
    assert_eq!(done["status"], "succeeded");
    assert_eq!(
        service
            .json(&["validate", PAINT, "--text", "short"])
            .good_json()["valid"],
        true
    );
    let dry = service
        .json(&["run", PAINT, "--text", "short", "--dry-run"])
        .good_json();
    assert_eq!(dry["price"]["price_unit"], "output");
}

#[test]
fn a_file_gives_the_flags_of_a_model_and_wins_over_the_built_in_one() {
    let service = Service::new();
    std::fs::write(
        service.folder.path().join("paint.json"),
        paint().to_string(),
    )
    .unwrap();
    let with = |id, more: &[&str]| {
        let run = [
            "run",
            id,
            "--schema",
            "paint.json",
            "--emulate",
            "--no-download",
        ];
        service.json(&[&run[..], more].concat())
    };
    assert_eq!(
        with(PAINT, &["--text", "short"]).good_json()["status"],
        "succeeded"
    );
    assert_eq!(with(PAINT, &["--text", "too long"]).code, 65);
    assert_eq!(
        with(TEXT_TO_IMAGE, &["--text", "short"]).good_json()["status"],
        "succeeded"
    );

    std::fs::write(
        service.folder.path().join("paint.json"),
        r#"{"properties": 7}"#,
    )
    .unwrap();
    let faulty = with(PAINT, &[]);
    let message = faulty.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(faulty.code, 65);
    assert!(
        message.starts_with("the schema `paint.json` is faulty: /properties"),
        "{message}"
    );
    let missing = service.json(&["run", PAINT, "--schema", "none.json"]);
    assert_eq!(missing.code, 66);
}

#[test]
fn a_model_that_nobody_knows_is_not_paid_for() {
    let service = Service::new();
    let run = [
        "run",
        "bytedance/dreamina-4-0/edti",
        "--input",
        r#"{"prompt": "x"}"#,
    ];
    let refused = service.json(&run);
    assert_eq!(
        (refused.code, &refused.json()["error"]["kind"]),
        (65, &json!("model"))
    );
    assert!(
        refused
            .out
            .contains("did you mean `bytedance/dreamina-4-0/edit`?"),
        "{refused:?}"
    );
    assert_eq!(service.emulator.count(Call::Submit), 0);
}

#[test]
fn while_the_catalogue_is_out_of_reach_nothing_is_sent_unchecked_by_itself() {
    let service = service();
    let busy = || {
        let reply = Reply::refused(429, 429_000).retry_after(Duration::from_secs(3600));
        service.emulator.script(Call::Catalogue, reply);
    };
    let run = ["run", PAINT, "--input", r#"{"text": "short"}"#, "--no-wait"];
    busy();
    let refused = service.json(&run);
    let error = &refused.json()["error"];
    assert_eq!((refused.code, &error["kind"]), (75, &json!("throttled")));
    assert_eq!(
        error["advice"],
        "Nothing was submitted, so nothing is charged. Try again in a moment, give the schema with \
         --schema FILE, or have the input sent as it is with --unchecked."
    );
    assert!(service.emulator.ledger().is_empty());
    busy();
    let refused = service.run(&["validate", PAINT, "--text", "short"]);
    assert!(
        refused.code == 75
            && refused
                .err
                .ends_with("give the schema with --schema FILE.\n"),
        "{refused:?}"
    );
    busy();
    let sent = service
        .json(&[&run[..], &["--unchecked"]].concat())
        .good_json();
    let warning = sent["warnings"][0]["text"].as_str().unwrap();
    assert!(warning.contains("is not checked"), "{warning}");
    // What can be checked is, whoever wants it.
    let refused = service.json(&["run", PAINT, "--input", r#"{"text": 7}"#, "--unchecked"]);
    assert_eq!(
        (refused.code, &refused.json()["error"]["kind"]),
        (65, &json!("invalid"))
    );
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn what_is_odd_in_a_schema_is_a_warning() {
    let service = Service::new();
    let odd = json!({"type": "object", "required": ["zz"], "properties": {
        "text": {"type": "string", "maximun": 3}, "w": {"type": "weird"},
    }});
    std::fs::write(service.folder.path().join("odd.json"), odd.to_string()).unwrap();
    let with = |command: &[&str]| {
        let schema = ["--schema", "odd.json", "--text", "boat"];
        service.json(&[command, &schema[..]].concat()).good_json()
    };
    for command in [
        &["validate", PAINT][..],
        &["run", PAINT, "--dry-run", "--emulate"],
    ] {
        let said = with(command);
        let warnings = said["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 3, "{said}");
        let text = warnings[0]["text"].as_str().unwrap();
        assert!(text.ends_with("did you mean `maximum`?"), "{text}");
    }
    std::fs::write(service.folder.path().join("odd.json"), "[]").unwrap();
    let told = service
        .run(&["validate", PAINT, "--schema", "odd.json"])
        .err;
    assert!(!told.contains(": :"), "{told}");
}

#[test]
fn why_a_price_is_not_known_is_said() {
    let service = Service::new();
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--dry-run"];
    let emulated = service.run(&[&run[..], &["--emulate"]].concat());
    assert!(
        emulated
            .out
            .contains("\nbase price: not known; what is emulated costs nothing\n"),
        "{emulated:?}"
    );
    let refusal = Reply::refused(403, 403_001);
    service.emulator.script(Call::Catalogue, refusal);
    let refused = service.run(&run);
    assert!(
        refused
            .out
            .contains("\nbase price: not known; the catalogue could not be asked: "),
        "{refused:?}"
    );
    let with = |name: &str, value: Option<&str>| {
        let mut asked = service.command(&run);
        match value {
            Some(value) => asked.env(name, value),
            None => asked.env_remove(name),
        };
        Ended::from(asked.args(["--output", "pretty"]).output().unwrap())
    };
    let without = with("RUNCOMFY_TOKEN", None);
    assert!(
        without
            .out
            .contains("\nbase price: not known; no API token; set"),
        "{without:?}"
    );
    // As when it is run.
    let faulty = with("RUNCOMFY_MODEL_API_BASE", Some("http://example.com/v1"));
    assert_eq!(faulty.code, 64, "{faulty:?}");
}

#[test]
fn without_its_schema_only_a_whole_input_is_sent_and_not_in_silence() {
    let service = service();
    let refuse = || {
        let refusal = Reply::refused(404, 403_001);
        service.emulator.script(Call::Catalogue, refusal);
    };
    refuse();
    let unknown = service.run(&["run", PAINT, "--text", "short"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert!(
        unknown.err.contains("The model's own flags are not known:"),
        "{unknown:?}"
    );
    refuse();
    let sent = service.run(&["run", PAINT, "--input", r#"{"text": "short"}"#, "--no-wait"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(
        sent.err
            .starts_with("warning: the input for `acme/paint/draw` is not checked"),
        "{sent:?}"
    );
    refuse();
    let sent = service.json(&["run", PAINT, "--input", r#"{"text": "short"}"#]);
    let warning = &sent.good_json()["warnings"][0]["text"];
    assert!(
        warning.as_str().unwrap().contains("is not checked"),
        "{sent:?}"
    );
    assert_eq!(sent.err, "");
}
