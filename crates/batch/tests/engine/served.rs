//! A batch that keeps running takes jobs that are imported meanwhile, and outlives what ends others.

use runcomfy_batch::{Attempts, Limits, Progress, Running, State, Stop, Store, Summary};
use runcomfy_emulator::{Call, Fault, Reply};

use crate::world::{ESTIMATE, Kind, World, emulator, jobs};

/// Waits for an event, and returns those up to it.
async fn until(running: &mut Running, word: &str) -> Vec<Progress> {
    let mut events = Vec::new();
    loop {
        events.push(running.next().await.unwrap());
        if events.last().unwrap().as_str() == word {
            return events;
        }
    }
}

async fn import(store: &dyn Store, running: &Running, count: usize) {
    store.import(jobs(count)).await.unwrap();
    running.wake_handle().wake();
}

async fn stop(running: Running) -> Summary {
    running.stop_handle().stop(Stop::Leave);
    running.summary().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_jobs_are_taken_while_it_runs() {
    for kind in [Kind::Memory, Kind::Sqlite] {
        let world = World::new(emulator()).await;
        let store = world.store(kind, 0).await;
        let mut running = world.batch(&store).keep_running().start();
        for count in 1..=3 {
            import(&*store, &running, count).await;
            until(&mut running, "saved").await;
        }
        let row = store.find("job 2".parse().unwrap()).await.unwrap().unwrap();
        let attempt = row.attempt.unwrap();
        let id = attempt.request_id.clone().unwrap();
        let found = store.attempts(Attempts::OfRequest(id)).await.unwrap();
        assert_eq!(found, [attempt]);
        assert_eq!(stop(running).await.counts.saved, 3);
        assert_eq!(world.submitted(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn used_up_budget_does_not_end_it() {
    let world = World::new(emulator()).await;
    let store = world.store(Kind::Sqlite, 0).await;
    let limits = |jobs: u64| {
        let budget = ESTIMATE.micros() * jobs;
        Limits::none().budget(runcomfy_batch::Money::from_micros(budget))
    };
    store.set_limits(limits(1)).await.unwrap();
    let mut running = world.batch(&store).keep_running().start();
    import(&*store, &running, 2).await;
    let events = until(&mut running, "budget").await;
    assert_eq!(events.last(), Some(&Progress::Budget(ESTIMATE)));
    store.set_limits(limits(9)).await.unwrap();
    running.wake_handle().wake();
    while store.counts().await.unwrap().saved < 2 {
        until(&mut running, "saved").await;
    }
    assert_eq!(stop(running).await.counts.saved, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_account_is_not_tried_again_until_woken() {
    let fault = Fault::from_nth(Call::Submit, 1, Reply::refused(401, 401_001));
    let world = World::new(emulator().fault(fault)).await;
    let store = world.store(Kind::Memory, 0).await;
    let mut running = world.batch(&store).keep_running().start();
    import(&*store, &running, 1).await;
    until(&mut running, "account").await;
    let sent = world.emulator.count(Call::Submit);
    let row = store.find("job 1".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(row.state, State::Ready);
    world.emulator.clear_faults();
    // Longer than it waits for anything.
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    assert_eq!(world.emulator.count(Call::Submit), sent);
    running.wake_handle().wake();
    until(&mut running, "saved").await;
    assert_eq!(stop(running).await.counts.saved, 1);
    assert_eq!(world.submitted(), 1);
}
