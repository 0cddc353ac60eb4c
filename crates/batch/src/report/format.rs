//! Formats of reports.

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
}
