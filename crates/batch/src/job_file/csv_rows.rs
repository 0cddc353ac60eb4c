//! CSV.

use std::fmt;
use std::io::{self, BufRead, Chain, Cursor, Read};
use std::sync::{Arc, Mutex, PoisonError};

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::fault::LineFault;
use super::header::{Column, Header};
use super::json_lines::not_utf8;
use super::line::{Fields, JobLine};
use super::position::{column_of_cell, open_quote};
use super::source::{decode_first, read_line};

/// Reads a job from each row.
pub(super) struct CsvRows<R> {
    reader: Reader<Copied<Chain<Cursor<Vec<u8>>, R>>>,
    copy: Arc<Mutex<Copy>>,
    header: Arc<Header>,
    /// Faults of the header, which the first row has.
    faults: Vec<LineFault>,
    record: ByteRecord,
}

impl<R: BufRead> CsvRows<R> {
    pub(super) fn new(mut reader: R) -> io::Result<Self> {
        let first = decode_first(read_line(&mut reader, 0)?)?;
        let delimiter = delimiter(&first);
        let copy = Arc::default();
        let copied = Copied {
            reader: Cursor::new(first.into_bytes()).chain(reader),
            copy: Arc::clone(&copy),
        };
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(copied);
        let mut rows = Self {
            reader,
            copy,
            header: Arc::new(Header {
                columns: Vec::new(),
                delimiter,
            }),
            faults: Vec::new(),
            record: ByteRecord::new(),
        };
        rows.read_header()?;
        Ok(rows)
    }

    fn read_header(&mut self) -> io::Result<()> {
        let Some((number, text)) = self.read()? else {
            return Ok(());
        };
        let (header, faults) = Header::new(number, &text, &self.record, self.header.delimiter);
        self.header = Arc::new(header);
        self.faults = faults;
        Ok(())
    }

    /// Reads the next row; returns its number and its text.
    fn read(&mut self) -> io::Result<Option<(u64, Result<String, LineFault>)>> {
        let start = self.reader.position().clone();
        if !self.reader.read_byte_record(&mut self.record)? {
            return Ok(None);
        }
        let end = self.reader.position().byte();
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = copy.take(start.byte(), end);
        drop(copy);
        // The reader skips empty lines before a row.
        let is_end = |c: &u8| matches!(c, b'\r' | b'\n');
        let row = text.iter().position(|c| !is_end(c)).unwrap_or_default();
        let skipped: Vec<u8> = text.drain(..row).collect();
        let number = start.line() + skipped.split(|c| *c == b'\n').count() as u64 - 1;
        let text = String::from_utf8(text).map_err(|error| not_utf8(number, &error));
        Ok(Some((number, text)))
    }

    /// Reads the next row that is not empty.
    pub(super) fn next(&mut self) -> Option<io::Result<JobLine>> {
        loop {
            let (number, text) = match self.read() {
                Ok(row) => row?,
                Err(error) => return Some(Err(error)),
            };
            if self.record.iter().any(|cell| !cell.is_empty()) {
                return Some(Ok(self.line(number, text)));
            }
        }
    }

    fn line(&mut self, number: u64, text: Result<String, LineFault>) -> JobLine {
        let cells: Vec<String> = self
            .record
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
            .collect();
        let fields = Fields::Cells(Arc::clone(&self.header), cells.clone());
        let (text, fault) = match text {
            Ok(text) => (text, None),
            Err(fault) => (String::new(), Some(fault)),
        };
        let mut line = JobLine::new(number, text, fields);
        line.faults.append(&mut self.faults);
        line.faults.extend(fault);
        read_cells(&self.header, &mut line, &cells);
        line
    }
}

/// Reads the cells that are no properties, and checks the number of cells.
fn read_cells(header: &Header, line: &mut JobLine, cells: &[String]) {
    if let Some(column) = open_quote(&line.text, header.delimiter) {
        let message = "the quote is not closed, so that the rest of the file is one cell";
        line.faults.push(fault(line, column, message.to_owned()));
        return;
    }
    let extra = cells.iter().skip(header.columns.len());
    let has_extra = extra.clone().any(|cell| !cell.is_empty());
    if has_extra || cells.len() < header.columns.len() {
        let message = format!(
            "found {} cells, expected {}, one for each column; a text with the separator needs quotes",
            cells.len(),
            header.columns.len()
        );
        line.faults.push(fault(line, 1, message));
        return;
    }
    for (index, (column, cell)) in header.columns.iter().zip(cells).enumerate() {
        if cell.is_empty() {
            continue;
        }
        let message = match column {
            Column::Id => match cell.trim().parse() {
                Ok(id) => {
                    line.id = Some(id);
                    continue;
                }
                Err(error) => format!("the id is {error}"),
            },
            Column::Model => {
                line.model = Some(cell.trim().trim_matches('/').to_owned());
                continue;
            }
            Column::Priority => match cell.trim().parse() {
                Ok(priority) => {
                    line.priority = priority;
                    continue;
                }
                Err(_) => {
                    format!("found `{cell}`, expected a priority: a whole number of 32 bits")
                }
            },
            Column::Unnamed => "found a cell in a column without a name".to_owned(),
            Column::Property(_) => continue,
        };
        let column = column_of_cell(&line.text, index, header.delimiter);
        line.faults.push(fault(line, column, message));
    }
}

fn fault(line: &JobLine, column: usize, message: String) -> LineFault {
    LineFault {
        line: line.number,
        column,
        pointer: String::new(),
        message,
    }
}

/// Returns what separates the cells of a header: most spreadsheets of Europe write semicolons.
fn delimiter(header: &str) -> u8 {
    let separator = header.bytes().find(|c| matches!(c, b',' | b';' | b'\t'));
    separator.unwrap_or(b',')
}

/// A reader that copies what it reads, so that the text of a row is known.
struct Copied<R> {
    reader: R,
    copy: Arc<Mutex<Copy>>,
}

/// The bytes that were read and are not taken yet.
#[derive(Debug, Default)]
struct Copy {
    bytes: Vec<u8>,
    /// Offset of the first of them in the file.
    start: u64,
}

impl Copy {
    /// Takes the bytes of a row, and forgets those before it.
    fn take(&mut self, from: u64, to: u64) -> Vec<u8> {
        let index = |offset: u64| {
            let index = usize::try_from(offset.saturating_sub(self.start)).unwrap_or(usize::MAX);
            index.min(self.bytes.len())
        };
        let (from, end) = (index(from), index(to));
        let mut taken: Vec<u8> = self.bytes.drain(..end).collect();
        taken.drain(..from.min(end));
        self.start += end as u64;
        taken
    }
}

impl<R: Read> Read for Copied<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        copy.bytes.extend_from_slice(&buffer[..length]);
        Ok(length)
    }
}

impl<R: fmt::Debug> fmt::Debug for CsvRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvRows")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
