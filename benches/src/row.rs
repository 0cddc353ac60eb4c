//! One line of the table.

use crate::{Aim, Samples};

/// What was measured, in which unit, and what it should be.
#[derive(Debug)]
#[must_use]
pub struct Row {
    what: String,
    unit: &'static str,
    aim: Aim,
}

impl Row {
    /// A measured quantity and its unit.
    pub fn new(what: impl Into<String>, unit: &'static str) -> Self {
        Self {
            what: what.into(),
            unit,
            aim: Aim::None,
        }
    }

    /// What the median should be.
    pub fn aim(mut self, aim: Aim) -> Self {
        self.aim = aim;
        self
    }

    /// Prints the line in markdown: what, median, smallest to largest, number of runs, aim.
    pub fn print(&self, samples: &Samples) {
        let (median, (least, most)) = (samples.median(), samples.range());
        println!(
            "| {} | {} {} | {}–{} | {} | {} |",
            self.what,
            short(median),
            self.unit,
            short(least),
            short(most),
            samples.count(),
            self.aim.judge(median),
        );
    }

    /// Prints a line for what is counted and is the same every time.
    pub fn print_count(&self, count: usize) {
        let aim = self.aim.judge(count as f64);
        println!("| {} | {count} {} | | 1 | {aim} |", self.what, self.unit);
    }
}

/// Three digits that mean something; more would be noise.
fn short(value: f64) -> String {
    let decimals = match value.abs() {
        0.0 | 100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        let cases = [
            (0.0, "0"),
            (0.123, "0.12"),
            (4.567, "4.57"),
            (45.67, "45.7"),
            (4567.8, "4568"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }
}
