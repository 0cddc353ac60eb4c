//! The settings of a run.

use clap::ArgMatches;
use runcomfy_batch::{Limits, Money, Rate};

use super::arguments::OrNone;
use crate::batch::store::Location;
use crate::batch::work_options::WorkOptions;
use crate::failure::Failure;
use crate::format::Format;

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
    pub(super) work: WorkOptions,
    /// Model of the lines that name none.
    pub(super) model: Option<String>,
    /// File of the schema of `model`.
    pub(super) schema: Option<String>,
    pub(super) repeat: u64,
    pub(super) skip_invalid: bool,
    /// Nothing is submitted, and the file of jobs is not read.
    pub(super) no_submit: bool,
    /// Everything is checked, and nothing is submitted or stored.
    pub(super) dry_run: bool,
    pub(super) accept_schema: bool,
    pub(super) check_media: bool,
    pub(super) allow_loopback: bool,
    budget: Option<OrNone<Money>>,
    rate: Option<OrNone<Rate>>,
    pub(super) price_per_job: Option<Money>,
    pub(super) yes: bool,
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// If standard input has no store, or a setting does not fit the store.
    pub(super) fn from_matches(matches: &ArgMatches, format: Format) -> Result<Self, Failure> {
        let text = |name| matches.get_one::<String>(name).cloned();
        // clap requires it.
        let file = text("file").unwrap_or_default();
        let emulate = matches.get_flag("emulate");
        if file == STDIN && text("store").is_none() {
            return Err(Failure::usage(
                "jobs of standard input need --store FILE, by which the same command resumes them",
            ));
        }
        let location = if emulate {
            Location::emulated(&file)
        } else {
            Location::from_matches(matches)?
        };
        let number = |name| matches.get_one::<u64>(name).copied().unwrap_or(1);
        Ok(Self {
            work: WorkOptions::from_matches(matches, location, emulate, format)?,
            file,
            model: text("model"),
            schema: text("schema"),
            repeat: number("repeat"),
            skip_invalid: matches.get_flag("skip-invalid"),
            no_submit: matches.get_flag("no-submit"),
            dry_run: matches.get_flag("dry-run"),
            accept_schema: matches.get_flag("accept-schema"),
            check_media: !matches.get_flag("no-check-media"),
            allow_loopback: matches.get_flag("allow-loopback"),
            budget: matches.get_one::<OrNone<Money>>("budget").copied(),
            rate: matches.get_one::<OrNone<Rate>>("rate").copied(),
            price_per_job: matches.get_one::<Money>("price-per-job").copied(),
            yes: matches.get_flag("yes"),
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
