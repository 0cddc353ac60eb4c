//! Reports the progress of a job and of its download, with a deadline for the wait.
//!
//! ```sh
//! runcomfy emulator --port 8188    # in another terminal; it needs no account
//! RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any cargo run --example watch
//! ```

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use runcomfy::{Client, ErrorKind, Event};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let job = client.submit(Input::new("A boat in the fog")).await?;

    let mut watch = job.wait().deadline(Duration::from_secs(300)).watch();
    while let Some(event) = watch.next().await {
        match event {
            Event::Submitted => println!("submitted {}", job.request_id()),
            Event::Queued { position: Some(n) } => println!("queued, {n} jobs ahead"),
            Event::Started => println!("running"),
            Event::Retrying { failures, kind, .. } => println!("{failures} failed polls: {kind:?}"),
            Event::Done(status) => println!("done: {status}"),
            // The service may report more in a later version.
            other => println!("{other:?}"),
        }
    }

    let output = match watch.output().await {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::Deadline => {
            // The job keeps running and is charged. Any process can resume it.
            println!("resume with client.job::<Input>({:?})", job.request_id());
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let download = job.download(&output, Path::new("."));
    let download = download.on_progress(|progress| {
        println!(
            "file {} of {}: {} bytes",
            progress.file + 1,
            progress.files,
            progress.bytes
        );
    });
    for file in download.await? {
        println!("saved {}", file.path.display());
    }
    Ok(())
}
