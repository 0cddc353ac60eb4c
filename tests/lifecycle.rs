//! The way of a job from a typed input to a file on disk, against the emulator.

use std::time::Duration;

use runcomfy::{CancelOutcome, Client, ErrorKind, Event, Status};
use runcomfy_emulator::{Call, Emulator};
use runcomfy_models::bytedance::dreamina_4_0::{edit, text_to_image};

use super::support::{self, s, start};

async fn emulator() -> (Emulator, Client) {
    start(Emulator::builder().queue_time(s(20)).run_time(s(40))).await
}

#[tokio::test(start_paused = true)]
async fn job_runs_from_submit_to_a_file() {
    let (emulator, client) = emulator().await;
    let input = text_to_image::Input::new("A boat")
        .width_x_height(text_to_image::WidthXHeight::V1024x1024_1_1);
    let job = client.submit(&input).await.unwrap();
    let mut watch = job.watch();
    let mut events = Vec::new();
    while let Some(event) = watch.next().await {
        events.push(event);
    }
    assert_eq!(
        events,
        [
            Event::Submitted,
            Event::Queued { position: Some(0) },
            Event::Started,
            Event::Done(Status::Succeeded)
        ]
    );
    let output = watch.output().await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let file = client
        .download(output.image().unwrap(), folder.path())
        .await
        .unwrap();
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(
        (&bytes[16..20], &bytes[20..24]),
        (&1024u32.to_be_bytes()[..], &1024u32.to_be_bytes()[..])
    );
    // A second download gets another name, and nothing else is left in the folder.
    let again = client
        .download(output.image().unwrap(), folder.path())
        .await
        .unwrap();
    assert_ne!(file, again);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);

    let [entry] = &emulator.ledger()[..] else {
        panic!("one submit, one job")
    };
    assert_eq!(
        entry.input,
        serde_json::json!({"prompt": "A boat", "width×height": "1024x1024(1:1)"})
    );
    // The token is sent to the API and nowhere else.
    for received in emulator.requests() {
        assert_eq!(
            received.authorized,
            received.path.starts_with("/v1/"),
            "{}",
            received.path
        );
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_input_is_never_sent() {
    let (emulator, client) = emulator().await;
    let input = edit::Input::new(edit::Required {
        image_urls: ["not a url"; 11],
        prompt: "x".repeat(801),
    })
    .scale(7.0);
    let error = client.submit(&input).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    // The violations: eleven URLs, their number, the prompt, the scale.
    assert_eq!(error.violations().len(), 14, "{error}");
    assert!(!error.may_have_been_submitted());
    assert_eq!(emulator.requests().len(), 0);
    // Without validation the input is sent, and the service refuses it.
    let error = client.submit(&input).unvalidated().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::BadRequest, Some(422))
    );
    assert_eq!(
        error.detail().unwrap().as_array().unwrap().len(),
        14,
        "{error}"
    );
    assert!(emulator.ledger().is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_a_queued_job_can_be_cancelled() {
    let (_emulator, client) = emulator().await;
    let input = text_to_image::Input::new("A boat");
    let first = client.submit(&input).await.unwrap();
    let second = client.submit(&input).await.unwrap();
    assert_eq!(second.cancel().await.unwrap(), CancelOutcome::Cancelled);
    assert_eq!(
        second.wait().await.unwrap_err().kind(),
        ErrorKind::JobCancelled
    );
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(first.cancel().await.unwrap(), CancelOutcome::NotCancellable);
    assert!(first.wait().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn job_is_resumed_by_its_id() {
    let (emulator, client) = emulator().await;
    let id = client
        .submit(text_to_image::Input::new("A boat"))
        .await
        .unwrap()
        .request_id()
        .clone();
    let other = support::client(&emulator).build().unwrap();
    let job = other.job::<text_to_image::Input>(id.clone());
    let running = job.result().await.unwrap();
    assert_eq!((running.status, running.output), (Status::InQueue, None));
    let error = job
        .wait()
        .deadline(Duration::from_secs(5))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Deadline, Some(&id))
    );
    assert_eq!(error.last_status().unwrap().status, Status::InQueue);
    // The emulator's clock runs ahead an hour.
    emulator.advance(Duration::from_secs(3600));
    assert_eq!(job.status().await.unwrap().status, Status::Completed);
    assert!(job.wait().await.unwrap().image().is_some());
}

#[tokio::test(start_paused = true)]
async fn failed_job_has_its_reason() {
    let (emulator, client) = emulator().await;
    emulator.fail_next(serde_json::json!([{"errorCode": 7, "error": "out of memory"}]));
    let error = client
        .run(text_to_image::Input::new("A boat"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    assert!(error.to_string().contains("out of memory"), "{error}");
    assert!(error.request_id().is_some() && !error.may_have_been_submitted());
}

#[tokio::test(start_paused = true)]
async fn json_input_runs_models_without_a_type() {
    let (_emulator, client) = emulator().await;
    let input = serde_json::json!({"prompt": "A boat"});
    let job = client
        .submit_json("bytedance/dreamina-4-0/text-to-image", &input)
        .await
        .unwrap();
    assert!(job.wait().await.is_ok());
    let error = client
        .submit_json("bytedance/no-such-model", &input)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.error_code()),
        (ErrorKind::UnknownModel, Some(400_001))
    );
}

#[tokio::test(start_paused = true)]
async fn polling_slows_down() {
    let (emulator, client) = emulator().await;
    client
        .run(text_to_image::Input::new("A boat"))
        .await
        .unwrap();
    // The job takes 60 seconds; a poll every half second would be 120.
    let polls = emulator.count(Call::Status);
    assert!((8..=24).contains(&polls), "{polls}");
}
