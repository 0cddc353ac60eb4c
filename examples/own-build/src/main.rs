//! Uses a model that only this project knows, from `schemas/acme/stamp-2/text-to-image.json`.
//!
//! ```sh
//! runcomfy emulator --port 8188 --schemas examples/own-build/schemas    # in another terminal
//! RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any cargo run -p runcomfy-example-own-build
//! ```

/// Holds one module for each segment of a model id.
pub mod models {
    runcomfy::include_models!();
}

use std::error::Error;

use models::acme::stamp_2::text_to_image::{Input, Style};
use runcomfy::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // The schema allows 24 characters.
    let too_long = Input::new("A text that does not fit on any stamp");
    println!("{}", too_long.validate());

    let client = Client::from_env()?;
    let output = client
        .run(Input::new("Sent with care").style(Style::Wax))
        .await?;
    println!("{:?}", output.urls());
    Ok(())
}
