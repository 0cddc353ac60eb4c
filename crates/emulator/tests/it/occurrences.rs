//! A fault applies to its occurrences and to no others.

use crate::support::{Caller, IMAGE, boat, builder, s, start};
use runcomfy_emulator::{Call, Emulator, Fault, Reply};

/// Returns the HTTP statuses of this number of catalogue calls.
async fn statuses(emulator: &Emulator, calls: usize) -> Vec<u16> {
    let caller = Caller::new(emulator);
    let mut all = Vec::new();
    for _ in 0..calls {
        all.push(caller.fetch("/v1/models").await.status().as_u16());
    }
    all
}

#[tokio::test]
async fn faults_apply_to_the_nth_every_nth_or_all_from_it() {
    let gone = || Reply::new(410, "");
    for (fault, expected) in [
        (
            Fault::nth(Call::Catalogue, 3, gone()),
            [200, 200, 410, 200, 200],
        ),
        (
            Fault::every(Call::Catalogue, 2, gone()),
            [200, 410, 200, 410, 200],
        ),
        (
            Fault::from_nth(Call::Catalogue, 4, gone()),
            [200, 200, 200, 410, 410],
        ),
        (Fault::every(Call::Catalogue, 1, gone()), [410; 5]),
        (Fault::every(Call::Status, 1, gone()), [200; 5]),
    ] {
        let emulator = builder().fault(fault.clone()).start().await.unwrap();
        assert_eq!(statuses(&emulator, 5).await, expected, "{fault:?}");
        // A fault that is added later counts from then on.
        let emulator = builder().start().await.unwrap();
        statuses(&emulator, 2).await;
        emulator.add_fault(fault.clone());
        assert_eq!(statuses(&emulator, 5).await, expected, "{fault:?}");
    }
}

#[tokio::test]
async fn script_goes_before_faults_and_the_first_fault_wins() {
    let emulator = builder()
        .fault(Fault::every(Call::Catalogue, 2, Reply::new(501, "")))
        .fault(Fault::from_nth(Call::Catalogue, 1, Reply::new(502, "")))
        .start()
        .await
        .unwrap();
    emulator.script(Call::Catalogue, Reply::genuine());
    emulator.script(Call::Catalogue, Reply::new(503, ""));
    assert_eq!(statuses(&emulator, 5).await, [200, 503, 502, 501, 502]);
}

#[tokio::test(start_paused = true)]
async fn fault_lasts_for_its_time_on_either_clock() {
    let emulator = builder().start().await.unwrap();
    let minute = || Fault::from_nth(Call::Catalogue, 1, Reply::new(503, "")).lasting(s(60));
    emulator.add_fault(minute());
    emulator.advance(s(30));
    assert_eq!(statuses(&emulator, 2).await, [503, 503]);
    emulator.advance(s(30));
    assert_eq!(statuses(&emulator, 2).await, [200, 200]);

    emulator.add_fault(minute());
    assert_eq!(statuses(&emulator, 1).await, [503]);
    tokio::time::sleep(s(60)).await;
    assert_eq!(statuses(&emulator, 1).await, [200]);
}

#[tokio::test]
async fn every_call_can_have_a_fault() {
    let (emulator, caller) = start(builder()).await;
    let id = caller.job(IMAGE, &boat()).await;
    for call in Call::ALL {
        emulator.add_fault(Fault::every(*call, 1, Reply::new(418, "")));
    }
    assert_eq!(
        caller
            .post_job(IMAGE, &boat())
            .send()
            .await
            .unwrap()
            .status(),
        418
    );
    for path in [
        format!("/v1/requests/{id}/status"),
        format!("/v1/requests/{id}/result"),
        format!("/files/{id}/image.png"),
        format!("/v1/models/{IMAGE}"),
        "/v1/models/categories".into(),
        "/prod/v2/balance".into(),
    ] {
        assert_eq!(caller.fetch(&path).await.status(), 418, "{path}");
    }
    let cancel = caller.request(reqwest::Method::POST, &format!("/v1/requests/{id}/cancel"));
    assert_eq!(cancel.send().await.unwrap().status(), 418);
}
