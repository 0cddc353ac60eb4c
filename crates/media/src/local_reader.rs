//! Reads facts of media in memory and of local files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use crate::facts::Facts;
use crate::limits::Limits;
use crate::local_file::open_regular;
use crate::reader::{Reader, Step};

impl Facts {
    /// Reads the facts of media in memory.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut reader = Reader::with_limits(Limits::local());
        loop {
            match reader.step() {
                Step::Read(range) => {
                    let size = bytes.len();
                    let within = |at: u64| usize::try_from(at).unwrap_or(size).min(size);
                    let piece = &bytes[within(range.start)..within(range.end)];
                    reader.feed(range.start, piece, Some(size as u64));
                }
                Step::Done(facts) => return facts,
            }
        }
    }

    /// Reads the facts of a local file, from as few of its bytes as possible.
    ///
    /// ```no_run
    /// # use runcomfy_media::Facts;
    /// let facts = Facts::from_file("photo.jpg".as_ref())?;
    /// println!("{:?} of {:?} bytes", facts.format, facts.size_bytes);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`io::Error`]: the file cannot be opened or read, or is no regular file but a folder, a pipe
    ///   or a device. Check its path and permissions. Unknown
    ///   content is no error, but a reason in [`Facts::unknown`].
    pub fn from_file(path: &Path) -> io::Result<Self> {
        Self::from_open_file(&open_regular(path)?)
    }

    /// Reads the facts of a local file that is open already, from as few of its bytes as possible. It
    /// moves the file's position.
    ///
    /// # Errors
    /// - [`io::Error`]: the file cannot be read. Check its permissions. Unknown content is no error, but a
    ///   reason in [`Facts::unknown`].
    pub fn from_open_file(file: &File) -> io::Result<Self> {
        let size = Some(file.metadata()?.len());
        let mut reader = Reader::with_limits(Limits::local());
        loop {
            match reader.step() {
                Step::Read(range) => {
                    let piece = read_range(file, &range)?;
                    reader.feed(range.start, &piece, size);
                }
                Step::Done(facts) => return Ok(facts),
            }
        }
    }
}

fn read_range(mut file: &File, range: &Range<u64>) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = Vec::new();
    file.take(range.end - range.start).read_to_end(&mut bytes)?;
    Ok(bytes)
}
