//! The command `runcomfy batch run`.

pub(super) mod arguments;
mod candidate;
mod confirmation;
mod drift;
mod dry_run;
mod ending;
pub(super) mod engine;
mod faults;
mod file_pattern;
mod finish;
mod import;
mod job_source;
mod models;
mod options;
mod outlook;
mod planning;
mod shortfall;
mod validation;
mod watch;

use clap::ArgMatches;
use runcomfy::schema::ModelSchema;
use runcomfy_batch::{Plan, Store};

pub(crate) use arguments::command;

use self::job_source::JobSource;
use self::models::Models;
use self::options::Options;
use self::outlook::Outlook;
use self::validation::Validated;
use super::metrics::MetricsServer;
use super::opened::{Opened, Opener};
use super::work_options::WorkOptions;
use super::{log, lost_store};
use crate::advice::NOTHING_SUBMITTED;
use crate::failure::Failure;
use crate::format::Format;
use crate::interrupt::unless_stopped;
use crate::progress::Notes;
use crate::session::{self, Session, block_on};

/// Runs the jobs of a file until all have ended. All lines are checked before the first submit, and their
/// estimated cost is confirmed. Where nothing more may be submitted, the jobs that were submitted before are
/// finished first, since they are paid.
///
/// # Errors
/// If a line is invalid, nobody has agreed to the cost, or not all jobs are saved at the end.
pub(crate) fn run(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    log::start(matches);
    let options = Options::from_matches(matches, format)?;
    if options.no_submit {
        return block_on(finish::alone(&options.work));
    }
    let file = File::open(&options);
    if options.dry_run {
        return block_on(unless_stopped(
            dry_run::run(&options, file),
            NOTHING_SUBMITTED,
        ));
    }
    block_on(run_file(&options, file))
}

/// A file of jobs, and the models of its lines.
struct File {
    source: JobSource,
    models: Models,
}

/// One run of the command.
struct Run<'a> {
    options: &'a Options,
    source: JobSource,
    models: Models,
}

/// A checked file.
struct Checked {
    plan: Plan,
    validated: Validated,
    outlook: Outlook,
    session: Session,
}

async fn run_file(options: &Options, file: Result<File, Failure>) -> Result<(), Failure> {
    let place = match Place::open(&options.work).await {
        Ok(place) => place,
        Err(failure) => return Err(file.err().unwrap_or(failure)),
    };
    let File { source, models } = match file {
        Ok(file) => file,
        Err(refusal) => return Err(finish::before_refusal(&options.work, place, refusal).await),
    };
    let mut run = Run {
        options,
        source,
        models,
    };
    match run.agree(place.store()).await {
        Ok(agreed) => run.submit(place, agreed).await,
        Err(refusal) => Err(finish::before_refusal(&options.work, place, refusal).await),
    }
}

impl File {
    fn open(options: &Options) -> Result<Self, Failure> {
        let source = JobSource::open(options)?;
        let models = Models::resolve(&source, options)?;
        Ok(Self { source, models })
    }
}

impl Run<'_> {
    /// Checks all that is to be submitted, and lets a person agree to its cost.
    ///
    /// # Errors
    /// If nothing may be submitted.
    async fn agree(&mut self, store: Option<&dyn Store>) -> Result<Checked, Failure> {
        let checked = unless_stopped(Box::pin(self.check_all(store)), NOTHING_SUBMITTED).await?;
        let confirmed = confirmation::confirm(self, &checked.outlook, &checked.validated);
        unless_stopped(confirmed, NOTHING_SUBMITTED).await?;
        Ok(checked)
    }

    /// Checks all that is to be submitted.
    ///
    /// # Errors
    /// If nothing may be submitted, whoever agrees to it.
    async fn check_all(&mut self, store: Option<&dyn Store>) -> Result<Checked, Failure> {
        self.models.fetch_prices(self.options).await?;
        if let Some(store) = store {
            drift::refuse(store, &self.models, self.options).await?;
        }
        let compared = planning::compare(self, store).await?;
        lost_store::refuse(&self.options.work, store, &compared.plan).await?;
        let (plan, mut validated) = validation::validate(self, compared).await?;
        validated.refuse_or_skip(&self.source, self.options)?;
        let session = connect(&self.options.work, self.models.given()).await?;
        validated.refuse_unpriced()?;
        let shortfalls = std::mem::take(&mut validated.shortfalls);
        let outlook = Outlook::read(store, self.options, plan.planned(), shortfalls).await?;
        Ok(Checked {
            plan,
            validated,
            outlook,
            session,
        })
    }

    async fn submit(&self, place: Place<'_>, agreed: Checked) -> Result<(), Failure> {
        let Place {
            entry,
            server,
            opened,
        } = place;
        let opened = match opened {
            Some(opened) => opened,
            None => entry.create().await?,
        };
        let removed = agreed.outlook.planned.removed;
        let imported = import::import(self, &opened.store, &agreed.plan, removed);
        unless_stopped(imported, NOTHING_SUBMITTED).await?;
        let client = agreed.session.client.clone();
        engine::run_file(self, &entry, opened, client, server).await
    }
}

/// The place of the store of a run, and the store where there is one.
struct Place<'a> {
    entry: Opener<'a>,
    server: Option<MetricsServer>,
    opened: Option<Opened>,
}

impl<'a> Place<'a> {
    async fn open(options: &'a WorkOptions) -> Result<Self, Failure> {
        let entry = Opener::new(options)?;
        let server = MetricsServer::listen(options).await?;
        let opened = entry.open_if_exists().await?;
        Ok(Self {
            entry,
            server,
            opened,
        })
    }

    fn store(&self) -> Option<&dyn Store> {
        self.opened.as_ref().map(|opened| &*opened.store)
    }
}

/// Connects to the service, or starts an emulator that has this model too.
async fn connect(options: &WorkOptions, schema: Option<&ModelSchema>) -> Result<Session, Failure> {
    let notes = Notes::new(true);
    if options.emulate {
        return Session::emulated(schema, notes, session::SUBMIT).await;
    }
    Session::counted(notes, session::SUBMIT, options.count()).map_err(Failure::before_submit)
}
