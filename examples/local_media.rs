//! Sends a file of this machine, after its size and shape are checked against the model's rules.
//!
//! ```sh
//! runcomfy emulator --port 8188    # in another terminal; it needs no account
//! RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any cargo run --example local_media -- photo.jpg
//! ```

use std::error::Error;
use std::path::PathBuf;

use runcomfy::media::CheckMedia;
use runcomfy::schema::Certainty;
use runcomfy::{Client, Model};
use runcomfy_models::bytedance::dreamina_4_0::edit::{Input, Required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(photo) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err("usage: local_media FILE".into());
    };
    let client = Client::from_env()?;
    // A path, bytes or a URL: each is accepted where the schema expects media.
    let input = Input::new(Required {
        image_urls: [photo.as_path()],
        prompt: "Add a boat",
    });

    // A few kilobytes of the file are enough. Warnings are violations that are likely, not certain.
    let violations = input.check_media(&client).await?;
    for violation in &violations {
        println!("{violation}");
    }
    if violations
        .iter()
        .any(|violation| violation.certainty == Certainty::Certain)
    {
        println!("Nothing was submitted, so nothing is charged. Fix the file and run it again.");
        return Ok(());
    }

    // A submit checks local files by itself; `Everything` checks URLs, too.
    let job = client
        .submit(&input)
        .check_media(CheckMedia::Everything)
        .await?;
    println!("submitted {}", job.request_id());
    println!("{:?}", job.wait().await?.urls());
    Ok(())
}
