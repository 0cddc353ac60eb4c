//! The service runs against the emulator.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use std::process::Stdio;
use std::time::Duration;

use runcomfy_emulator::{Builder, Call, Emulator, Fault, Reply};
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
            .stderr(Stdio::piped())
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

    /// Sends a signal to the service.
    async fn signal(&self, name: &str) {
        let process = self.child.id().unwrap().to_string();
        let kill = Command::new("kill").args([name, &process]).status().await;
        assert!(kill.unwrap().success());
    }

    /// Waits until the emulator has received a submit.
    async fn until_submitted(&self) {
        while self.emulator.count(Call::Submit) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits for the end of the service; returns what it has written to standard error.
    async fn end(mut self) -> (String, Emulator) {
        assert_eq!(
            self.output.next_line().await.unwrap().as_deref(),
            Some("stopped")
        );
        let output = self.child.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        (String::from_utf8(output.stderr).unwrap(), self.emulator)
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
    assert_eq!(body["violations"][0]["pointer"], "/scale", "{body}");
    assert_eq!(body["may_have_been_submitted"], false);
    assert_eq!(service.emulator.ledger().len(), 0);
}

/// A wrong shape hides no number out of its range.
#[tokio::test]
async fn shapes_and_ranges_are_refused_at_once() {
    let service = Running::start(Emulator::builder()).await;
    for (input, expected) in [
        (
            json!({ "promt": 5, "scale": 7, "force_single": "yes", "width×height": "1x1" }),
            &[
                ("/prompt", "required"),
                ("/force_single", "type"),
                ("/scale", "maximum"),
                ("/width×height", "enum"),
                ("/promt", "unknown_property"),
            ][..],
        ),
        (json!([1]), &[("", "type")]),
        (json!("A boat"), &[("", "type")]),
    ] {
        let (status, body) = service.submit(input).await;
        assert_eq!(status, 422, "{body}");
        let violations = body["violations"].as_array().unwrap().iter();
        let rules: Vec<_> = violations
            .map(|v| (v["pointer"].as_str().unwrap(), v["rule"].as_str().unwrap()))
            .collect();
        assert_eq!(rules, expected, "{body}");
        assert_eq!(body["violations"][0]["certain"], true);
    }
    assert_eq!(service.emulator.ledger().len(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn shutdown_ends_streams_and_leaves_their_jobs() {
    let emulator = Emulator::builder().run_time(Duration::from_secs(3600));
    let service = Running::start(emulator).await;
    let (_, created) = service.submit(json!({ "prompt": "A boat" })).await;
    let mut response = service.stream(&created).await;
    let mut stream = response.chunk().await.unwrap().unwrap().to_vec();
    service.signal("-TERM").await;
    while let Some(chunk) = response.chunk().await.unwrap() {
        stream.extend_from_slice(&chunk);
    }
    let stream = String::from_utf8(stream).unwrap();
    assert_eq!(names(&stream).last(), Some(&"shutdown"), "{stream}");
    let (_, emulator) = service.end().await;
    assert_eq!(emulator.ledger().len(), 1);
}

/// Returns an emulator that answers the first submit late.
#[cfg(unix)]
fn late(reply: Reply) -> Builder {
    let late = reply.delayed(Duration::from_millis(500));
    Emulator::builder().fault(Fault::from_nth(Call::Submit, 1, late))
}

#[cfg(unix)]
#[tokio::test]
async fn browser_that_leaves_before_a_shutdown_loses_no_job() {
    for signal in ["-INT", "-TERM"] {
        let service = Running::start(late(Reply::genuine())).await;
        tokio::select! {
            response = service.submit(json!({ "prompt": "A boat" })) => panic!("{response:?}"),
            // The connection is closed with that.
            () = service.until_submitted() => {}
        }
        service.signal(signal).await;
        let (errors, emulator) = service.end().await;
        let id = &emulator.ledger()[0].request_id;
        assert!(errors.starts_with(&format!("job {id} of ")), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn lost_response_of_a_browser_that_left_names_the_key() {
    let lost = late(Reply::close().carried_out());
    let service = Running::start(lost).await;
    tokio::select! {
        response = service.submit(json!({ "prompt": "A boat" })) => panic!("{response:?}"),
        () = service.until_submitted() => {}
    }
    service.signal("-INT").await;
    let (errors, emulator) = service.end().await;
    let ledger = emulator.ledger();
    let key = ledger[0].idempotency_key().unwrap();
    assert!(errors.contains(key), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
}

#[cfg(unix)]
#[tokio::test]
async fn browser_that_waits_is_answered_before_the_shutdown() {
    let service = Running::start(late(Reply::genuine())).await;
    let interrupt = async {
        service.until_submitted().await;
        service.signal("-INT").await;
    };
    let submit = service.submit(json!({ "prompt": "A boat" }));
    let ((status, created), ()) = tokio::join!(submit, interrupt);
    assert_eq!(status, 201, "{created}");
    let (errors, emulator) = service.end().await;
    assert_eq!(created["request_id"], emulator.ledger()[0].request_id);
    assert_eq!(errors, "");
}
