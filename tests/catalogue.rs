//! The catalogue is read to its end, whatever the service makes of what it is asked for.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use runcomfy::{CatalogueEntry, Client, ErrorKind};
use runcomfy_emulator::{Call, Emulator, Fault, Reply};
use serde_json::{Value, json};

/// A page as long as those that are asked for.
const PAGE: usize = 100;

async fn emulator() -> (Emulator, Client) {
    let emulator = Emulator::builder().start().await.unwrap();
    let builder = Client::builder().token("t").base_url(emulator.base_url());
    (emulator, builder.build().unwrap())
}

fn models(from: usize, count: usize) -> Value {
    (from..from + count)
        .map(|number| json!({ "model_id": format!("acme/paint/{number}") }))
        .collect()
}

fn ids(entries: &[CatalogueEntry]) -> Vec<&str> {
    entries.iter().map(CatalogueEntry::model_id).collect()
}

#[tokio::test(start_paused = true)]
async fn a_service_that_gives_the_same_again_and_again_has_an_end() {
    for (total, requests) in [(None, 2), (Some(usize::MAX), 2)] {
        let (emulator, client) = emulator().await;
        let mut page = json!({ "models": models(0, PAGE) });
        if let Some(total) = total {
            page["total"] = total.into();
        }
        let same = Reply::json(200, &page);
        emulator.add_fault(Fault::from_nth(Call::Catalogue, 1, same));
        let entries = client.catalogue().entries().await;
        match total {
            None => assert_eq!(entries.unwrap().len(), PAGE),
            Some(_) => assert_eq!(entries.unwrap_err().kind(), ErrorKind::Unreadable),
        }
        assert_eq!(emulator.count(Call::Catalogue), requests);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_with_a_little_that_is_new_is_not_the_last() {
    let (emulator, client) = emulator().await;
    for (from, count) in [(0, PAGE), (1, PAGE), (PAGE + 1, 3)] {
        let page = json!({ "models": models(from, count) });
        emulator.script(Call::Catalogue, Reply::json(200, &page));
    }
    let entries = client.catalogue().entries().await.unwrap();
    assert_eq!(entries.len(), PAGE + 4);
    assert_eq!(ids(&entries)[PAGE + 3], "acme/paint/103");
}
