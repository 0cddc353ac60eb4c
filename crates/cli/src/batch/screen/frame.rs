//! A frame of the screen, as lines.

use std::time::Duration;

use console::{StyledObject, style};
use runcomfy_batch::Money;

use super::span;
use super::throughput::{Throughput, WINDOW};
use super::view::View;
use crate::batch::named::Named;
use crate::show;

/// A frame before it is laid out for a terminal.
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    /// Arguments by which other commands find the batch.
    pub(super) named: &'a str,
    pub(super) elapsed: Duration,
    pub(super) paused: Option<&'a str>,
    pub(super) view: &'a View,
    pub(super) throughput: &'a Throughput,
}

/// Width of a count or a sum.
const NUMBER: usize = 10;
/// Maximum width of the bar.
const MAX_BAR: usize = 60;

impl Frame<'_> {
    /// Returns the lines for a terminal of this size. The last ones are doubts, of which as many are named
    /// as there is room for.
    pub(super) fn lines(&self, rows: usize, columns: usize) -> Vec<String> {
        let mut lines = vec![self.head(), String::new(), self.bar(columns), String::new()];
        lines.extend(self.table());
        lines.push(String::new());
        lines.push(self.pace());
        let age = |named: &Named| {
            let age = self.view.now.since(named.attempt.claimed_at);
            format!("for {}", span::words(age))
        };
        lines.extend(self.view.oldest_line(age));
        let room = rows.saturating_sub(lines.len());
        lines.extend(self.view.doubt_lines(self.named, room, age));
        lines
    }

    fn head(&self) -> String {
        let title = style(show::plain(self.title)).bold().for_stderr();
        match self.paused {
            Some(why) if !self.view.counts.is_done() => {
                let why = show::plain(why).replace(['\n', '\t'], " ");
                format!(
                    "{title}  {}",
                    style(format!("paused: {why}")).yellow().for_stderr()
                )
            }
            _ => format!("{title}  for {}", span::words(self.elapsed)),
        }
    }

    fn bar(&self, columns: usize) -> String {
        let counts = &self.view.counts;
        let total = counts.total();
        let ended = counts.saved + counts.failed + counts.cancelled + counts.in_doubt;
        let text = format!("  {ended} of {total}");
        let width = columns.saturating_sub(text.len() + 2).min(MAX_BAR) as u64;
        let filled = (ended * width).checked_div(total).unwrap_or_default();
        let part = |length: u64, with: &str| with.repeat(usize::try_from(length).unwrap_or(0));
        format!(
            "  {}{}{text}",
            style(part(filled, "█")).green().for_stderr(),
            part(width - filled, "░")
        )
    }

    /// Returns counts and money side by side.
    fn table(&self) -> Vec<String> {
        let counts = &self.view.counts;
        let states = [
            ("saved", counts.saved),
            ("running", counts.submitted),
            ("submitting", counts.intent),
            ("ready", counts.ready),
            ("failed", counts.failed),
            ("cancelled", counts.cancelled),
            ("in doubt", counts.in_doubt),
        ];
        let money = counts.money;
        let dash = || "-".to_owned();
        let or_dash = |sum: Option<Money>| sum.map_or_else(dash, |sum| sum.to_string());
        let mut sums = vec![
            ("spent", money.spent.to_string()),
            ("reserved", money.reserved.to_string()),
            ("in doubt", money.in_doubt.to_string()),
            ("left", or_dash(money.left())),
            ("budget", or_dash(money.budget)),
        ];
        if money.spent_by_estimate > Money::ZERO {
            sums.insert(1, ("  estimated", money.spent_by_estimate.to_string()));
        }
        if money.excess() > Money::ZERO {
            sums.push(("exceeded by", money.excess().to_string()));
        }
        let mut sums = sums.into_iter();
        let line = |(name, count): (&str, u64)| {
            let count = coloured(name, count, format!("{count:>NUMBER$}"));
            let sum = sums.next().map(|(name, sum)| {
                let is_doubt = name == "in doubt" && money.in_doubt > Money::ZERO;
                let sum = format!("{sum:>12}");
                let sum = if is_doubt {
                    style(sum).yellow()
                } else {
                    style(sum)
                };
                format!("        {name:<12}{}", sum.for_stderr())
            });
            format!("  {name:<11}{count}{}", sum.unwrap_or_default())
        };
        states.map(line).to_vec()
    }

    fn pace(&self) -> String {
        let rate = match self.throughput.rate() {
            Some(rate) if rate >= 1.0 => format!("{rate:.1} jobs a second"),
            Some(rate) => format!("{:.1} jobs a minute", rate * 60.0),
            None if self.elapsed < WINDOW => "no job has ended since this screen began".to_owned(),
            None => "no job has ended in the last minute".to_owned(),
        };
        let left = self.throughput.left();
        let left = left.map(|left| format!(", about {} left", span::words(left)));
        if self.view.counts.is_done() {
            return "  nothing is left to do".to_owned();
        }
        format!("  {rate}{}", left.unwrap_or_default())
    }
}

/// Colours a count that is not zero.
fn coloured(name: &str, count: u64, text: String) -> StyledObject<String> {
    let text = style(text).for_stderr();
    match name {
        _ if count == 0 => text,
        "saved" => text.green(),
        "failed" => text.red(),
        "in doubt" => text.yellow(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use console::{measure_text_width, strip_ansi_codes};
    use runcomfy_batch::{Counts, Timestamp};

    use super::*;

    fn frame(counts: Counts, paused: Option<&str>, size: (usize, usize)) -> Vec<String> {
        let mut throughput = Throughput::default();
        let mut before = counts;
        before.saved -= 30;
        before.ready += 30;
        throughput.add(Duration::ZERO, &before);
        throughput.add(Duration::from_secs(10), &counts);
        let view = View {
            counts,
            oldest: None,
            doubts: Vec::new(),
            now: Timestamp::default(),
        };
        let frame = Frame {
            title: "boats.jsonl",
            named: "boats.jsonl",
            elapsed: Duration::from_secs(130),
            paused,
            view: &view,
            throughput: &throughput,
        };
        let lines = frame.lines(size.0, size.1).into_iter();
        lines
            .map(|line| strip_ansi_codes(&line).into_owned())
            .collect()
    }

    fn counts() -> Counts {
        let mut counts = Counts::default();
        (counts.saved, counts.ready, counts.submitted) = (892, 91, 12);
        (counts.failed, counts.in_doubt, counts.intent) = (3, 1, 1);
        counts.doubts = 1;
        counts.money.budget = Some(Money::from_micros(40_000_000));
        counts.money.spent = Money::from_micros(31_180_327);
        counts.money.reserved = Money::from_micros(520_000);
        counts.money.in_doubt = Money::from_micros(40_000);
        counts
    }

    #[test]
    fn frame_is_as_reviewed() {
        let shown = frame(counts(), None, (23, 78)).join("\n");
        let expected = "\
boats.jsonl  for 2 min

  █████████████████████████████████████████████████████░░░░░░░  896 of 1000

  saved             892        spent         $31.180327
  running            12        reserved           $0.52
  submitting          1        in doubt           $0.04
  ready              91        left           $8.259673
  failed              3        budget            $40.00
  cancelled           0
  in doubt            1

  3.0 jobs a second, about 34 s left

  in doubt: runcomfy batch resolve KEY boats.jsonl
    and 1 more";
        assert_eq!(shown, expected);
    }

    /// As many sums as there are states: none is left out.
    #[test]
    fn every_sum_of_money_is_shown() {
        let mut counts = counts();
        counts.money.spent_by_estimate = Money::from_micros(70_000);
        counts.money.budget = Some(Money::from_micros(30_000_000));
        let shown = frame(counts, None, (23, 78)).join("\n");
        for sum in [
            "  estimated        $0.07",
            "budget            $30.00",
            "exceeded by",
        ] {
            assert!(shown.contains(sum), "{sum}: {shown}");
        }
    }

    #[test]
    fn frame_fits_into_small_terminals() {
        for rows in [16, 23, 40] {
            for columns in [58, 78, 118] {
                let lines = frame(counts(), Some("an outage\nsince noon"), (rows, columns));
                assert!(lines.len() <= rows, "{rows} rows: {lines:#?}");
                let widest = lines.iter().map(|line| measure_text_width(line)).max();
                assert!(widest <= Some(columns), "{columns} columns: {lines:#?}");
            }
        }
    }

    #[test]
    fn batch_that_is_done_has_no_time_left() {
        let mut done = counts();
        (done.ready, done.intent, done.submitted) = (0, 0, 0);
        let shown = frame(done, None, (23, 78)).join("\n");
        assert!(shown.contains("nothing is left to do"), "{shown}");
        assert!(!shown.contains("about"), "{shown}");
    }
}
