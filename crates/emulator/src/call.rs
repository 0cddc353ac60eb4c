//! The kinds of call that the API has.

use std::fmt;

use axum::http::Method;

/// Names one kind of call that the emulator serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// Starts a job: `POST /v1/models/{model_id}`.
    Submit,
    /// Polls a job's status: `GET /v1/requests/{request_id}/status`.
    Status,
    /// Fetches a job's result: `GET /v1/requests/{request_id}/result`.
    Result,
    /// Cancels a queued job: `POST /v1/requests/{request_id}/cancel`.
    Cancel,
    /// Downloads an output: `GET /files/{request_id}/{name}`.
    File,
    /// Reads the catalogue: `GET /v1/models`, `GET /v1/models/{model_id}` and
    /// `GET /v1/models/categories`.
    Catalogue,
    /// Reads the account's balance: `GET /prod/v2/balance`.
    Balance,
    /// Starts a login: `POST /api/cli-auth/start`.
    Login,
    /// Polls a login: `POST /api/cli-auth/poll`.
    LoginPoll,
    /// Reads the account of a token: `GET /api/auth/me`.
    User,
}

impl Call {
    /// Lists every call.
    pub const ALL: &[Self] = &[
        Self::Submit,
        Self::Status,
        Self::Result,
        Self::Cancel,
        Self::File,
        Self::Catalogue,
        Self::Balance,
        Self::Login,
        Self::LoginPoll,
        Self::User,
    ];

    /// Returns the call's name in a file of faults, such as `submit`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Status => "status",
            Self::Result => "result",
            Self::Cancel => "cancel",
            Self::File => "file",
            Self::Catalogue => "catalogue",
            Self::Balance => "balance",
            Self::Login => "login",
            Self::LoginPoll => "login_poll",
            Self::User => "user",
        }
    }

    /// Classifies a request by its method and path alone.
    pub(crate) fn from_request(method: &Method, path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let get = matches!(*method, Method::GET | Method::HEAD);
        Some(match *segments {
            ["v1", "models", ..] if get => Self::Catalogue,
            ["v1", "models", _, ..] if *method == Method::POST => Self::Submit,
            ["v1", "requests", _, "status"] if get => Self::Status,
            ["v1", "requests", _, "result"] if get => Self::Result,
            ["v1", "requests", _, "cancel"] if *method == Method::POST => Self::Cancel,
            ["files", ..] if get => Self::File,
            ["prod", "v2", "balance"] if get => Self::Balance,
            ["api", "cli-auth", "start"] if *method == Method::POST => Self::Login,
            ["api", "cli-auth", "poll"] if *method == Method::POST => Self::LoginPoll,
            ["api", "auth", "me"] if get => Self::User,
            _ => return None,
        })
    }
}

impl Call {
    /// Returns what the call is about, as its address says.
    pub(crate) fn about(self) -> About {
        match self {
            Self::Submit | Self::Catalogue => About::Model,
            Self::Status | Self::Result | Self::Cancel => About::Job { segment: 2 },
            Self::File => About::Job { segment: 1 },
            Self::Balance | Self::Login | Self::LoginPoll | Self::User => About::Account,
        }
    }

    /// Returns `true` if the call is about a model, or about a job of one.
    pub(crate) fn has_model(self) -> bool {
        self.about() != About::Account
    }

    /// Returns `true` if the call is about the input of a job.
    pub(crate) fn has_input(self) -> bool {
        self.has_model() && self != Self::Catalogue
    }
}

/// Subject of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// A model, whose id the address ends with.
    Model,
    /// A job, whose request id is this segment of the address, counted from 0.
    Job { segment: usize },
    /// Neither of them.
    Account,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_path_decide_the_call() {
        let of = |method: &Method, path| Call::from_request(method, path);
        assert_eq!(
            of(&Method::POST, "/v1/models/a/b/status"),
            Some(Call::Submit)
        );
        assert_eq!(of(&Method::GET, "/v1/models/a/b"), Some(Call::Catalogue));
        assert_eq!(
            of(&Method::GET, "/v1/requests/x/result"),
            Some(Call::Result)
        );
        assert_eq!(
            of(&Method::POST, "/v1/requests/x/cancel"),
            Some(Call::Cancel)
        );
        assert_eq!(of(&Method::HEAD, "/files/x/image.png"), Some(Call::File));
        assert_eq!(of(&Method::GET, "/prod/v2/balance"), Some(Call::Balance));
        assert_eq!(of(&Method::POST, "/api/cli-auth/start"), Some(Call::Login));
        assert_eq!(of(&Method::GET, "/api/auth/me"), Some(Call::User));
        assert_eq!(of(&Method::DELETE, "/v1/requests/x/cancel"), None);
    }
}
