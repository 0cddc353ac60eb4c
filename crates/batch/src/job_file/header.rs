//! The header of a CSV file.

use std::collections::HashMap;
use std::fmt;

use csv::ByteRecord;

use super::fault::LineFault;
use super::position::column_of_cell;

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) columns: Vec<Column>,
    pub(super) delimiter: u8,
}

/// A column by its meaning.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Id,
    Model,
    Priority,
    Property(String),
    /// A column without a name, which spreadsheets leave behind.
    Unnamed,
}

impl Header {
    /// Reads the first row, and returns its faults too.
    pub(super) fn new(
        number: u64,
        text: &Result<String, LineFault>,
        record: &ByteRecord,
        delimiter: u8,
    ) -> (Self, Vec<LineFault>) {
        let mut faults: Vec<LineFault> = text.as_ref().err().cloned().into_iter().collect();
        let text = text.as_deref().unwrap_or_default();
        let names = record.iter().map(String::from_utf8_lossy);
        let columns: Vec<Column> = names.map(|name| Column::new(name.trim())).collect();
        let mut first = HashMap::new();
        for (index, column) in columns.iter().enumerate() {
            if *column != Column::Unnamed && first.insert(column, index).is_some() {
                faults.push(LineFault {
                    line: number,
                    column: column_of_cell(text, index, delimiter),
                    pointer: String::new(),
                    message: format!("found a second column `{column}`, expected one"),
                });
            }
        }
        (Self { columns, delimiter }, faults)
    }

    /// Returns the index of the column `model`.
    pub(super) fn model(&self) -> Option<usize> {
        let mut columns = self.columns.iter();
        columns.position(|column| *column == Column::Model)
    }

    /// Returns the columns of properties, by index.
    pub(super) fn properties(&self) -> impl Iterator<Item = (usize, &str)> {
        let columns = self.columns.iter().enumerate();
        columns.filter_map(|(index, column)| match column {
            Column::Property(name) => Some((index, &**name)),
            _ => None,
        })
    }
}

impl Column {
    fn new(name: &str) -> Self {
        match name {
            "" => Self::Unnamed,
            "id" => Self::Id,
            "model" => Self::Model,
            "priority" => Self::Priority,
            name => Self::Property(name.strip_prefix("input.").unwrap_or(name).to_owned()),
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::Model => "model",
            Self::Priority => "priority",
            Self::Property(name) => name,
            Self::Unnamed => "",
        })
    }
}
