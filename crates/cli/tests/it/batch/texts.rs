//! The texts of a batch from its agreement to its decisions, as reviewed.

use runcomfy_batch::Store;
use runcomfy_emulator::{Call, Reply};

use super::jobs::{FILE, Jobs, open};
use crate::golden::check;

/// Replaces what differs in every run: the store's id, addresses and times.
fn redacted(jobs: &Jobs, text: &str) -> String {
    let mut text = text.replace(&jobs.service.emulator.base_url(), "http://emulator");
    if jobs.path("boats.jsonl.batch.db").exists() {
        text = text.replace(open(jobs.service.folder.path()).id(), "STORE");
    }
    for before in ["since ", "after "] {
        text = without_times(&text, before);
    }
    text
}

/// Replaces each time behind a word.
fn without_times(text: &str, word: &str) -> String {
    let begin = format!("{word}20");
    let mut parts = text.split(&*begin);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.split_once('Z').unwrap().1;
        format!("{text}{word}TIME{rest}")
    })
}

#[test]
fn texts_are_as_reviewed() {
    let jobs = Jobs::with(3, |builder| builder.seed(7));
    let mut all = String::new();
    let mut run = |arguments: &[&str]| {
        let ended = jobs.service.run(arguments);
        let printed = redacted(&jobs, &(ended.err + &ended.out));
        let line = redacted(&jobs, &arguments.join(" "));
        all += &format!(
            "$ runcomfy {line}    # exit code {}\n{printed}\n",
            ended.code
        );
    };
    let with = |more: &[&'static str]| {
        let mut arguments = Jobs::arguments(FILE, &["--concurrency", "1"]);
        arguments.extend(more);
        arguments
    };
    run(&Jobs::arguments(FILE, &[])[..5]);
    jobs.service.emulator.script(Call::Submit, Reply::lost());
    run(&with(&["--budget", "0.05"]));
    run(&["batch", "doctor", FILE]);
    let key = jobs.service.emulator.ledger()[0]
        .idempotency_key()
        .unwrap()
        .to_owned();
    run(&["batch", "resolve", &key, FILE, "--resubmit"]);
    run(&["batch", "resolve", &key, FILE, "--no-job"]);
    run(&with(&["--budget", "0.06"]));
    jobs.write(
        FILE,
        "{\"id\": \"boat-1\", \"input\": {\"prompt\": \"Ship 1\"}}\n{\"input\": {\"prompt\": 3}}\n{\"input\": {\"promt\": \"x\"}}\n",
    );
    run(&with(&["--budget", "none"]));
    run(&with(&["--skip-invalid"]));
    run(&["batch", "cancel", FILE, "--all"]);
    run(&["batch", "status", "ships.jsonl"]);
    check("batch-texts.txt", &all);
}
