//! One line of the table.

use crate::{Aim, Samples};

/// A measured quantity, its unit and its aim.
#[derive(Debug)]
#[must_use]
pub struct Row {
    what: String,
    unit: &'static str,
    aim: Aim,
}

impl Row {
    /// Makes a row of a quantity and its unit.
    pub fn new(what: impl Into<String>, unit: &'static str) -> Self {
        Self {
            what: what.into(),
            unit,
            aim: Aim::None,
        }
    }

    /// Sets the bound of the median.
    pub fn aim(mut self, aim: Aim) -> Self {
        self.aim = aim;
        self
    }

    /// Prints the line in Markdown: name, median, smallest to largest, number of runs, aim.
    pub fn print(&self, samples: &Samples) {
        let (median, (min, max)) = (samples.median(), samples.range());
        println!(
            "| {} | {} {} | {}–{} | {} | {} |",
            self.what,
            short(median),
            self.unit,
            short(min),
            short(max),
            samples.count(),
            self.aim.judge(median),
        );
    }

    /// Prints a line for a count that is the same in every run.
    pub fn print_count(&self, count: usize) {
        let aim = self.aim.judge(count as f64);
        println!("| {} | {count} {} | | 1 | {aim} |", self.what, self.unit);
    }
}

/// Formats a number with three significant digits; more would be noise.
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
