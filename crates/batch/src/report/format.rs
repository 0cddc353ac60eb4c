//! Formats of reports.

use super::entry::Entry;
use super::page;
use super::table::Line;
use super::transition::Transition;

/// Format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// One JSON object on each line.
    JsonLines,
    /// A table for spreadsheets, with a head. Texts that a spreadsheet would take for a formula have an
    /// apostrophe before them.
    Csv,
    /// A page for browsers in one file, with the saved files beside it. It loads nothing from a network.
    Html,
}

impl ReportFormat {
    /// Lists every format.
    pub const ALL: &[Self] = &[Self::JsonLines, Self::Csv, Self::Html];

    /// Returns the format's word, which is the extension of its files too.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }

    /// Recognizes a report, of jobs or of the journal, by its first 1024 bytes. Returns `None` for everything else,
    /// such as a file of jobs.
    #[must_use]
    pub fn recognize(begin: &[u8]) -> Option<Self> {
        let text = match std::str::from_utf8(begin) {
            Ok(text) => text,
            // The last character may be cut off.
            Err(error) => std::str::from_utf8(&begin[..error.valid_up_to()]).ok()?,
        };
        let head = |head: &[&str]| head[..COLUMNS].join(",") + ",";
        if text.starts_with(&head(Entry::HEAD)) || text.starts_with(&head(Transition::HEAD)) {
            return Some(Self::Csv);
        }
        if text.starts_with(page::BEGINNING) {
            return Some(Self::Html);
        }
        let number = text
            .strip_prefix("{\"n\":")
            .map(|rest| rest.split_once(','));
        let is_job = number.flatten().is_some_and(|(number, rest)| {
            number.parse::<u64>().is_ok() && rest.starts_with("\"id\":")
        });
        (is_job || text.starts_with("{\"seq\":")).then_some(Self::JsonLines)
    }
}

/// Number of columns by which a table is recognized.
const COLUMNS: usize = 4;
