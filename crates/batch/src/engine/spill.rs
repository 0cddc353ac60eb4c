//! A file for ids that the store does not take.

use std::io;
use std::path::{Path, PathBuf};

use runcomfy::RequestId;
use runcomfy::schema::Json;
use serde_json::json;

use crate::durable_lines::DurableLines;
use crate::job_key::JobKey;

/// A file with a line for each id.
#[derive(Clone, Debug)]
pub(super) struct Spill(DurableLines);

impl Spill {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(DurableLines::new(path))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Appends ids, and syncs.
    pub(super) async fn append(&self, ids: &[(JobKey, RequestId)]) -> io::Result<()> {
        let line =
            |(key, id): &(JobKey, RequestId)| json!({ "key": key, "request_id": id.as_str() });
        self.0
            .append(&ids.iter().map(line).collect::<Vec<_>>())
            .await
    }

    /// Reads the ids; none where there is no file. A line that was not written whole is skipped.
    pub(super) async fn read(&self) -> io::Result<Vec<(JobKey, RequestId)>> {
        Ok(self.0.read().await?.iter().filter_map(parse).collect())
    }

    /// Removes the file, once the store has what is in it.
    pub(super) async fn remove(&self) -> io::Result<()> {
        self.0.remove().await
    }
}

fn parse(line: &Json) -> Option<(JobKey, RequestId)> {
    let text = |name: &str| line.get(name)?.as_str();
    Some((
        text("key")?.parse().ok()?,
        text("request_id")?.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

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
