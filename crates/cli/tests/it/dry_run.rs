//! Checks before a submit: dry runs, local files, and schemas from files and from the catalogue.

use std::time::Duration;

use crate::support::{EDIT, Ended, PICTURE, Service, TEXT_TO_IMAGE, command, with_stdin};
use runcomfy_emulator::{Call, Reply};
use serde_json::{Value, json};

const DATA: &str = "data:image/gif;base64,R0lGODlhgALgAQAAADs=";

/// A model that is not built in.
const PAINT: &str = "acme/paint/draw";

fn paint() -> Value {
    json!({"type": "object", "required": ["text"], "properties": {
        "text": {"type": "string", "maxLength": 5},
        "colour": {"type": "string", "enum": ["red", "blue"]},
    }})
}

/// Starts a service with one additional model.
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
fn dry_run_shows_body_and_price() {
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
    let ended = service.run(&run);
    assert!(
        ended.out.contains("\nbase price: $0.04/output\n"),
        "{ended:?}"
    );
    assert!(
        ended.out.ends_with("\nnothing was submitted\n"),
        "{ended:?}"
    );
    assert_eq!(service.emulator.count(Call::Submit), 0);

    let refused = service.json(&[&run[..], &["--scale", "7"]].concat());
    assert_eq!(refused.code, 65);

    // Without a token only the price is unknown.
    let mut without = command();
    without.args([
        "run",
        TEXT_TO_IMAGE,
        "--dry-run",
        "--prompt",
        "x",
        "--output",
        "record",
    ]);
    let json = with_stdin(&mut without, b"").good_json();
    assert_eq!(
        (&json["price"], &json["input"]),
        (&Value::Null, &json!({"prompt": "x"}))
    );
}

#[test]
fn flag_is_not_taken_as_a_missing_value() {
    let service = Service::new();
    for flag in ["--dry-run", "--emulate", "--output=record"] {
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
fn standard_input_may_be_media_once() {
    let service = Service::new();
    let run = [
        "run",
        EDIT,
        "--dry-run",
        "--output",
        "record",
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
            (2, &json!("usage"))
        );
    }
    for prompt in ["-", "@-"] {
        let mut both = run;
        both[6] = prompt;
        let refused = service.run_with_stdin(&both, PICTURE);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.out.contains("can be read only once"), "{refused:?}");
    }
    let refused = service.run_with_stdin(&run, b"The password is swordfish.");
    assert_eq!(refused.code, 65, "{refused:?}");
    assert!(!refused.out.contains("swordfish"), "{refused:?}");
    let done = service.run_with_stdin(
        &[
            "run",
            EDIT,
            "--prompt",
            "x",
            "--poll-secs",
            "0",
            "--image-urls",
            "-",
        ],
        PICTURE,
    );
    assert_eq!(
        (done.code, service.emulator.ledger().len()),
        (0, 1),
        "{done:?}"
    );
}

#[test]
fn catalogue_provides_flags_of_other_models() {
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
        .json(&[
            "run",
            PAINT,
            "--text",
            "short",
            "--no-download",
            "--poll-secs",
            "0",
        ])
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
fn schema_file_overrides_the_built_in_schema() {
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
            "--poll-secs",
            "0",
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
    let invalid = with(PAINT, &[]);
    let message = invalid.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(invalid.code, 65);
    assert!(
        message.starts_with("the schema `paint.json` is invalid: /properties"),
        "{message}"
    );
    let missing = service.json(&["run", PAINT, "--schema", "none.json"]);
    assert_eq!(missing.code, 66);
}

#[test]
fn unknown_model_is_not_submitted() {
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
        (65, &json!("unknown_model"))
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
fn unchecked_submit_needs_the_flag() {
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
        "Nothing was submitted, so nothing is charged. Run the command again later, pass the schema \
         with --schema FILE, or send the input unchecked with --unchecked."
    );
    assert!(service.emulator.ledger().is_empty());
    busy();
    let refused = service.run(&["validate", PAINT, "--text", "short"]);
    assert!(
        refused.code == 75
            && refused
                .err
                .ends_with("pass the schema with --schema FILE.\n"),
        "{refused:?}"
    );
    busy();
    let sent = service
        .json(&[&run[..], &["--unchecked"]].concat())
        .good_json();
    let warning = sent["warnings"][0]["text"].as_str().unwrap();
    assert!(warning.contains("is not checked"), "{warning}");
    // `--unchecked` does not skip a check that is possible.
    let refused = service.json(&["run", PAINT, "--input", r#"{"text": 7}"#, "--unchecked"]);
    assert_eq!(
        (refused.code, &refused.json()["error"]["kind"]),
        (65, &json!("invalid_input"))
    );
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[test]
fn slip_in_a_schema_keeps_flags_and_rules() {
    let service = Service::new();
    let mut schema = paint();
    schema["properties"]["odd"] =
        json!({"type": "integer", "minimum": "1", "maximum": 3, "default": 9});
    schema["properties"]["mode"] = json!({"$ref": "#/$defs/mode"});
    schema["$defs"] = json!({"mode": {"type": "string", "enum": ["a", "b"]}});
    let file = service.folder.path().join("slip.json");
    std::fs::write(file, schema.to_string()).unwrap();
    let with = |more: &[&str]| {
        let run = ["validate", PAINT, "--schema", "slip.json"];
        service.json(&[&run[..], more].concat())
    };
    let good = with(&["--text", "short", "--odd", "0", "--mode", "b"]).good_json();
    let warnings = good["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 2, "{good}");
    for bad in [
        &["--text", "too long"][..],
        &["--text", "short", "--odd", "4"],
        &["--text", "short", "--mode", "c"],
    ] {
        assert_eq!(with(bad).code, 65, "{bad:?}");
    }
}

#[test]
fn schema_warnings_are_reported() {
    let service = Service::new();
    let schema = json!({"type": "object", "required": ["zz"], "properties": {
        "text": {"type": "string", "maximun": 3}, "w": {"type": "weird"},
    }});
    std::fs::write(
        service.folder.path().join("warnings.json"),
        schema.to_string(),
    )
    .unwrap();
    let with = |command: &[&str]| {
        let schema = ["--schema", "warnings.json", "--text", "boat"];
        service.json(&[command, &schema[..]].concat()).good_json()
    };
    for command in [
        &["validate", PAINT][..],
        &["run", PAINT, "--dry-run", "--emulate"],
    ] {
        let json = with(command);
        let warnings = json["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 3, "{json}");
        let text = warnings[0]["text"].as_str().unwrap();
        assert!(text.ends_with("did you mean `maximum`?"), "{text}");
    }
    std::fs::write(service.folder.path().join("warnings.json"), "[]").unwrap();
    let ended = service
        .run(&["validate", PAINT, "--schema", "warnings.json"])
        .err;
    assert!(!ended.contains(": :"), "{ended}");
}

#[test]
fn unknown_price_has_a_reason() {
    let service = Service::new();
    let run = ["run", TEXT_TO_IMAGE, "--prompt", "x", "--dry-run"];
    let emulated = service.run(&[&run[..], &["--emulate"]].concat());
    assert!(
        emulated
            .out
            .contains("\nbase price: unknown; an emulated run costs nothing\n"),
        "{emulated:?}"
    );
    let refusal = Reply::refused(403, 403_001);
    service.emulator.script(Call::Catalogue, refusal);
    let refused = service.run(&run);
    assert!(
        refused
            .out
            .contains("\nbase price: unknown; the catalogue could not be queried: "),
        "{refused:?}"
    );
    let with = |name: &str, value: Option<&str>| {
        let mut run = service.command(&run);
        match value {
            Some(value) => run.env(name, value),
            None => run.env_remove(name),
        };
        Ended::from(run.args(["--output", "text"]).output().unwrap())
    };
    let without = with("RUNCOMFY_TOKEN", None);
    assert!(
        without
            .out
            .contains("\nbase price: unknown; found no API token in RUNCOMFY_TOKEN,"),
        "{without:?}"
    );
    // The same failure as without --dry-run.
    let invalid = with("RUNCOMFY_MODEL_API_BASE", Some("http://example.com/v1"));
    assert_eq!(invalid.code, 64, "{invalid:?}");
}

#[test]
fn input_without_schema_is_sent_only_unchecked() {
    let service = service();
    let refuse = || {
        let refusal = Reply::refused(404, 403_001);
        service.emulator.script(Call::Catalogue, refusal);
    };
    refuse();
    let refused = service.run(&["run", PAINT, "--input", r#"{"text": "short"}"#, "--no-wait"]);
    assert!(
        refused.code == 77 && refused.err.contains("with --unchecked"),
        "{refused:?}"
    );
    assert_eq!(service.emulator.count(Call::Submit), 0);
    refuse();
    let unknown = service.run(&["run", PAINT, "--text", "short", "--unchecked"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert!(
        unknown
            .err
            .contains("the flags of `acme/paint/draw` are unknown:"),
        "{unknown:?}"
    );
    refuse();
    let unlike = service.run(&["run", PAINT, "--prompt", "x", "--unchecked"]);
    let message = "error: found `--prompt`, but the flags of `";
    assert!(unlike.err.starts_with(message), "{unlike:?}");
    assert!(!unlike.err.contains("-- --prompt"), "{unlike:?}");
    refuse();
    let input = ["--input", r#"{"text": "short"}"#, "--unchecked"];
    let sent = service.run(&[&["run", PAINT, "--no-wait"], &input[..]].concat());
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(
        sent.err
            .starts_with("warning: the input for `acme/paint/draw` is not checked"),
        "{sent:?}"
    );
    refuse();
    let sent = service.json(&[&["run", PAINT, "--poll-secs", "0"], &input[..]].concat());
    let warning = &sent.good_json()["warnings"][0]["text"];
    assert!(
        warning.as_str().unwrap().contains("is not checked"),
        "{sent:?}"
    );
    assert_eq!(sent.json()["request_id"], sent.only_id_on_stderr());
}
