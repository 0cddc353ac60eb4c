//! The set-up that most modules share.

use std::path::Path;
use std::process::Command;
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

/// Returns the path of a folder of this repository as a manifest has it.
pub(crate) fn repository(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    path.display().to_string().replace('\\', "/")
}

/// Returns the manifest of a crate of bindings outside of this workspace, up to its dependencies.
pub(crate) fn bindings_manifest(name: &str, features: &str) -> String {
    let runcomfy = repository("");
    format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n[dependencies]\nruncomfy = {{ path = \"{runcomfy}\", default-features = false, features = [{features}] }}\n"
    )
}

/// Returns a call of cargo in a crate outside of this workspace, which gets this workspace's versions of
/// its dependencies. Crates of one `target` share what they compile.
pub(crate) fn cargo(folder: &Path, target: &str, arguments: &[&str]) -> Command {
    let lock_file = folder.join("Cargo.lock");
    if !lock_file.exists() {
        std::fs::copy(repository("Cargo.lock"), lock_file).unwrap();
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(target);
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(arguments)
        .arg("--offline")
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .env_remove("CI");
    cargo
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
