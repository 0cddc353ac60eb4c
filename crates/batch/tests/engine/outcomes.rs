//! Each outcome of a submit and of a job leads where the client's table says.

use std::time::Duration;

use runcomfy_batch::{
    Attempts, EndedBy, Fault as StoreFault, Limits, Money, State, Stop, StoreErrorKind,
};
use runcomfy_emulator::{Builder, Call, Fault, Reply};

use crate::world::{ESTIMATE, Kind, PRICE, World, emulator, words};

fn times(sum: Money, count: u64) -> Money {
    Money::from_micros(sum.micros() * count)
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_saved_once_at_the_cost_of_the_service() {
    for kind in [Kind::Memory, Kind::Sqlite] {
        let world = World::new(emulator()).await;
        let store = world.store(kind, 20).await;
        let (summary, events) = world.run(&store).await;
        assert_eq!(summary.ended_by, EndedBy::Done, "{kind:?}");
        assert_eq!(summary.counts.saved, 20);
        let money = summary.counts.money;
        assert_eq!(
            (money.spent, money.committed()),
            (times(PRICE, 20), times(PRICE, 20))
        );
        assert_eq!(money.spent_by_estimate, Money::ZERO);
        assert_eq!(world.submitted(), 20);
        world.check_no_duplicates();
        assert_eq!(world.pictures(), 20);
        for word in ["submitted", "finished", "saved"] {
            let count = words(&events)
                .iter()
                .filter(|event| **event == word)
                .count();
            assert_eq!(count, 20, "{word}");
        }
        // A second run has nothing to do.
        let (summary, events) = world.run(&store).await;
        assert_eq!((summary.ended_by, events.len()), (EndedBy::Done, 0));
        assert_eq!(world.submitted(), 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_outcome_is_in_doubt_and_never_repeated() {
    for reply in [Reply::lost(), Reply::html(502)] {
        let fault = Fault::nth(Call::Submit, 2, reply.carried_out());
        let world = World::new(emulator().fault(fault)).await;
        let store = world.store(Kind::Memory, 5).await;
        let (summary, events) = world.run(&store).await;
        assert_eq!(summary.ended_by, EndedBy::Done);
        assert_eq!((summary.counts.saved, summary.counts.in_doubt), (4, 1));
        assert_eq!(summary.counts.money.in_doubt, ESTIMATE);
        assert_eq!(summary.counts.money.spent, times(PRICE, 4));
        assert_eq!(world.submitted(), 5);
        world.check_no_duplicates();
        assert!(words(&events).contains(&"doubt"));
        let doubts = store.attempts(Attempts::InDoubt).await.unwrap();
        assert!(doubts[0].note.is_some());
        let (summary, _) = world.run(&store).await;
        assert_eq!((summary.counts.in_doubt, world.submitted()), (1, 5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn id_in_half_a_response_is_taken() {
    let world = World::new(emulator().fault(Fault::nth(Call::Submit, 2, Reply::half()))).await;
    let store = world.store(Kind::Memory, 3).await;
    let (summary, _) = world.run(&store).await;
    assert_eq!((summary.counts.saved, summary.counts.in_doubt), (3, 0));
    assert_eq!(world.submitted(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_job_fails_and_its_money_is_released() {
    let fault = Fault::nth(Call::Submit, 1, Reply::refused(422, 422_001));
    let world = World::new(emulator().fault(fault)).await;
    let store = world.store(Kind::Sqlite, 3).await;
    let (summary, _) = world.run(&store).await;
    assert_eq!((summary.counts.saved, summary.counts.failed), (2, 1));
    assert_eq!(summary.counts.money.committed(), times(PRICE, 2));
    assert_eq!(world.submitted(), 2);
    let failed = store.rows(Some(State::Failed), 0, 9).await.unwrap();
    assert!(failed[0].attempt.as_ref().unwrap().note.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn throttled_job_is_submitted_later() {
    // No longer than a submit may look for a connection: the store holds the claims back, and not the client.
    let throttled = || Reply::refused(429, 429_001).retry_after(Duration::from_secs(20));
    let world = World::new(emulator().fault(Fault::nth(Call::Submit, 1, throttled()))).await;
    let store = world.store(Kind::Memory, 1).await;
    let mut running = world.batch(&store).start();
    assert_eq!(running.next().await.unwrap().as_str(), "retried");
    let row = &store.rows(None, 0, 1).await.unwrap()[0];
    assert_eq!(row.state, State::Ready);
    let claimed_at = row.attempt.as_ref().unwrap().claimed_at;
    assert!(row.not_before.micros() > claimed_at.micros() + 15_000_000);
    assert_eq!(store.counts().await.unwrap().money.committed(), Money::ZERO);
    running.stop_handle().stop(Stop::Finish);
    assert_eq!(running.summary().await.unwrap().ended_by, EndedBy::Stopped);
    assert_eq!(world.submitted(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_account_stops_the_batch_and_fails_no_job() {
    let fault = Fault::from_nth(Call::Submit, 1, Reply::refused(401, 401_001));
    let world = World::new(emulator().fault(fault)).await;
    let store = world.store(Kind::Memory, 50).await;
    let (summary, _) = world.run(&store).await;
    assert!(
        matches!(summary.ended_by, EndedBy::Account(_)),
        "{summary:?}"
    );
    assert_eq!((summary.counts.ready, summary.counts.failed), (50, 0));
    assert_eq!(summary.counts.money.committed(), Money::ZERO);
    world.emulator.clear_faults();
    let (summary, _) = world.run(&store).await;
    assert_eq!(
        (summary.ended_by, summary.counts.saved),
        (EndedBy::Done, 50)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_job_settles_at_the_cost_of_the_service() {
    let fault = Fault::nth(Call::Submit, 2, Reply::job_fails("no boat"));
    let world = World::new(emulator().fault(fault)).await;
    let store = world.store(Kind::Memory, 3).await;
    let (summary, _) = world.run(&store).await;
    assert_eq!((summary.counts.saved, summary.counts.failed), (2, 1));
    assert_eq!(summary.counts.money.committed(), times(PRICE, 2));
    assert_eq!(summary.counts.money.spent_by_estimate, Money::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn budget_ends_the_batch_before_it_is_exceeded() {
    let world = World::new(emulator()).await;
    let store = world.store(Kind::Sqlite, 20).await;
    let budget = times(PRICE, 10).plus(Money::from_micros(1));
    store
        .set_limits(Limits::none().budget(budget))
        .await
        .unwrap();
    let (summary, events) = world.run(&store).await;
    assert_eq!(summary.ended_by, EndedBy::Budget(ESTIMATE));
    assert_eq!(words(&events).last(), Some(&"budget"));
    let money = summary.counts.money;
    assert!(
        money.committed() <= budget && money.committed().plus(ESTIMATE) > budget,
        "{money:?}"
    );
    assert_eq!(summary.counts.saved, world.submitted() as u64);
    assert_eq!(money.spent, times(PRICE, summary.counts.saved));
}

#[tokio::test(flavor = "multi_thread")]
async fn outage_pauses_the_batch_and_fails_no_job() {
    let world = World::new(emulator()).await;
    let store = world.store(Kind::Memory, 60).await;
    world.emulator.set_outage(true);
    let mut running = world.batch(&store).start();
    while running.next().await.unwrap().as_str() != "paused" {}
    world.emulator.set_outage(false);
    let mut events = Vec::new();
    while let Some(event) = running.next().await {
        events.push(event);
    }
    let counts = running.summary().await.unwrap().counts;
    assert!(words(&events).contains(&"resumed"));
    assert_eq!(counts.failed, 0);
    // At most those that were in flight when the breaker opened, and the first of its next attempts.
    assert!(counts.in_doubt <= 5 + 8 + 1, "{counts:?}");
    assert_eq!(counts.saved + counts.in_doubt, 60);
    world.check_no_duplicates();
}

/// A submit that meets an outage is a doubt; a status that meets it is none.
#[tokio::test(flavor = "multi_thread")]
async fn outage_is_probed_without_new_doubts() {
    let calls = [Call::Submit, Call::Status];
    let down = calls.map(|call| Fault::from_nth(call, 1, Reply::html(503)));
    let builder = down.into_iter().fold(emulator(), Builder::fault);
    let world = World::new(builder).await;
    let store = world.store(Kind::Memory, 60).await;
    let mut running = world.batch(&store).start();
    let (mut pauses, mut doubts) = (0, 0);
    while pauses < 3 {
        match running.next().await.unwrap().as_str() {
            "paused" => pauses += 1,
            "doubt" => doubts += 1,
            "resumed" => panic!("there is an outage"),
            _ => {}
        }
    }
    // Submits that were in flight when the breaker opened are in doubt.
    assert!((5..=12).contains(&doubts), "{doubts}");
    world.emulator.clear_faults();
    let counts = running.summary().await.unwrap().counts;
    assert_eq!(counts.in_doubt, doubts);
    assert_eq!(counts.saved + counts.in_doubt, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_commits_lose_no_id_and_pay_nothing_twice() {
    for kind in [Kind::Memory, Kind::Sqlite] {
        let world = World::new(emulator()).await;
        let store = world.store(kind, 30).await;
        let faults = world.faults.clone();
        let breaking = tokio::spawn(async move {
            loop {
                for fault in [StoreFault::AfterCommit, StoreFault::BeforeCommit] {
                    faults.fail_next(fault);
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
            }
        });
        // The registration may be what fails.
        let summary = loop {
            if let Ok(summary) = world.batch(&store).start().summary().await {
                break summary;
            }
        };
        breaking.abort();
        assert_eq!(summary.counts.saved, 30, "{kind:?} {summary:?}");
        assert_eq!(summary.counts.money.committed(), times(PRICE, 30));
        assert_eq!(world.submitted(), 30);
        world.check_no_duplicates();
        assert!(!world.folder.path().join("ids.jsonl").exists());
    }
}

/// The answers to the claim and to the beat after it are lost, so that the claimed jobs are given back by the beat
/// before the end.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_are_given_back_last_are_submitted() {
    for kind in [Kind::Memory, Kind::Sqlite] {
        let world = World::new(emulator()).await;
        let store = world.store(kind, 3).await;
        let running = world.batch(&store).start();
        // A start that fails would end the batch, and this is its last commit.
        while store.service().await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        while store.counts().await.unwrap().ready > 0 {
            world.faults.fail_next(StoreFault::AfterCommit);
            tokio::task::yield_now().await;
        }
        world.faults.fail_next(StoreFault::BeforeCommit);
        let counts = running.summary().await.unwrap().counts;
        assert_eq!((counts.saved, counts.ready), (3, 0), "{kind:?}");
        assert_eq!(world.submitted(), 3);
    }
}

/// A job that the service has accepted is paid: another token or address may know it.
#[tokio::test(flavor = "multi_thread")]
async fn job_that_is_unknown_later_stays_submitted() {
    for reply in [
        || Reply::refused(404, 404_001),
        || Reply::refused(400, 400_001),
    ] {
        let missing = |builder: Builder, call| builder.fault(Fault::from_nth(call, 1, reply()));
        let builder = [Call::Status, Call::Result].into_iter();
        let world = World::new(builder.fold(emulator(), missing)).await;
        let store = world.store(Kind::Sqlite, 2).await;
        for _ in 0..2 {
            let (summary, events) = world.run(&store).await;
            assert_eq!(summary.ended_by, EndedBy::Done);
            assert_eq!((summary.counts.submitted, summary.counts.failed), (2, 0));
            let missed = events.iter().filter(|event| event.as_str() == "not_saved");
            let missed: Vec<String> = missed.map(|event| format!("{event:?}")).collect();
            assert_eq!(missed.len(), 2, "{events:?}");
            assert!(
                missed[0].contains("the token and the address"),
                "{missed:?}"
            );
        }
        // The jobs of an emulator within the process have ended with it.
        let lost = world.store(Kind::Memory, 1).await;
        let ended = world.batch(&lost).emulated().start().summary().await;
        assert_eq!(ended.unwrap().counts.failed, 1);
        assert_eq!(lost.service().await.unwrap(), None);
        world.emulator.clear_faults();
        let (summary, _) = world.run(&store).await;
        assert_eq!(summary.counts.saved, 2);
        assert_eq!(world.submitted(), 3);
    }
}

/// A page of a gateway, a link that has expired and a store that has lost a file for now: the job is paid, so its files
/// are fetched by every run until they are there, and nothing else is taken for them.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_had_are_fetched_by_the_next_run() {
    let case = |reply: Reply| async move {
        let name = format!("{reply:?}");
        let fault = Fault::from_nth(Call::File, 1, reply);
        let world = World::new(emulator().fault(fault)).await;
        let store = world.store(Kind::Sqlite, 2).await;
        let (summary, events) = world.run(&store).await;
        let counts = summary.counts;
        assert_eq!((counts.submitted, counts.saved), (2, 0), "{name}");
        assert!(words(&events).contains(&"not_saved"), "{name}");
        let files = std::fs::read_dir(world.folder.path().join("out")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let names: Vec<String> = names.collect();
        let are_manifests = names.iter().all(|name| name.contains(".json"));
        assert!(are_manifests && names.len() == 2, "{name}: {names:?}");
        world.emulator.clear_faults();
        let (summary, _) = world.run(&store).await;
        assert_eq!((summary.counts.saved, world.submitted()), (2, 2), "{name}");
        assert_eq!(world.pictures(), 2, "{name}");
    };
    tokio::join!(
        case(Reply::html(200)),
        case(Reply::html(403)),
        case(Reply::html(404)),
        case(Reply::html(410)),
    );
}

/// A process that is killed may leave a page under the name of a picture.
#[tokio::test(flavor = "multi_thread")]
async fn page_that_is_there_is_not_taken_for_a_file() {
    let world = World::new(emulator().run_time(Duration::from_secs(60))).await;
    let store = world.store(Kind::Sqlite, 1).await;
    let mut running = world.batch(&store).file_name("{id}").start();
    while running.next().await.unwrap().as_str() != "submitted" {}
    running.stop_handle().stop(Stop::Leave);
    running.summary().await.unwrap();
    let key = store.attempts(Attempts::All).await.unwrap()[0].key.clone();
    let out = world.folder.path().join("out");
    let manifest = format!("{{\"key\":\"{key}\",\"state\":\"saving\"}}");
    std::fs::write(out.join("job 1.json"), manifest).unwrap();
    std::fs::write(out.join("job 1.html"), "<!doctype html><p>wait</p>").unwrap();
    world.emulator.advance(Duration::from_secs(60));
    let summary = world
        .batch(&store)
        .file_name("{id}")
        .start()
        .summary()
        .await;
    assert_eq!(summary.unwrap().counts.saved, 1);
    assert!(out.join("job 1.png").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_one_service_are_not_looked_for_at_another() {
    for kind in [Kind::Memory, Kind::Sqlite] {
        let minute = Duration::from_secs(60);
        let [one, other] = [
            World::new(emulator().run_time(minute)).await,
            World::new(emulator()).await,
        ];
        let store = one.store(kind, 2).await;
        let mut running = one.batch(&store).start();
        while running.next().await.unwrap().as_str() != "submitted" {}
        running.stop_handle().stop(Stop::Leave);
        running.summary().await.unwrap();
        let refused = other.batch(&store).start().summary().await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::OtherService, "{kind:?}");
        for world in [&one, &other] {
            let address = world.emulator.base_url();
            assert!(refused.to_string().contains(&address), "{refused}");
        }
        assert_eq!(other.submitted(), 0);
        one.emulator.advance(minute);
        let (summary, _) = one.run(&store).await;
        assert_eq!(summary.counts.saved, 2);
        // Nothing is left there.
        store.import(crate::world::jobs(3)).await.unwrap();
        let (summary, _) = other.run(&store).await;
        assert_eq!((summary.counts.saved, other.submitted()), (3, 1));
        let address = other.emulator.base_url() + "/v1";
        assert_eq!(store.service().await.unwrap(), Some(address));
    }
}
