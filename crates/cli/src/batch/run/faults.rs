//! Faults and warnings of lines, those that are the same but for the line named once.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use runcomfy_batch::LineFault;
use serde_json::{Value, json};

/// Maximum number of different faults that are kept. More are only counted.
const MAX_KEPT: usize = 1000;
/// Maximum number of lines that are named with a fault.
const MAX_LINES: usize = 5;

/// Faults of lines, in bounded memory.
#[derive(Default)]
pub(super) struct Faults {
    /// By pointer and message.
    kept: HashMap<(String, String), Repeated>,
    total: u64,
    lines: u64,
    unkept: u64,
}

/// A fault that one or more lines have.
struct Repeated {
    first: LineFault,
    lines: u64,
    /// The first ones.
    named: BTreeSet<u64>,
    /// The line that was added last.
    last: u64,
}

impl Faults {
    /// Adds all faults of a line.
    pub(super) fn add(&mut self, faults: Vec<LineFault>) {
        let lines: BTreeSet<u64> = faults.iter().map(|fault| fault.line).collect();
        self.lines += lines.len() as u64;
        self.total += faults.len() as u64;
        for fault in faults {
            self.keep(fault);
        }
    }

    fn keep(&mut self, fault: LineFault) {
        let key = (fault.pointer.clone(), fault.message.clone());
        if let Some(repeated) = self.kept.get_mut(&key) {
            repeated.add(fault);
        } else if self.kept.len() < MAX_KEPT {
            self.kept.insert(key, Repeated::new(fault));
        } else {
            self.unkept += 1;
        }
    }

    /// Returns the number of all faults.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Returns the number of lines with faults.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Returns the number of faults that are in none of the entries.
    pub(super) fn unlisted(&self) -> u64 {
        self.unkept
    }

    /// Returns each fault as words, which begin with the place in the file `name`, and as JSON: by the first line
    /// that has it.
    pub(super) fn entries(&self, name: &str) -> Vec<(String, Value)> {
        let mut kept: Vec<&Repeated> = self.kept.values().collect();
        kept.sort_by_key(|repeated| {
            let first = &repeated.first;
            (first.line, first.column, &first.message)
        });
        let entries = kept.into_iter();
        entries
            .map(|repeated| (repeated.to_text(name), repeated.to_json()))
            .collect()
    }
}

impl Repeated {
    fn new(fault: LineFault) -> Self {
        Self {
            lines: 1,
            named: BTreeSet::from([fault.line]),
            last: fault.line,
            first: fault,
        }
    }

    fn add(&mut self, fault: LineFault) {
        if fault.line != self.last {
            self.lines += 1;
            self.last = fault.line;
        }
        self.named.insert(fault.line);
        if self.named.len() > MAX_LINES {
            self.named.pop_last();
        }
        if (fault.line, fault.column) < (self.first.line, self.first.column) {
            self.first = fault;
        }
    }

    fn to_text(&self, name: &str) -> String {
        let mut text = format!("{name}:{}", self.first);
        let others: Vec<String> = self.named.iter().skip(1).map(u64::to_string).collect();
        // Writing to a string does not fail.
        match self.lines - 1 {
            0 => {}
            1 => {
                let _ = write!(text, "; so has line {}", others.join(", "));
            }
            more => {
                let end = if more > others.len() as u64 {
                    ", …"
                } else {
                    ""
                };
                let _ = write!(
                    text,
                    "; so have {more} more lines: {}{end}",
                    others.join(", ")
                );
            }
        }
        text
    }

    fn to_json(&self) -> Value {
        let mut json = json!(self.first);
        json["lines"] = self.lines.into();
        json["first_lines"] = json!(self.named);
        json
    }
}

#[cfg(test)]
mod tests {
    use runcomfy_batch::{JobFormat, JobLines};

    use super::*;

    /// Returns the fault of each line of a file whose lines are all empty objects.
    fn faults(lines: usize) -> Vec<Vec<LineFault>> {
        let text = "{}\n".repeat(lines);
        let lines = JobLines::new(text.as_bytes(), JobFormat::JsonLines).unwrap();
        lines.map(|line| line.unwrap().faults().to_vec()).collect()
    }

    #[test]
    fn same_fault_of_many_lines_is_named_once() {
        let mut all = Faults::default();
        // Media are checked at the same time, so that lines come in any order.
        for faults in faults(10_000).into_iter().rev() {
            all.add(faults);
        }
        let entries = all.entries("boats.jsonl");
        assert_eq!(
            (all.total(), all.lines(), entries.len()),
            (10_000, 10_000, 1)
        );
        let (text, json) = &entries[0];
        assert!(
            text.starts_with("boats.jsonl:1:1: the input is missing"),
            "{text}"
        );
        assert!(
            text.ends_with("; so have 9999 more lines: 2, 3, 4, 5, …"),
            "{text}"
        );
        assert_eq!(json["lines"], 10_000);
        assert_eq!(json["first_lines"], json!([1, 2, 3, 4, 5]));
        let mut two = Faults::default();
        for faults in faults(2) {
            two.add(faults);
        }
        assert!(two.entries("x")[0].0.ends_with("; so has line 2"));
    }

    #[test]
    fn different_faults_beyond_a_bound_are_counted() {
        let mut all = Faults::default();
        let line = |fault: &LineFault, n: usize| {
            let mut fault = fault.clone();
            fault.message = format!("fault {n}");
            vec![fault]
        };
        for (n, faults) in faults(MAX_KEPT + 7).iter().enumerate() {
            all.add(line(&faults[0], n));
        }
        let counts = (all.total(), all.lines(), all.unlisted());
        let lines = MAX_KEPT as u64 + 7;
        assert_eq!(counts, (lines, lines, 7));
        assert_eq!(all.entries("x").len(), MAX_KEPT);
    }
}
