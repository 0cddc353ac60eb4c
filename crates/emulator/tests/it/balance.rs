//! Succeeded jobs are charged, others are not, and no account spends more than it has.

use crate::support::{Caller, IMAGE, boat, builder, s, start};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn only_succeeded_jobs_are_charged() {
    let (emulator, caller) = start(
        builder()
            .price(0.25)
            .balance(10.0)
            .queue_time(s(10))
            .run_time(s(20)),
    )
    .await;
    let full =
        json!({ "balance_usd": 10.0, "balance_microdollars": 10_000_000, "currency": "USD" });
    assert_eq!(caller.balance().await, full);

    caller.job(IMAGE, &boat()).await;
    emulator.fail_next("out of paint");
    caller.job(IMAGE, &boat()).await;
    let cancelled = caller.job(IMAGE, &boat()).await;
    caller.cancel(&cancelled).await;
    assert_eq!(caller.balance().await, full, "nothing has run");

    emulator.advance(s(3600));
    let less = json!({ "balance_usd": 9.75, "balance_microdollars": 9_750_000, "currency": "USD" });
    assert_eq!(caller.balance().await, less);
}

#[tokio::test(start_paused = true)]
async fn submit_is_refused_once_the_balance_is_reserved() {
    let (emulator, caller) = start(builder().price(0.1).balance(0.3).queue_time(s(10))).await;
    let refused = async || {
        let (status, body) = caller.submit(IMAGE, &boat()).await;
        assert_eq!((status, &body["error_code"]), (402, &json!(400_002)));
    };
    let first = caller.job(IMAGE, &boat()).await;
    caller.job(IMAGE, &boat()).await;
    caller.job(IMAGE, &boat()).await;
    refused().await;
    caller.cancel(&first).await;
    caller.cancel(&first).await;
    caller.job(IMAGE, &boat()).await;
    refused().await;

    emulator.advance(s(3600));
    assert_eq!(caller.balance().await["balance_microdollars"], 0);
    refused().await;
    assert_eq!(emulator.ledger().len(), 4);
}

#[tokio::test]
async fn failed_job_releases_its_price() {
    let (emulator, caller) = start(builder().price(1.0).balance(1.0)).await;
    emulator.fail_next("no");
    caller.job(IMAGE, &boat()).await;
    caller.job(IMAGE, &boat()).await;
    assert_eq!(caller.submit(IMAGE, &boat()).await.0, 402);
}

#[tokio::test]
async fn each_token_has_a_balance_of_its_own() {
    let emulator = builder().price(1.0).balance(1.0).start().await.unwrap();
    let caller = |token| Caller::new(&emulator).with_token(Some(token));
    caller("ann").job(IMAGE, &boat()).await;
    assert_eq!(caller("ann").submit(IMAGE, &boat()).await.0, 402);
    caller("bob").job(IMAGE, &boat()).await;
    assert_eq!(caller("eve").balance().await["balance_usd"], 1.0);
    let nobody = Caller::new(&emulator).with_token(None);
    assert_eq!(nobody.get("/prod/v2/balance").await.0, 401);
}

#[tokio::test]
async fn free_job_runs_on_an_empty_account() {
    let emulator = builder().price(0.0).balance(0.0).start().await.unwrap();
    Caller::new(&emulator).job(IMAGE, &boat()).await;
    let emulator = builder().balance(0.0).start().await.unwrap();
    let (_, body) = Caller::new(&emulator).submit(IMAGE, &boat()).await;
    assert_eq!(body["error_code"], 400_002);
}
