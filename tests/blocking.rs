//! The client's calls without `async`.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

use std::future::IntoFuture;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use runcomfy::blocking::Client;
use runcomfy::{CancelOutcome, ErrorKind, Event, Outcome, Status, Submit, WaitOptions};
use runcomfy_emulator::{Call, Emulator, Fault, Reply};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use serde_json::json;
use tokio::runtime::Builder;

/// An emulator on a thread of its own, which ends when the sender is dropped.
type Served = (Arc<Emulator>, mpsc::Sender<()>);

fn serve(emulator: runcomfy_emulator::Builder) -> Served {
    let (started, starting) = mpsc::channel();
    let (guard, dropped) = mpsc::channel::<()>();
    thread::spawn(move || {
        let own = Builder::new_current_thread().enable_all().build().unwrap();
        own.block_on(async {
            let emulator = emulator.built_in_models().start().await.unwrap();
            started.send(Arc::new(emulator)).unwrap();
            let wait = move || dropped.recv();
            // `recv` fails when the guard is dropped.
            let _ = tokio::task::spawn_blocking(wait).await;
        });
    });
    (starting.recv().unwrap(), guard)
}

fn client(emulator: &Emulator) -> Client {
    let client = runcomfy::Client::builder()
        .token("t")
        .base_url(emulator.base_url());
    Client::new(client.build().unwrap()).unwrap()
}

/// Returns a client of an emulator whose jobs are never queued.
fn emulator(run_time: Duration) -> (Client, Served) {
    let builder = Emulator::builder()
        .queue_time(Duration::ZERO)
        .run_time(run_time);
    let served = serve(builder);
    (client(&served.0), served)
}

#[test]
fn job_runs_from_submit_to_a_file() {
    let (client, _emulator) = emulator(Duration::ZERO);
    let job = client.submit(Input::new("A boat")).unwrap();
    let mut watch = job.as_async().watch();
    let last = client.iterate(&mut watch).last();
    assert_eq!(last, Some(Event::Done(Status::Succeeded)));
    let output = client.block_on(watch.output()).unwrap();
    assert_eq!(job.wait().unwrap(), output);
    assert_eq!(job.status().unwrap().status, Status::Completed);
    assert_eq!(job.result().unwrap().output, Some(output.clone()));
    assert_eq!(job.cancel().unwrap(), CancelOutcome::NotCancellable);

    let folder = tempfile::tempdir().unwrap();
    let one = client.download(output.image().unwrap(), folder.path());
    let all = job.download(&output, folder.path()).unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(
        std::fs::read(one.unwrap()).unwrap(),
        std::fs::read(&all[0]).unwrap()
    );
}

#[test]
fn every_async_call_has_a_blocking_one() {
    let (client, _emulator) = emulator(Duration::ZERO);
    assert!(client.run(Input::new("A boat")).unwrap().image().is_some());
    let id = "bytedance/dreamina-4-0/text-to-image";
    let input = json!({"prompt": "A boat"});
    let job = client.submit_json(id, &input).unwrap();
    let again = client.json_job(job.request_id().clone());
    assert_eq!(again.wait().unwrap(), job.wait().unwrap());
    let found = client.catalogue(|listing| listing.search("dreamina-4-0"));
    assert!(found.unwrap().iter().any(|entry| entry.model_id() == id));
    let model = runcomfy_models::find(id).unwrap();
    assert!(client.check_media(model, &input).unwrap().is_empty());

    let long = Input::new("x".repeat(10_000));
    let error = client.submit(&long).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let outcome = client.block_on(client.as_async().submit(&long).outcome());
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    let inputs = (0..3).map(|n| Input::new(format!("Boat {n}")));
    let all = client.iterate(client.as_async().run_many(inputs));
    assert_eq!(all.filter(|finished| finished.result.is_ok()).count(), 3);
}

#[test]
fn options_reach_the_async_calls() {
    let (client, _emulator) = emulator(Duration::from_secs(3600));
    let input = Input::new("A boat").scale(7.0);
    assert!(client.submit(&input).is_err());
    // The emulator refuses it, so it was sent.
    let refused = client.submit_with(&input, Submit::unvalidated);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::BadRequest);
    let job = client.submit(Input::new("A boat")).unwrap();
    let late = job.wait_with(|wait| wait.deadline(Duration::from_millis(1)));
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Deadline);
}

/// Each thread waits for the others in the middle of its calls.
#[test]
fn calls_of_several_threads_run_side_by_side() {
    let (client, _emulator) = emulator(Duration::ZERO);
    let barrier = tokio::sync::Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                client.block_on(barrier.wait());
                client.run(Input::new("A boat")).unwrap();
            });
        }
    });
}

#[test]
fn blocking_call_inside_a_runtime_panics_with_a_reason() {
    let (client, _emulator) = emulator(Duration::ZERO);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mine = client.clone();
        let call = move || mine.submit(Input::new("A boat")).map(|job| job.status());
        let status = tokio::task::spawn_blocking(call).await.unwrap();
        assert!(status.unwrap().is_ok());

        let direct = tokio::spawn(async move {
            let _ = client.submit(Input::new("A boat"));
        });
        // The task also drops the client, which must not panic.
        let panic = direct.await.unwrap_err().into_panic();
        let message = panic.downcast_ref::<&str>().copied().unwrap_or_default();
        assert!(message.contains("from within a runtime"), "{message:?}");
    });
}

/// The jobs are cancelled, so the responses with their ids were read.
#[test]
fn dropped_client_finishes_its_submits() {
    let late = Reply::genuine().delayed(Duration::from_millis(300));
    let late = Fault::from_nth(Call::Submit, 1, late);
    let (emulator, _guard) = serve(Emulator::builder().slots(0).fault(late));
    let client = client(&emulator);
    let inputs = (0..8).map(|number| Input::new(format!("Boat {number}")));
    let many = client.as_async().run_many(inputs);
    let mut many = many.options(WaitOptions::new().cancel_on_drop());
    client.block_on(async {
        let in_flight = async {
            while emulator.count(Call::Submit) < 8 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            finished = many.next() => panic!("{finished:?}"),
            () = in_flight => {}
        }
    });
    drop((many, client));
    let cancelled = || emulator.count(Call::Cancel);
    // Generous, for a machine under load.
    for _ in 0..600 {
        if cancelled() == 8 {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!((emulator.ledger().len(), cancelled()), (8, 8));
}

#[test]
fn settled_waits_for_a_submit_that_was_given_up() {
    let late = Reply::genuine().delayed(Duration::from_millis(300));
    let late = Fault::from_nth(Call::Submit, 1, late);
    let (emulator, _guard) = serve(Emulator::builder().slots(0).fault(late));
    let (sender, orphans) = mpsc::channel();
    let client = runcomfy::Client::builder()
        .token("t")
        .base_url(emulator.base_url())
        .on_orphan(move |orphan| sender.send(orphan).unwrap());
    let client = Client::new(client.build().unwrap()).unwrap();
    let input = Input::new("A boat");
    client.block_on(async {
        let arrived = async {
            while emulator.count(Call::Submit) < 1 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            job = client.as_async().submit(&input).into_future() => panic!("{job:?}"),
            () = arrived => {}
        }
    });
    client.settled();
    let orphan = orphans.try_recv().unwrap();
    let id = emulator.ledger()[0].request_id.clone();
    assert_eq!(orphan.request_id.map(|id| id.to_string()), Some(id));
    assert!(client.close(Duration::ZERO));
    let error = client.submit(&input).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
}
