//! The schema of files of faults against the emulator's reader: an independent validator and the reader
//! must take and refuse the same arbitrary files.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use fastrand::Rng;
use runcomfy_emulator::Emulator;
use runcomfy_testkit::cases::{Cases, rerun};
use serde_json::{Map, Value, json};

/// The schema as it is printed and committed.
const SCHEMA: &str = include_str!("../../emulator/fault-schema.json");

const CASES: u64 = 4_000;

/// Names of members, each with values of which some are right at some place.
fn members() -> Vec<(&'static str, Vec<Value>)> {
    let number = || {
        vec![
            json!(1),
            json!(2.0),
            json!(0.5),
            json!(0),
            json!(-1),
            json!(1e20),
            json!("1"),
        ]
    };
    let status = || {
        vec![
            json!(200),
            json!(503),
            json!(999),
            json!(199),
            json!(1000),
            json!(200.5),
        ]
    };
    vec![
        ("occurrence", number()),
        ("every", number()),
        ("from", number()),
        ("lasting", number()),
        ("model", vec![json!("acme/paint"), json!(""), json!(1)]),
        (
            "input",
            vec![
                json!({ "prompt": "A boat" }),
                json!({}),
                json!("A boat"),
                json!(null),
            ],
        ),
        ("surprise", vec![json!(1)]),
        (
            "members",
            vec![
                json!({ "status": "unknown" }),
                json!({}),
                json!([]),
                json!(1),
            ],
        ),
        ("status", status()),
        (
            "error_code",
            vec![
                json!(400_002),
                json!(0),
                json!(-1),
                json!(u64::MAX),
                json!("1"),
            ],
        ),
        ("body", vec![json!("text"), json!({ "a": 1 }), json!(null)]),
        ("error", vec![json!("no"), json!(null)]),
        ("seconds", number()),
        ("carried_out", vec![json!(true), json!(false), json!(1)]),
        ("delay", number()),
        ("retry_after", number()),
        ("retry_after_date", number()),
        (
            "headers",
            vec![
                json!({ "x-mark": "1" }),
                json!({}),
                json!({ "X-Mark": "\u{e9}\t" }),
                json!({ "a b": "1" }),
                json!({ "": "1" }),
                json!({ "a": "1\n2" }),
                json!({ "a": 1 }),
                json!({ "Content-Length": "5" }),
                json!({ "transfer-encoding": "gzip" }),
                json!({ "conNection": "close" }),
                json!({ "connections": "1" }),
                json!(1),
            ],
        ),
        (
            "drip",
            vec![
                json!({ "bytes": 8, "pause": 0.5 }),
                json!({ "bytes": 8 }),
                json!({ "pause": 1 }),
                json!({ "bytes": 0, "pause": 1 }),
                json!({ "bytes": 8, "pause": 0.5, "more": 1 }),
                json!(8),
            ],
        ),
    ]
}

/// Members that belong beside `call`; the others belong to a kind of fault.
const OUTER: &[&str] = &["occurrence", "every", "from", "lasting", "model", "input"];

const KINDS: &[&str] = &[
    "genuine",
    "patched",
    "refused",
    "http",
    "html",
    "garbage",
    "half",
    "reset",
    "reset_after_body",
    "lost",
    "close",
    "stall",
    "expired",
    "job_fails",
    "job_runs",
    "job_never_ends",
    "explode",
];

/// Members that a kind needs, so that many arbitrary faults are good.
fn needed(kind: &str) -> &'static [&'static str] {
    match kind {
        "patched" => &["members"],
        "refused" => &["status", "error_code"],
        "http" => &["status"],
        "job_fails" => &["error"],
        "job_runs" => &["seconds"],
        _ => &[],
    }
}

/// Adds a member, mostly with its first value, which is right.
fn add(rng: &mut Rng, map: &mut Map<String, Value>, name: &str) {
    let members = members();
    let (_, values) = members.iter().find(|(own, _)| *own == name).unwrap();
    let value = match rng.u8(..4) {
        0 => &values[rng.usize(..values.len())],
        _ => &values[0],
    };
    map.insert(name.to_owned(), value.clone());
}

fn fault(rng: &mut Rng) -> Value {
    let kind = KINDS[rng.usize(..KINDS.len())];
    let mut reply = Map::new();
    reply.insert("kind".to_owned(), json!(kind));
    for name in needed(kind) {
        if rng.u8(..10) > 0 {
            add(rng, &mut reply, name);
        }
    }
    let names: Vec<&str> = members().iter().map(|(name, _)| *name).collect();
    let inner: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !OUTER.contains(name))
        .collect();
    for _ in 0..rng.usize(..3) {
        let name = inner[rng.usize(..inner.len())];
        add(rng, &mut reply, name);
    }
    let calls = [
        "submit",
        "submit",
        "submit",
        "status",
        "result",
        "cancel",
        "file",
        "catalogue",
        "balance",
        "login",
        "login_poll",
        "user",
        "pay",
    ];
    let mut fault = Map::new();
    fault.insert("call".to_owned(), json!(calls[rng.usize(..calls.len())]));
    let when = ["occurrence", "every", "from"][rng.usize(..3)];
    if rng.u8(..20) > 0 {
        add(rng, &mut fault, when);
    }
    for _ in 0..rng.usize(..2) {
        let name = match rng.u8(..10) {
            0 => names[rng.usize(..names.len())],
            _ => OUTER[rng.usize(..OUTER.len())],
        };
        add(rng, &mut fault, name);
    }
    let reply = match rng.u8(..40) {
        0 => json!("lost"),
        1 => json!({}),
        _ => Value::Object(reply),
    };
    if rng.u8(..40) > 0 {
        fault.insert("fault".to_owned(), reply);
    }
    Value::Object(fault)
}

fn reads(folder: &Path, json: &Value) -> Result<(), String> {
    let file = folder.join("faults.json");
    std::fs::write(&file, json.to_string()).unwrap();
    let read = Emulator::builder().fault_file(file);
    read.map(drop).map_err(|error| error.to_string())
}

#[test]
fn schema_and_reader_take_the_same_files() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (mut good, mut bad) = (0_u64, 0_u64);
    let cases = Cases::from_env(CASES);
    for seed in cases.seeds() {
        let rng = &mut Rng::with_seed(seed);
        let json = match rng.u8(..100) {
            0 => json!({}),
            1 => json!([1]),
            _ => (0..rng.usize(1..3)).map(|_| fault(rng)).collect(),
        };
        let read = reads(folder.path(), &json);
        let valid = validator.is_valid(&json);
        assert_eq!(valid, read.is_ok(), "{json}: {read:?}; {}", rerun(seed));
        if valid { good += 1 } else { bad += 1 }
    }
    if cases.count >= 1000 {
        assert!(
            good > cases.count / 10 && bad > cases.count / 10,
            "{good} good, {bad} bad"
        );
    }
}
