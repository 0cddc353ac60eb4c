//! A login that a person has to confirm.

use std::fmt;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use crate::error::{Error, ErrorKind};
use crate::http::token::Token;
use crate::http::website::{Answer, Site};

#[cfg(doc)]
use super::Website;

/// A login that a person confirms in the browser, from [`Website::start_login`].
///
/// Dropping it, or its wait, leaves the login unconfirmed; it expires.
pub struct PendingLogin {
    site: Site,
    device_code: String,
    user_code: String,
    verify_url: String,
    times: Times,
}

/// The end of a login.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LoginOutcome {
    /// The person has confirmed the code; this is the token.
    Authorized(Token),
    /// The person has declined.
    Denied,
    /// Nobody has confirmed the code in time. Start another login.
    Expired,
}

/// The times of a login.
#[derive(Clone, Copy, Debug)]
struct Times {
    started: Instant,
    expires_in: Duration,
    poll_interval: Duration,
}

/// The outcome of one poll.
#[derive(Debug)]
enum Poll {
    Pending,
    /// The website wants polls to come less often, or none for a time.
    SlowDown(Option<Duration>),
    Ended(LoginOutcome),
}

/// Time in which a code is to be confirmed where the website does not say.
const EXPIRES_IN: Duration = Duration::from_secs(600);

/// Poll interval where the website does not say.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
const MIN_POLL_INTERVAL: Duration = Duration::from_secs(1);
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(60);

/// Time that is added to the poll interval where the website wants fewer polls (RFC 8628, 3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// Prints no code: who has one may confirm or take the login.
impl fmt::Debug for PendingLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingLogin")
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

impl PendingLogin {
    pub(super) async fn start(site: Site) -> Result<Self, Error> {
        let started = Instant::now();
        let answer = site.post("/api/cli-auth/start", None).await?;
        let texts = ["device_code", "user_code", "verify_url"].map(|name| answer.text(name));
        let [Some(device_code), Some(user_code), Some(verify_url)] = texts else {
            return Err(answer.error("the start of a login"));
        };
        if !answer.is_success() {
            return Err(answer.error("the start of a login"));
        }
        let interval = answer.seconds("poll_interval").unwrap_or(POLL_INTERVAL);
        Ok(Self {
            times: Times {
                started,
                expires_in: answer.seconds("expires_in").unwrap_or(EXPIRES_IN),
                poll_interval: interval.clamp(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL),
            },
            device_code: device_code.to_owned(),
            user_code: user_code.to_owned(),
            verify_url: verify_url.to_owned(),
            site,
        })
    }

    /// Returns the code that the person confirms.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Returns the address of the page on which the person confirms the code, as received. Check its
    /// scheme before you open it.
    #[must_use]
    pub fn verify_url(&self) -> &str {
        &self.verify_url
    }

    /// Returns the time that the person has, counted from the start of the login.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.times.expires_in
    }

    /// Waits until the person has confirmed or declined, at most until the code expires. Transient
    /// failures of the network and the website are waited out.
    ///
    /// # Errors
    /// - [`ErrorKind::Unauthenticated`]: the website gives something that is no token.
    /// - [`ErrorKind::BadRequest`], [`ErrorKind::NotFound`]: the website refuses the poll. Start
    ///   another login.
    pub async fn wait(self) -> Result<LoginOutcome, Error> {
        let body = json!({ "device_code": self.device_code });
        let poll = async || {
            let answer = self.site.post("/api/cli-auth/poll", Some(&body)).await?;
            outcome(&answer)
        };
        self.times.wait(poll).await
    }
}

impl Times {
    /// Polls until the login has ended.
    async fn wait(
        self,
        mut poll: impl AsyncFnMut() -> Result<Poll, Error>,
    ) -> Result<LoginOutcome, Error> {
        let mut interval = self.poll_interval;
        let mut delay = interval;
        // A login that never expires is one for which nobody waits that long.
        let end = self.started.checked_add(self.expires_in);
        loop {
            if let Some(end) = end
                && Instant::now() + delay > end
            {
                sleep_until(end).await;
                return Ok(LoginOutcome::Expired);
            }
            sleep(delay).await;
            match poll().await {
                Ok(Poll::Ended(outcome)) => return Ok(outcome),
                Ok(Poll::Pending) => delay = interval,
                Ok(Poll::SlowDown(after)) => {
                    interval = (interval + SLOW_DOWN).min(MAX_POLL_INTERVAL);
                    delay = interval.max(after.unwrap_or_default());
                }
                // As RFC 8628 wants it, each failure in a row doubles the time to the next poll.
                Err(error) if is_transient(&error) => delay = (delay * 2).min(MAX_POLL_INTERVAL),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Returns `true` if a later poll may succeed. A response that cannot be read is that of a gateway.
fn is_transient(error: &Error) -> bool {
    error.is_transient() || error.kind() == ErrorKind::Unreadable
}

fn outcome(answer: &Answer) -> Result<Poll, Error> {
    // RFC 8628 names the states in `error`, and some of them differently.
    let word = answer.text("status").or_else(|| answer.text("error"));
    Ok(match word {
        Some("authorized") if answer.is_success() => {
            let Some(token) = answer.text("access_token") else {
                let message = "the website has confirmed the login, but gives no token";
                return Err(Error::token(message));
            };
            Poll::Ended(LoginOutcome::Authorized(Token::from_source(
                token,
                "the token of the login",
            )?))
        }
        Some("denied" | "access_denied") => Poll::Ended(LoginOutcome::Denied),
        Some("expired" | "expired_token") => Poll::Ended(LoginOutcome::Expired),
        Some("slow_down") => Poll::SlowDown(answer.retry_after),
        Some("pending" | "authorization_pending") => Poll::Pending,
        _ if answer.http_status == 429 => Poll::SlowDown(answer.retry_after),
        // A status that is not known ends nothing.
        Some(_) if answer.is_success() => Poll::Pending,
        _ => return Err(answer.error("the poll of the login")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn answer(http_status: u16, json: &Value) -> Answer {
        Answer {
            http_status,
            retry_after: None,
            json: json.as_object().cloned().unwrap_or_default(),
        }
    }

    /// Waits with these answers, and returns the outcome and the seconds at which polls were sent.
    async fn waited(
        expires_in: u64,
        answers: &[(u16, Value)],
    ) -> (Result<LoginOutcome, Error>, Vec<u64>) {
        let started = Instant::now();
        let times = Times {
            started,
            expires_in: Duration::from_secs(expires_in),
            poll_interval: Duration::from_secs(2),
        };
        let mut polls = Vec::new();
        let mut answers = answers.iter();
        let poll = async || {
            polls.push(started.elapsed().as_secs());
            match answers.next() {
                Some((0, _)) => Err(Error::new(ErrorKind::NotSent, "no connection")),
                Some((status, json)) => outcome(&answer(*status, json)),
                None => Ok(Poll::Pending),
            }
        };
        let outcome = times.wait(poll).await;
        (outcome, polls)
    }

    #[tokio::test(start_paused = true)]
    async fn token_comes_once_the_code_is_confirmed() {
        let pending = (200, json!({"status": "pending"}));
        let new = (200, json!({"status": "scanned"}));
        let done = (
            200,
            json!({"status": "authorized", "access_token": " t0ken-of-the-login\n"}),
        );
        let (outcome, polls) = waited(600, &[pending, new, done]).await;
        let Ok(LoginOutcome::Authorized(token)) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(token.text(), "t0ken-of-the-login");
        assert_eq!(polls, [2, 4, 6]);
    }

    #[tokio::test(start_paused = true)]
    async fn polls_come_less_often_where_the_website_wants_it() {
        let slow = [
            (200, json!({"status": "slow_down"})),
            (400, json!({"error": "slow_down"})),
            (429, json!(null)),
            (400, json!({"error": "authorization_pending"})),
            (200, json!({"status": "denied"})),
        ];
        let (outcome, polls) = waited(600, &slow).await;
        assert!(matches!(outcome, Ok(LoginOutcome::Denied)), "{outcome:?}");
        assert_eq!(polls, [2, 2 + 7, 9 + 12, 21 + 17, 38 + 17]);
    }

    #[tokio::test(start_paused = true)]
    async fn outage_during_a_login_is_waited_out() {
        let answers = [
            (0, json!(null)),
            (503, json!(null)),
            (200, json!("a page of a gateway")),
            (200, json!({"status": "pending"})),
            (403, json!({"error": "access_denied"})),
        ];
        let (outcome, polls) = waited(600, &answers).await;
        assert!(matches!(outcome, Ok(LoginOutcome::Denied)), "{outcome:?}");
        assert_eq!(polls, [2, 2 + 4, 6 + 8, 14 + 16, 30 + 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn login_ends_when_its_code_expires() {
        let started = Instant::now();
        let (outcome, polls) = waited(5, &[]).await;
        assert!(matches!(outcome, Ok(LoginOutcome::Expired)), "{outcome:?}");
        assert_eq!(polls, [2, 4]);
        assert_eq!(started.elapsed(), Duration::from_secs(5));
        let (outcome, _) = waited(600, &[(200, json!({"status": "expired"}))]).await;
        assert!(matches!(outcome, Ok(LoginOutcome::Expired)), "{outcome:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn refused_poll_ends_the_wait_and_prints_no_secret() {
        for (status, body) in [
            (404, json!({"access_token": "s3cret", "error": "s3cret"})),
            (
                200,
                json!({"status": "authorized", "access_token": "s3\ncret"}),
            ),
            (200, json!({"status": "authorized", "token": "s3cret"})),
            (401, json!("s3cret")),
        ] {
            let (outcome, polls) = waited(600, &[(status, body)]).await;
            let error = outcome.unwrap_err();
            assert_eq!(polls, [2], "{error}");
            assert!(!format!("{error} {error:?}").contains("cret"), "{error:?}");
        }
    }
}
