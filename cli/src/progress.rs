//! What is seen while a job is under way: a spinner in a terminal, plain lines elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use runcomfy::{JobStatus, Status};

/// The progress of one job, on standard error.
pub(crate) struct Progress {
    spinner: Option<ProgressBar>,
    quiet: bool,
    said: String,
    started: Instant,
}

/// A spinner that moves this often looks alive and costs nothing.
const TICK: Duration = Duration::from_millis(100);

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let spinner = (!quiet && stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            bar
        });
        Self {
            spinner,
            quiet,
            said: String::new(),
            started: Instant::now(),
        }
    }

    /// Says how far it is; a line only where something has changed.
    pub(crate) fn say(&mut self, words: impl Into<String>) {
        let words = words.into();
        if words == self.said || self.quiet {
            return;
        }
        match &self.spinner {
            Some(spinner) => spinner.set_message(words.clone()),
            None => eprintln!("{words} ({} s)", self.started.elapsed().as_secs()),
        }
        self.said = words;
    }

    pub(crate) fn status(&mut self, status: &JobStatus) {
        self.say(match (&status.status, status.queue_position) {
            (Status::InQueue, Some(position)) => format!("queued, position {position}"),
            (Status::InQueue, None) => "queued".to_owned(),
            (Status::InProgress, _) => "running".to_owned(),
            (Status::Completed | Status::Succeeded, _) => "finished".to_owned(),
            (other, _) => other.to_string(),
        });
    }

    /// A line that stays, above the spinner.
    pub(crate) fn note(&self, line: &str) {
        match &self.spinner {
            Some(spinner) => spinner.suspend(|| eprintln!("{line}")),
            None if self.quiet => {}
            None => eprintln!("{line}"),
        }
    }

    pub(crate) fn end(&self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
