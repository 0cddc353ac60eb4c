//! The text of the jobs, which is read several times.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use runcomfy_batch::{JobFormat, JobLines};

use super::options::{Options, STDIN};
use crate::failure::Failure;

/// Maximum length of the jobs on standard input, which are kept in memory.
const MAX_STDIN: u64 = 1 << 30;

/// A file of jobs, or what standard input had.
pub(super) struct JobSource {
    name: String,
    format: JobFormat,
    text: Text,
}

/// The lines of a source, from the first one.
pub(super) type Lines<'a> = JobLines<Box<dyn BufRead + Send + 'a>>;

enum Text {
    File(String),
    Memory(Vec<u8>),
}

impl JobSource {
    /// Opens the file, or reads standard input to its end.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn open(options: &Options) -> Result<Self, Failure> {
        let path = &options.file;
        if path == STDIN {
            return Self::standard_input();
        }
        let source = Self {
            name: path.clone(),
            format: JobFormat::from_path(Path::new(path)),
            text: Text::File(path.clone()),
        };
        let metadata = std::fs::metadata(path).map_err(|error| source.unreadable(&error))?;
        if metadata.is_file() {
            return Ok(source);
        }
        Err(Failure::unreadable(format!(
            "found `{path}`, which is no file and could be read only once, expected a file of jobs, or - for standard input"
        )))
    }

    fn standard_input() -> Result<Self, Failure> {
        let mut text = Vec::new();
        let mut source = Self {
            name: "standard input".to_owned(),
            format: JobFormat::JsonLines,
            text: Text::Memory(Vec::new()),
        };
        let read = io::stdin().take(MAX_STDIN + 1).read_to_end(&mut text);
        read.map_err(|error| source.unreadable(&error))?;
        if text.len() as u64 > MAX_STDIN {
            let error = io::Error::other(format!("it has more than {} MiB", MAX_STDIN >> 20));
            return Err(source.unreadable(&error));
        }
        let begin = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let first = begin.iter().find(|byte| !byte.is_ascii_whitespace());
        if first.is_some_and(|byte| !b"{[".contains(byte)) {
            source.format = JobFormat::Csv;
        }
        source.text = Text::Memory(text);
        Ok(source)
    }

    /// Returns the name of the source, for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Starts reading at the first line.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn lines(&self) -> Result<Lines<'_>, Failure> {
        let reader: io::Result<Box<dyn BufRead + Send + '_>> = match &self.text {
            Text::File(path) => File::open(path).map(|file| Box::new(BufReader::new(file)) as _),
            Text::Memory(bytes) => Ok(Box::new(Cursor::new(bytes))),
        };
        let lines = reader.and_then(|reader| JobLines::new(reader, self.format));
        lines.map_err(|error| self.unreadable(&error))
    }

    /// Reports that the source cannot be read.
    pub(super) fn unreadable(&self, error: &io::Error) -> Failure {
        Failure::unreadable(format!(
            "could not read the jobs of `{}`: {error}",
            self.name
        ))
        .before_submit()
    }
}
