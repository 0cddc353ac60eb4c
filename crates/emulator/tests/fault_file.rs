//! A file of faults does what it says, for a test and for the command.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use support::{Caller, IMAGE, answer, boat, builder, s};

fn sample() -> PathBuf {
    beside("faults.json")
}

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

#[tokio::test]
async fn the_sample_is_played() {
    let builder = builder().slots(2).fault_file(sample()).unwrap();
    let emulator = builder.start().await.unwrap();
    let caller = Caller::new(&emulator);

    let (status, refused) = caller.submit(IMAGE, &boat()).await;
    assert_eq!((status, &refused["error_code"]), (200, &json!(400_002)));
    assert!(emulator.ledger().is_empty());
    assert!(caller.post_job(IMAGE, &boat()).send().await.is_err());
    let failing = caller.job(IMAGE, &boat()).await;
    let endless = caller.job(IMAGE, &boat()).await;
    let good = caller.job(IMAGE, &boat()).await;
    assert_eq!(emulator.ledger().len(), 4);

    let path = format!("/v1/requests/{endless}/status");
    for http_status in [200, 503, 200, 503] {
        let response = caller.fetch(&path).await;
        assert_eq!(response.status(), http_status);
        let retry_after = response.headers().get("retry-after");
        assert_eq!(retry_after.is_some(), http_status == 503);
    }
    assert_eq!(caller.result(&good).await["status"], "warming_up");
    assert_eq!(caller.result(&good).await["error_code"], 404_001);
    assert_eq!(caller.result(&good).await["status"], "succeeded");
    let error = &caller.result(&failing).await["error"];
    assert_eq!(error[0]["error"], "out of paint");

    assert_eq!(
        caller.cancel(&good).await,
        (500, json!({ "message": "sorry" }))
    );
    assert_eq!(caller.cancel(&good).await.0, 202);
    let file = format!("/files/{good}/image.png");
    let whole = caller.fetch(&file).await.bytes().await.unwrap();
    assert!(caller.fetch(&file).await.bytes().await.is_err());
    emulator.advance(s(3600));
    assert_eq!(caller.fetch(&file).await.bytes().await.unwrap(), whole);

    let garbage = caller.fetch("/v1/models").await;
    assert!(garbage.json::<Value>().await.is_err());
    let balance = caller.fetch("/prod/v2/balance").await;
    assert_eq!(balance.headers()["x-mark"], "1");
    assert!(balance.json::<Value>().await.unwrap()["currency"] == "USD");
}

#[tokio::test]
async fn a_faulty_file_is_told_with_its_place() {
    let file = beside("faulty.json");
    let error = builder().fault_file(&file).unwrap_err();
    let told = "[0].occurrence: found \"3rd\", expected a count from 1 on";
    assert_eq!(error.to_string(), format!("{}: {told}", file.display()));

    let (code, said) = command(&file);
    assert_eq!(code, Some(64));
    assert!(said.contains(told), "{said}");
}

/// The exit code of the command with this file, and what it says.
fn command(file: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_runcomfy-emulator"))
        .arg("--faults")
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

#[test]
fn a_file_that_cannot_be_read_is_no_wrong_usage() {
    let (code, said) = command(&beside("nope.json"));
    assert_eq!(code, Some(66), "{said}");
    assert!(said.contains("nope.json: "), "{said}");
}

/// The command, ended when the test is.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_command_plays_a_file() {
    let child = Command::new(env!("CARGO_BIN_EXE_runcomfy-emulator"))
        .args(["--port", "0", "--run-time", "0", "--queue-time", "0"])
        .args(["--seed", "7", "--balance", "1", "--faults"])
        .arg(sample())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut served = Served(child);
    let mut line = String::new();
    BufReader::new(served.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let mut said = String::new();
    if line.is_empty() {
        let mut stderr = served.0.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
    }
    let url = line.trim().strip_prefix("Listening on ");
    let url = url.unwrap_or_else(|| panic!("{line}{said}"));
    let caller = Caller::at(url);
    let (status, refused) = caller.submit(IMAGE, &boat()).await;
    assert_eq!((status, &refused["error_code"]), (200, &json!(400_002)));
    let lost = caller.post_job(IMAGE, &boat()).send().await;
    assert!(lost.is_err());
    let id = caller.job(IMAGE, &boat()).await;

    // The seed gives the second id here, too.
    let emulator = builder().seed(7).start().await.unwrap();
    let own = Caller::new(&emulator);
    own.job(IMAGE, &boat()).await;
    assert_eq!(own.job(IMAGE, &boat()).await, id);
    let balance = caller.request(reqwest::Method::GET, "/prod/v2/balance");
    assert_eq!(answer(balance).await.1["balance_usd"], 0.96);
}
