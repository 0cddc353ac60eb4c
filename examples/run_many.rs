//! Runs many inputs, four jobs at a time, and keeps what failed apart from what succeeded.
//!
//! ```sh
//! runcomfy emulator --port 8188    # in another terminal; it needs no account
//! RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any cargo run --example run_many
//! ```

use std::error::Error;
use std::path::Path;

use runcomfy::Client;
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let weather = ["fog", "rain", "snow", "sun", "storm", "moonlight"];
    let inputs = weather.map(|weather| Input::new(format!("A boat in the {weather}")));

    // Results arrive in the order in which jobs end. The next input is submitted when there is room.
    let mut results = client.run_many(inputs).concurrency(4);
    while let Some(finished) = results.next().await {
        let name = weather[finished.number];
        match (finished.result, finished.job) {
            (Ok(output), Some(job)) => {
                let files = job.download(&output, Path::new(".")).await?;
                println!("{name}: saved {}", files[0].path.display());
            }
            // Submitting it again could pay for it twice.
            (Err(error), _) if error.may_have_been_submitted() => {
                eprintln!("{name}: {error}. The job may exist; look at the account first.");
            }
            (Err(error), _) => eprintln!("{name}: {error}"),
            (Ok(_), None) => unreachable!("an output has a job"),
        }
    }
    Ok(())
}
