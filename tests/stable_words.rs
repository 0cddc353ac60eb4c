//! The words of serde and of `Error::to_json`, which other programs store and compare.

use std::time::Duration;

use runcomfy::{Error, ErrorKind, Event, RequestId, Status};
use serde_json::{Value, json};

/// Each kind with its word: a word that changes here breaks somebody's dashboard.
const KINDS: &[(ErrorKind, &str)] = &[
    (ErrorKind::InvalidInput, "invalid_input"),
    (ErrorKind::Configuration, "configuration"),
    (ErrorKind::NotSent, "not_sent"),
    (ErrorKind::ResponseLost, "response_lost"),
    (ErrorKind::Unauthenticated, "unauthenticated"),
    (ErrorKind::InsufficientBalance, "insufficient_balance"),
    (ErrorKind::UnknownModel, "unknown_model"),
    (ErrorKind::BadRequest, "bad_request"),
    (ErrorKind::Forbidden, "forbidden"),
    (ErrorKind::NotFound, "not_found"),
    (ErrorKind::NotReady, "not_ready"),
    (ErrorKind::Throttled, "throttled"),
    (ErrorKind::Unavailable, "unavailable"),
    (ErrorKind::Unreadable, "unreadable"),
    (ErrorKind::UnexpectedOutput, "unexpected_output"),
    (ErrorKind::JobFailed, "job_failed"),
    (ErrorKind::JobCancelled, "job_cancelled"),
    (ErrorKind::Deadline, "deadline"),
    (ErrorKind::Io, "io"),
    (ErrorKind::TooLarge, "too_large"),
    (ErrorKind::Upload, "upload"),
];

#[test]
fn words_of_kinds_are_stable() {
    let kinds: Vec<ErrorKind> = KINDS.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(ErrorKind::ALL, kinds);
    for (kind, word) in KINDS {
        assert_eq!((kind.as_str(), &*kind.to_string()), (*word, *word));
        assert_eq!(json!(kind), *word);
        assert_eq!(word.parse(), Ok(*kind));
        assert_eq!(
            serde_json::from_value::<ErrorKind>(json!(word)).unwrap(),
            *kind
        );
        // The word is the name of the variant, so that nobody has to look it up.
        let name = format!("{kind:?}").to_lowercase();
        assert_eq!(name, word.replace('_', ""));
    }
    let unknown = serde_json::from_value::<ErrorKind>(json!("on_fire")).unwrap_err();
    assert!(
        unknown.to_string().starts_with("not a kind of error"),
        "{unknown}"
    );
}

#[test]
fn words_of_events_are_stable() {
    for (event, expected) in [
        (Event::Submitted, json!({ "event": "submitted" })),
        (
            Event::Queued { position: Some(2) },
            json!({ "event": "queued", "position": 2 }),
        ),
        (
            Event::Queued { position: None },
            json!({ "event": "queued", "position": null }),
        ),
        (Event::Started, json!({ "event": "started" })),
        (
            Event::UnknownStatus("warming_up".to_owned()),
            json!({ "event": "unknown_status", "status": "warming_up" }),
        ),
        (
            Event::Retrying {
                failures: 3,
                kind: ErrorKind::Unavailable,
                backoff: Duration::from_millis(2500),
            },
            json!({ "event": "retrying", "failures": 3, "kind": "unavailable", "backoff_seconds": 2.5 }),
        ),
        (Event::NotCancellable, json!({ "event": "not_cancellable" })),
        (
            Event::ErrorBesideOutput(json!({ "code": 7 })),
            json!({ "event": "error_beside_output", "error": { "code": 7 } }),
        ),
        (
            Event::Done(Status::Succeeded),
            json!({ "event": "done", "status": "succeeded" }),
        ),
    ] {
        assert_eq!(json!(event), expected);
        assert_eq!(event.as_str(), expected["event"]);
        assert_eq!(serde_json::from_value::<Event>(expected).unwrap(), event);
    }
    for (broken, expected) in [
        (
            json!({ "event": "exploded" }),
            "not an event that this version knows",
        ),
        (json!({}), "`event`: invalid type: null"),
        (json!({ "event": "done" }), "`status`: invalid type: null"),
    ] {
        let error = serde_json::from_value::<Event>(broken).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn words_of_statuses_are_stable() {
    for (status, word) in [
        (Status::InQueue, "in_queue"),
        (Status::InProgress, "in_progress"),
        (Status::Completed, "completed"),
        (Status::Succeeded, "succeeded"),
        (Status::Failed, "failed"),
        (Status::Cancelled, "cancelled"),
        (Status::Other("warming_up".to_owned()), "warming_up"),
    ] {
        assert_eq!(json!(status), word);
        assert_eq!(
            serde_json::from_value::<Status>(json!(word)).unwrap(),
            status
        );
    }
}

#[test]
fn request_ids_are_read_by_their_own_rules() {
    let id: RequestId = serde_json::from_value(json!("r-1")).unwrap();
    assert_eq!((id.as_str(), json!(id)), ("r-1", json!("r-1")));
    for bad in [json!("../r-1"), json!(""), json!(1)] {
        assert!(serde_json::from_value::<RequestId>(bad).is_err());
    }
}

#[test]
fn error_as_json_has_every_member() {
    let error = Error::builder(ErrorKind::Throttled)
        .message("too many requests")
        .http_status(429)
        .error_code(429_000)
        .retry_after(Duration::from_secs(2))
        .request_id("r-1".parse().unwrap())
        .idempotency_key("k-1")
        .detail(json!({ "see": "https://example.com/a?sig=secret" }))
        .build();
    let expected = json!({
        "kind": "throttled",
        "message": error.to_string(),
        "request_id": "r-1",
        "may_have_been_submitted": false,
        "idempotency_key": "k-1",
        "http_status": 429,
        "error_code": 429_000,
        "retry_after_seconds": 2.0,
        "detail": { "see": "https://example.com/a?…" },
        "violations": [],
    });
    assert_eq!(error.to_json(), expected);
    let plain = Error::builder(ErrorKind::Configuration).build().to_json();
    let names = |json: &Value| {
        json.as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&plain), names(&expected));
}

/// A program whose `main` returns the error prints its `Debug`.
#[test]
fn error_of_main_reads_as_a_message() {
    let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
    let error = Error::builder(ErrorKind::Io)
        .message("could not read `boat.png`")
        .source(missing)
        .build();
    assert_eq!(
        format!("{error:?}"),
        "could not read `boat.png`\n\nCaused by:\n    no such file"
    );
    let alone = Error::builder(ErrorKind::Throttled)
        .message("too many requests")
        .build();
    assert_eq!(format!("{alone:?}"), "too many requests");
    assert!(
        format!("{alone:#?}").contains("kind: Throttled"),
        "{alone:#?}"
    );
}
