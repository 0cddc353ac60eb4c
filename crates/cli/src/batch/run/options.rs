//! The settings of a run.

use std::path::PathBuf;

use clap::ArgMatches;
use runcomfy_batch::{Limits, Money, Rate};

use super::arguments::OrNone;
use crate::batch::store;
use crate::failure::Failure;

/// Name of standard input.
pub(super) const STDIN: &str = "-";

/// The settings of a run.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(super) struct Options {
    /// Path of the file of jobs, or `-`.
    pub(super) file: String,
    pub(super) store: PathBuf,
    pub(super) out: PathBuf,
    pub(super) name: String,
    /// Model of the lines that name none.
    pub(super) model: Option<String>,
    /// File of the schema of `model`.
    pub(super) schema: Option<String>,
    pub(super) repeat: u64,
    pub(super) skip_invalid: bool,
    pub(super) accept_schema: bool,
    pub(super) check_media: bool,
    pub(super) allow_loopback: bool,
    budget: Option<OrNone<Money>>,
    rate: Option<OrNone<Rate>>,
    pub(super) price_per_job: Option<Money>,
    pub(super) yes: bool,
    pub(super) emulate: bool,
    pub(super) concurrency: usize,
    pub(super) logs: bool,
    pub(super) quiet: bool,
    pub(super) verbose: bool,
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// If standard input has no store.
    pub(super) fn from_matches(matches: &ArgMatches) -> Result<Self, Failure> {
        let text = |name| matches.get_one::<String>(name).cloned();
        // clap requires it.
        let file = text("file").unwrap_or_default();
        let emulate = matches.get_flag("emulate");
        if file == STDIN && text("store").is_none() {
            return Err(Failure::usage(
                "jobs of standard input need --store FILE, by which the same command resumes them",
            ));
        }
        let store = if emulate {
            PathBuf::from(format!("{file}{}", store::EMULATED))
        } else {
            store::path(matches)
        };
        let out = text("out").map_or_else(|| store::folder_of(&store), PathBuf::from);
        let number = |name| matches.get_one::<u64>(name).copied().unwrap_or(1);
        Ok(Self {
            file,
            out,
            store,
            name: text("name").unwrap_or_default(),
            model: text("model"),
            schema: text("schema"),
            repeat: number("repeat"),
            skip_invalid: matches.get_flag("skip-invalid"),
            accept_schema: matches.get_flag("accept-schema"),
            check_media: !matches.get_flag("no-check-media"),
            allow_loopback: matches.get_flag("allow-loopback"),
            budget: matches.get_one::<OrNone<Money>>("budget").copied(),
            rate: matches.get_one::<OrNone<Rate>>("rate").copied(),
            price_per_job: matches.get_one::<Money>("price-per-job").copied(),
            yes: matches.get_flag("yes"),
            emulate,
            concurrency: usize::try_from(number("concurrency")).unwrap_or(usize::MAX),
            logs: matches.contains_id("log-format"),
            quiet: matches.get_flag("quiet"),
            verbose: matches.get_count("verbose") > 0,
        })
    }

    /// Returns the limits of this run: those of the command line, else those that the store has.
    pub(super) fn limits(&self, before: Limits) -> Limits {
        let mut limits = before;
        if let Some(budget) = self.budget {
            limits.budget = budget.into_option();
        }
        if let Some(rate) = self.rate {
            limits.rate = rate.into_option();
        }
        limits
    }
}
