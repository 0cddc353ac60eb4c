//! Tests of your own code without a server.
//!
//! A [`Script`] answers the requests of a client in this process: no socket, no token, no money.
//! Without further settings every submit is accepted, every job succeeds, and
//! [`Script::respond`] scripts everything else. With `tokio`'s paused time a wait takes no time.
//!
//! ```
//! use runcomfy::testing::{Call, Response, Script};
//! use runcomfy::ErrorKind;
//! use serde_json::json;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let script = Script::new();
//! let client = script.client_builder().build()?;
//! script.respond(Call::Submit, Response::json(402, json!({"message": "top up"})));
//! let error = client.submit_json("acme/paint", &json!({})).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::InsufficientBalance);
//!
//! let job = client.submit_json("acme/paint", &json!({"prompt": "a boat"})).await?;
//! assert_eq!(job.request_id().as_str(), "request-1");
//! assert_eq!(script.requests()[1].body["prompt"], "a boat");
//! # Ok::<(), runcomfy::Error>(())
//! # }).unwrap();
//! ```
//!
//! An error for code that handles one is built by [`Error::builder`](crate::Error::builder).
//! Downloads are not scripted: they use the network. The crate `runcomfy-emulator` is a server for
//! tests of whole programs.

use crate::client::{Client, ClientBuilder};

pub use crate::error::builder::ErrorBuilder;
pub use crate::http::script::{Call, Request, Response, Script};

impl Script {
    /// Returns the builder of a client whose requests the script answers, with a token for tests.
    pub fn client_builder(&self) -> ClientBuilder {
        Client::builder()
            .token("token-for-tests")
            .script(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::job::submit::Outcome;

    #[tokio::test(start_paused = true)]
    async fn job_runs_to_its_output_without_a_server() {
        let script = Script::new();
        script.set_output(json!({"image": "https://output.example/boat.png"}));
        let client = script.client_builder().build().unwrap();
        let input = json!({"prompt": "a boat"});
        let job = client.submit_json("acme/paint", &input).await.unwrap();
        script.respond(
            Call::Status,
            Response::json(200, json!({"status": "in_queue"})),
        );
        script.respond(Call::Status, Response::lost());
        let output = job.wait().await.unwrap();
        assert_eq!(output.image(), Some("https://output.example/boat.png"));
        assert_eq!(
            (script.count(Call::Submit), script.count(Call::Status)),
            (1, 3)
        );
        assert_eq!(script.requests()[0].path, "/v1/models/acme/paint");
        assert_eq!(script.requests()[0].body, input);
    }

    #[tokio::test(start_paused = true)]
    async fn each_outcome_of_a_submit_can_be_scripted() {
        let script = Script::new();
        let client = script.client_builder().build().unwrap();
        let input = json!({});
        let submit = async |response: Response| {
            script.respond(Call::Submit, response);
            let submit = client.submit_json("acme/paint", &input);
            submit.deadline(Duration::ZERO).outcome().await
        };
        assert!(matches!(
            submit(Response::not_sent()).await,
            Outcome::NotSent(_)
        ));
        assert!(matches!(
            submit(Response::lost()).await,
            Outcome::Unknown(_)
        ));
        let refused = Response::json(402, json!({}));
        assert!(matches!(submit(refused).await, Outcome::Rejected(_)));
        let accepted = Response::json(200, json!({"request_id": "r-1"}));
        assert!(matches!(submit(accepted).await, Outcome::Accepted(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn response_comes_later_or_too_late() {
        let script = Script::new();
        let timeout = Duration::from_secs(20);
        let client = script.client_builder().request_timeout(timeout);
        let client = client.build().unwrap();
        let input = json!({});
        let submit = async |delay: Duration| {
            let accepted = Response::json(200, json!({"request_id": "r-1"}));
            script.respond(Call::Submit, accepted.delayed(delay));
            let begun = tokio::time::Instant::now();
            let outcome = client.submit_json("acme/paint", &input).outcome().await;
            (outcome, begun.elapsed())
        };
        let second = Duration::from_secs(1);
        let (outcome, time) = submit(second).await;
        assert!(matches!(outcome, Outcome::Accepted(_)));
        assert_eq!(time, second);
        let (outcome, time) = submit(timeout + second).await;
        assert!(matches!(outcome, Outcome::Unknown(_)));
        assert_eq!(time, timeout);
    }
}
