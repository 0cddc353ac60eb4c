//! Counts of a batch and its money, in words and as JSON.

use runcomfy_batch::{Counts, Money, State};
use serde_json::{Map, Value, json};

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
