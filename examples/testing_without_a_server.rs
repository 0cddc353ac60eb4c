//! Tests code that uses the client without a server, a token or a cent.
//!
//! ```sh
//! cargo run --example testing_without_a_server
//! ```
//!
//! `paint` and `advice` are the code under test; `main` does what a test of them would do.

use runcomfy::testing::{Call, Response, Script};
use runcomfy::{Client, Error, ErrorKind};
use serde_json::json;

/// Paints a picture; returns its URL.
async fn paint(client: &Client, prompt: &str) -> Result<String, Error> {
    let input = json!({ "prompt": prompt });
    let job = client.submit_json("acme/paint", &input).await?;
    let output = job.wait().await?;
    Ok(output.image().unwrap_or_default().to_owned())
}

/// Returns what a user of the program should do about an error.
fn advice(error: &Error) -> &'static str {
    if error.may_have_been_submitted() {
        "Look at your account before you paint again."
    } else if error.is_transient() {
        "Paint again later."
    } else if error.kind() == ErrorKind::InsufficientBalance {
        "Top up your account."
    } else {
        "Fix the prompt."
    }
}

// Time is paused: the wait polls as it does in production and takes no time.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Error> {
    // A script answers in this process. Every job succeeds unless it says otherwise.
    let script = Script::new();
    script.set_output(json!({"image": "https://output.example/boat.png"}));
    let client = script.client_builder().build()?;
    let url = paint(&client, "a boat").await?;
    assert_eq!(url, "https://output.example/boat.png");
    assert_eq!(script.requests()[0].body, json!({"prompt": "a boat"}));
    println!("a job succeeds: {url}");

    // Trouble on demand: the response of a submit is lost, so its outcome is unknown.
    script.respond(Call::Submit, Response::lost());
    let submits = script.count(Call::Submit);
    let Err(lost) = paint(&client, "a boat").await else {
        panic!("a lost response is an error");
    };
    assert_eq!(script.count(Call::Submit), submits + 1);
    println!("a response is lost: {}", advice(&lost));

    // Code that only handles errors needs no client: an error can be built.
    let broke = Error::builder(ErrorKind::InsufficientBalance)
        .http_status(402)
        .error_code(400_002)
        .build();
    assert_eq!(advice(&broke), "Top up your account.");
    println!("no balance is left: {}", advice(&broke));
    Ok(())
}
