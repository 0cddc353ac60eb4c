//! The command `runcomfy run`.

use clap::ArgMatches;
use runcomfy::Status;
use serde_json::json;

use crate::advice::NOTHING_SUBMITTED;
use crate::ctrl_c::CtrlC;
use crate::failure::Failure;
use crate::format::Format;
use crate::input::{self, CheckMedia, Checked};
use crate::interrupt::unless_stopped;
use crate::model::Named;
use crate::notice::with_notice;
use crate::progress::Progress;
use crate::record::Record;
use crate::session::{self, Session};
use crate::{confirm, dry_run, price, save, show, wait};

/// Submits a job, waits for it and saves its files. The input is checked before anything else.
///
/// # Errors
/// If the input has violations, or the submit, the job or a download fails.
pub(crate) async fn run(
    matches: &ArgMatches,
    named: &Named,
    format: Format,
) -> Result<(), Failure> {
    // clap requires one.
    let model_id = matches.get_one::<String>("model_id").map_or("", |id| id);
    let emulate = matches.get_flag("emulate");
    let checked = input(matches, model_id, named);
    let checked = unless_stopped(checked, NOTHING_SUBMITTED).await?;
    let lookup = async || {
        let known = named.known().and_then(|model| model.entry.clone());
        match known {
            Some(entry) => Ok(Ok(entry)),
            None if emulate => Ok(Err("an emulated run costs nothing".to_owned())),
            None => {
                let notice =
                    || show::note_while_waiting(matches, "querying the catalogue for the price");
                let lookup = with_notice(price::fetch(model_id), notice);
                unless_stopped(lookup, NOTHING_SUBMITTED).await
            }
        }
    };
    if matches.get_flag("dry-run") {
        dry_run::show(model_id, named.schema(), &checked, &lookup().await?, format);
        return Ok(());
    }
    checked.warnings().for_each(|warning| show::warn(&warning));
    if let Some(max) = matches.get_one::<f64>("max-cost").filter(|_| !emulate) {
        price::check(
            *max,
            model_id,
            named.schema(),
            &checked.json,
            &lookup().await?,
        )?;
    }
    unless_stopped(confirm::submit(matches, &checked), NOTHING_SUBMITTED).await?;
    let known = Record {
        model_id: Some(model_id.to_owned()),
        input: Some(checked.json.clone()),
        warnings: checked.warnings_json(),
        ..Record::default()
    };
    let submitted = submitted(matches, named, model_id, &checked, &known, format);
    submitted
        .await
        .map_err(|failure| failure.with_record(&known))
}

/// Submits the checked input, and waits for the job.
async fn submitted(
    matches: &ArgMatches,
    named: &Named,
    model_id: &str,
    checked: &Checked,
    known: &Record,
    format: Format,
) -> Result<(), Failure> {
    let emulate = matches.get_flag("emulate");
    let mut progress = Progress::from_matches(matches, format);
    let limit = wait::timeout(matches).unwrap_or(session::SUBMIT);
    let session = if emulate {
        Session::emulated(named.schema(), progress.notes(), limit).await?
    } else {
        Session::connect(progress.notes(), limit).map_err(Failure::before_submit)?
    };
    save::prepare(matches)?;
    let mut ctrl_c = CtrlC::listen();
    progress.show("submitting");
    // The input was checked above.
    let key = runcomfy::new_idempotency_key();
    let mut submit = session
        .client
        .submit_json(model_id, &checked.json)
        .key(&key);
    if let Some(timeout) = wait::timeout(matches) {
        submit = submit.deadline(timeout);
    }
    let job = ctrl_c
        .submit(&session.client, submit, model_id, &key, &progress)
        .await?;
    let id = job.request_id();
    if matches.get_flag("no-wait") {
        progress.end();
        let record = Record {
            request_id: Some(id.to_string()),
            status: Some(Status::InQueue.to_string()),
            ..known.clone()
        };
        match format {
            Format::Record => format.print_json(&record.to_json()),
            _ => format.print_result(&json!({ "request_id": id.as_str(), "wait": false }), || {
                id.to_string()
            }),
        }
        return Ok(());
    }
    let known = known.clone();
    wait::finish(&job, matches, &mut progress, &mut ctrl_c, known, format)
        .await
        // The emulator and its job end with this command.
        .map_err(|failure| if emulate { failure.emulated() } else { failure })
}

async fn input(matches: &ArgMatches, model_id: &str, named: &Named) -> Result<Checked, Failure> {
    let Some(model) = named.schema() else {
        return input::unchecked(matches, model_id, named).await;
    };
    let checked = input::checked(matches, model, CheckMedia::from_matches(matches)).await?;
    Ok(checked.warned(named))
}
