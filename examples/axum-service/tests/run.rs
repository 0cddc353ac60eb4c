//! The service runs against the emulator.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use std::process::Stdio;
use std::time::Duration;

use runcomfy_emulator::{Builder, Emulator};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The service as a process beside an emulator.
struct Running {
    emulator: Emulator,
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Running {
    async fn start(emulator: Builder) -> Self {
        let emulator = emulator.built_in_models().start().await.unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_runcomfy-example-axum-service"))
            .env("RUNCOMFY_MODEL_API_BASE", emulator.base_url())
            .env("RUNCOMFY_TOKEN", "any")
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = output.next_line().await.unwrap().unwrap();
        let url = line.strip_prefix("listening on ").unwrap().to_owned();
        Self {
            emulator,
            child,
            output,
            url,
        }
    }

    async fn submit(&self, input: Value) -> (u16, Value) {
        let http = reqwest::Client::new();
        let response = http
            .post(format!("{}/jobs", self.url))
            .json(&input)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn stream(&self, created: &Value) -> reqwest::Response {
        let id = created["request_id"].as_str().unwrap();
        reqwest::get(format!("{}/jobs/{id}", self.url))
            .await
            .unwrap()
    }
}

/// Returns the names of the events in the text of a stream.
fn names(stream: &str) -> Vec<&str> {
    stream
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect()
}

#[tokio::test]
async fn progress_of_a_job_is_streamed() {
    let service = Running::start(Emulator::builder().run_time(Duration::from_millis(50))).await;
    let (status, created) = service.submit(json!({ "prompt": "A boat" })).await;
    assert_eq!(status, 201, "{created}");
    let stream = service.stream(&created).await.text().await.unwrap();
    let names = names(&stream);
    assert_eq!(names.first(), Some(&"submitted"), "{stream}");
    assert_eq!(names[names.len() - 2..], ["done", "output"], "{stream}");
    assert_eq!(service.emulator.ledger().len(), 1);
}

#[tokio::test]
async fn invalid_input_is_refused_with_its_violations() {
    let service = Running::start(Emulator::builder()).await;
    let (status, body) = service
        .submit(json!({ "prompt": "A boat", "scale": 7 }))
        .await;
    assert_eq!(status, 422, "{body}");
    assert!(
        body["violations"][0]
            .as_str()
            .unwrap()
            .starts_with("/scale: "),
        "{body}"
    );
    assert_eq!(body["may_have_been_submitted"], false);
    assert_eq!(service.emulator.ledger().len(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn shutdown_ends_streams_and_leaves_their_jobs() {
    let emulator = Emulator::builder().run_time(Duration::from_secs(3600));
    let mut service = Running::start(emulator).await;
    let (_, created) = service.submit(json!({ "prompt": "A boat" })).await;
    let mut response = service.stream(&created).await;
    let mut stream = response.chunk().await.unwrap().unwrap().to_vec();
    let process = service.child.id().unwrap().to_string();
    let signal = Command::new("kill")
        .args(["-TERM", &process])
        .status()
        .await;
    assert!(signal.unwrap().success());
    while let Some(chunk) = response.chunk().await.unwrap() {
        stream.extend_from_slice(&chunk);
    }
    let stream = String::from_utf8(stream).unwrap();
    assert_eq!(names(&stream).last(), Some(&"shutdown"), "{stream}");
    assert_eq!(
        service.output.next_line().await.unwrap().as_deref(),
        Some("stopped")
    );
    assert!(service.child.wait().await.unwrap().success());
    assert_eq!(service.emulator.ledger().len(), 1);
}
