//! A listing of the catalogue ends with every model, whatever pages the service returns.

use runcomfy::catalogue::CatalogueEntry;
use runcomfy::{Client, ErrorKind};
use runcomfy_emulator::{Call, Emulator, Fault, Reply};
use serde_json::{Value, json};

/// Number of models on the pages that the client requests.
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
async fn listing_ends_when_a_page_repeats() {
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
async fn listing_goes_past_a_page_with_few_new_models() {
    let (emulator, client) = emulator().await;
    for (from, count) in [(0, PAGE), (1, PAGE), (PAGE + 1, 3)] {
        let page = json!({ "models": models(from, count) });
        emulator.script(Call::Catalogue, Reply::json(200, &page));
    }
    let entries = client.catalogue().entries().await.unwrap();
    assert_eq!(entries.len(), PAGE + 4);
    assert_eq!(ids(&entries)[PAGE + 3], "acme/paint/103");
}

/// The futures are `Send`.
#[tokio::test(start_paused = true)]
async fn listing_can_be_sent_to_another_thread() {
    let (_emulator, client) = emulator().await;
    let own = client.clone();
    let entries = tokio::spawn(async move {
        let mut reported = 0;
        let listing = own
            .catalogue()
            .on_progress(|so_far, _| reported += so_far + 1);
        let entries = listing.entries().await.unwrap();
        (entries, reported)
    });
    assert_eq!(entries.await.unwrap(), (Vec::new(), 1));
    tokio::spawn(async move {
        let page = client.catalogue().on_progress(|_, _| {}).page(0, 1).await;
        assert_eq!(page.unwrap().entries, []);
        client.catalogue().categories().await.unwrap();
        client.catalogue().get("acme/paint").await.unwrap_err();
    })
    .await
    .unwrap();
}
