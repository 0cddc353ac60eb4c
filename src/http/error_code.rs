//! Finds what an error response means: by its `error_code`, else by its HTTP status.
//!
//! A kind that is a refusal is certain: there is no job. So only what the service documents, and the
//! families of those codes, are refusals; whatever else a service or a gateway may answer is
//! [`ErrorKind::Unavailable`] or [`ErrorKind::Unreadable`], which prove nothing.

use serde_json::Value;

use crate::error::ErrorKind;

/// The `error_code` of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// There is none, or one that says that there is no error: `null`, `false`, `0` or an empty text.
    None,
    /// A number, such as 400002: an HTTP status times 1000, plus a number of its own.
    Number(i64),
    /// Something that is no number, of which no meaning is documented.
    Unlisted,
}

impl ErrorCode {
    pub(crate) fn from_json(value: Option<&Value>) -> Self {
        let Some(value) = value else {
            return Self::None;
        };
        let text = value.as_str();
        let number = value.as_i64().or_else(|| text?.parse().ok());
        match (value, number) {
            (Value::Null | Value::Bool(false), _) | (_, Some(0)) => Self::None,
            (_, Some(number)) => Self::Number(number),
            _ if text == Some("") => Self::None,
            _ => Self::Unlisted,
        }
    }

    /// Returns the number, where the code is one.
    pub(crate) fn number(self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(number),
            Self::None | Self::Unlisted => None,
        }
    }

    /// Returns the kind of an error with this code and HTTP status, and what it says to people.
    ///
    /// Beside a redirect or the failure of a server a code is not the service's verdict on the
    /// request.
    pub(crate) fn kind(self, http_status: u16) -> (ErrorKind, &'static str) {
        let is_verdict = matches!(http_status, 200..=299 | 400..=499);
        match self {
            Self::Number(number) if is_verdict => kind_of_code(number),
            Self::Unlisted if is_verdict && http_status != 429 => UNLISTED_CODE,
            _ => kind_of_status(http_status),
        }
    }
}

type Meaning = (ErrorKind, &'static str);

const UNLISTED_CODE: Meaning = (
    ErrorKind::Unavailable,
    "the service answered with an error code that is not documented",
);
const UNKNOWN_MODEL: Meaning = (ErrorKind::UnknownModel, "the service knows no such model");
const NO_BALANCE: Meaning = (
    ErrorKind::InsufficientBalance,
    "no balance is left on the account",
);
const BAD_TOKEN: Meaning = (
    ErrorKind::Unauthenticated,
    "the service does not accept the token",
);
const NOT_READY: Meaning = (ErrorKind::NotReady, "the result is not ready");
const FORBIDDEN: Meaning = (ErrorKind::Forbidden, "this token may not access it");
pub(crate) const NOT_FOUND: Meaning = (
    ErrorKind::NotFound,
    "the service knows no such thing, or the request has expired",
);
const BAD_REQUEST: Meaning = (ErrorKind::BadRequest, "the service refused the request");
const TOO_LARGE: Meaning = (
    ErrorKind::BadRequest,
    "the request is too large; pass media as public https:// URLs instead of local files",
);
const THROTTLED: Meaning = (ErrorKind::Throttled, "too many requests");

/// The documented codes, and the families that they are members of.
fn kind_of_code(code: i64) -> Meaning {
    match code {
        400_001 => UNKNOWN_MODEL,
        400_002 | 402_000..=402_999 => NO_BALANCE,
        400_004 | 401_000..=401_999 => BAD_TOKEN,
        400_005 => NOT_READY,
        403_000..=403_999 => FORBIDDEN,
        404_000..=404_999 => NOT_FOUND,
        400_000..=400_999 | 422_000..=422_999 => BAD_REQUEST,
        429_000..=429_999 => THROTTLED,
        _ => UNLISTED_CODE,
    }
}

/// HTTP statuses without a code, or with one that is not the service's.
fn kind_of_status(http_status: u16) -> Meaning {
    match http_status {
        400 | 405 | 415 | 422 => BAD_REQUEST,
        401 => BAD_TOKEN,
        402 => NO_BALANCE,
        403 => FORBIDDEN,
        404 => NOT_FOUND,
        413 => TOO_LARGE,
        429 => THROTTLED,
        300..=399 => (
            ErrorKind::Unreadable,
            "the service answered with a redirect, which is not followed",
        ),
        // HTTP does not define it, so nothing is certain.
        600.. => (
            ErrorKind::Unreadable,
            "the service answered with a status that HTTP does not know",
        ),
        _ => (ErrorKind::Unavailable, "the service is unavailable for now"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Returns `true` if the kind proves that a submit made no job.
    fn is_refusal(kind: ErrorKind) -> bool {
        !matches!(
            kind,
            ErrorKind::Unavailable | ErrorKind::Unreadable | ErrorKind::Throttled
        )
    }

    #[test]
    fn only_listed_codes_are_refusals() {
        for http_status in 100..=999 {
            for code in (0..=999_999).step_by(97).chain([400_001, 500_001, 429_001]) {
                let kind = ErrorCode::from_json(Some(&json!(code))).kind(http_status).0;
                let is_verdict = matches!(http_status, 200..=299 | 400..=499);
                let is_listed = matches!(code / 1000, 400..=404 | 422);
                let is_bare = code == 0 || !is_verdict;
                let status_refuses = matches!(
                    http_status,
                    400 | 401 | 402 | 403 | 404 | 405 | 413 | 415 | 422
                );
                let expected = (is_verdict && is_listed) || (is_bare && status_refuses);
                assert_eq!(is_refusal(kind), expected, "{code}, HTTP {http_status}");
                let throttled =
                    (is_verdict && code / 1000 == 429) || (is_bare && http_status == 429);
                assert_eq!(
                    kind == ErrorKind::Throttled,
                    throttled,
                    "{code}, HTTP {http_status}"
                );
            }
        }
    }

    #[test]
    fn words_and_other_codes_prove_nothing() {
        for code in [
            json!("oops"),
            json!(true),
            json!({}),
            json!([1]),
            json!(1.5),
        ] {
            for http_status in [200, 202, 400, 402, 404, 422, 500] {
                let kind = ErrorCode::from_json(Some(&code)).kind(http_status).0;
                assert_eq!(kind, ErrorKind::Unavailable, "{code}, HTTP {http_status}");
            }
            assert_eq!(
                ErrorCode::from_json(Some(&code)).kind(429).0,
                ErrorKind::Throttled
            );
        }
    }
}
