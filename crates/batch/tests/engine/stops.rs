//! A stopped batch loses nothing, and the next run resumes it.

use std::time::Duration;

use runcomfy_batch::{EndedBy, Stop};

use crate::world::{Kind, World, emulator};

#[tokio::test(flavor = "multi_thread")]
async fn left_jobs_are_adopted_by_the_next_run() {
    let world = World::new(emulator().run_time(Duration::from_secs(2))).await;
    let store = world.store(Kind::Sqlite, 12).await;
    let mut running = world.batch(&store).concurrency(8).start();
    for _ in 0..8 {
        while running.next().await.unwrap().as_str() != "submitted" {}
    }
    running.stop_handle().stop(Stop::Leave);
    let summary = running.summary().await.unwrap();
    assert_eq!(summary.ended_by, EndedBy::Stopped);
    let counts = summary.counts;
    assert_eq!((counts.ready, counts.submitted, counts.in_doubt), (4, 8, 0));
    drop(store);
    let store = world.store(Kind::Sqlite, 12).await;
    let (summary, _) = world.run(&store).await;
    assert_eq!(
        (summary.ended_by, summary.counts.saved),
        (EndedBy::Done, 12)
    );
    assert_eq!(world.submitted(), 12);
    world.check_no_duplicates();
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_without_submits_saves_what_runs() {
    let world = World::new(emulator().run_time(Duration::from_secs(1))).await;
    let store = world.store(Kind::Sqlite, 9).await;
    let mut running = world.batch(&store).concurrency(5).start();
    for _ in 0..5 {
        while running.next().await.unwrap().as_str() != "submitted" {}
    }
    running.stop_handle().stop(Stop::Leave);
    running.summary().await.unwrap();
    for _ in 0..2 {
        let running = world.batch(&store).without_submits().start();
        let summary = running.summary().await.unwrap();
        assert_eq!(summary.ended_by, EndedBy::Done);
        assert_eq!((summary.counts.ready, summary.counts.saved), (4, 5));
    }
    assert_eq!((world.submitted(), world.pictures()), (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn finish_saves_what_runs_and_claims_no_more() {
    let world = World::new(emulator().run_time(Duration::from_millis(300))).await;
    let store = world.store(Kind::Memory, 30).await;
    let mut running = world.batch(&store).concurrency(4).start();
    while running.next().await.unwrap().as_str() != "submitted" {}
    running.stop_handle().stop(Stop::Finish);
    let summary = running.summary().await.unwrap();
    assert_eq!(summary.ended_by, EndedBy::Stopped);
    let counts = summary.counts;
    assert_eq!(counts.saved, world.submitted() as u64);
    assert_eq!(counts.saved + counts.ready, 30);
    assert!((1..=8).contains(&counts.saved), "{counts:?}");
}
