//! The log of what becomes of jobs, with the targets and fields that docs/library.md promises.

#![allow(clippy::unwrap_used, reason = "a set-up that fails ends the test")]

use std::time::Duration;

use runcomfy_emulator::Emulator;
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::trace::Trace;
use tracing::Level;

/// Returns the lines of the target, each as its fields.
fn lines(trace: &Trace) -> Vec<Vec<(String, String)>> {
    let text = trace.text();
    let ours = text
        .lines()
        .filter(|line| line.starts_with("runcomfy::job "));
    let fields = |line: &str| {
        let (_, fields) = line.split_once(": ").unwrap();
        let fields = fields
            .split(' ')
            .map(|field| field.split_once('=').unwrap());
        fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    ours.map(fields).collect()
}

/// Sets the subscriber of the whole process, so that it is alone in its binary.
#[tokio::test(start_paused = true)]
async fn log_names_each_step_of_a_job() {
    let trace = Trace::new(Level::INFO);
    tracing::subscriber::set_global_default(trace.clone()).unwrap();
    let emulator = Emulator::builder()
        .built_in_models()
        .queue_time(Duration::from_secs(10))
        .run_time(Duration::from_secs(30))
        .start()
        .await
        .unwrap();
    let client = runcomfy::Client::builder()
        .token("t0ken-of-a-test")
        .base_url(emulator.base_url());
    let client = client.build().unwrap();
    client.run(Input::new("A boat")).await.unwrap();

    let id = emulator.ledger()[0].request_id.clone();
    let model = "\"bytedance/dreamina-4-0/text-to-image\"";
    let lines = lines(&trace);
    let names = |line: &[(String, String)]| -> Vec<String> {
        line.iter().map(|(name, _)| name.clone()).collect()
    };
    let expected: [(&str, &[&str]); 4] = [
        ("submitted", &["message", "request_id", "model", "took_ms"]),
        ("queued", &["message", "request_id", "model", "position"]),
        (
            "started",
            &["message", "request_id", "model", "after_submit_ms"],
        ),
        (
            "finished",
            &[
                "message",
                "request_id",
                "model",
                "status",
                "after_submit_ms",
                "after_start_ms",
            ],
        ),
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for (line, (message, fields)) in lines.iter().zip(expected) {
        let mut names = names(line);
        names.sort_unstable();
        let mut fields = fields.to_vec();
        fields.sort_unstable();
        assert_eq!(names, fields);
        let value = |name: &str| &*line.iter().find(|(own, _)| own == name).unwrap().1;
        assert_eq!(value("message"), message);
        assert_eq!((value("request_id"), value("model")), (&*id, model));
    }
    let millis = |line: usize, name: &str| -> u64 {
        let fields: &Vec<(String, String)> = &lines[line];
        fields
            .iter()
            .find(|(own, _)| own == name)
            .unwrap()
            .1
            .parse()
            .unwrap()
    };
    assert!(
        (10_000..30_000).contains(&millis(2, "after_submit_ms")),
        "{lines:?}"
    );
    assert!(
        (40_000..60_000).contains(&millis(3, "after_submit_ms")),
        "{lines:?}"
    );
    assert!(
        millis(3, "after_start_ms") < millis(3, "after_submit_ms"),
        "{lines:?}"
    );
}
