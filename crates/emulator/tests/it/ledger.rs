//! The ledger and the log have times, and connections are counted.

use crate::support::{Caller, IMAGE, boat, builder, s};
use runcomfy_emulator::{Call, Reply};

#[tokio::test(start_paused = true)]
async fn ledger_and_log_have_the_times_of_the_clock() {
    let emulator = builder().start().await.unwrap();
    let caller = Caller::pooled(&emulator);
    let id = caller.job(IMAGE, &boat()).await;
    emulator.advance(s(60));
    caller.status(&id).await;
    tokio::time::sleep(s(60)).await;
    caller.job(IMAGE, &boat()).await;

    // tokio's paused clock may advance by milliseconds during the calls.
    let seconds: Vec<u64> = emulator.requests().iter().map(|r| r.at.as_secs()).collect();
    assert_eq!(seconds, [0, 60, 120]);
    let ledger = emulator.ledger();
    assert_eq!(ledger[0].at.as_secs(), 0);
    assert_eq!(ledger[1].at.as_secs(), 120);
    assert!(ledger[1].at >= emulator.requests()[2].at);
}

#[tokio::test]
async fn connections_are_counted() {
    let emulator = builder().start().await.unwrap();
    let pooled = Caller::pooled(&emulator);
    for _ in 0..3 {
        pooled.get("/v1/models").await;
    }
    let connections = emulator.connections();
    let counts = (connections.opened, connections.open, connections.max_open);
    assert_eq!(counts, (1, 1, 1));

    let caller = Caller::new(&emulator);
    let calls: Vec<_> = (0..3)
        .map(|_| {
            emulator.script(Call::Submit, Reply::stall());
            tokio::spawn(caller.post_job(IMAGE, &boat()).send())
        })
        .collect();
    while emulator.count(Call::Submit) < 3 {
        tokio::task::yield_now().await;
    }
    let connections = emulator.connections();
    let counts = (connections.opened, connections.open, connections.max_open);
    assert_eq!(counts, (4, 4, 4));

    emulator.disconnect();
    for call in calls {
        assert!(call.await.unwrap().is_err());
    }
    while emulator.connections().open > 0 {
        tokio::task::yield_now().await;
    }
    pooled.get("/v1/models").await;
    let connections = emulator.connections();
    let counts = (connections.opened, connections.open, connections.max_open);
    assert_eq!(counts, (5, 1, 4));
}
