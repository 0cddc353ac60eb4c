//! An input is prepared before its submit, and nothing is sent without it.

use std::time::Duration;

use runcomfy_batch::{EndedBy, Money, Prepared, State, Unprepared};
use serde_json::json;

use crate::world::{Kind, World, emulator};

/// Reads the text of a prompt, except for one that is missing and one with a bug.
fn prepare(n: u64) -> Prepared {
    Box::pin(async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        match n {
            2 => Err(Unprepared::Job("`boat.png` is missing".to_owned())),
            3 => panic!("a bug"),
            n => Ok(json!({ "prompt": format!("Read from file {n}") })),
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn prepared_input_is_sent_and_a_failure_costs_nothing() {
    let world = World::new(emulator()).await;
    let store = world.store(Kind::Sqlite, 5).await;
    let running = world.batch(&store).prepare(|job| prepare(job.n)).start();
    let summary = running.summary().await.unwrap();
    assert_eq!(summary.ended_by, EndedBy::Done);
    let counts = summary.counts;
    assert_eq!((counts.saved, counts.failed, counts.in_doubt), (3, 2, 0));
    assert_eq!(counts.money.reserved, Money::ZERO);
    for entry in world.emulator.ledger() {
        let prompt = entry.input["prompt"].as_str().unwrap();
        assert!(prompt.starts_with("Read from file"), "{prompt}");
    }
    assert_eq!(world.submitted(), 3);
    let failed = store.rows(Some(State::Failed), 0, 9).await.unwrap();
    let note = failed[0].attempt.as_ref().unwrap().note.clone().unwrap();
    assert!(note.contains("`boat.png` is missing"), "{note}");
    assert!(note.contains("nothing was sent"), "{note}");
    // The store keeps what the person gave.
    assert_eq!(failed[0].input, json!({ "prompt": "Boat 2" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn process_that_cannot_prepare_leaves_jobs_to_others() {
    let world = World::new(emulator()).await;
    let store = world.store(Kind::Sqlite, 5).await;
    let reason = "no folder is shared";
    let running = world
        .batch(&store)
        .prepare(move |_| Box::pin(async move { Err(Unprepared::Process(reason.to_owned())) }));
    let summary = running.start().summary().await.unwrap();
    assert_eq!(summary.ended_by, EndedBy::Process(reason.to_owned()));
    assert_eq!((summary.counts.ready, world.submitted()), (5, 0));
    assert_eq!(summary.counts.money.committed(), Money::ZERO);
    let summary = world.batch(&store).start().summary().await.unwrap();
    assert_eq!(summary.counts.saved, 5);
}
