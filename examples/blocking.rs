//! Makes the calls of `quickstart` without `async`.
//!
//! ```sh
//! runcomfy emulator --port 8188    # in another terminal; it needs no account
//! RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any cargo run --example blocking --features blocking
//! ```

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use runcomfy::blocking::Client;
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;

fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let job = client.submit(Input::new("A boat in the fog"))?;
    println!("submitted {}", job.request_id());

    // Options are set on the async call, in a closure.
    let output = job.wait_with(|wait| wait.deadline(Duration::from_secs(300)))?;
    for file in job.download(&output, Path::new("."))? {
        println!("saved {}", file.path.display());
    }
    Ok(())
}
