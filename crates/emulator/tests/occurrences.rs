//! A fault meets the occurrences that it names, and no others.

#![allow(clippy::unwrap_used)]

mod support;

use runcomfy_emulator::{Call, Emulator, Fault, Reply};
use support::{Caller, IMAGE, boat, builder, s};

/// The HTTP statuses of so many calls for the catalogue.
async fn answers(emulator: &Emulator, calls: usize) -> Vec<u16> {
    let caller = Caller::new(emulator);
    let mut all = Vec::new();
    for _ in 0..calls {
        all.push(caller.fetch("/v1/models").await.status().as_u16());
    }
    all
}

#[tokio::test]
async fn the_nth_every_kth_and_all_from_the_nth() {
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
        assert_eq!(answers(&emulator, 5).await, expected, "{fault:?}");
        // One that is added later counts from then on.
        let emulator = builder().start().await.unwrap();
        answers(&emulator, 2).await;
        emulator.add_fault(fault.clone());
        assert_eq!(answers(&emulator, 5).await, expected, "{fault:?}");
    }
}

#[tokio::test]
async fn the_fault_added_first_goes_before_later_ones_and_a_script_before_both() {
    let emulator = builder()
        .fault(Fault::every(Call::Catalogue, 2, Reply::new(501, "")))
        .fault(Fault::from_nth(Call::Catalogue, 1, Reply::new(502, "")))
        .start()
        .await
        .unwrap();
    emulator.script(Call::Catalogue, Reply::genuine());
    emulator.script(Call::Catalogue, Reply::new(503, ""));
    assert_eq!(answers(&emulator, 5).await, [200, 503, 502, 501, 502]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_lasts_for_its_time_on_either_clock() {
    let emulator = builder().start().await.unwrap();
    let minute = || Fault::from_nth(Call::Catalogue, 1, Reply::new(503, "")).lasting(s(60));
    emulator.add_fault(minute());
    emulator.advance(s(30));
    assert_eq!(answers(&emulator, 2).await, [503, 503]);
    emulator.advance(s(30));
    assert_eq!(answers(&emulator, 2).await, [200, 200]);

    emulator.add_fault(minute());
    assert_eq!(answers(&emulator, 1).await, [503]);
    tokio::time::sleep(s(60)).await;
    assert_eq!(answers(&emulator, 1).await, [200]);
}

#[tokio::test]
async fn every_call_can_be_met() {
    let emulator = builder().start().await.unwrap();
    let caller = Caller::new(&emulator);
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
