//! The set-up that most modules share.

use std::path::Path;
use std::time::Duration;

use runcomfy::{Client, ClientBuilder, RetryPolicy};
use runcomfy_emulator::{Builder, Emulator};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::judge::{Judge, Protocol};

/// Returns a duration in seconds.
pub(crate) fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Writes a file below a folder, and creates the folders on the way.
pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Starts an emulator of the built-in models, and makes a client for it.
pub(crate) async fn start(builder: Builder) -> (Emulator, Client) {
    let emulator = builder.built_in_models().start().await.unwrap();
    let client = client(&emulator).build().unwrap();
    (emulator, client)
}

/// Returns a builder of a client for the emulator.
pub(crate) fn client(emulator: &Emulator) -> ClientBuilder {
    Client::builder().token("t").base_url(emulator.base_url())
}

/// Returns a builder of a client for a judge on bare sockets, which retries at once.
pub(crate) fn client_of(judge: &Judge, protocol: Protocol) -> ClientBuilder {
    let backoff = Duration::from_millis(1);
    let retry = RetryPolicy::new()
        .initial_backoff(backoff)
        .max_backoff(backoff);
    let client = Client::builder()
        .token("t")
        .base_url(judge.base_url())
        .retry(retry);
    match protocol {
        Protocol::Http1 => client,
        Protocol::Http2 => client.http2_prior_knowledge(),
    }
}

/// Returns inputs whose prompts are `Boat 0`, `Boat 1` and so on.
pub(crate) fn boats(count: usize) -> impl Iterator<Item = Input> + Send + 'static {
    (0..count).map(|number| Input::new(format!("Boat {number}")))
}
