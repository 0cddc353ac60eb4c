//! The progress of a job: a spinner in a terminal, plain lines elsewhere.

use std::io::{IsTerminal, stderr, stdin};
use std::time::{Duration, Instant};

use clap::ArgMatches;
use console::{Term, truncate_str};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use runcomfy::{DownloadProgress, Event, RequestId};

use crate::delivery::{self, Kind};
use crate::format::{Format, is_dumb};
use crate::last_line;
use crate::show;

/// Shows the progress of one job on standard error.
pub(crate) struct Progress {
    spinner: Option<ProgressBar>,
    /// `true` if no progress is shown.
    silent: bool,
    quiet: bool,
    format: Format,
    /// The last text shown.
    shown: String,
    /// For each file the bytes on disk and, if known, its size.
    downloads: Vec<(u64, Option<u64>)>,
    started: Instant,
}

/// Prints lines for a waiting user, above the spinner if there is one.
#[derive(Clone)]
pub(crate) struct Notes {
    spinner: Option<ProgressBar>,
    silent: bool,
}

impl Notes {
    /// Prints nothing if `silent` is `true`.
    pub(crate) fn new(silent: bool) -> Self {
        Self {
            spinner: None,
            silent,
        }
    }

    /// Reads the flags of the command line: nothing is printed with `--quiet`, or where programs read
    /// standard error.
    pub(crate) fn from_matches(matches: &ArgMatches) -> Self {
        Self::new(matches.get_flag("quiet") || !Format::from_matches(matches).has_words())
    }

    /// Prints a line.
    pub(crate) fn print(&self, line: &str) {
        match &self.spinner {
            _ if self.silent => {}
            Some(spinner) => spinner.suspend(|| show::note(line)),
            None => show::note(line),
        }
    }
}

/// Time between two frames of the spinner.
const TICK: Duration = Duration::from_millis(100);

const LINE: &str = "{spinner} {elapsed} {msg}";
/// Maximum columns before the message: a spinner, and a time such as `59m`.
const PREFIX_COLUMNS: usize = 6;

/// Template for downloads of known size.
const BAR: &str = "{spinner} {elapsed} {wide_bar} {bytes}/{total_bytes}";

impl Progress {
    /// Reads the flags of the command line. No progress is shown where programs read standard error.
    pub(crate) fn from_matches(matches: &ArgMatches, format: Format) -> Self {
        let quiet = matches.get_flag("quiet");
        let silent = quiet || !format.has_words();
        let verbose = matches.get_count("verbose") > 0;
        // Lines remain readable afterwards, a spinner does not.
        let lines = silent || verbose || !is_alone_in_a_terminal() || is_dumb();
        let spinner = (!lines).then(|| {
            let bar = ProgressBar::with_draw_target(None, last_line::target());
            if let Ok(style) = ProgressStyle::with_template(LINE) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            bar
        });
        Self {
            spinner,
            silent,
            quiet,
            format,
            shown: String::new(),
            downloads: Vec::new(),
            started: Instant::now(),
        }
    }

    /// Shows a new state of the job; a repeated one prints no second line.
    pub(crate) fn show(&mut self, text: impl Into<String>) {
        let text = text.into();
        if self.silent || text == self.shown {
            return;
        }
        match &self.spinner {
            Some(spinner) => spinner.set_message(truncated(&text)),
            None => show::note(&format!("{text} ({} s)", self.started.elapsed().as_secs())),
        }
        self.shown = text;
    }

    /// Shows an event of the wait.
    pub(crate) fn event(&mut self, event: &Event) {
        if *event == Event::NotCancellable {
            self.note(
                "the job was still queued after the limit, but it has started or ended meanwhile and was not cancelled; waiting for it",
            );
            return;
        }
        if let (Event::Submitted, Some(spinner)) = (event, &self.spinner) {
            // Until the first response. A line would add nothing to "submitted".
            spinner.set_message("waiting");
        }
        self.show(match event {
            Event::Queued { position: Some(0) } => "queued, next in line".to_owned(),
            Event::Queued {
                position: Some(position),
            } => format!("queued, position {position}"),
            Event::Queued { position: None } => "queued".to_owned(),
            Event::Started => "running".to_owned(),
            Event::UnknownStatus(status) => status.clone(),
            Event::Retrying { backoff, .. } => {
                // Rounded up.
                let seconds = backoff.as_secs() + 1;
                format!("the service cannot be reached; retrying within {seconds} s")
            }
            Event::Done(_) => "finished".to_owned(),
            _ => return,
        });
    }

    /// Shows the progress of downloads: a bar in a terminal, elsewhere one line at the start.
    pub(crate) fn download(&mut self, now: &DownloadProgress) {
        self.downloads.resize(now.files, (0, None));
        if let Some(file) = self.downloads.get_mut(now.file) {
            *file = (now.bytes, now.total);
        }
        let Some(bar) = &self.spinner else {
            if self.shown != "downloading" {
                self.show("downloading");
            }
            return;
        };
        let bytes = self.downloads.iter().map(|(bytes, _)| bytes).sum();
        let total: Option<u64> = self.downloads.iter().map(|(_, total)| *total).sum();
        match total.filter(|total| *total > 0) {
            Some(total) => {
                if bar.length() != Some(total) {
                    if let Ok(style) = ProgressStyle::with_template(BAR) {
                        bar.set_style(style);
                    }
                    bar.set_length(total);
                }
                bar.set_position(bytes);
            }
            None => bar.set_message(format!("downloading, {}", HumanBytes(bytes))),
        }
    }

    /// Prints the request id of the job as soon as it is known, unless `--quiet` is set: a command that
    /// is killed must not lose it. `submitted` is the model of a new job.
    pub(crate) fn job(&self, id: &RequestId, submitted: Option<&str>) {
        delivery::expect(Kind::RequestId, id.as_str());
        match (self.format, submitted) {
            _ if self.quiet => {}
            (Format::Json | Format::Record, _) => {
                show::expected(Kind::RequestId, id.as_str());
            }
            (_, Some(model_id)) => self.note(&format!("submitted {model_id} as {id}")),
            (_, None) => {}
        }
    }

    /// Returns what prints lines above the spinner.
    pub(crate) fn notes(&self) -> Notes {
        Notes {
            spinner: self.spinner.clone(),
            silent: self.silent,
        }
    }

    /// Prints a line above the spinner, unless `--quiet` is set.
    pub(crate) fn note(&self, line: &str) {
        if !self.silent {
            self.note_always(line);
        }
    }

    /// Prints a line above the spinner, also with `--quiet`: for a user who has pressed Ctrl-C.
    pub(crate) fn note_always(&self, line: &str) {
        match &self.spinner {
            Some(spinner) => spinner.suspend(|| show::note(line)),
            None => show::note(line),
        }
    }

    /// Returns the time since the start of the command.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Removes the spinner.
    pub(crate) fn end(&self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}

/// Truncates a text to one line of the terminal. A wrapped line would not be cleared completely.
fn truncated(text: &str) -> String {
    let columns = usize::from(Term::stderr().size().1);
    let room = columns.saturating_sub(PREFIX_COLUMNS + usize::from(last_line::FREE_COLUMNS));
    truncate_str(&show::plain(text), room, "…").into_owned()
}

/// Returns `true` if the command has the last line of a terminal for itself: not in the background, and
/// not as one of several that `xargs` or a script has started, whose standard input is no terminal.
fn is_alone_in_a_terminal() -> bool {
    stdin().is_terminal() && stderr().is_terminal() && is_in_foreground()
}

#[cfg(unix)]
pub(crate) fn is_in_foreground() -> bool {
    let foreground = rustix::termios::tcgetpgrp(stderr());
    foreground.is_ok_and(|group| group == rustix::process::getpgrp())
}

#[cfg(not(unix))]
pub(crate) fn is_in_foreground() -> bool {
    true
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
