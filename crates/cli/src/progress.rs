//! What is seen while a job is under way: a spinner in a terminal, plain lines elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use clap::ArgMatches;
use console::{Term, truncate_str};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use runcomfy::{DownloadProgress, Event};

use crate::show::{self, Format};

/// The progress of one job, on standard error.
pub(crate) struct Progress {
    spinner: Option<ProgressBar>,
    quiet: bool,
    said: String,
    /// The bytes of each file that are on disk, and all that it has.
    downloads: Vec<(u64, Option<u64>)>,
    started: Instant,
}

/// A spinner that moves this often looks alive and costs nothing.
const TICK: Duration = Duration::from_millis(100);

const LINE: &str = "{spinner} {elapsed} {msg}";
/// What stands before the message, at most: a spinner, and a time such as `59m`.
const BEFORE: usize = 8;

/// How downloads are shown whose size is known.
const BAR: &str = "{spinner} {elapsed} {wide_bar} {bytes}/{total_bytes}";

impl Progress {
    /// As the command line says; a script that reads JSON sees none.
    pub(crate) fn of(matches: &ArgMatches, format: Format) -> Self {
        Self::new(
            matches.get_flag("quiet") || format == Format::Json,
            matches.get_count("verbose") > 0,
        )
    }

    fn new(quiet: bool, verbose: bool) -> Self {
        // Lines stay to be read, a spinner does not.
        let lines = quiet || verbose || !stderr().is_terminal() || is_dumb();
        let spinner = (!lines).then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template(LINE) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            bar
        });
        Self {
            spinner,
            quiet,
            said: String::new(),
            downloads: Vec::new(),
            started: Instant::now(),
        }
    }

    /// Says how far it is; a line only where something has changed.
    pub(crate) fn say(&mut self, words: impl Into<String>) {
        let words = words.into();
        if self.quiet || words == self.said {
            return;
        }
        match &self.spinner {
            Some(spinner) => spinner.set_message(fitting(&words)),
            None => show::note(&format!("{words} ({} s)", self.started.elapsed().as_secs())),
        }
        self.said = words;
    }

    pub(crate) fn event(&mut self, event: &Event) {
        if *event == Event::NotCancellable {
            self.note(
                "the job was to be cancelled, but it runs already or has ended; it is waited for",
            );
            return;
        }
        if let (Event::Submitted, Some(spinner)) = (event, &self.spinner) {
            // Until the first answer; a line for it would say nothing.
            spinner.set_message("waiting");
        }
        self.say(match event {
            Event::Queued {
                position: Some(position),
            } => format!("queued, position {position}"),
            Event::Queued { position: None } => "queued".to_owned(),
            Event::Started => "running".to_owned(),
            Event::UnknownStatus(word) => word.clone(),
            Event::Retrying { pause, .. } => {
                // At least as long as it takes.
                let seconds = pause.as_secs() + 1;
                format!("the service cannot be asked; trying again within {seconds} s")
            }
            Event::Done(_) => "finished".to_owned(),
            _ => return,
        });
    }

    /// Says how far the files are: a bar in a terminal, elsewhere a line when they begin.
    pub(crate) fn download(&mut self, now: &DownloadProgress) {
        self.downloads.resize(now.files, (0, None));
        if let Some(file) = self.downloads.get_mut(now.file) {
            *file = (now.bytes, now.total);
        }
        let Some(bar) = &self.spinner else {
            if self.said != "downloading" {
                self.say("downloading");
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

    /// A line that stays, above the spinner.
    pub(crate) fn note(&self, line: &str) {
        if !self.quiet {
            self.insist(line);
        }
    }

    /// A line that stays, for who has pressed Ctrl-C and reads along, whatever else is shown.
    pub(crate) fn insist(&self, line: &str) {
        match &self.spinner {
            Some(spinner) => spinner.suspend(|| show::note(line)),
            None => show::note(line),
        }
    }

    pub(crate) fn end(&self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}

/// A line that runs over into the next would not be cleared when the window changes.
fn fitting(words: &str) -> String {
    let columns = usize::from(Term::stderr().size().1);
    let room = columns.saturating_sub(BEFORE);
    truncate_str(&show::plain(words), room, "…").into_owned()
}

/// Whether the terminal prints what is sent to it, and can do nothing else.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
