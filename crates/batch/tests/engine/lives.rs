//! An incarnation that ends, and clocks that jump, lose no id and pay nothing twice.

use std::sync::Arc;
use std::time::Duration;

use runcomfy_batch::{
    Clock, EndedBy, MemoryStore, Money, SqliteOptions, Stop, Store, StoreErrorKind, Timestamp,
};

use crate::world::{Kind, PRICE, World, emulator, jobs};

const LEASE: Duration = Duration::from_secs(30);
const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn spent(jobs: u64) -> Money {
    Money::from_micros(PRICE.micros() * jobs)
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_incarnation_registers_again_and_goes_on() {
    let world = World::new(emulator().run_time(Duration::from_millis(400))).await;
    let clock = Clock::manual(START);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(clock.clone()).leases());
    store.import(jobs(40)).await.unwrap();
    let mut running = world.batch(&store).lease(LEASE).concurrency(10).start();
    let mut submitted = 0;
    while let Some(event) = running.next().await {
        submitted += usize::from(event.as_str() == "submitted");
        // Three times its lease has ended, with jobs that run and submits in flight.
        if event.as_str() == "submitted" && submitted % 10 == 5 && submitted < 30 {
            clock.advance(LEASE);
        }
    }
    let summary = running.summary().await.unwrap();
    assert_eq!(summary.ended_by, EndedBy::Done);
    let counts = summary.counts;
    assert_eq!((counts.saved, counts.in_doubt, counts.strays), (40, 0, 0));
    assert_eq!(counts.money.committed(), spent(40));
    assert_eq!(world.submitted(), 40);
    world.check_no_duplicates();
    assert_eq!(world.pictures(), 40);
    let events = store.events(0, usize::MAX).await.unwrap();
    let last = events.iter().filter_map(|event| event.incarnation).max();
    assert_eq!(last.unwrap().number(), 4, "it has not registered again");
}

#[tokio::test(flavor = "multi_thread")]
async fn process_waits_for_the_end_of_others_and_adopts() {
    let world = World::new(emulator().run_time(Duration::from_millis(300))).await;
    let clock = Clock::manual(START);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(clock.clone()).leases());
    store.import(jobs(1)).await.unwrap();
    let batch = |name| world.batch(&store).lease(LEASE).process(name);
    let mut first = batch("first").start();
    while first.next().await.unwrap().as_str() != "submitted" {}
    first.stop_handle().stop(Stop::Now);
    first.summary().await.unwrap();
    // Its lease has not ended, and there is nothing else to do.
    let second = batch("second").start();
    tokio::time::sleep(Duration::from_millis(50)).await;
    clock.advance(LEASE);
    let summary = second.summary().await.unwrap();
    assert_eq!((summary.ended_by, summary.counts.saved), (EndedBy::Done, 1));
    assert_eq!(world.submitted(), 1);
    let rows = store.rows(None, 0, 1).await.unwrap();
    assert_eq!(rows[0].worker(), Some("second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn file_that_another_process_has_taken_over_is_left_to_it() {
    let world = World::new(emulator().run_time(Duration::from_millis(300))).await;
    let store = world.store(Kind::Sqlite, 30).await;
    let mut running = world.batch(&store).concurrency(4).start();
    while running.next().await.unwrap().as_str() != "submitted" {}
    std::fs::remove_file(world.folder.path().join("jobs.batch.db.lock")).unwrap();
    let other = world.store(Kind::Sqlite, 30).await;
    let _me = other.register("another process", LEASE).await.unwrap();
    let error = running.summary().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::IncarnationEnded);
    assert!(world.submitted() < 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn jumps_of_the_clock_pay_nothing_twice_and_hold_nothing() {
    let world = World::new(emulator().run_time(Duration::from_millis(100))).await;
    let clock = Clock::manual(START);
    let options = SqliteOptions::new().clock(clock.clone());
    let store = options.open(world.folder.path().join("jobs.batch.db"));
    let store: Arc<dyn Store> = Arc::new(store.unwrap());
    store.import(jobs(60)).await.unwrap();
    let rate = runcomfy_batch::Rate::new(1, Duration::from_secs(600)).burst(3);
    let limits = runcomfy_batch::Limits::none().rate(rate);
    store.set_limits(limits).await.unwrap();
    let mut running = world.batch(&store).concurrency(6).start();
    let mut saved = 0_u64;
    while let Some(event) = running.next().await {
        saved += u64::from(event.as_str() == "saved");
        // An hour back, or a day forward.
        match saved % 3 {
            0 => clock.set(Timestamp::from_micros(clock.now().micros() - 3_600_000_000)),
            _ => clock.advance(Duration::from_secs(86_400)),
        }
    }
    let summary = running.summary().await.unwrap();
    let counts = summary.counts;
    assert_eq!((counts.saved, counts.in_doubt), (60, 0));
    assert_eq!(counts.money.committed(), spent(60));
    assert_eq!(world.submitted(), 60);
    world.check_no_duplicates();
}
