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
    let sums = sums.iter().map(|(name, sum)| {
        let is_spent = *name == "spent";
        let part = estimated(counts).filter(|_| is_spent);
        let part = part.map_or_else(String::new, |part| format!(", of which {part}"));
        format!("{name:<10} {sum:>7}{part}")
    });
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

/// Returns the part of what is spent that the service has not reported, in words, where there is one.
fn estimated(counts: &Counts) -> Option<String> {
    let estimate = counts.money.spent_by_estimate;
    (estimate > Money::ZERO).then(|| format!("{estimate} by estimate"))
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
    let part = estimated(counts).map_or_else(String::new, |part| format!(" ({part})"));
    parts.push(format!("{} spent{part}", money.spent));
    parts.push(format!("{} reserved", money.reserved));
    parts.extend(money.left().map(|left| format!("{left} left")));
    parts.extend(excess(counts));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Costs of which the service has reported some: nobody takes the rest for what is charged.
    #[test]
    fn estimates_among_costs_are_named() {
        let mut counts = Counts::default();
        counts.money.spent = Money::from_micros(630_000);
        assert!(!to_text(&counts).contains("estimate"));
        assert!(!to_line(&counts).contains("estimate"));
        counts.money.spent_by_estimate = Money::from_micros(70_000);
        assert!(to_text(&counts).contains("spent        $0.63, of which $0.07 by estimate\n"));
        assert!(to_line(&counts).contains("$0.63 spent ($0.07 by estimate), "));
    }
}
