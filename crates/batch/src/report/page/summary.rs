//! The head of a page: counts and money.

use std::fmt::Write;

use super::escape::escaped;
use crate::counts::Counts;
use crate::money::Money;
use crate::state::State;
use crate::timestamp::Timestamp;

/// Counts and money of a batch at one time.
pub(super) struct Summary<'a> {
    pub(super) title: &'a str,
    pub(super) at: Timestamp,
    pub(super) counts: &'a Counts,
}

/// States in the order in which a reader wants them.
const STATES: [State; 7] = [
    State::InDoubt,
    State::Failed,
    State::Saved,
    State::Submitted,
    State::Intent,
    State::Ready,
    State::Cancelled,
];

impl Summary<'_> {
    pub(super) fn html(&self) -> String {
        let (title, at, total) = (
            escaped(self.title),
            minute(self.at),
            grouped(self.counts.total()),
        );
        let jobs = if self.counts.total() == 1 {
            "job"
        } else {
            "jobs"
        };
        let progress = if self.counts.is_done() {
            "nothing is left to do by itself"
        } else {
            "the batch had not ended"
        };
        format!(
            "<header>\n<h1 dir=\"auto\">{title}</h1>\n<p class=\"when\">{total} {jobs} at <time datetime=\"{}\">{at}</time>; {progress}</p>\n{}{}{}</header>\n",
            self.at,
            self.states(),
            self.money(),
            self.strays()
        )
    }

    fn states(&self) -> String {
        let mut html = "<ul class=\"states\" aria-label=\"Jobs by state\">\n".to_owned();
        for state in STATES {
            let (word, count) = (state.as_str(), grouped(self.counts.of_state(state)));
            let name = name(state);
            let is_empty = if self.counts.of_state(state) == 0 {
                " class=\"none\""
            } else {
                ""
            };
            // Writing to a string cannot fail.
            let _ = writeln!(
                html,
                "<li{is_empty}><button type=\"button\" data-state=\"{word}\" aria-pressed=\"false\"><b>{count}</b> <span>{name}</span></button></li>"
            );
        }
        html + "</ul>\n"
    }

    fn money(&self) -> String {
        let money = self.counts.money;
        let mut html = "<dl class=\"money\">\n".to_owned();
        let mut sum = |name: &str, sum: Money, note: &str| {
            let _ = writeln!(html, "<div><dt>{name}</dt><dd>{sum}{note}</dd></div>");
        };
        let by_estimate = if money.spent_by_estimate == Money::ZERO {
            String::new()
        } else {
            format!(
                " <small>of which {} by estimate, since the service reported no cost</small>",
                money.spent_by_estimate
            )
        };
        sum("spent", money.spent, &by_estimate);
        sum("reserved", money.reserved, "");
        sum("in doubt", money.in_doubt, "");
        match (money.budget, money.left()) {
            (Some(budget), Some(left)) => {
                sum("left", left, "");
                let excess = money.excess();
                let note = if excess == Money::ZERO {
                    String::new()
                } else {
                    format!(" <small>exceeded by {excess}</small>")
                };
                sum("budget", budget, &note);
            }
            _ => sum("together", money.committed(), ""),
        }
        html + "</dl>\n"
    }

    fn strays(&self) -> String {
        match self.counts.strays {
            0 => String::new(),
            strays => format!(
                "<p class=\"warning\">The service gave {} ids that no submit of this batch has: jobs that may have been paid twice. The journal names them.</p>\n",
                grouped(strays)
            ),
        }
    }
}

/// Returns the words for a state.
pub(super) const fn name(state: State) -> &'static str {
    match state {
        State::Ready => "ready",
        State::Intent => "being submitted",
        State::Submitted => "running",
        State::Saved => "saved",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
        State::InDoubt => "in doubt",
    }
}

/// Returns a time to the minute.
pub(super) fn minute(time: Timestamp) -> String {
    let time = time.to_string();
    // RFC 3339 has 16 characters before the seconds.
    format!("{} UTC", time.get(..16).unwrap_or(&time).replace('T', " "))
}

/// Returns a number with a comma before each three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn every_state_has_a_count() {
        let mut states = STATES.to_vec();
        states.sort_unstable();
        assert_eq!(states, State::ALL);
    }
}
