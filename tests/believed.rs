//! Each rule of what a submit believes of HTTP by itself, judged by a server on bare sockets that shares
//! no code with the client.

use std::io::Read;
use std::net::TcpListener;
use std::time::Duration;

use runcomfy::{Client, ErrorKind, Outcome, Output, RetryPolicy};
use runcomfy_testkit::judge::{Answer, Judge, MARK, Protocol, QUOTED_TOKEN, Response, Verdict};
use serde_json::json;

use super::support::client_of;

const ACCEPTED: &str = r#"{"request_id": "$ID"}"#;

fn client(judge: &Judge, protocol: Protocol) -> Client {
    client_of(judge, protocol).build().unwrap()
}

/// Starts a judge that takes each job and answers in one way.
fn always(protocol: Protocol, answer: Answer) -> Judge {
    let verdict = move |_: &_| Verdict {
        taken: true,
        answer: answer.clone(),
    };
    Judge::start(protocol, verdict).unwrap()
}

async fn submit(client: &Client, mark: impl std::fmt::Display) -> Outcome<Output> {
    let input = json!({ "prompt": format!("{MARK}{mark}") });
    let submit = client.submit_json("judge/model", &input);
    submit.deadline(Duration::from_secs(2)).outcome().await
}

/// Returns `true` if the documentation makes it certain that a response is a refusal.
fn is_certain(status: u16, code: Option<i64>) -> bool {
    let is_verdict = matches!(status, 200..=299 | 400..=499);
    match code.filter(|_| is_verdict) {
        Some(code) => matches!(code, 400_000..=404_999 | 422_000..=422_999),
        None => matches!(status, 400 | 401 | 402 | 403 | 404 | 405 | 413 | 415 | 422),
    }
}

/// The service has taken each of these jobs, so a wrong "rejected" would be paid for twice.
#[tokio::test]
async fn nothing_was_submitted_is_said_only_with_proof() {
    let codes = [
        json!(400_001),
        json!(400_777),
        json!(401_000),
        json!(403_001),
        json!(404_001),
        json!(422_001),
        json!(405_001),
        json!(409_001),
        json!(500),
        json!(500_001),
        json!(503_001),
        json!("oops"),
        json!(null),
    ];
    let statuses = [
        101, 200, 201, 202, 206, 301, 302, 307, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410,
        413, 415, 418, 421, 422, 425, 451, 500, 501, 502, 503, 504, 599,
    ];
    let cases: Vec<(u16, serde_json::Value)> = statuses
        .into_iter()
        .flat_map(|status| codes.iter().map(move |code| (status, code.clone())))
        .collect();
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let scripted = cases.clone();
        let judge = Judge::start(protocol, move |arrival| {
            let (status, code) = &scripted[arrival.mark.parse::<usize>().unwrap()];
            let body = json!({"error_code": code, "error_message": "no"}).to_string();
            Verdict {
                taken: true,
                answer: Answer::Respond(Response::new(*status, body).header("retry-after", "1")),
            }
        });
        let judge = judge.unwrap();
        let client = client(&judge, protocol);
        for (mark, (status, code)) in cases.iter().enumerate() {
            // HTTP/2 has no such response (RFC 9113, 8.6).
            if (protocol, *status) == (Protocol::Http2, 101) {
                continue;
            }
            let outcome = submit(&client, mark).await;
            let number = code.as_i64();
            let is_word = number.is_none() && !code.is_null();
            let is_certain =
                is_certain(*status, number) && !(is_word && matches!(status, 200..=499));
            assert!(
                matches!(outcome, Outcome::Rejected(_)) == is_certain
                    && matches!(outcome, Outcome::Unknown(_)) != is_certain,
                "{protocol:?}, HTTP {status}, code {code}: {outcome:?}"
            );
            assert_eq!(judge.ledger().arrivals(&mark.to_string()), 1);
        }
    }
}

#[tokio::test]
async fn late_429_repeats_no_submit() {
    const SUBMITS: usize = 400;
    let late = Answer::WithLate429(Response::new(200, ACCEPTED));
    let judge = always(Protocol::Http1, late);
    let client = client(&judge, Protocol::Http1);
    for mark in 0..SUBMITS {
        let outcome = submit(&client, mark).await;
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    }
    let ledger = judge.ledger();
    // Each over a connection of its own.
    assert_eq!(
        (
            ledger.jobs().len(),
            ledger.all_arrivals(),
            ledger.connections()
        ),
        (SUBMITS, SUBMITS, SUBMITS)
    );
}

/// Only the first submit needs a connection of its own, which shows that the service speaks HTTP/2.
#[tokio::test]
async fn submits_over_http2_share_a_connection() {
    const SUBMITS: usize = 20;
    let respond = Answer::Respond(Response::new(200, ACCEPTED));
    let judge = always(Protocol::Http2, respond);
    let client = client(&judge, Protocol::Http2);
    for mark in 0..SUBMITS {
        let outcome = submit(&client, mark).await;
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    }
    let ledger = judge.ledger();
    assert_eq!((ledger.all_arrivals(), ledger.connections()), (SUBMITS, 2));
}

/// A client of the caller's may reuse connections, so its 429 proves nothing.
#[tokio::test]
async fn late_429_on_a_reused_connection_is_unknown() {
    let late = Answer::WithLate429(Response::new(200, ACCEPTED));
    let judge = always(Protocol::Http1, late);
    let client = Client::builder()
        .token("t")
        .base_url(judge.base_url())
        .http_client(reqwest::Client::new());
    let client = client.build().unwrap();
    let first = submit(&client, 1).await;
    assert!(matches!(first, Outcome::Accepted(_)), "{first:?}");
    let second = submit(&client, 2).await;
    assert!(matches!(second, Outcome::Unknown(_)), "{second:?}");
    // The 429 may come before the request has arrived whole; it is not sent again either way.
    assert!(judge.ledger().arrivals("2") <= 1);
}

/// The outcome is the strongest of the attempts, with the last one's error as the source.
#[tokio::test]
async fn refused_then_unconnected_submit_is_not_called_unsent() {
    let judge = Judge::start(Protocol::Http1, |_| Verdict {
        taken: false,
        answer: Answer::Respond(Response::new(429, "{}").header("retry-after", "1")),
    });
    let judge = judge.unwrap();
    let client = client(&judge, Protocol::Http1);
    let gone = async {
        while judge.ledger().arrivals("1") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The response is read long before the next attempt.
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(judge);
    };
    let (outcome, ()) = tokio::join!(submit(&client, 1), gone);
    let Outcome::Rejected(error) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::Throttled, Some(429))
    );
    assert!(error.attempts() > 1, "{error}");
    let source = std::error::Error::source(&error).unwrap();
    let source = source.downcast_ref::<runcomfy::Error>().unwrap();
    assert_eq!(source.kind(), ErrorKind::NotSent);
}

/// Each attempt may make a job, so a refusal of the first proves nothing about the second.
#[tokio::test]
async fn refused_then_lost_submit_has_an_unknown_outcome() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let judge = Judge::start(protocol, |arrival| {
            let throttled = Response::new(429, "{}").header("retry-after", "1");
            let is_first = arrival.attempt == 1;
            Verdict {
                taken: !is_first,
                answer: if is_first {
                    Answer::Respond(throttled)
                } else {
                    Answer::Close
                },
            }
        });
        let judge = judge.unwrap();
        let outcome = submit(&client(&judge, protocol), 1).await;
        let Outcome::Unknown(error) = outcome else {
            panic!("{protocol:?}: {outcome:?}");
        };
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::ResponseLost, 2)
        );
        assert_eq!(judge.ledger().arrivals("1"), 2);
    }
}

#[tokio::test]
async fn unprocessed_stream_is_not_sent_and_is_retried() {
    for unprocessed in [Answer::Refuse, Answer::GoAwayBelow] {
        let answer = unprocessed.clone();
        let judge = Judge::start(Protocol::Http2, move |arrival| {
            let is_first = arrival.attempt == 1 || arrival.mark == "always";
            let accepted = Answer::Respond(Response::new(200, ACCEPTED));
            Verdict {
                taken: !is_first,
                answer: if is_first { answer.clone() } else { accepted },
            }
        });
        let judge = judge.unwrap();
        let client = client(&judge, Protocol::Http2);
        let outcome = submit(&client, "once").await;
        assert!(
            matches!(outcome, Outcome::Accepted(_)),
            "{unprocessed:?}: {outcome:?}"
        );
        assert_eq!(
            (
                judge.ledger().arrivals("once"),
                judge.ledger().ids("once").len()
            ),
            (2, 1)
        );
        let outcome = submit(&client, "always").await;
        assert!(
            matches!(outcome, Outcome::NotSent(_)),
            "{unprocessed:?}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn processed_or_broken_stream_is_unknown_and_not_retried() {
    for (protocol, answer) in [
        (Protocol::Http2, Answer::GoAwayAt),
        (Protocol::Http2, Answer::Reset),
        // The head of a response proves that the request was processed, whatever ends its body.
        (
            Protocol::Http2,
            Answer::HalfThenRefuse(Response::new(200, ACCEPTED)),
        ),
        (
            Protocol::Http2,
            Answer::HalfThenGoAwayBelow(Response::new(200, ACCEPTED)),
        ),
        (Protocol::Http2, Answer::Close),
        (Protocol::Http1, Answer::Reset),
        (Protocol::Http1, Answer::Close),
        (Protocol::Http1, Answer::Half(Response::new(200, ACCEPTED))),
    ] {
        let judge = always(protocol, answer.clone());
        let outcome = submit(&client(&judge, protocol), 1).await;
        assert!(
            matches!(outcome, Outcome::Unknown(_)),
            "{protocol:?} {answer:?}: {outcome:?}"
        );
        assert_eq!(judge.ledger().all_arrivals(), 1, "{protocol:?} {answer:?}");
    }
}

/// The end of a connection may quote anything.
#[tokio::test]
async fn goaway_that_quotes_the_token_is_kept_without_it() {
    let judge = always(Protocol::Http2, Answer::GoAwayBelow);
    let once = RetryPolicy::new().max_attempts(1);
    let client = client_of(&judge, Protocol::Http2).token(QUOTED_TOKEN);
    let outcome = submit(&client.retry(once).build().unwrap(), 1).await;
    let Outcome::NotSent(error) = outcome else {
        panic!("{outcome:?}");
    };
    let mut shown = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        shown += &format!(" {error} {error:?}");
        cause = error.source();
    }
    assert!(
        shown.contains('…') && !shown.contains(QUOTED_TOKEN),
        "{shown}"
    );
}

/// A job whose id has arrived is not lost with the rest of the response.
#[tokio::test]
async fn cut_or_invalid_response_keeps_the_id_in_it() {
    let long = format!(
        r#"{{"request_id": "$ID", "status_url": "{}"}}"#,
        "x".repeat(200)
    );
    let respond = |body: &str| Answer::Respond(Response::new(200, body));
    for (protocol, answer) in [
        (Protocol::Http1, Answer::Half(Response::new(200, &*long))),
        (Protocol::Http1, Answer::Half(Response::new(502, &*long))),
        (Protocol::Http2, Answer::Half(Response::new(200, &*long))),
        (
            Protocol::Http2,
            Answer::HalfThenRefuse(Response::new(200, &*long)),
        ),
        (
            Protocol::Http2,
            Answer::HalfThenGoAwayBelow(Response::new(200, &*long)),
        ),
        (
            Protocol::Http1,
            respond(r#"{"request_id": "$ID", "status": "in_qu"#),
        ),
        (
            Protocol::Http1,
            respond(r#"{"request_id": "$ID"} and more"#),
        ),
        (
            Protocol::Http1,
            respond("\u{feff}{\"request_id\": \"$ID\"}"),
        ),
    ] {
        let judge = always(protocol, answer.clone());
        let outcome = submit(&client(&judge, protocol), 1).await;
        let Outcome::Unknown(error) = outcome else {
            panic!("{protocol:?} {answer:?}: {outcome:?}");
        };
        let ledger = judge.ledger();
        assert_eq!(
            error.request_id().map(runcomfy::RequestId::as_str),
            ledger.ids("1").first().map(AsRef::as_ref),
            "{protocol:?} {answer:?}: {error}"
        );
        assert_eq!(ledger.all_arrivals(), 1, "{protocol:?} {answer:?}");
    }
}

#[tokio::test]
async fn id_that_quotes_the_token_is_not_kept() {
    let long = "x".repeat(200);
    let body = format!(r#"{{"request_id": "{QUOTED_TOKEN}", "status_url": "{long}"}}"#);
    let judge = always(Protocol::Http1, Answer::Half(Response::new(200, body)));
    let client = client_of(&judge, Protocol::Http1).token(QUOTED_TOKEN);
    let outcome = submit(&client.build().unwrap(), 1).await;
    let Outcome::Unknown(error) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.request_id(), None, "{error}");
}

/// A second piece is one more call of the system, and is needed over HTTP/2 alone.
#[tokio::test]
async fn body_over_plain_http_is_sent_in_one_piece() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let first_read = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = vec![0; 1 << 16];
        let count = stream.read(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    });
    // The balance is elsewhere, where HTTP/2 is possible.
    let builder = Client::builder().token("t").base_url(base);
    let client = builder.account_url("https://127.0.0.1:9").build().unwrap();
    // The connection is closed without a response.
    let outcome = submit(&client, 0).await;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    let read = first_read.join().unwrap();
    assert!(read.ends_with('}'), "{read}");
}
