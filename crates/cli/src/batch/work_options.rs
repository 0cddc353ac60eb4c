//! The settings of work on a batch: by `batch run`, or by `batch work`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use runcomfy::schema::ModelSchema;
use runcomfy::{Error, ErrorKind};
use runcomfy_batch::Metrics;

use super::shared_dir::SharedDir;
use super::store::Location;
use crate::failure::Failure;
use crate::format::Format;
use crate::progress::Notes;
use crate::session::{self, Session};

/// The settings of work on a batch.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct WorkOptions {
    pub(crate) location: Location,
    /// Folder of the saved files.
    pub(crate) out: PathBuf,
    /// Names of the saved files.
    pub(crate) name: String,
    pub(crate) concurrency: usize,
    pub(crate) lease: Duration,
    pub(crate) worker_dir: PathBuf,
    pub(crate) shared_dir: Option<SharedDir>,
    /// Address of the metrics.
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) counted: Arc<Metrics>,
    pub(crate) emulate: bool,
    pub(crate) logs: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    pub(crate) format: Format,
}

impl WorkOptions {
    /// Reads the command line.
    ///
    /// # Errors
    /// If the shared folder is none, or a setting is one for stores in Postgres alone.
    pub(crate) fn from_matches(
        matches: &ArgMatches,
        location: Location,
        emulate: bool,
        format: Format,
    ) -> Result<Self, Failure> {
        let text = |name| matches.get_one::<String>(name).cloned();
        let number = |name| matches.get_one::<u64>(name).copied().unwrap_or(1);
        for only in ["worker-dir", "shared-dir"] {
            if location.as_file().is_some() && matches.contains_id(only) {
                return Err(Failure::usage(format!(
                    "--{only} is for a store in Postgres, which workers on many machines have: add --store postgres://USER@HOST/DATABASE"
                )));
            }
        }
        let shared_dir = text("shared-dir").map(|path| SharedDir::new(&path));
        Ok(Self {
            out: text("out").map_or_else(|| location.folder(), PathBuf::from),
            name: text("name").unwrap_or_default(),
            concurrency: usize::try_from(number("concurrency")).unwrap_or(usize::MAX),
            lease: Duration::from_secs(number("lease")),
            worker_dir: text("worker-dir").map_or_else(|| location.worker_folder(), PathBuf::from),
            shared_dir: shared_dir.transpose()?,
            metrics: matches.get_one::<SocketAddr>("metrics").copied(),
            counted: Arc::default(),
            emulate,
            logs: matches.contains_id("log-format"),
            quiet: matches.get_flag("quiet"),
            verbose: matches.get_count("verbose") > 0,
            format,
            location,
        })
    }

    /// Connects to the service, or starts an emulator that has this model too.
    ///
    /// # Errors
    /// If there is no token, or the configuration is invalid; nothing was submitted. If the emulator cannot listen
    /// on a port of this machine.
    pub(crate) async fn connect(&self, schema: Option<&ModelSchema>) -> Result<Session, Failure> {
        let notes = Notes::new(true);
        if self.emulate {
            return Session::emulated(schema, notes, session::SUBMIT).await;
        }
        Session::counted(notes, session::SUBMIT, self.count()).map_err(Failure::before_submit)
    }

    /// Returns what counts failures that the client retries by itself.
    fn count(&self) -> impl Fn(&Error) + Send + Sync + 'static {
        let metrics = Arc::clone(&self.counted);
        move |error| {
            if error.kind() == ErrorKind::Throttled {
                metrics.count_throttled();
            }
        }
    }

    /// Returns the name of this process in reports and messages.
    pub(crate) fn process(&self) -> String {
        let process = format!("process {}", std::process::id());
        match self.location.as_file() {
            Some(_) => process,
            None => format!("{process} on {}", host()),
        }
    }
}

/// Returns the name of this machine.
#[cfg(unix)]
fn host() -> String {
    let system = rustix::system::uname();
    system.nodename().to_string_lossy().into_owned()
}

/// Returns the name of this machine.
#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "an unnamed machine".to_owned())
}
