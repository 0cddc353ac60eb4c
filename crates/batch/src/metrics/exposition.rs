//! The text format of Prometheus.

use std::fmt::Write as _;

use crate::money::Money;

/// Begin of the name of every metric.
const PREFIX: &str = "runcomfy_batch_";

/// Metrics as text, all with the same label `batch`.
pub(super) struct Exposition {
    /// The label, escaped.
    batch: String,
    text: String,
}

impl Exposition {
    pub(super) fn new(batch: &str) -> Self {
        let escaped = batch.replace('\\', "\\\\").replace('"', "\\\"");
        Self {
            batch: format!("batch=\"{}\"", escaped.replace('\n', "\\n")),
            text: String::new(),
        }
    }

    /// Begins a metric: its samples follow.
    pub(super) fn begin(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.text,
            "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}"
        );
    }

    /// Writes a sample with labels that need no escapes.
    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: &str) {
        let text = &mut self.text;
        // As above.
        let _ = write!(text, "{PREFIX}{name}{{{}", self.batch);
        for (label, value) in labels {
            let _ = write!(text, ",{label}=\"{value}\"");
        }
        let _ = writeln!(text, "}} {value}");
    }

    pub(super) fn number(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        self.sample(name, labels, &value.to_string());
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// Returns a sum in dollars, exactly.
pub(super) fn usd(money: Money) -> String {
    let micros = money.micros();
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_is_escaped_and_money_exact() {
        let mut text = Exposition::new("a\"b\\\n");
        let money = usd(Money::from_micros(31_180_327));
        text.sample("money_usd", &[("kind", "spent")], &money);
        assert_eq!(
            text.into_text(),
            "runcomfy_batch_money_usd{batch=\"a\\\"b\\\\\\n\",kind=\"spent\"} 31.180327\n"
        );
    }
}
