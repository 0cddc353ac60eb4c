//! The command `runcomfy batch status`.

mod watch;

use clap::ArgMatches;
use runcomfy_batch::{Counts, Money, State};
use serde_json::{Map, Value, json};

use super::screen::View;
use super::store::Location;
use crate::failure::Failure;
use crate::format::Format;

/// Prints jobs by state, the money, the oldest held job and the doubts; with `--watch` until nothing is
/// left to do.
///
/// # Errors
/// If the store cannot be read, or a signal ends the watch.
pub(crate) async fn status(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let location = Location::from_matches(matches)?;
    let store = location.open().await?;
    if matches.get_flag("watch") {
        return watch::watch(&*store, &location, format).await;
    }
    let view = View::read(&*store, usize::MAX).await?;
    format.print(&with_names(&view), || {
        let names = view.words(location.named());
        let counts = to_text(&view.counts);
        if names.is_empty() {
            counts
        } else {
            format!("{counts}\n\n{}", names.join("\n"))
        }
    });
    Ok(())
}

/// Returns counts as JSON, with the oldest held job and the doubts by name.
fn with_names(view: &View) -> Value {
    let mut json = to_json(&view.counts);
    let (oldest, doubts) = view.names();
    json["oldest_held"] = oldest;
    json["in_doubt"] = doubts;
    json
}

/// Returns counts as JSON: jobs by the words of their states, and the money in dollars.
pub(crate) fn to_json(counts: &Counts) -> Value {
    let jobs = State::ALL.iter();
    let jobs = jobs.map(|state| (state.to_string(), counts.of_state(*state).into()));
    let money = counts.money;
    json!({
        "total": counts.total(),
        "jobs": jobs.collect::<Map<_, _>>(),
        "done": counts.is_done(),
        "doubts": counts.doubts,
        "strays": counts.strays,
        "money": {
            "budget": money.budget,
            "spent": money.spent,
            "spent_by_estimate": money.spent_by_estimate,
            "reserved": money.reserved,
            "in_doubt": money.in_doubt,
            "left": money.left(),
            "excess": money.excess(),
        },
    })
}

/// Returns counts as words: a line for each state, and for each sum of money.
pub(crate) fn to_text(counts: &Counts) -> String {
    let jobs = State::ALL.iter().map(|state| {
        let name = state.as_str().replace('_', " ");
        format!("{name:<10} {:>7}", counts.of_state(*state))
    });
    let money = counts.money;
    let mut sums = vec![
        ("spent", money.spent),
        ("reserved", money.reserved),
        ("in doubt", money.in_doubt),
    ];
    sums.extend(money.left().map(|left| ("left", left)));
    let sums = sums
        .iter()
        .map(|(name, sum)| format!("{name:<10} {sum:>7}"));
    jobs.chain([String::new()])
        .chain(sums)
        .chain(excess(counts).map(|excess| format!("\n{excess}")))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Says by how much the budget is exceeded, where it is.
fn excess(counts: &Counts) -> Option<String> {
    let (budget, excess) = (counts.money.budget?, counts.money.excess());
    (excess > Money::ZERO).then(|| format!("the budget of {budget} is exceeded by {excess}"))
}

/// Returns counts and money in one line.
pub(crate) fn to_line(counts: &Counts) -> String {
    let mut parts = vec![format!("{} of {} saved", counts.saved, counts.total())];
    let others = [
        (counts.submitted, "running"),
        (counts.intent, "submitting"),
        (counts.ready, "ready"),
        (counts.failed, "failed"),
        (counts.cancelled, "cancelled"),
        (counts.doubts, "in doubt"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0);
    parts.extend(others.map(|(count, what)| format!("{count} {what}")));
    let money = counts.money;
    parts.push(format!("{} spent", money.spent));
    parts.push(format!("{} reserved", money.reserved));
    parts.extend(money.left().map(|left| format!("{left} left")));
    parts.extend(excess(counts));
    parts.join(", ")
}
