//! No paid job is submitted twice and none is lost in silence, as a server on bare sockets sees it
//! that shares no code with the client, over HTTP/1.1 and HTTP/2.
//!
//! Every answer is arbitrary and follows from a seed, the submit's mark and the attempt, so a failure
//! names how to run it again.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use runcomfy::{Client, Orphan, Outcome, Output};
use runcomfy_testkit::cases::Cases;
use runcomfy_testkit::judge::{Answer, Arrival, Judge, Ledger, MARK, Protocol, Response, Verdict};
use runcomfy_testkit::trace::Trace;
use serde_json::json;
use tokio::task::{JoinSet, yield_now};

use super::support::client_of;

/// Proof in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// There is a job, and its id.
    Accepted,
    /// There is none.
    Rejected,
    /// There is none, and the submit may be sent again.
    Throttled,
    /// HTTP/2 says that nothing was processed.
    Unprocessed,
    /// Nothing.
    Nothing,
}

/// Codes and statuses that are certain refusals; `None` is a body without a code.
const REFUSALS: &[(u16, Option<i64>)] = &[
    (200, Some(400_001)),
    (200, Some(400_002)),
    (202, Some(404_123)),
    (400, Some(400_001)),
    (402, Some(400_002)),
    (401, Some(400_004)),
    (403, Some(403_001)),
    (404, Some(404_001)),
    (409, Some(400_777)),
    (422, Some(422_001)),
    (400, None),
    (401, None),
    (402, None),
    (403, None),
    (404, None),
    (405, None),
    (413, None),
    (415, None),
    (422, None),
];

/// Codes and statuses that prove nothing, whether or not there is a job.
const UNCLEAR: &[(u16, Option<i64>)] = &[
    (200, Some(500_001)),
    (201, Some(503_001)),
    (206, Some(500)),
    (202, None),
    (400, Some(500_001)),
    (302, None),
    (307, Some(400_001)),
    (408, None),
    (409, None),
    (418, None),
    (425, None),
    (500, Some(400_002)),
    (502, None),
    (503, None),
    (504, None),
    (599, None),
];

fn body(code: Option<i64>) -> String {
    match code {
        Some(code) => json!({"error_code": code, "error_message": "no"}).to_string(),
        None => json!({"detail": "no"}).to_string(),
    }
}

/// The answer to an attempt, and what it proves; healthy ones come over connections that keep to
/// HTTP.
fn arbitrary_verdict(
    seed: u64,
    mark: &str,
    attempt: usize,
    protocol: Protocol,
    healthy: bool,
) -> (Verdict, Proof) {
    let number: u64 = mark.parse().unwrap_or_default();
    let mut arbitrary = fastrand::Rng::with_seed(
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.rotate_left(17) ^ attempt as u64,
    );
    let accepted = Response::new(
        [200, 201, 202][arbitrary.usize(..3)],
        r#"{"request_id": "$ID", "status_url": "u", "result_url": "u", "cancel_url": "u"}"#,
    );
    let taken = arbitrary.bool();
    let answer = |taken, answer, proof| (Verdict { taken, answer }, proof);
    let mut pick = arbitrary.usize(if healthy { 0..60 } else { 0..100 });
    // A fault that ends an HTTP/2 connection ends the streams of others too, so it is rarer there.
    if protocol == Protocol::Http2
        && matches!(pick, 81..87 | 90..93 | 98..)
        && !number.is_multiple_of(16)
    {
        pick = [87, 95][arbitrary.usize(..2)];
    }
    match pick {
        0..30 => answer(true, Answer::Respond(accepted), Proof::Accepted),
        30..45 => {
            let (status, code) = REFUSALS[arbitrary.usize(..REFUSALS.len())];
            let response = Response::new(status, body(code)).header("retry-after", "1");
            answer(false, Answer::Respond(response), Proof::Rejected)
        }
        45..60 => {
            let (status, code) =
                [(429, None), (429, Some(429_001)), (200, Some(429_001))][arbitrary.usize(..3)];
            answer(
                false,
                Answer::Respond(Response::new(status, body(code))),
                Proof::Throttled,
            )
        }
        60..75 => {
            let (status, code) = UNCLEAR[arbitrary.usize(..UNCLEAR.len())];
            let response = Response::new(status, body(code)).header("retry-after", "1");
            answer(taken, Answer::Respond(response), Proof::Nothing)
        }
        75..78 => answer(true, Answer::Interim(accepted), Proof::Accepted),
        78..81 => answer(true, Answer::WithLate429(accepted), Proof::Accepted),
        81..84 => answer(true, Answer::Half(accepted), Proof::Nothing),
        84..87 => answer(taken, Answer::Close, Proof::Nothing),
        87..90 => answer(taken, Answer::Reset, Proof::Nothing),
        90..93 => answer(taken, Answer::GoAwayAt, Proof::Nothing),
        93..95 => answer(
            taken,
            Answer::Respond(Response::new(
                200,
                ["", "{", "<html>", "[1]"][arbitrary.usize(..4)],
            )),
            Proof::Nothing,
        ),
        _ if protocol == Protocol::Http1 => answer(taken, Answer::Close, Proof::Nothing),
        95..98 => answer(false, Answer::Refuse, Proof::Unprocessed),
        _ => answer(false, Answer::GoAwayBelow, Proof::Unprocessed),
    }
}

/// The orphans that the program's hook was called with.
type Orphans = Arc<Mutex<Vec<Orphan>>>;

fn client(judge: &Judge, protocol: Protocol, orphans: &Orphans) -> Client {
    let orphans = Arc::clone(orphans);
    let keep = move |orphan| orphans.lock().unwrap().push(orphan);
    client_of(judge, protocol).on_orphan(keep).build().unwrap()
}

#[derive(Debug, Default)]
struct Figures {
    protocol: Option<Protocol>,
    healthy: bool,
    accepted: usize,
    rejected: usize,
    not_sent: usize,
    unknown: usize,
    dropped: usize,
    /// Dropped submits whose job the hook has named by its id.
    orphans_with_id: usize,
    /// Dropped submits of which the hook has named the key alone.
    orphans_with_key: usize,
    /// Jobs that exist.
    jobs: usize,
    repeated: usize,
    /// Jobs that neither an outcome nor the hook nor the log has named.
    unnamed: usize,
}

/// Maximum number of turns of the runtime after which a submit is dropped; many have ended by then.
const MAX_TURNS: usize = 60;

/// Runs a future for so many turns of the runtime, then drops it; `None` if it has not ended.
async fn for_turns<F: Future>(turns: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..turns {
        if let Some(output) = future.as_mut().now_or_never() {
            return Some(output);
        }
        yield_now().await;
    }
    None
}

/// Submits every wish once, some dropped at a random moment, and compares each end with the ledger
/// and with what the answers prove.
async fn judged(protocol: Protocol, healthy: bool, cases: Cases) -> Figures {
    let seed = cases.first_seed;
    let script = move |arrival: &Arrival| {
        arbitrary_verdict(seed, &arrival.mark, arrival.attempt, protocol, healthy).0
    };
    let judge = Judge::start(protocol, script).unwrap();
    let trace = Trace::new(tracing::Level::INFO);
    let tracing = tracing::subscriber::set_default(trace.clone());
    let orphans = Orphans::default();
    let client = client(&judge, protocol, &orphans);
    let mut ends = Vec::new();
    let mut running = JoinSet::new();
    for mark in cases.seeds() {
        if running.len() >= 64 {
            ends.push(running.join_next().await.unwrap().unwrap());
        }
        let client = client.clone();
        running.spawn(async move {
            let input = json!({ "prompt": format!("{MARK}{mark}") });
            let submit = client
                .submit_json("judge/model", &input)
                .key(key_of(&mark.to_string()));
            let outcome = submit.outcome();
            let is_dropped = !healthy && mark.is_multiple_of(4);
            let end = if is_dropped {
                let turns = fastrand::Rng::with_seed(mark).usize(..MAX_TURNS);
                for_turns(turns, outcome).await
            } else {
                Some(outcome.await)
            };
            (mark.to_string(), end)
        });
    }
    while let Some(end) = running.join_next().await {
        ends.push(end.unwrap());
    }
    // Submits that were dropped in flight are brought to their end.
    client.settled().await;
    drop(tracing);
    let named = named(&orphans.lock().unwrap(), &trace);
    let ledger = judge.ledger();
    let mut figures = Figures {
        protocol: Some(protocol),
        healthy,
        jobs: ledger.jobs().len(),
        ..Figures::default()
    };
    for (mark, end) in &ends {
        let proofs: Vec<Proof> = (1..=ledger.arrivals(mark))
            .map(|attempt| arbitrary_verdict(seed, mark, attempt, protocol, healthy).1)
            .collect();
        check(mark, end.as_ref(), &proofs, &ledger, &mut figures);
        if end.is_none() {
            let orphan = named.get(&key_of(mark));
            check_dropped(mark, orphan, &ledger, &mut figures);
        }
    }
    println!("{figures:?}");
    // Whatever job exists is one of those that were counted.
    let named = figures.accepted + figures.orphans_with_id;
    let keys = figures.unknown + figures.orphans_with_key;
    assert!(figures.jobs <= named + keys, "{figures:?}");
    figures
}

/// The idempotency key of a wish.
fn key_of(mark: &str) -> String {
    format!("key-{mark}")
}

/// Returns the orphans by their keys, each of which the log has named as often.
fn named(orphans: &[Orphan], trace: &Trace) -> HashMap<String, Orphan> {
    let mut logged: HashMap<String, usize> = HashMap::new();
    for key in trace.event_values("key") {
        *logged.entry(key.trim_matches('"').to_owned()).or_default() += 1;
    }
    let mut named = HashMap::new();
    for orphan in orphans {
        let key = orphan.idempotency_key.clone();
        assert_eq!(logged.get(&key), Some(&1), "logged once: {orphan:?}");
        let earlier = named.insert(key, orphan.clone());
        assert_eq!(earlier, None, "named once: {orphan:?}");
    }
    named
}

/// Checks that the job of a dropped submit, where there is one, is named.
fn check_dropped(mark: &str, orphan: Option<&Orphan>, ledger: &Ledger, figures: &mut Figures) {
    let ids = ledger.ids(mark);
    match orphan {
        Some(orphan) => match &orphan.request_id {
            Some(id) => {
                figures.orphans_with_id += 1;
                assert_eq!(ids, [id.as_str()], "{mark}");
            }
            None => figures.orphans_with_key += 1,
        },
        None => figures.unnamed += ids.len(),
    }
}

fn check(
    mark: &str,
    end: Option<&Outcome<Output>>,
    proofs: &[Proof],
    ledger: &Ledger,
    figures: &mut Figures,
) {
    let ids = ledger.ids(mark);
    let shown = || format!("{mark}: {proofs:?} {ids:?}; run it again with its seed");
    figures.repeated += usize::from(ids.len() > 1);
    // Sent again only where nothing could be there.
    let (last, before) = proofs
        .split_last()
        .map_or((None, proofs), |(last, before)| (Some(*last), before));
    assert!(
        before
            .iter()
            .all(|proof| matches!(proof, Proof::Throttled | Proof::Unprocessed)),
        "{}",
        shown()
    );
    let Some(outcome) = end else {
        figures.dropped += 1;
        return;
    };
    match outcome {
        Outcome::Accepted(job) => {
            figures.accepted += 1;
            assert_eq!(ids, [job.request_id().as_str()], "{}", shown());
        }
        Outcome::NotSent(error) => {
            figures.not_sent += 1;
            assert!(ids.is_empty(), "{} {error}", shown());
            assert!(
                proofs.iter().all(|proof| *proof == Proof::Unprocessed),
                "{} {error}",
                shown()
            );
        }
        Outcome::Rejected(error) => {
            figures.rejected += 1;
            assert!(ids.is_empty(), "{} {error}", shown());
            assert!(
                matches!(
                    last,
                    Some(Proof::Rejected | Proof::Throttled | Proof::Unprocessed)
                ),
                "{} {error}",
                shown()
            );
        }
        Outcome::Unknown(error) => {
            figures.unknown += 1;
            figures.unnamed += usize::from(error.idempotency_key() != Some(&key_of(mark)));
        }
    }
    // Certain outcomes are reported as such. The faults of other streams end an HTTP/2 connection under a response,
    // too.
    let is_alone = figures.protocol == Some(Protocol::Http1) || figures.healthy;
    match last.filter(|_| is_alone) {
        Some(Proof::Accepted) => assert!(matches!(outcome, Outcome::Accepted(_)), "{}", shown()),
        Some(Proof::Rejected) => assert!(matches!(outcome, Outcome::Rejected(_)), "{}", shown()),
        Some(Proof::Nothing) => assert!(matches!(outcome, Outcome::Unknown(_)), "{}", shown()),
        _ => {}
    }
}

/// A 429 that is not believed holds nothing back, however long it asks to wait.
#[tokio::test]
async fn unbelieved_429_does_not_close_the_rate_limiter() {
    let judge = Judge::start(Protocol::Http1, |arrival| {
        let throttled = Response::new(429, "{}").header("retry-after", "3600");
        let accepted = Response::new(200, r#"{"request_id": "$ID"}"#);
        let is_late = arrival.mark == "1";
        Verdict {
            taken: true,
            answer: Answer::Respond(if is_late { throttled } else { accepted }),
        }
    });
    let judge = judge.unwrap();
    // Such a client may reuse connections, so its 429 may be the answer to another request.
    let client = Client::builder()
        .token("t")
        .base_url(judge.base_url())
        .http_client(reqwest::Client::new());
    let client = client.build().unwrap();
    let submit = async |mark: &str| {
        let input = json!({ "prompt": format!("{MARK}{mark}") });
        client.submit_json("judge/model", &input).outcome().await
    };
    let first = submit("1").await;
    assert!(matches!(first, Outcome::Unknown(_)), "{first:?}");
    let second = submit("2").await;
    assert!(matches!(second, Outcome::Accepted(_)), "{second:?}");
}

// A test for each protocol, since a second core is idle while the longest test of all runs alone.
async fn faulty(protocol: Protocol) {
    let cases = Cases::from_env(20_000).percent(50);
    let figures = judged(protocol, false, cases).await;
    assert_eq!((figures.repeated, figures.unnamed), (0, 0), "{figures:?}");
    // So many submits cannot all be dropped before they are sent, or after they have ended.
    assert!(
        figures.orphans_with_id + figures.orphans_with_key > 0 || cases.count < 5_000,
        "none was dropped in flight"
    );
}

#[tokio::test]
async fn faulty_http1_repeats_no_job_and_leaves_none_unnamed() {
    faulty(Protocol::Http1).await;
}

#[tokio::test]
async fn faulty_http2_repeats_no_job_and_leaves_none_unnamed() {
    faulty(Protocol::Http2).await;
}

async fn healthy(protocol: Protocol) {
    let figures = judged(protocol, true, Cases::from_env(4_000).percent(50)).await;
    assert_eq!((figures.repeated, figures.unknown), (0, 0), "{figures:?}");
}

#[tokio::test]
async fn healthy_http1_leaves_no_outcome_unknown() {
    healthy(Protocol::Http1).await;
}

#[tokio::test]
async fn healthy_http2_leaves_no_outcome_unknown() {
    healthy(Protocol::Http2).await;
}
