//! The calls of the API.

use std::fmt;

use axum::http::Method;

/// One kind of call that the emulator answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// `POST /v1/models/{model_id}`
    Submit,
    /// `GET /v1/requests/{request_id}/status`
    Status,
    /// `GET /v1/requests/{request_id}/result`
    Result,
    /// `POST /v1/requests/{request_id}/cancel`
    Cancel,
    /// `GET /files/{request_id}/{name}`: the download of an output.
    File,
    /// `GET /v1/models`, `GET /v1/models/{model_id}` and `GET /v1/models/categories`
    Catalogue,
    /// `GET /prod/v2/balance`
    Balance,
}

impl Call {
    /// Every call.
    pub const ALL: &[Self] = &[
        Self::Submit,
        Self::Status,
        Self::Result,
        Self::Cancel,
        Self::File,
        Self::Catalogue,
        Self::Balance,
    ];

    /// Its name in a file of faults, such as `submit`.
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
        }
    }

    /// The call that a request means, judged by its method and path alone.
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
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
            _ => return None,
        })
    }
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
    fn is_told_by_method_and_path() {
        let of = |method: &Method, path| Call::of(method, path);
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
        assert_eq!(of(&Method::DELETE, "/v1/requests/x/cancel"), None);
    }
}
