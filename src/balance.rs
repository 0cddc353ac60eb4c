//! The balance of the account.

use std::fmt;

use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::Error;
use crate::http::response::Reply;
use runcomfy_schema::{Json, Redacted};

#[cfg(doc)]
use crate::error::ErrorKind;

/// Balance of the account.
#[derive(Clone, PartialEq)]
pub struct Balance {
    usd: f64,
    json: Map<String, Json>,
}

/// Prints the JSON without the queries of URLs.
impl fmt::Debug for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = format!("{:?}", self.json);
        f.debug_struct("Balance")
            .field("usd", &self.usd)
            .field("json", &format_args!("{}", Redacted(&json)))
            .finish()
    }
}

impl Client {
    /// Fetches the balance of the account. Transient failures are retried.
    ///
    /// The host is `api.runcomfy.net`; with another base URL, such as that of an emulator or a
    /// gateway, the path is `prod/v2/balance` beside its `v1`. `ClientBuilder::account_url` sets
    /// another one.
    ///
    /// # Errors
    /// - [`ErrorKind::Unreadable`]: the response has no sum.
    /// - The kinds of the service and the network, such as [`ErrorKind::Unauthenticated`].
    pub async fn balance(&self) -> Result<Balance, Error> {
        let parse = |reply: &Reply| {
            let json = reply.object()?;
            let usd = json.get("balance_usd").and_then(Value::as_f64);
            let usd = usd.ok_or_else(|| reply.unreadable("has no number `balance_usd`"))?;
            Ok(Balance { usd, json })
        };
        self.services().api().balance(parse).await
    }
}

impl Balance {
    /// Returns the balance in US dollars.
    #[must_use]
    pub fn usd(&self) -> f64 {
        self.usd
    }

    /// Returns the whole response of the service.
    #[must_use]
    pub fn json(&self) -> &Map<String, Json> {
        &self.json
    }
}
