//! The command `batch report`.

use std::fs;
use std::process::Command;

use runcomfy_batch::Store;
use tempfile::TempDir;

use super::sample::Sample;
use crate::golden::check;
use crate::support::{Ended, command};

/// A folder with a batch.
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

    fn run(&self, line: &str) -> Ended {
        let mut command: Command = command();
        command
            .args(line.split(' '))
            .current_dir(self.folder.path());
        Ended::from(command.output().unwrap())
    }

    /// Runs a command line, and returns it with what it prints.
    fn shown(&self, line: &str) -> String {
        let Ended { code, out, err, .. } = self.run(line);
        let shown = format!("$ runcomfy {line}    # exit code {code}\n{out}{err}\n");
        let folder = self.folder.path().canonicalize().unwrap();
        let shown = shown.replace(folder.to_str().unwrap(), "FOLDER");
        shown.replace(self.sample.store.id(), "STORE")
    }
}

#[test]
fn lines_and_journal_are_written_as_reviewed() {
    let folder = Folder::new();
    fs::write(folder.folder.path().join("boats.jsonl"), "{}\n").unwrap();
    fs::write(folder.folder.path().join("boat.png"), "a picture").unwrap();
    fs::create_dir(folder.folder.path().join("folder.html")).unwrap();
    let lines = [
        "batch report boats.jsonl --no-prompts",
        "batch report boats.jsonl --format csv",
        "batch report boats.jsonl --events --format csv",
        "batch report boats.jsonl --events --out journal.jsonl",
        "batch report boats.jsonl --events --out journal.html",
        "batch report boats.jsonl --format csv --out boats.jsonl",
        "batch report --store boats.jsonl.batch.db --out boats.jsonl.batch.db-wal",
        "batch report boats.jsonl --out boat.png",
        "batch report boats.jsonl --out folder.html",
        "batch report boats.jsonl --out none/report.html",
        "batch report ships.jsonl",
    ];
    let shown: String = lines.iter().map(|line| folder.shown(line)).collect();
    check("batch-reporting.txt", &shown);
    let journal = fs::read_to_string(folder.folder.path().join("journal.jsonl")).unwrap();
    assert!(journal.lines().count() > 10, "{journal}");
    assert_eq!(
        fs::read(folder.folder.path().join("boats.jsonl")).unwrap(),
        b"{}\n"
    );
    assert_eq!(
        fs::read(folder.folder.path().join("boat.png")).unwrap(),
        b"a picture"
    );
}

#[test]
fn page_is_written_whole_and_replaced() {
    let folder = Folder::new();
    let page = folder.folder.path().join("boats.html");
    for (flags, has_prompts) in [("", true), (" --no-prompts", false)] {
        let ended = folder.run(&format!("batch report boats.jsonl --out boats.html{flags}"));
        assert_eq!(
            (ended.code, &*ended.err),
            (0, "wrote boats.html\n"),
            "{ended:?}"
        );
        let page = fs::read_to_string(&page).unwrap();
        assert!(page.ends_with("</html>\n"), "{page}");
        assert!(page.contains("<h1 dir=\"auto\">boats.jsonl</h1>"), "{page}");
        assert!(page.contains("resolve KEY boats.jsonl --no-job"), "{page}");
        assert!(
            page.contains("href=\"./pictures/000001-boat-1.png\""),
            "{page}"
        );
        assert_eq!(
            page.contains("Boat 1 &lt;in&gt; the fog"),
            has_prompts,
            "{page}"
        );
    }
}

/// Files of this batch, of other ones, and of people are not replaced, by whatever name and link.
#[test]
fn only_reports_and_empty_files_are_replaced() {
    let folder = Folder::new();
    let path = |name: &str| folder.folder.path().join(name);
    let line = |text: &str| format!("{text}\n");
    fs::create_dir_all(path("elsewhere")).unwrap();
    fs::create_dir_all(path("boats.jsonl.out")).unwrap();
    let theirs = [
        (
            "boats.jsonl",
            line(r#"{"id":"boat-1","input":{"prompt":"Boat"}}"#),
        ),
        (
            "ships.jsonl",
            line(r#"{"id":"ship-1","input":{"prompt":"Ship"}}"#),
        ),
        ("ships.csv", line("id,prompt\na,Boat")),
        (
            "elsewhere/intents.jsonl",
            line(r#"{"batch":"0","key":"0-1-1","id":"a","n":1}"#),
        ),
        (
            "elsewhere/renamed.jsonl",
            line(r#"{"key":"0-1-1","request_id":"r-1"}"#),
        ),
        (
            "elsewhere/other.db.ids.jsonl",
            line(r#"{"key":"0-1-1","request_id":"r-1"}"#),
        ),
        ("boats.jsonl.out/result.csv", line("a,b")),
        ("notes.html", line("<!doctype html>\n<p>Notes")),
    ];
    for (name, text) in &theirs {
        fs::write(path(name), text).unwrap();
    }
    fs::write(path("elsewhere/lock"), "process 1").unwrap();
    fs::write(path("elsewhere/other.db.lock"), "").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("elsewhere", path("linked")).unwrap();
    let mut refused: Vec<&str> = theirs.iter().map(|(name, _)| *name).collect();
    // Files that are not there now, and would be read by the next run.
    refused.extend([
        "boats.jsonl.batch.db.ids.jsonl",
        "./boats.jsonl.batch.db.ids.jsonl",
        "elsewhere/ids.jsonl",
    ]);
    #[cfg(unix)]
    refused.extend(["linked/intents.jsonl", "linked/ids.jsonl"]);
    for name in refused {
        for batch in ["boats.jsonl", "--store boats.jsonl.batch.db"] {
            let ended = folder.run(&format!("batch report {batch} --out {name}"));
            assert_eq!(ended.code, 2, "{name}: {ended:?}");
            assert!(ended.err.contains("nothing was written"), "{ended:?}");
        }
    }
    for (name, text) in &theirs {
        assert_eq!(&fs::read_to_string(path(name)).unwrap(), text, "{name}");
    }
    fs::write(path("empty.csv"), "").unwrap();
    for name in ["empty.csv", "new.jsonl"] {
        for flags in [
            "",
            " --format html",
            " --format jsonl",
            " --events --format csv",
            "",
        ] {
            let ended = folder.run(&format!("batch report boats.jsonl --out {name}{flags}"));
            assert_eq!(ended.code, 0, "{name}: {ended:?}");
        }
    }
}
