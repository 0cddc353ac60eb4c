//! Tables: JSON Lines and CSV.

use std::io::{self, Write};

use csv::Writer;
use serde::Serialize;

/// A line of a table.
pub(super) trait Line: Serialize {
    /// The head of the table in CSV.
    const HEAD: &'static [&'static str];

    /// Returns the cells in CSV, one for each column of the head.
    fn cells(&self) -> Vec<String>;
}

/// Lines of a table, in memory until they are written.
pub(super) enum Table {
    JsonLines(Vec<u8>),
    // In a box, since it is large.
    Csv(Box<Writer<Vec<u8>>>),
}

impl Table {
    /// Creates a table of JSON Lines.
    pub(super) const fn json_lines() -> Self {
        Self::JsonLines(Vec::new())
    }

    /// Creates a table of CSV, which begins with the head of its lines.
    pub(super) fn csv<L: Line>() -> io::Result<Self> {
        let mut writer = Writer::from_writer(Vec::new());
        writer.write_record(L::HEAD)?;
        Ok(Self::Csv(Box::new(writer)))
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: &impl Line) -> io::Result<()> {
        match self {
            Self::JsonLines(lines) => {
                serde_json::to_writer(&mut *lines, line)?;
                lines.push(b'\n');
            }
            Self::Csv(writer) => writer.write_record(line.cells())?,
        }
        Ok(())
    }

    /// Writes the lines that were added since the last call.
    pub(super) fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::JsonLines(lines) => {
                out.write_all(lines)?;
                lines.clear();
            }
            Self::Csv(writer) => {
                let lines = std::mem::replace(&mut **writer, Writer::from_writer(Vec::new()));
                let lines = lines.into_inner();
                out.write_all(&lines.map_err(|error| io::Error::other(error.to_string()))?)?;
            }
        }
        Ok(())
    }
}
