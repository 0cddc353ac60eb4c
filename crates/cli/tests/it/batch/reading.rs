//! The commands that read a batch.

use std::process::Command;

use runcomfy_batch::Store;
use tempfile::TempDir;

use super::sample::Sample;
use crate::golden::check;
use crate::support::{Ended, command};

/// A folder with a batch, and the store that works on it.
struct Folder {
    folder: TempDir,
    sample: Sample,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boats.jsonl.batch.db");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let sample = runtime.block_on(Sample::create(&path));
        Self { folder, sample }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = command();
        command
            .args(line.split(' '))
            .current_dir(self.folder.path());
        command
    }

    /// Runs a command line, and returns it with what it prints.
    fn run(&self, line: &str) -> String {
        let ended = Ended::from(self.command(line).output().unwrap());
        let id = self.sample.store.id();
        let printed = ended.out + &ended.err;
        let code = ended.code;
        format!("$ runcomfy {line}    # exit code {code}\n{printed}\n").replace(id, "STORE")
    }
}

#[test]
fn jobs_and_money_are_shown_as_reviewed() {
    let folder = Folder::new();
    let lines = [
        "batch status boats.jsonl",
        "batch status --store boats.jsonl.batch.db --output json",
        "batch list boats.jsonl.batch.db",
        "batch list boats.jsonl --state failed --output json",
        "batch list boats.jsonl --state in_doubt",
        "batch list boats.jsonl --state lost",
        "batch status ships.jsonl",
        "batch status",
    ];
    let shown: String = lines.iter().map(|line| folder.run(line)).collect();
    check("batch-reading.txt", &shown);
}

#[test]
fn file_that_is_no_store_is_named() {
    let folder = Folder::new();
    std::fs::write(folder.folder.path().join("a.batch.db"), "{}").unwrap();
    let ended = Ended::from(folder.command("batch status a.batch.db").output().unwrap());
    assert_eq!(ended.code, 66, "{ended:?}");
    assert!(ended.err.contains("store"), "{ended:?}");
}
