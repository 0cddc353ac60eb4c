//! A disk without room costs nothing and loses nothing.

use std::time::Duration;

use runcomfy_batch::{Disk, EndedBy, Progress, Running, StoreErrorKind};

use crate::world::{Kind, World, emulator, words};

const ROOM: u64 = 1_000_000_000;

/// Waits for an event with this word.
async fn wait_for(running: &mut Running, word: &str) -> Progress {
    loop {
        let event = running.next().await.unwrap();
        if event.as_str() == word {
            return event;
        }
    }
}

/// Takes all events until the end.
async fn rest(running: &mut Running) -> Vec<Progress> {
    let mut events = Vec::new();
    while let Some(event) = running.next().await {
        events.push(event);
    }
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_stops_before_paying_until_there_is_room() {
    let world = World::new(emulator()).await;
    let store = world.store(Kind::Sqlite, 10).await;
    let disk = Disk::manual(ROOM / 100);
    let mut running = world.batch(&store).disk(disk.clone()).start();
    let Progress::Paused(reason) = running.next().await.unwrap() else {
        panic!("the batch is not paused")
    };
    assert!(reason.contains("10 MB left"), "{reason}");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(world.submitted(), 0);
    assert_eq!(store.counts().await.unwrap().ready, 10);
    disk.set_free(ROOM);
    let events = rest(&mut running).await;
    assert_eq!(words(&events)[0], "resumed");
    let summary = running.summary().await.unwrap();
    assert_eq!(
        (summary.ended_by, summary.counts.saved),
        (EndedBy::Done, 10)
    );
    assert_eq!(world.pictures(), 10);
}

/// Without room beside the store the ids of paid jobs could be kept nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn disk_of_the_store_needs_room_too() {
    let world = World::new(emulator()).await;
    let store = world.store(Kind::Sqlite, 1).await;
    let batch = world
        .batch(&store)
        .spill(world.folder.path().join("gone/ids.jsonl"));
    let mut running = batch.start();
    let Progress::Paused(reason) = running.next().await.unwrap() else {
        panic!("the batch is not paused")
    };
    assert!(reason.contains("gone` cannot be read"), "{reason}");
    assert_eq!(world.submitted(), 0);
    std::fs::create_dir(world.folder.path().join("gone")).unwrap();
    rest(&mut running).await;
    assert_eq!(running.summary().await.unwrap().counts.saved, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_wait_for_room_and_nothing_more_is_paid() {
    let world = World::new(emulator().run_time(Duration::from_millis(500))).await;
    let store = world.store(Kind::Sqlite, 30).await;
    let disk = Disk::manual(ROOM);
    let batch = world.batch(&store).disk(disk.clone()).concurrency(5);
    let mut running = batch.min_free(0).start();
    wait_for(&mut running, "submitted").await;
    disk.set_free(0);
    let Progress::Paused(reason) = wait_for(&mut running, "paused").await else {
        unreachable!()
    };
    assert!(reason.contains("wait for room"), "{reason}");
    let paid = world.submitted();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(paid < 30);
    assert_eq!(world.submitted(), paid);
    disk.set_free(ROOM);
    let events = rest(&mut running).await;
    assert!(!words(&events).contains(&"not_saved"));
    let summary = running.summary().await.unwrap();
    assert_eq!(
        (summary.ended_by, summary.counts.saved),
        (EndedBy::Done, 30)
    );
    assert_eq!((world.submitted(), world.pictures()), (30, 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn folder_that_cannot_be_written_is_refused() {
    let world = World::new(emulator()).await;
    let store = world.store(Kind::Memory, 3).await;
    std::fs::write(world.folder.path().join("out"), "a file").unwrap();
    let error = world.batch(&store).start().summary().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io);
    assert!(
        error.to_string().contains("nothing was submitted"),
        "{error}"
    );
    assert_eq!(world.submitted(), 0);
}
