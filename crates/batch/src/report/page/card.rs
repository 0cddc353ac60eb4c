//! Jobs on a page, each as a card.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use humantime::format_duration;

use super::escape::escaped;
use super::location::Location;
use super::summary::{grouped, minute, name};
use super::{excerpt, media};
use crate::money::Money;
use crate::report::entry::Entry;
use crate::row::Attempt;
use crate::state::State;

/// The cards of a page.
#[derive(Debug, Default)]
pub(super) struct Cards {
    html: Vec<String>,
    /// Number of cards for each model.
    models: BTreeMap<String, u64>,
    states: BTreeMap<State, u64>,
}

impl Cards {
    /// Adds a job.
    pub(super) fn add(&mut self, entry: &Entry, location: &Location) {
        let row = &entry.row;
        *self.models.entry(row.model.clone()).or_default() += 1;
        *self.states.entry(row.state).or_default() += 1;
        self.html.push(card(entry, location));
    }

    /// Writes the filter and the cards, of `total` jobs.
    pub(super) fn write(
        &self,
        total: u64,
        has_inputs: bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let shown = grouped(self.html.len() as u64);
        let states = self
            .states
            .iter()
            .map(|(state, count)| (state.as_str(), name(*state), *count));
        let models = self
            .models
            .iter()
            .map(|(model, count)| (&**model, &**model, *count));
        let states = options("All states", states);
        let models = options("All models", models);
        let prompts = if has_inputs {
            "<label class=\"switch\"><input type=\"checkbox\" id=\"prompts\" checked> Prompts</label>\n"
        } else {
            ""
        };
        writeln!(
            out,
            r#"<main>
<h2 class="hidden">Jobs</h2>
<form class="filter" role="search" aria-label="Filter jobs">
<input type="search" id="text" placeholder="Filter by text" aria-label="Filter by text" autocomplete="off" aria-keyshortcuts="/">
<select id="state" aria-label="Filter by state">
{states}</select>
<select id="model" aria-label="Filter by model">
{models}</select>
{prompts}<output id="shown" aria-live="polite">{shown} jobs</output>
</form>"#
        )?;
        if (self.html.len() as u64) < total {
            writeln!(
                out,
                "<p class=\"warning\">Only the first {shown} of {} jobs are shown. The sums are those of all. JSON Lines and CSV have every job.</p>",
                grouped(total)
            )?;
        }
        writeln!(out, "<div class=\"cards\">")?;
        for card in &self.html {
            out.write_all(card.as_bytes())?;
        }
        writeln!(
            out,
            "</div>\n<p id=\"none\" class=\"empty\"{}>No job matches.</p>\n</main>",
            if self.html.is_empty() { "" } else { " hidden" }
        )
    }
}

fn options<'a>(all: &str, options: impl Iterator<Item = (&'a str, &'a str, u64)>) -> String {
    let mut html = format!("<option value=\"\">{all}</option>\n");
    for (value, text, count) in options {
        // Writing to a string cannot fail.
        let _ = writeln!(
            html,
            "<option value=\"{}\">{} ({})</option>",
            escaped(value),
            escaped(text),
            grouped(count)
        );
    }
    html
}

fn card(entry: &Entry, location: &Location) -> String {
    let row = &entry.row;
    let attempt = row.attempt.as_ref();
    let (state, money) = (row.state.as_str(), entry.money);
    let mut html = format!(
        "<article class=\"card\" id=\"job-{n}\" data-state=\"{state}\" data-model=\"{model}\" data-micros=\"{micros}\" aria-labelledby=\"name-{n}\">\n{media}\n<div class=\"text\">\n<h3><span class=\"id\" id=\"name-{n}\" dir=\"auto\">{id}</span> <span class=\"state\">{name}</span></h3>\n",
        n = row.n,
        model = escaped(&row.model),
        micros = money.committed().micros(),
        media = media::html(row, location),
        id = escaped(row.id.as_str()),
        name = name(row.state),
    );
    if let Some(prompt) = entry.prompt() {
        let prompt = excerpt::of_text(prompt);
        let _ = writeln!(
            html,
            "<p class=\"prompt\" dir=\"auto\">{}</p>",
            escaped(&prompt)
        );
    }
    if let Some(note) = attempt.and_then(|attempt| attempt.note.as_deref()) {
        let note = excerpt::of_text(note);
        let _ = writeln!(
            html,
            "<p class=\"note\" dir=\"auto\">{}</p>",
            escaped(&note)
        );
    }
    html.push_str(&list(&facts(entry)));
    let _ = write!(
        html,
        "<details><summary>Details</summary>\n{}",
        list(&details(entry))
    );
    if !row.input.is_null() {
        let input = format!("{:#}", excerpt::of_json(&row.input));
        let _ = writeln!(
            html,
            "<pre class=\"input\" dir=\"auto\">{}</pre>",
            escaped(&input)
        );
    }
    html + "</details>\n</div>\n</article>\n"
}

/// A name and its value.
type Fact = (&'static str, String);

fn list(facts: &[Fact]) -> String {
    let mut html = "<dl>\n".to_owned();
    for (name, value) in facts {
        // Writing to a string cannot fail.
        let _ = writeln!(
            html,
            "<div><dt>{name}</dt><dd>{}</dd></div>",
            escaped(value)
        );
    }
    html + "</dl>\n"
}

/// Returns what a reader looks for.
fn facts(entry: &Entry) -> Vec<Fact> {
    let mut facts = vec![("model", entry.row.model.clone())];
    facts.extend(sums(entry));
    if let Some(attempt) = &entry.row.attempt {
        facts.push(("time", minute(attempt.claimed_at)));
        facts.extend(run_time(attempt).map(|time| ("took", format_duration(time).to_string())));
    }
    facts
}

/// Returns what is needed to argue about a job.
fn details(entry: &Entry) -> Vec<Fact> {
    let mut facts = vec![("number", entry.row.n.to_string())];
    if let Some(attempt) = &entry.row.attempt {
        facts.push(("attempts", attempt.number.to_string()));
        let id = attempt.request_id.as_ref();
        facts.extend(id.map(|id| ("request id", id.to_string())));
        facts.push(("key", attempt.key.to_string()));
        facts.push(("claimed", attempt.claimed_at.to_string()));
        facts.extend(attempt.submitted_at.map(|at| ("submitted", at.to_string())));
        facts.extend(attempt.ended_at.map(|at| ("ended", at.to_string())));
        let worker = entry.row.worker();
        facts.extend(worker.map(|worker| ("files of", worker.to_owned())));
    }
    facts
}

/// Returns what the job has cost so far, or what it will probably cost.
fn sums(entry: &Entry) -> Vec<Fact> {
    let (row, money) = (&entry.row, entry.money);
    let mut facts = Vec::new();
    if row.state.has_ended() || money.spent > Money::ZERO {
        let by_estimate = if money.spent_by_estimate > Money::ZERO {
            ", by estimate"
        } else {
            ""
        };
        facts.push(("cost", format!("{}{by_estimate}", money.spent)));
    }
    if row.state == State::Ready {
        facts.push(("estimate", row.estimate.to_string()));
    }
    for (name, sum) in [("reserved", money.reserved), ("in doubt", money.in_doubt)] {
        if sum > Money::ZERO {
            facts.push((name, sum.to_string()));
        }
    }
    facts
}

/// Returns the time from the id to the end, in whole seconds.
fn run_time(attempt: &Attempt) -> Option<Duration> {
    let time = attempt.ended_at?.since(attempt.submitted_at?);
    // Rounded up.
    Some(Duration::from_secs(
        time.as_millis()
            .div_ceil(1000)
            .try_into()
            .unwrap_or(u64::MAX),
    ))
}
