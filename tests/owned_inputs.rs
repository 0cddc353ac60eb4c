//! Inputs by value, by reference and shared: a submit that borrows nothing moves to its own task.

use std::sync::Arc;

use runcomfy::testing::{Call, Script};
use runcomfy::{Client, Error, Output};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use serde_json::json;

fn client() -> (Script, Client) {
    let script = Script::new();
    let client = script.client_builder().build().unwrap();
    (script, client)
}

#[tokio::test(start_paused = true)]
async fn run_of_an_owned_input_is_spawned() {
    let (script, client) = client();
    let tasks: Vec<tokio::task::JoinHandle<Result<Output, Error>>> = ["A boat", "A lake"]
        .map(|prompt| tokio::spawn(client.run(Input::new(prompt))))
        .into();
    // The client need not outlive its submits.
    drop(client);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(script.count(Call::Submit), 2);
}

#[tokio::test(start_paused = true)]
async fn submits_take_every_form_of_input() {
    let (script, client) = client();
    let input = Input::new("A boat");
    let shared = Arc::new(input.clone());
    client.submit(&input).await.unwrap();
    client.submit(Arc::clone(&shared)).await.unwrap();
    tokio::spawn(client.submit(shared)).await.unwrap().unwrap();
    client.submit(input).await.unwrap();
    let json = json!({ "prompt": "A boat" });
    client.submit_json("acme/paint", &json).await.unwrap();
    let model_id = "acme/paint".to_owned();
    tokio::spawn(client.submit_json(model_id, json))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(script.count(Call::Submit), 6);
}

#[tokio::test(start_paused = true)]
async fn settings_hold_until_the_first_poll() {
    let (script, client) = client();
    let submit = client
        .submit(Input::new("A boat".repeat(1000)))
        .unvalidated()
        .key("k-1");
    assert!(format!("{submit:?}").contains("validate: false"));
    submit.await.unwrap();
    assert_eq!(script.count(Call::Submit), 1);
    let refused = client.submit(Input::new("A boat".repeat(1000))).await;
    assert!(refused.is_err());
    assert_eq!(script.count(Call::Submit), 1);
}
