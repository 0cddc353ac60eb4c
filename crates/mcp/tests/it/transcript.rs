//! The session in docs/agents.md is what a server answers.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

use crate::world::{World, emulator};

/// Time for which a job waits in the queue, so that a submit is answered before its job runs.
const QUEUE: Duration = Duration::from_secs(60);

const MARK: &str = "<!-- transcript -->\n```text\n";
const LOST: &str = "# The response to the next submit is lost.\n";

/// Replaces what differs in each run: ids, and the folder of the files.
fn steady(text: &str, folder: &Path) -> String {
    let text = text.replace(&*folder.to_string_lossy(), "/home/you");
    let mut steady = String::new();
    let mut rest = &*text;
    let is_id = |text: &str, parts: &[usize]| {
        let mut words = text.split('-');
        let is_hex = |word: &str| word.bytes().all(|b| b.is_ascii_hexdigit());
        parts.iter().all(|length| {
            words
                .next()
                .is_some_and(|word| word.len() == *length && is_hex(word))
        })
    };
    while let Some(c) = rest.chars().next() {
        let candidate = rest.get(..36).unwrap_or_default();
        if is_id(candidate, &[8, 4, 4, 4, 12]) {
            steady.push_str("REQUEST_ID");
            rest = &rest[36..];
            continue;
        }
        // The key of an attempt: the id of the store, the number of the job, that of the attempt.
        if is_id(rest.get(..20).unwrap_or_default(), &[16, 1, 1]) {
            steady.push_str("KEY");
            rest = &rest[20..];
            continue;
        }
        steady.push(c);
        rest = &rest[c.len_utf8()..];
    }
    steady
}

#[tokio::test(flavor = "multi_thread")]
async fn session_of_the_guide_is_what_a_server_answers() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/agents.md");
    let text = fs::read_to_string(&guide).unwrap();
    let (before, rest) = text.split_once(MARK).unwrap();
    let (session, after) = rest.split_once("```").unwrap();
    let world = World::new(emulator().queue_time(QUEUE)).await;
    let (server, agent) = world.agent(5.0).await;
    let mut replayed = String::new();
    for step in session.trim().split("\n\n") {
        let call = step.strip_prefix(LOST).unwrap_or(step);
        if call.len() < step.len() {
            let lost = Reply::lost().carried_out();
            world.emulator.add_fault(Fault::nth(Call::Submit, 1, lost));
            replayed += LOST;
        }
        let line = call.lines().next().unwrap();
        let (tool, arguments) = line.split_once(' ').unwrap();
        let arguments: Value = serde_json::from_str(arguments).unwrap();
        if tool == "wait" {
            world.emulator.advance(QUEUE);
        }
        let result = agent.result(tool, arguments).await;
        let answer = &result["structuredContent"];
        let answer = steady(&format!("{answer:#}"), world.folder.path());
        write!(replayed, "{line}\n{answer}\n\n").unwrap();
    }
    server.close().await;
    let replayed = format!("{before}{MARK}{}\n```{after}", replayed.trim_end());
    if std::env::var_os("RUNCOMFY_GOLDEN").is_some_and(|mode| mode == "write") {
        fs::write(&guide, replayed).unwrap();
        return;
    }
    assert!(
        replayed == text,
        "docs/agents.md is stale; RUNCOMFY_GOLDEN=write updates it:\n{replayed}"
    );
    assert_eq!(json!(world.paid()), 2);
}
