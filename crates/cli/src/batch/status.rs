//! The command `runcomfy batch status`.

use clap::ArgMatches;
use runcomfy_batch::{Counts, State, Store};
use serde_json::{Map, Value, json};

use super::store;
use crate::failure::Failure;
use crate::format::Format;

/// Prints jobs by state, and the money.
pub(crate) async fn status(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let counts = store::open(matches)?.counts().await?;
    let json = to_json(&counts);
    format.print(&json, || to_text(&counts));
    Ok(())
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
        .collect::<Vec<_>>()
        .join("\n")
}
