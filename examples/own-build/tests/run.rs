//! The program runs against the emulator.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use runcomfy_emulator::Emulator;

#[tokio::test(flavor = "multi_thread")]
async fn model_of_the_projects_own_schema_runs() {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas");
    let emulator = Emulator::builder()
        .schemas(schemas)
        .unwrap()
        .start()
        .await
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_runcomfy-example-own-build"))
        .env("RUNCOMFY_MODEL_API_BASE", emulator.base_url())
        .env("RUNCOMFY_TOKEN", "any")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    let [violation, urls] = &shown.lines().collect::<Vec<_>>()[..] else {
        panic!("{shown}")
    };
    assert!(violation.starts_with("/text: "), "{violation}");
    assert!(urls.contains("/files/"), "{urls}");
    assert_eq!(emulator.ledger().len(), 1);
}
