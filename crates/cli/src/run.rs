//! The command `runcomfy run`.

use clap::ArgMatches;
use runcomfy::{Job, Output, RequestId, Status};
use serde_json::json;

use crate::advice::NOTHING_SUBMITTED;
use crate::ctrl_c::{self, CtrlC};
use crate::failure::Failure;
use crate::format::Format;
use crate::input::{self, CheckMedia, Checked};
use crate::interrupt::unless_stopped;
use crate::job_file::{JobFile, Step};
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
    ctrl_c::check(matches)?;
    let job_file = JobFile::from_matches(matches)?;
    let submits = !job_file.as_ref().is_some_and(JobFile::has_begun);
    let media = match CheckMedia::from_matches(matches) {
        // The input was checked before its submit.
        _ if !submits => CheckMedia::None,
        media => media,
    };
    let checked = input(matches, model_id, named, media);
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
    let max_cost = matches.get_one::<f64>("max-cost").filter(|_| !emulate);
    let check_price =
        |max: &f64, lookup| price::check(*max, model_id, named.schema(), &checked.json, lookup);
    if matches.get_flag("dry-run") {
        let lookup = lookup().await?;
        max_cost.map_or(Ok(()), |max| check_price(max, &lookup))?;
        dry_run::show(model_id, named.schema(), &checked, &lookup, format);
        return Ok(());
    }
    checked.warnings().for_each(|warning| show::warn(&warning));
    if let Some(max) = max_cost.filter(|_| submits) {
        check_price(max, &lookup().await?)?;
    }
    if submits {
        unless_stopped(confirm::submit(matches, &checked), NOTHING_SUBMITTED).await?;
    }
    let known = Record {
        model_id: Some(model_id.to_owned()),
        input: Some(checked.json.clone()),
        warnings: checked.warnings_json(),
        is_emulated: emulate,
        ..Record::default()
    };
    let submitted = submitted(matches, named, model_id, &checked, &known, job_file, format);
    let failed = |failure: Failure| {
        let failure = failure.with_record(&known);
        if matches.contains_id("job-file") {
            failure.with_job_file()
        } else {
            failure
        }
    };
    submitted.await.map_err(failed)
}

/// Submits the checked input, unless the job file has its job, and waits for the job.
async fn submitted(
    matches: &ArgMatches,
    named: &Named,
    model_id: &str,
    checked: &Checked,
    known: &Record,
    mut job_file: Option<JobFile>,
    format: Format,
) -> Result<(), Failure> {
    let emulate = matches.get_flag("emulate");
    let key = matches.get_one::<String>("key");
    let step = match &job_file {
        Some(file) => file.step(model_id, &checked.json, key.map(String::as_str))?,
        None => Step::Submit,
    };
    let no_wait = matches.get_flag("no-wait");
    if let Step::Done(record) = &step {
        return print_again(record, no_wait, matches, format);
    }
    let mut progress = Progress::from_matches(matches, format);
    let limit = wait::timeout(matches).unwrap_or(session::SUBMIT);
    let session = if emulate {
        Session::emulated(named.schema(), progress.notes(), limit).await?
    } else {
        Session::connect(progress.notes(), limit).map_err(Failure::before_submit)?
    };
    save::prepare(matches)?;
    let mut ctrl_c = CtrlC::listen(matches);
    let mut known = known.clone();
    let job = if let Step::Wait(id) = &step {
        let id = id
            .parse()
            .map_err(|e| Failure::input(format!("the job file has the request id {id:?}: {e}")))?;
        progress.job(&id, None);
        session.client.json_job(id)
    } else {
        progress.show("submitting");
        // The job is one of this command.
        known.status = Some(Status::InQueue.to_string());
        let file = job_file.as_mut();
        submit(
            matches,
            &session,
            model_id,
            checked,
            file,
            &mut ctrl_c,
            &progress,
        )
        .await?
    };
    if no_wait {
        progress.end();
        known.request_id = Some(job.request_id().to_string());
        print_id(&known, format);
        return Ok(());
    }
    wait::finish(
        &job,
        matches,
        &mut progress,
        &mut ctrl_c,
        known,
        job_file,
        format,
    )
    .await
    // The emulator and its job end with this command.
    .map_err(|failure| if emulate { failure.emulated() } else { failure })
}

/// Submits the input. The job file has the key before that, and the request id after it.
async fn submit(
    matches: &ArgMatches,
    session: &Session,
    model_id: &str,
    checked: &Checked,
    mut job_file: Option<&mut JobFile>,
    ctrl_c: &mut CtrlC,
    progress: &Progress,
) -> Result<Job<Output>, Failure> {
    let key = matches.get_one::<String>("key").cloned();
    let key = key.unwrap_or_else(runcomfy::new_idempotency_key);
    if let Some(file) = &mut job_file {
        file.begin(model_id, &checked.json, &key)?;
    }
    // The input was checked before.
    let mut submit = session
        .client
        .submit_json(model_id, &checked.json)
        .key(&key);
    if let Some(timeout) = wait::timeout(matches) {
        submit = submit.deadline(timeout);
    }
    let accepted = |id: &RequestId| {
        let written = job_file.as_mut().map(|file| file.accepted(id.as_str()));
        if let Some(Err(failure)) = written {
            // The job exists, and its id is printed next.
            show::warn(failure.message());
        }
    };
    let submitted = ctrl_c
        .submit(&session.client, submit, model_id, &key, progress, accepted)
        .await;
    if let (Err(failure), Some(file)) = (&submitted, job_file)
        && !failure.may_have_a_job()
    {
        file.withdraw();
    }
    submitted
}

/// Prints the request id of a job that is not waited for.
fn print_id(record: &Record, format: Format) {
    let id = record.request_id.as_deref().unwrap_or_default();
    match format {
        Format::Record => format.print_json(&record.to_json()),
        _ => format.print_result(&json!({ "request_id": id, "wait": false }), || {
            id.to_owned()
        }),
    }
}

/// Prints the result of a job that is done: nothing is submitted, and nothing downloaded.
fn print_again(
    record: &Record,
    no_wait: bool,
    matches: &ArgMatches,
    format: Format,
) -> Result<(), Failure> {
    if no_wait {
        print_id(record, format);
        return Ok(());
    }
    let theirs = record.output.clone().unwrap_or_default();
    save::print(record, None, theirs, matches, format)
}

async fn input(
    matches: &ArgMatches,
    model_id: &str,
    named: &Named,
    media: CheckMedia,
) -> Result<Checked, Failure> {
    let Some(model) = named.schema() else {
        return input::unchecked(matches, model_id, named).await;
    };
    let checked = input::checked(matches, model, media).await?;
    Ok(checked.warned(named))
}
