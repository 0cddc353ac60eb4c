//! The URLs of the Model API.

use std::{fmt, iter};

use reqwest::Url;

use crate::error::Error;
use crate::job::request_id::RequestId;
use runcomfy_schema::Redacted;

/// The base URL of the service, as documented.
const SERVICE: &str = "https://model-api.runcomfy.net/v1";

/// The host of the balance; it accepts the same token.
const BALANCE_HOST: &str = "api.runcomfy.net";

/// A base URL that is not validated yet: it may contain a password.
#[derive(Clone)]
pub(crate) struct Address(pub(crate) String);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without a host it is not clear where a password would be.
        match Url::parse(&self.0) {
            Ok(url) if url.has_host() => write!(f, "{}", Redacted(url.as_str())),
            _ => f.write_str("…"),
        }
    }
}

/// The base of all calls; ends with `/v1`.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    base: Url,
    /// The base of the balance, where it is set.
    account: Option<Url>,
    include_cost: bool,
}

impl Endpoint {
    pub(crate) fn service() -> Result<Self, Error> {
        Self::new(SERVICE)
    }

    /// Parses a base URL with or without `/v1` at its end. Plain `http` is for this machine only:
    /// on the way to another machine the token would be readable.
    pub(crate) fn new(address: &str) -> Result<Self, Error> {
        let mut base = checked_url(address, "the base URL", SERVICE)?;
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&if path.ends_with("/v1") {
            path
        } else {
            path + "/v1"
        });
        Ok(Self {
            base,
            account: None,
            include_cost: false,
        })
    }

    /// Sets the base of the balance, to the same rules.
    pub(crate) fn with_account(self, address: &str) -> Result<Self, Error> {
        let account = Some(checked_url(address, "the base URL", SERVICE)?);
        Ok(Self { account, ..self })
    }

    /// Sets whether results contain the cost of their jobs.
    pub(crate) fn including_cost(self, include_cost: bool) -> Self {
        Self {
            include_cost,
            ..self
        }
    }

    /// Returns the address below which the calls of the Model API are: all but the balance.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// Returns the addresses below which all calls are.
    pub(crate) fn bases(&self) -> impl Iterator<Item = &Url> + Clone {
        iter::once(&self.base).chain(&self.account)
    }

    /// Returns the URL to which a job is submitted by `POST`.
    pub(crate) fn model(&self, model_id: &str) -> Result<Url, Error> {
        // URL parsers resolve dot segments even where they are percent-encoded.
        let bad = |segment| matches!(segment, "" | "." | "..");
        if model_id.split('/').any(bad) || model_id.chars().any(char::is_control) {
            return Err(Error::configuration(format!(
                "found {model_id:?}, expected a model id such as `bytedance/dreamina-4-0/edit`"
            )));
        }
        Ok(self.join(["models"].into_iter().chain(model_id.split('/'))))
    }

    /// Returns the URL of the list of models.
    pub(crate) fn catalogue(&self) -> Url {
        self.join(["models"])
    }

    /// Returns the URL of the balance: at the service on a host of its own, elsewhere beside the Model
    /// API.
    pub(crate) fn balance(&self) -> Url {
        const PATH: &str = "prod/v2/balance";
        if let Some(account) = &self.account {
            let mut url = account.clone();
            let base = account.path().trim_end_matches('/');
            url.set_path(&format!("{base}/balance"));
            return url;
        }
        let mut url = self.base.clone();
        if self.base.as_str() == SERVICE && url.set_host(Some(BALANCE_HOST)).is_ok() {
            url.set_path(PATH);
        } else {
            let base = self.base.path();
            let beside = base.strip_suffix("/v1").unwrap_or(base);
            url.set_path(&format!("{beside}/{PATH}"));
        }
        url
    }

    pub(crate) fn status(&self, id: &RequestId) -> Url {
        self.join(["requests", id.as_str(), "status"])
    }

    pub(crate) fn result(&self, id: &RequestId) -> Url {
        self.join(["requests", id.as_str(), "result"])
    }

    /// Returns the URL of a query for the result.
    pub(crate) fn result_query(&self, id: &RequestId) -> Url {
        let mut url = self.result(id);
        if self.include_cost {
            url.set_query(Some("include_cost=true"));
        }
        url
    }

    pub(crate) fn cancel(&self, id: &RequestId) -> Url {
        self.join(["requests", id.as_str(), "cancel"])
    }

    /// Appends segments, each percent-encoded.
    fn join<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.base.clone();
        // Only URLs without a host ("mailto:…") have no segments, and `new` accepts none.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

/// Returns the address in an environment variable that is set and not blank.
pub(crate) fn address_from_env(name: &str) -> Option<String> {
    let address = std::env::var(name).ok();
    address.filter(|address| !address.trim().is_empty())
}

/// Parses an address to which a token is sent; `what` and an example are for the messages of errors.
pub(crate) fn checked_url(address: &str, what: &str, example: &str) -> Result<Url, Error> {
    let wrong = |why: &str| {
        Error::configuration(format!("{what} is {why}; expected one such as {example}"))
    };
    let url = Url::parse(address.trim()).map_err(|error| wrong(&format!("invalid ({error})")))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("one with a query or a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("one with a user name or password"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(wrong(
            "plain http to another machine, which would show the token to everyone on the way",
        )),
        _ => Err(wrong("neither https nor http")),
    }
}

/// Returns `true` if an address of [`checked_url`] is plain `http`, and so on this machine.
pub(crate) fn is_plain(url: &Url) -> bool {
    url.scheme() == "http"
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str) -> String {
        Endpoint::service().unwrap().model(id).unwrap().into()
    }

    #[test]
    fn model_ids_are_encoded_segment_by_segment() {
        let base = "https://model-api.runcomfy.net/v1/models";
        for (id, path) in [
            ("bytedance/dreamina-4-0/edit", "bytedance/dreamina-4-0/edit"),
            (
                "minimax/Hailuo Video 01 Live",
                "minimax/Hailuo%20Video%2001%20Live",
            ),
            ("kling/kling-video-o3/4K/x", "kling/kling-video-o3/4K/x"),
            ("a/b?c#d%2e", "a/b%3Fc%23d%252e"),
        ] {
            assert_eq!(model(id), format!("{base}/{path}"));
        }
        for bad in ["", "a//b", "../x", "a/.", "a/b\n"] {
            assert!(Endpoint::service().unwrap().model(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn balance_has_a_host_of_its_own_or_is_beside_the_models() {
        for (base, balance) in [
            (SERVICE, "https://api.runcomfy.net/prod/v2/balance"),
            (
                "https://model-api.runcomfy.net",
                "https://api.runcomfy.net/prod/v2/balance",
            ),
            (
                "http://127.0.0.1:8188/v1",
                "http://127.0.0.1:8188/prod/v2/balance",
            ),
            (
                "https://gate.example/runcomfy",
                "https://gate.example/runcomfy/prod/v2/balance",
            ),
        ] {
            assert_eq!(Endpoint::new(base).unwrap().balance().as_str(), balance);
        }
    }

    #[test]
    fn balance_may_have_a_base_of_its_own() {
        let balance = |account: &str| {
            let endpoint = Endpoint::service().unwrap().with_account(account);
            endpoint.map(|endpoint| endpoint.balance().to_string())
        };
        for account in ["http://127.0.0.1:1/prod/v2", "http://127.0.0.1:1/prod/v2/"] {
            let url = balance(account).unwrap();
            assert_eq!(url, "http://127.0.0.1:1/prod/v2/balance");
        }
        // The token goes there too.
        assert!(balance("http://example.com/prod/v2").is_err());
    }

    #[test]
    fn result_is_queried_with_its_cost_where_that_is_set() {
        let id = "r1".parse().unwrap();
        let endpoint = Endpoint::new("http://127.0.0.1:1").unwrap();
        let plain = "http://127.0.0.1:1/v1/requests/r1/result";
        assert_eq!(endpoint.result_query(&id).as_str(), plain);
        let endpoint = endpoint.including_cost(true);
        let query = endpoint.result_query(&id);
        assert_eq!(query.as_str(), format!("{plain}?include_cost=true"));
        assert_eq!(endpoint.result(&id).as_str(), plain);
    }

    #[test]
    fn base_url_may_omit_the_version() {
        for base in [
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080/v1",
            "http://127.0.0.1:8080/v1/",
        ] {
            let id = "r1".parse().unwrap();
            let status = Endpoint::new(base).unwrap().status(&id);
            assert_eq!(
                status.as_str(),
                "http://127.0.0.1:8080/v1/requests/r1/status"
            );
        }
        assert!(Endpoint::new("http://[::1]:1/gateway").is_ok());
        for bad in [
            "http://example.com",
            "ftp://a",
            "nothing",
            "https://u:p@a.example",
            "https://a.example/?q",
        ] {
            assert!(Endpoint::new(bad).is_err(), "{bad}");
        }
    }
}
