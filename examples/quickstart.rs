//! Submits one job, waits for it and saves its picture.
//!
//! ```sh
//! runcomfy emulator --port 8188    # in another terminal; it needs no account
//! RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any cargo run --example quickstart
//! ```
//!
//! With a token of an account in `RUNCOMFY_TOKEN`, and without `RUNCOMFY_MODEL_API_BASE`, the job
//! runs on the service and costs money.

use std::error::Error;
use std::path::Path;

use runcomfy::Client;
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::{Input, WidthXHeight};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let input = Input::new("A boat in the fog").width_x_height(WidthXHeight::V2048x2048_1_1);

    // The input is validated first. Nothing invalid is sent.
    let job = client.submit(&input).await?;
    println!("submitted {}", job.request_id());

    let output = job.wait().await?;
    for file in job.download(&output, Path::new(".")).await? {
        println!("saved {}", file.path.display());
    }
    Ok(())
}
