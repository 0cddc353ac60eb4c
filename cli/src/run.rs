//! `runcomfy run`

use clap::ArgMatches;
use runcomfy::Json;
use serde_json::json;

use crate::failure::Failure;
use crate::input::{self, Checked};
use crate::model::Named;
use crate::progress::Progress;
use crate::session::Session;
use crate::show::{self, Format};
use crate::wait;

/// Submits, waits, downloads. Everything about the input is checked before anything is set up.
pub(crate) async fn run(
    matches: &ArgMatches,
    named: &Named,
    format: Format,
) -> Result<(), Failure> {
    // clap has made sure that there is one.
    let model_id = matches.get_one::<String>("model_id").map_or("", |id| id);
    let emulate = matches.get_flag("emulate");
    let input = input(matches, model_id, named, emulate).await?;
    let session = if emulate {
        Session::emulated(named.schema()).await?
    } else {
        Session::service()?
    };
    let mut progress = Progress::of(matches, format);
    progress.say("submitting");
    // Checked above, with all that the terminal has to say about it.
    let mut submit = session.client.submit_json(model_id, &input);
    if let Some(limit) = wait::limit(matches) {
        submit = submit.deadline(limit);
    }
    let job = submit.await.map_err(Failure::submit)?;
    let id = job.request_id();
    if matches.get_flag("no-wait") {
        progress.end();
        let json = json!({ "request_id": id.as_str(), "status": "in_queue", "error": null });
        format.print(&json, || id.to_string());
        return Ok(());
    }
    progress.note(&format!("submitted {model_id} as {id}"));
    wait::to_the_end(&job, matches, &mut progress, format).await
}

async fn input(
    matches: &ArgMatches,
    model_id: &str,
    named: &Named,
    emulate: bool,
) -> Result<Json, Failure> {
    let Some(model) = named.schema() else {
        return match named {
            // The emulator knows no others.
            Named::Unknown(why) if emulate => Err(input::unknown(model_id, why)),
            _ => input::unchecked(matches, model_id, named),
        };
    };
    // An emulated run costs nothing, and should work without a network.
    let look = !emulate && !matches.get_flag("no-check-media");
    let Checked { json, warnings } = input::checked(matches, model, look).await?;
    for warning in &warnings {
        show::note(&format!("warning: {}", warning.in_words()));
    }
    Ok(json)
}
