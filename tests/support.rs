//! The set-up that most modules share.

use std::time::Duration;

use runcomfy::{Client, ClientBuilder};
use runcomfy_emulator::{Builder, Emulator};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;

/// Returns a duration in seconds.
pub(crate) fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
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

/// Returns inputs whose prompts are `Boat 0`, `Boat 1` and so on.
pub(crate) fn boats(count: usize) -> impl Iterator<Item = Input> + Send + 'static {
    (0..count).map(|number| Input::new(format!("Boat {number}")))
}
