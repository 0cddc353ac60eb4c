use std::time::Duration;

use super::Decision::{GiveUp, OutcomeUnknown, Retry};
use super::{Failure as F, *};
use crate::job::request_id::RequestId;

fn response(kind: ErrorKind, http_status: u16) -> Error {
    Error::new(kind, "a failure").with_reply(http_status, String::new())
}

fn id() -> RequestId {
    "r-1".parse().unwrap()
}

/// Asserts the row of an error, and what the table makes of it for a submit, and for reads and
/// downloads alike.
#[track_caller]
fn assert_row(error: Error, row: Failure, submit: Decision, read: Decision) {
    assert_cells(error, row, submit, [read, read]);
}

/// Asserts the row of an error, and what the table makes of it.
#[track_caller]
fn assert_cells(error: Error, row: Failure, submit: Decision, [read, download]: [Decision; 2]) {
    assert_eq!(Failure::from_error(&error), row);
    assert_eq!(row.decide(Operation::Read), read);
    assert_eq!(row.decide(Operation::Download), download);
    let (decision, judged) = judge(Operation::Submit, error);
    assert_eq!(decision, submit);
    assert_eq!(judged.may_have_been_submitted(), submit == OutcomeUnknown);
}

#[test]
fn request_that_never_left_is_retried() {
    let error = Error::new(ErrorKind::NotSent, "no connection");
    assert_row(error, F::NotSent, Retry, Retry);
}

#[test]
fn submit_held_back_by_our_rate_limit_gives_up() {
    let error = Error::new(ErrorKind::Throttled, "the rate limit");
    assert_row(error, F::HeldBack, GiveUp, Retry);
}

#[test]
fn throttled_request_is_retried() {
    let error = response(ErrorKind::Throttled, 429);
    assert_row(error, F::Throttled, Retry, Retry);
}

#[test]
fn submit_to_a_failing_service_has_an_unknown_outcome() {
    for http_status in [408, 500, 502, 503, 504, 599] {
        let error = response(ErrorKind::Unavailable, http_status);
        assert_row(error, F::Unavailable, OutcomeUnknown, Retry);
    }
    // A gateway sends it after the work began, too.
    let error = response(ErrorKind::Unavailable, 503).with_retry_after(Some(Duration::ZERO));
    assert_row(error, F::Unavailable, OutcomeUnknown, Retry);
}

#[test]
fn submit_with_a_lost_response_has_an_unknown_outcome() {
    let error = Error::new(ErrorKind::ResponseLost, "broken");
    assert_row(error, F::ResponseLost, OutcomeUnknown, Retry);
}

#[test]
fn submit_with_an_unreadable_response_has_an_unknown_outcome() {
    for http_status in [200, 302, 600] {
        let error = response(ErrorKind::Unreadable, http_status);
        assert_row(error, F::Unreadable, OutcomeUnknown, Retry);
    }
}

#[test]
fn submit_with_an_endless_response_has_an_unknown_outcome() {
    let error = Error::new(ErrorKind::TooLarge, "endless");
    let [read, download] = [Retry, GiveUp];
    assert_cells(error, F::ResponseTooLarge, OutcomeUnknown, [read, download]);
}

#[test]
fn unattributed_response_leaves_the_outcome_unknown() {
    for kind in [ErrorKind::InsufficientBalance, ErrorKind::Throttled] {
        let error = response(kind, 402).unattributed();
        assert_row(error, F::Unattributed, OutcomeUnknown, GiveUp);
    }
}

#[test]
fn failure_that_names_a_job_has_an_unknown_outcome() {
    for (kind, http_status) in [
        (ErrorKind::Unavailable, 503),
        (ErrorKind::Throttled, 429),
        (ErrorKind::Unreadable, 200),
    ] {
        let error = response(kind, http_status).naming_job(&id());
        assert_row(error, F::JobNamed, OutcomeUnknown, GiveUp);
    }
}

#[test]
fn certain_refusal_stays_one_beside_an_id() {
    for (kind, http_status) in [
        (ErrorKind::InsufficientBalance, 200),
        (ErrorKind::BadRequest, 422),
    ] {
        let error = response(kind, http_status).naming_job(&id());
        assert_row(error, F::Refused, GiveUp, GiveUp);
    }
}

#[test]
fn id_of_a_read_job_changes_nothing() {
    let error = response(ErrorKind::Unavailable, 503).with_request_id(&id());
    assert_eq!(Failure::from_error(&error), F::Unavailable);
}

#[test]
fn result_that_is_not_ready_is_fetched_again() {
    let error = response(ErrorKind::NotReady, 400);
    assert_row(error, F::NotReady, GiveUp, Retry);
}

#[test]
fn new_job_that_is_not_found_is_looked_up_again() {
    let not_found = || response(ErrorKind::NotFound, 404);
    assert_row(not_found().early(), F::NotKnownYet, GiveUp, Retry);
    // Nothing else is excused by the age of a job.
    let error = response(ErrorKind::Unauthenticated, 401).early();
    assert_row(error, F::Refused, GiveUp, GiveUp);
}

#[test]
fn refusal_is_final() {
    for (kind, http_status) in [
        (ErrorKind::BadRequest, 400),
        (ErrorKind::Unauthenticated, 401),
        (ErrorKind::InsufficientBalance, 402),
        (ErrorKind::Forbidden, 403),
        (ErrorKind::NotFound, 404),
    ] {
        assert_row(response(kind, http_status), F::Refused, GiveUp, GiveUp);
    }
}

#[test]
fn local_failure_is_final() {
    for kind in [
        ErrorKind::Configuration,
        ErrorKind::Io,
        ErrorKind::InvalidInput,
    ] {
        assert_row(Error::new(kind, "here"), F::Local, GiveUp, GiveUp);
    }
}
