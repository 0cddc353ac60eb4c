//! Describes a saved file.

use std::io;
use std::path::{Path, PathBuf};

use runcomfy_media::Facts;

/// A file on disk, with what its bytes say.
///
/// ```no_run
/// # async fn example(client: runcomfy::Client, output: runcomfy::Output) -> Result<(), runcomfy::Error> {
/// let url = output.image().unwrap_or_default();
/// let file = client.download(url, "pictures".as_ref()).await?;
/// println!("saved {}: {:?} pixels", file.path.display(), file.facts.shown());
/// let bytes = std::fs::read(&file);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Saved {
    /// Path of the file.
    pub path: PathBuf,
    /// Facts that were read from the bytes: size, format, width and height, duration. One that is not
    /// certain is `None`, and [`Facts::unknown`] says why.
    pub facts: Facts,
}

impl Saved {
    pub(super) fn new(path: PathBuf, facts: Facts) -> Self {
        Self { path, facts }
    }

    /// Reads the facts of a file that is there already. It blocks for as long as the disk takes.
    ///
    /// # Errors
    /// - [`io::Error`]: the file cannot be opened or read, or is no regular file. Check its path and
    ///   permissions.
    pub fn from_path(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let facts = Facts::from_file(&path)?;
        Ok(Self { path, facts })
    }
}

impl AsRef<Path> for Saved {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}
