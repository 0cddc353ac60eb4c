//! The progress of a run: a screen in a terminal, lines elsewhere.

use std::time::Duration;

use runcomfy_batch::{Progress, Row, Store};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::batch::counts;
use crate::batch::named;
use crate::batch::screen::Screen;
use crate::batch::work_options::WorkOptions;
use crate::format::Format;
use crate::show;

/// Shows the progress of a run on standard error.
pub(super) struct Watch {
    screen: Option<Screen>,
    /// `true` if nothing is shown before the end.
    is_silent: bool,
    is_verbose: bool,
    format: Format,
    next: Instant,
}

/// Time between two lines.
const LINE: Duration = Duration::from_secs(60);

impl Watch {
    pub(super) fn new(options: &WorkOptions) -> Self {
        let (location, format) = (&options.location, options.format);
        let is_silent = options.quiet || options.logs;
        let named = || location.named().to_owned();
        let screen = || Screen::start(location.title(), named(), format);
        Self {
            next: Instant::now() + LINE,
            screen: if is_silent { None } else { screen() },
            is_silent,
            is_verbose: options.verbose,
            format,
        }
    }

    /// Waits until the batch is to be shown again.
    pub(super) async fn tick(&self) {
        match &self.screen {
            Some(screen) => screen.next().await,
            None => sleep_until(self.next).await,
        }
    }

    /// Shows counts and money. A store that is busy or full is shown later; the engine says so.
    pub(super) async fn show(&mut self, store: &dyn Store) {
        self.next = Instant::now() + LINE;
        if let Some(screen) = &mut self.screen {
            let _ = screen.draw(store).await;
            return;
        }
        if self.is_silent {
            return;
        }
        match store.counts().await {
            Ok(counts) if self.format.has_words() => show::note(&counts::to_line(&counts)),
            Ok(counts) => show::line(&json!({ "progress": counts::to_json(&counts) })),
            Err(_) => {}
        }
    }

    /// Shows an event that a person must know of; with `--verbose` all.
    pub(super) async fn event(&mut self, event: &Progress, store: &dyn Store) {
        if let Some(screen) = &mut self.screen {
            screen.event(event);
        }
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
        let doubted = match event {
            // A store that is busy or full names it later.
            Progress::Doubt(key, _) => named::row_of(store, key).await.ok().flatten(),
            _ => None,
        };
        if self.format.has_words() {
            self.note(&words(event, doubted.as_ref()));
            return;
        }
        let mut line = json!(event);
        if let Some(row) = doubted {
            (line["n"], line["id"]) = (row.n.into(), json!(row.id));
        }
        show::line(&line);
    }

    /// Prints a line above the screen.
    pub(super) fn note(&mut self, text: &str) {
        match &mut self.screen {
            Some(screen) => screen.note(text),
            None => show::note(text),
        }
    }

    /// Removes the screen.
    pub(super) fn end(&mut self) {
        if let Some(screen) = &mut self.screen {
            screen.clear();
        }
    }
}

/// Returns an event as words. `doubted` is the job of a doubt, where the store names it.
fn words(event: &Progress, doubted: Option<&Row>) -> String {
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
        Progress::Doubt(key, why) => {
            let job = doubted.map(|row| format!(" of job {} `{}`", row.n, row.id));
            let job = job.unwrap_or_default();
            format!("the submit {key}{job} is in doubt: {why}")
        }
        Progress::NotSaved(_, why) => format!("{job}is not saved: {why}"),
        Progress::Paused(why) => format!("paused: {why}"),
        Progress::Resumed => "resumed".to_owned(),
        Progress::Budget(needed) => format!("the next job needs {needed}, which is not left"),
        other => other.as_str().to_owned(),
    }
}
