//! A job passes through the documented statuses, as the clock moves.

use std::time::{Duration, UNIX_EPOCH};

use crate::support::{Caller, EDIT, IMAGE, boat, builder, s, start};
use runcomfy_emulator::{Call, Emulator};
use serde_json::{Value, json};

async fn slow(slots: usize) -> (Emulator, Caller) {
    let builder = builder()
        .slots(slots)
        .queue_time(s(10))
        .run_time(s(20))
        .epoch(UNIX_EPOCH);
    let emulator = builder.start().await.unwrap();
    let caller = Caller::new(&emulator);
    (emulator, caller)
}

#[tokio::test(start_paused = true)]
async fn job_is_queued_runs_and_succeeds() {
    let (emulator, caller) = slow(1).await;
    let (status, job) = caller.submit(IMAGE, &boat()).await;
    let id = job["request_id"].as_str().unwrap();
    let url = |call| format!("{}/v1/requests/{id}/{call}", emulator.base_url());
    assert_eq!(status, 200);
    assert_eq!(
        job,
        json!({
            "request_id": id, "status_url": url("status"),
            "result_url": url("result"), "cancel_url": url("cancel"),
        })
    );

    let queued = caller.get(job["status_url"].as_str().unwrap()).await.1;
    let expected = json!({
        "request_id": id, "status": "in_queue", "queue_position": 0,
        "status_url": url("status"), "result_url": url("result"),
    });
    assert_eq!(queued, expected);
    let early = caller.get(job["result_url"].as_str().unwrap()).await.1;
    let expected =
        json!({ "request_id": id, "created_at": early["created_at"], "status": "in_queue" });
    assert_eq!(early, expected);

    tokio::time::sleep(s(10)).await;
    let running = caller.status(id).await;
    assert_eq!(
        (&running["status"], running.get("queue_position")),
        (&json!("in_progress"), None)
    );
    assert_eq!(caller.result(id).await["status"], "in_progress");

    tokio::time::sleep(s(20)).await;
    assert_eq!(caller.status(id).await["status"], "completed");
    let result = caller.result(id).await;
    let file = format!("{}/files/{id}/image.png", emulator.base_url());
    assert_eq!(result["status"], "succeeded");
    assert_eq!(result["output"], json!({ "image": file, "images": [file] }));
    assert_eq!((result.get("error"), result.get("cost")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn dates_follow_the_emulators_clock() {
    let (emulator, caller) = slow(1).await;
    emulator.advance(s(3600));
    let id = caller.job(IMAGE, &boat()).await;
    emulator.advance(s(24 * 3600));
    let result = caller.result(&id).await;
    let date = |name: &str| result[name].as_str().unwrap().to_owned();
    // tokio's paused clock may have advanced by milliseconds during the calls.
    assert!(
        date("created_at").starts_with("1970-01-01T01:00:00."),
        "{result}"
    );
    assert!(
        date("finished_at").starts_with("1970-01-01T01:00:30."),
        "{result}"
    );
}

#[tokio::test(start_paused = true)]
async fn advance_moves_a_job_by_an_hour() {
    let (emulator, caller) = start(builder().run_time(s(3600))).await;
    let id = caller.job(IMAGE, &boat()).await;
    assert_eq!(caller.status(&id).await["status"], "in_progress");
    emulator.advance(s(3599));
    assert_eq!(caller.status(&id).await["status"], "in_progress");
    emulator.advance(s(1));
    assert_eq!(caller.status(&id).await["status"], "completed");
}

#[tokio::test(start_paused = true)]
async fn queue_position_counts_the_jobs_ahead() {
    let (emulator, caller) = slow(2).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(caller.job(IMAGE, &boat()).await);
    }
    let positions = async || {
        let mut all = Vec::new();
        for id in &ids {
            all.push(caller.status(id).await["queue_position"].as_u64());
        }
        all
    };
    assert_eq!(positions().await, [0, 1, 2, 3, 4].map(Some));
    emulator.advance(s(11));
    assert_eq!(positions().await, [None, None, Some(0), Some(1), Some(2)]);
    caller.cancel(&ids[3]).await;
    assert_eq!(positions().await, [None, None, Some(0), None, Some(1)]);
    emulator.advance(s(20));
    assert_eq!(positions().await, [None; 5]);
    emulator.advance(s(20));
    assert_eq!(caller.status(&ids[4]).await["status"], "completed");
    assert_eq!(caller.status(&ids[3]).await["status"], "cancelled");
}

#[tokio::test(start_paused = true)]
async fn only_a_queued_job_can_be_cancelled() {
    let (emulator, caller) = slow(1).await;
    let first = caller.job(IMAGE, &boat()).await;
    let second = caller.job(IMAGE, &boat()).await;
    emulator.advance(s(11));

    let (status, body) = caller.cancel(&second).await;
    let cancelled = json!({ "request_id": second, "status": "cancelled", "outcome": "cancelled" });
    assert_eq!((status, body), (202, cancelled));
    assert_eq!(caller.status(&second).await["status"], "cancelled");
    assert_eq!(caller.result(&second).await["status"], "cancelled");

    let refused = |id: &str, status| json!({ "request_id": id, "status": status, "outcome": "not_cancellable" });
    let again = caller.cancel(&second).await;
    assert_eq!(again, (202, refused(&second, "cancelled")));
    let running = caller.cancel(&first).await;
    assert_eq!(running, (202, refused(&first, "in_progress")));
    emulator.advance(s(20));
    let done = caller.cancel(&first).await;
    assert_eq!(done, (202, refused(&first, "completed")));
    assert_eq!(caller.result(&first).await["status"], "succeeded");
}

#[tokio::test]
async fn failed_job_is_completed_in_its_status() {
    let fails = |model: &str, input: &Value| {
        (model == IMAGE && input["prompt"] == "bad").then(|| json!("no such paint"))
    };
    let (emulator, caller) = start(builder().fail_when(fails)).await;
    let error = json!([{ "errorCode": 7, "error": "out of memory" }]);
    emulator.fail_next(error.clone());

    let by_order = caller.job(IMAGE, &boat()).await;
    let by_input = caller.job(IMAGE, &json!({ "prompt": "bad" })).await;
    let good = caller.job(IMAGE, &boat()).await;
    assert_eq!(caller.status(&by_order).await["status"], "completed");
    for (id, error) in [(by_order, error), (by_input, json!("no such paint"))] {
        let result = caller.result(&id).await;
        assert_eq!(
            (&result["status"], &result["error"]),
            (&json!("failed"), &error)
        );
        assert_eq!(result.get("output"), None);
    }
    assert_eq!(caller.result(&good).await["status"], "succeeded");
}

#[tokio::test(start_paused = true)]
async fn run_times_follow_the_model_and_the_input() {
    let (emulator, caller) = start(
        builder()
            .slots(9)
            .run_time(s(10))
            .run_time_when(|_, input| (input["prompt"] == "endless").then_some(Duration::MAX))
            .run_time_of(IMAGE, s(100))
            .run_time_when(|_, _| None),
    )
    .await;
    let edit = json!({ "prompt": "x", "image_urls": ["https://example.com/a.jpg"] });
    let by_default = caller.job(EDIT, &edit).await;
    let by_model = caller.job(IMAGE, &boat()).await;
    let endless = caller.job(IMAGE, &json!({ "prompt": "endless" })).await;
    let running = async || {
        let mut all = Vec::new();
        for id in [&by_default, &by_model, &endless] {
            all.push(caller.status(id).await["status"] == "in_progress");
        }
        all
    };
    emulator.advance(s(9));
    assert_eq!(running().await, [true, true, true]);
    emulator.advance(s(90));
    assert_eq!(running().await, [false, true, true]);
    emulator.advance(s(9_999_999));
    assert_eq!(running().await, [false, false, true]);
}

#[tokio::test]
async fn errors_of_jobs_keep_their_form() {
    let (emulator, caller) = start(builder()).await;
    for error in [
        json!("out of memory"),
        json!({ "code": 7, "message": "out of memory" }),
        json!([{ "errorCode": 7, "error": "out of memory", "debugInfo": "at layer 3" }]),
    ] {
        emulator.fail_next(error.clone());
        let id = caller.job(IMAGE, &boat()).await;
        assert_eq!(caller.result(&id).await["error"], error);
    }
}

#[tokio::test(start_paused = true)]
async fn ids_expire_after_the_job_ended() {
    let (emulator, caller) = start(
        builder()
            .queue_time(s(10))
            .run_time(s(20))
            .expire_after(s(60)),
    )
    .await;
    let done = caller.job(IMAGE, &boat()).await;
    let cancelled = caller.job(IMAGE, &boat()).await;
    caller.cancel(&cancelled).await;
    let code = async |path: String| {
        let (status, body) = caller.get(&path).await;
        (status, body["error_code"].clone())
    };
    let gone = (404, json!(404_001));
    let known = (200, Value::Null);
    let status = |id: &str| format!("/v1/requests/{id}/status");

    emulator.advance(s(59));
    assert_eq!(code(status(&cancelled)).await, known);
    // Calls may advance the paused clock by milliseconds, so this is a second after the end.
    emulator.advance(s(2));
    assert_eq!(code(status(&cancelled)).await, gone);
    assert_eq!(code(status(&done)).await, known);
    emulator.advance(s(30));
    assert_eq!(code(status(&done)).await, gone);
    assert_eq!(code(format!("/v1/requests/{done}/result")).await, gone);
    assert_eq!(code(format!("/files/{done}/image.png")).await, gone);
    assert_eq!(caller.cancel(&done).await.0, 404);
    assert_eq!(emulator.ledger().len(), 2);
}

#[tokio::test]
async fn expire_forgets_one_id() {
    let (emulator, caller) = start(builder().price(0.25).balance(1.0)).await;
    let [gone, kept] = [
        caller.job(IMAGE, &boat()).await,
        caller.job(IMAGE, &boat()).await,
    ];
    emulator.expire(&gone);
    assert_eq!(caller.status(&gone).await["error_code"], 404_001);
    assert_eq!(caller.status(&kept).await["status"], "completed");
    assert_eq!(caller.balance().await["balance_usd"], 0.5);
}

#[tokio::test]
async fn cost_is_shown_on_request() {
    let (emulator, caller) = start(builder().price(0.25)).await;
    let good = caller.job(IMAGE, &boat()).await;
    emulator.fail_next("no");
    let bad = caller.job(IMAGE, &boat()).await;
    for (id, cost) in [(good, 0.25), (bad, 0.0)] {
        let path = format!("/v1/requests/{id}/result");
        assert_eq!(
            caller.get(&(path.clone() + "?include_cost=true")).await.1["cost"],
            cost
        );
        assert_eq!(
            caller
                .get(&(path + "?include_cost=false"))
                .await
                .1
                .get("cost"),
            None
        );
    }
}

#[tokio::test(start_paused = true)]
async fn thousand_jobs_run_and_are_in_the_ledger() {
    let emulator = builder()
        .slots(1000)
        .queue_time(s(30))
        .run_time(s(90))
        .start()
        .await
        .unwrap();
    let caller = Caller::pooled(&emulator);
    let mut ids = Vec::new();
    for number in 0..1000 {
        let input = json!({ "prompt": format!("boat {number}") });
        ids.push(caller.job(IMAGE, &input).await);
    }
    emulator.advance(s(120));
    for id in &ids {
        assert_eq!(caller.status(id).await["status"], "completed");
    }
    let ledger = emulator.ledger();
    assert!(ledger.iter().map(|entry| &entry.request_id).eq(&ids));
    assert_eq!(ledger[999].input["prompt"], "boat 999");
    assert_eq!(
        (emulator.count(Call::Submit), emulator.count(Call::Status)),
        (1000, 1000)
    );
}

#[tokio::test]
async fn same_seed_gives_the_same_ids() {
    let mut ids = Vec::new();
    for seed in [7, 7, 8] {
        let emulator = builder().seed(seed).start().await.unwrap();
        ids.push(Caller::new(&emulator).job(IMAGE, &boat()).await);
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}
