//! A file for ids that the store does not take.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use runcomfy::RequestId;
use runcomfy::schema::Json;
use serde_json::json;

use super::blocking::blocking;
use crate::job_key::JobKey;

/// A file with a line of JSON for each id. Lines are on the disk before they count.
#[derive(Clone, Debug)]
pub(super) struct Spill(PathBuf);

impl Spill {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Appends ids, and syncs.
    pub(super) async fn append(&self, ids: &[(JobKey, RequestId)]) -> io::Result<()> {
        let line = |(key, id): &(JobKey, RequestId)| {
            format!("\n{}\n", json!({ "key": key, "request_id": id.as_str() }))
        };
        let lines: String = ids.iter().map(line).collect();
        self.blocking(move |path| {
            let mut file = OpenOptions::new().create(true).append(true).open(path)?;
            file.write_all(lines.as_bytes())?;
            file.sync_data()
        })
        .await
    }

    /// Reads the ids; none where there is no file. A line that was not written whole is skipped.
    pub(super) async fn read(&self) -> io::Result<Vec<(JobKey, RequestId)>> {
        let text = self.blocking(|path| match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        });
        let text = String::from_utf8_lossy(&text.await?).into_owned();
        Ok(text.lines().filter_map(parse).collect())
    }

    /// Removes the file, once the store has what is in it.
    pub(super) async fn remove(&self) -> io::Result<()> {
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

fn parse(line: &str) -> Option<(JobKey, RequestId)> {
    let line: Json = serde_json::from_str(line).ok()?;
    let text = |name: &str| line.get(name)?.as_str();
    Some((
        text("key")?.parse().ok()?,
        text("request_id")?.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn spilled_ids_survive_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let spill = Spill::new(folder.path().join("ids.jsonl"));
        assert!(spill.read().await.unwrap().is_empty());
        let id = |n: u64| (JobKey::new("s", n, 1), format!("r-{n}").parse().unwrap());
        spill.append(&[id(1), id(2)]).await.unwrap();
        spill.append(&[id(3)]).await.unwrap();
        let whole = fs::read(spill.path()).unwrap();
        fs::write(spill.path(), &whole[..whole.len() - 9]).unwrap();
        assert_eq!(spill.read().await.unwrap(), [id(1), id(2)]);
        // A line that is appended to a torn one is not lost with it.
        spill.append(&[id(4)]).await.unwrap();
        assert_eq!(spill.read().await.unwrap(), [id(1), id(2), id(4)]);
        spill.remove().await.unwrap();
        spill.remove().await.unwrap();
        assert!(spill.read().await.unwrap().is_empty());
    }
}
