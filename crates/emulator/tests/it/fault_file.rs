//! A file of faults takes effect, in a test and in the command.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::{Caller, IMAGE, boat, builder, s, send};
use serde_json::{Value, json};

fn sample() -> PathBuf {
    beside("faults.json")
}

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it")
        .join(name)
}

#[tokio::test]
async fn sample_file_is_played() {
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

/// Reads the page of the repository's guide.
fn guide() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/emulator.md");
    std::fs::read_to_string(page).unwrap()
}

#[test]
fn guide_shows_the_sample_file() {
    let sample = std::fs::read_to_string(sample()).unwrap();
    assert!(guide().contains(&format!("```json\n{sample}```\n")));
}

#[test]
fn guide_names_every_kind_of_the_help() {
    let (guide, help) = (guide(), include_str!("../../src/help.txt"));
    let (_, kinds) = help.split_once("Kinds of fault").unwrap();
    let (kinds, _) = kinds.split_once("Members of every kind").unwrap();
    let kinds: Vec<&str> = kinds
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .collect();
    assert_eq!(kinds.len(), 16);
    for kind in kinds {
        assert!(guide.contains(&format!("| `{kind}` | `Reply::")), "{kind}");
    }
}

#[tokio::test]
async fn invalid_file_is_refused_with_the_path_in_it() {
    let file = beside("faulty.json");
    let error = builder().fault_file(&file).unwrap_err();
    let mistake = "[0].occurrence: found \"3rd\", expected a count of at least 1";
    assert_eq!(error.to_string(), format!("{}: {mistake}", file.display()));

    let (code, stderr) = command(&file);
    assert_eq!(code, Some(64));
    assert!(stderr.contains(mistake), "{stderr}");
}

/// Runs the command with this file, and returns its exit code and standard error.
fn command(file: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_runcomfy-emulator"))
        .arg("--faults")
        .arg(file)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), stderr)
}

#[test]
fn unreadable_file_is_not_a_usage_error() {
    let (code, stderr) = command(&beside("nope.json"));
    assert_eq!(code, Some(66), "{stderr}");
    assert!(stderr.contains("nope.json`: "), "{stderr}");
}

/// Ends the command when the test ends.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // Killing a process that has ended fails, which is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn command_plays_the_sample_file() {
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
    let mut error = String::new();
    if line.is_empty() {
        let mut stderr = served.0.stderr.take().unwrap();
        stderr.read_to_string(&mut error).unwrap();
    }
    let url = line.trim().strip_prefix("Listening on ");
    let url = url.unwrap_or_else(|| panic!("{line}{error}"));
    let caller = Caller::at(url);
    let (status, refused) = caller.submit(IMAGE, &boat()).await;
    assert_eq!((status, &refused["error_code"]), (200, &json!(400_002)));
    let lost = caller.post_job(IMAGE, &boat()).send().await;
    assert!(lost.is_err());
    let id = caller.job(IMAGE, &boat()).await;

    // The seed gives the same second id here.
    let emulator = builder().seed(7).start().await.unwrap();
    let own = Caller::new(&emulator);
    own.job(IMAGE, &boat()).await;
    assert_eq!(own.job(IMAGE, &boat()).await, id);
    let balance = caller.request(reqwest::Method::GET, "/prod/v2/balance");
    assert_eq!(send(balance).await.1["balance_usd"], 0.96);
}
