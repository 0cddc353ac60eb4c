//! The screen of a batch, in a terminal.

use super::sample::Sample;
use crate::support::command;
use crate::support::terminal::Terminal;

#[test]
fn watch_shows_names_and_ends_by_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let path = folder.path().join("boats.jsonl.batch.db");
    let _sample = runtime.block_on(Sample::create(&path));
    let mut watch = command();
    watch.args(["batch", "status", "--watch", "boats.jsonl"]);
    watch.current_dir(folder.path());
    let mut terminal = Terminal::new(&watch);
    terminal.until("boat-4, for");
    let screen = terminal.screen();
    for text in [
        "boats.jsonl  for",
        "4 of 8",
        "in doubt",
        "$0.04",
        "oldest: boat-5, for",
    ] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&text), "no {text:?} on:\n{screen}");
    }
    assert!(!terminal.has_wrapped(), "{screen}");
    terminal.press_ctrl_c();
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 130, "{ended:?}");
}

#[test]
fn watch_prints_lines_where_there_is_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.batch.db");
    drop(runcomfy_batch::SqliteStore::open(&path).unwrap());
    let mut watch = command();
    watch
        .args(["batch", "status", "--watch", "a.batch.db"])
        .current_dir(folder.path());
    let ended = crate::support::Ended::from(watch.output().unwrap());
    // Nothing is left to do from the start.
    assert_eq!(
        (ended.code, &*ended.out),
        (0, "0 of 0 saved, $0.00 spent, $0.00 reserved\n"),
        "{ended:?}"
    );
}
