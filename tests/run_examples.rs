//! Every program of `examples/` runs against the emulator. The projects below it have tests of their
//! own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use runcomfy_emulator::Emulator;

/// Finds the program that cargo has built beside this test, and builds it where it is missing, as
/// when only this test is run or the program needs a feature.
fn program(name: &str, features: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let program = profile.join("examples").join(name);
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    if !program.exists() {
        let built = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--package",
                "runcomfy",
                "--features",
                features,
            ])
            .args(["--example", name, "--target-dir"])
            .arg(profile.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.unwrap().success(), "could not build {name}");
    }
    program
}

/// Runs an example and returns what it prints, the number of jobs that it paid for, and the number
/// of files that it saved.
async fn run(name: &str, features: &str, arguments: &[&OsStr]) -> (String, usize, usize) {
    let emulator = Emulator::builder()
        .built_in_models()
        .slots(8)
        .run_time(Duration::from_millis(50));
    let emulator = emulator.start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(program(name, features));
    program
        .args(arguments)
        .env("RUNCOMFY_MODEL_API_BASE", emulator.base_url())
        .env("RUNCOMFY_TOKEN", "any")
        .current_dir(folder.path());
    // The emulator answers on this thread meanwhile.
    let output = tokio::task::spawn_blocking(move || program.output());
    let output = output.await.unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    (shown, emulator.ledger().len(), files)
}

#[tokio::test]
async fn quickstart_saves_a_picture() {
    let (shown, jobs, files) = run("quickstart", "", &[]).await;
    assert!(shown.starts_with("submitted "), "{shown}");
    assert_eq!((jobs, files), (1, 1), "{shown}");
}

#[tokio::test]
async fn watch_reports_progress() {
    let (shown, jobs, files) = run("watch", "", &[]).await;
    assert!(shown.starts_with("submitted "), "{shown}");
    assert!(shown.contains("file 1 of 1: "), "{shown}");
    assert_eq!((jobs, files), (1, 1), "{shown}");
}

#[tokio::test]
async fn form_has_every_property() {
    let (shown, jobs, _) = run("form", "", &[]).await;
    for part in [
        r#"<form data-model="bytedance/dreamina-4-0/edit">"#,
        r#"<textarea name="prompt" maxlength="800" required>"#,
        r#"<input type="number" step="any" name="scale" min="0" max="1" placeholder="0.5">"#,
        "<option selected>2048x2048(1:1)</option>",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(jobs, 0);
}

#[tokio::test]
async fn run_many_saves_every_picture() {
    let (shown, jobs, files) = run("run_many", "", &[]).await;
    assert_eq!((shown.lines().count(), jobs, files), (6, 6, 6), "{shown}");
}

#[tokio::test]
async fn local_media_are_checked_before_they_are_sent() {
    let folder = tempfile::tempdir().unwrap();
    // A picture of 5000x5000 pixels is too large for the model.
    let large = folder.path().join("large.gif");
    std::fs::write(&large, b"GIF89a\x88\x13\x88\x13\x00\x00\x00;").unwrap();
    let (shown, jobs, _) = run("local_media", "", &[large.as_os_str()]).await;
    assert!(shown.contains("Nothing was submitted"), "{shown}");
    assert_eq!(jobs, 0);

    // The emulator draws pictures that the model accepts.
    let emulator = Emulator::builder().built_in_models().start().await.unwrap();
    let client = runcomfy::Client::builder()
        .token("any")
        .base_url(emulator.base_url());
    let client = client.build().unwrap();
    let input = runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input::new("A boat");
    let output = client.run(&input).await.unwrap();
    let photo = client
        .download(output.image().unwrap(), folder.path())
        .await
        .unwrap();
    let (shown, jobs, _) = run("local_media", "", &[photo.path.as_os_str()]).await;
    assert!(shown.contains("submitted "), "{shown}");
    assert_eq!(jobs, 1);
}

#[tokio::test]
#[ignore = "slow: runs cargo"]
async fn blocking_saves_a_picture() {
    let (shown, jobs, files) = run("blocking", "blocking", &[]).await;
    assert_eq!((jobs, files), (1, 1), "{shown}");
}

#[tokio::test]
async fn testing_without_a_server_needs_no_server() {
    let (shown, jobs, files) = run("testing_without_a_server", "", &[]).await;
    assert!(shown.contains("a response is lost: "), "{shown}");
    assert_eq!((jobs, files), (0, 0), "{shown}");
}
