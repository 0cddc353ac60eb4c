//! A file with a line of JSON for each fact.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use runcomfy::schema::Json;

use crate::engine::blocking::blocking;

/// A file with a line of JSON for each fact. Lines are on the disk before they count.
#[derive(Clone, Debug)]
pub(crate) struct DurableLines(PathBuf);

impl DurableLines {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Appends lines, and syncs. A torn line before them is ended first.
    pub(crate) async fn append(&self, lines: &[Json]) -> io::Result<()> {
        let line = |line: &Json| format!("\n{line}\n");
        let lines: String = lines.iter().map(line).collect();
        self.blocking(move |path| {
            let mut file = OpenOptions::new().create(true).append(true).open(path)?;
            file.write_all(lines.as_bytes())?;
            file.sync_data()
        })
        .await
    }

    /// Reads the lines; none where there is no file. A line that was not written whole is skipped.
    pub(crate) async fn read(&self) -> io::Result<Vec<Json>> {
        let text = self.blocking(|path| match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        });
        let text = String::from_utf8_lossy(&text.await?).into_owned();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        Ok(lines.collect())
    }

    /// Removes the file, once what is in it is stored elsewhere.
    pub(crate) async fn remove(&self) -> io::Result<()> {
        self.blocking(|path| match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let path = self.0.clone();
        blocking(move || work(&path)).await
    }
}
