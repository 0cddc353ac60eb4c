//! The progress of a run: a line that changes in a terminal, lines elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use runcomfy_batch::{Counts, Progress};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::options::Options;
use crate::format::{Format, is_used_by_a_person};
use crate::{last_line, show};

/// Shows the progress of a run on standard error.
pub(super) struct Watch {
    line: Option<ProgressBar>,
    /// `true` if nothing is shown before the end.
    is_silent: bool,
    is_verbose: bool,
    format: Format,
    next: Instant,
}

/// Time between two looks at the store, for a line that changes.
const FRAME: Duration = Duration::from_millis(500);
/// Time between two lines where they stay.
const LINE: Duration = Duration::from_secs(60);

impl Watch {
    pub(super) fn new(options: &Options, format: Format) -> Self {
        let is_silent = options.quiet || options.logs;
        let changes = !is_silent && is_used_by_a_person() && format == Format::Text;
        let line = changes.then(|| {
            let bar = ProgressBar::with_draw_target(None, last_line::target());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self {
            next: Instant::now() + if changes { FRAME } else { LINE },
            line,
            is_silent,
            is_verbose: options.verbose,
            format,
        }
    }

    /// Waits until the counts are to be shown again.
    pub(super) async fn tick(&mut self) {
        sleep_until(self.next).await;
        self.next = Instant::now() + if self.line.is_some() { FRAME } else { LINE };
    }

    /// Shows the counts.
    pub(super) fn show(&self, counts: &Counts) {
        let text = to_text(counts);
        match &self.line {
            Some(line) => line.set_message(text),
            None if self.is_silent => {}
            None if self.format.has_words() => show::note(&text),
            None => show::line(&json!({ "progress": super::super::status::to_json(counts) })),
        }
    }

    /// Shows an event that a person must know of; with `--verbose` all.
    pub(super) fn event(&self, event: &Progress) {
        let is_shown = match event {
            Progress::Failed(..)
            | Progress::Doubt(..)
            | Progress::NotSaved(..)
            | Progress::Paused(_)
            | Progress::Resumed => true,
            _ => self.is_verbose,
        };
        if !is_shown || self.is_silent {
            return;
        }
        if self.format.has_words() {
            self.note(&words(event));
        } else {
            show::line(&json!(event));
        }
    }

    /// Prints a line above the one that changes.
    pub(super) fn note(&self, text: &str) {
        match &self.line {
            Some(line) => line.suspend(|| show::note(text)),
            None => show::note(text),
        }
    }

    /// Removes the line that changes.
    pub(super) fn end(&self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}

fn words(event: &Progress) -> String {
    let job = event
        .job()
        .map(|job| format!("job {} `{}` ", job.n, job.id));
    let job = job.unwrap_or_default();
    match event {
        Progress::Submitted(job_ref) => {
            let id = job_ref.request_id.as_ref().map(ToString::to_string);
            format!("{job}was submitted as {}", id.unwrap_or_default())
        }
        Progress::Started(_) => format!("{job}runs"),
        Progress::Finished(_, cost) => {
            let cost = cost.map(|cost| format!(" for {cost}"));
            format!("{job}has ended{}", cost.unwrap_or_default())
        }
        Progress::Saved(_) => format!("{job}is saved"),
        Progress::Failed(_, why) => format!("{job}failed: {why}"),
        Progress::Cancelled(_) => format!("{job}was cancelled"),
        Progress::Retried(_, why) => format!("{job}is submitted again later: {why}"),
        Progress::Doubt(key, why) => format!("the submit {key} is in doubt: {why}"),
        Progress::NotSaved(_, why) => format!("{job}is not saved: {why}"),
        Progress::Paused(why) => format!("paused: {why}"),
        Progress::Resumed => "resumed".to_owned(),
        Progress::Budget(needed) => format!("the next job needs {needed}, which is not left"),
        other => other.as_str().to_owned(),
    }
}

/// Returns the counts in one line.
fn to_text(counts: &Counts) -> String {
    let mut parts = vec![format!("{} of {} saved", counts.saved, counts.total())];
    let others = [
        (counts.intent + counts.submitted, "running"),
        (counts.failed, "failed"),
        (counts.cancelled, "cancelled"),
        (counts.doubts, "in doubt"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0);
    parts.extend(others.map(|(count, what)| format!("{count} {what}")));
    let money = counts.money;
    parts.push(format!("{} spent", money.spent));
    if let Some(left) = money.left() {
        parts.push(format!("{left} left"));
    }
    parts.join(", ")
}
