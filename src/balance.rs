//! What is left on the account.

use std::fmt;

use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::Error;
use crate::http::response::Reply;
use runcomfy_schema::Json;
use runcomfy_schema::Redacted;

#[cfg(doc)]
use crate::error::ErrorKind;

/// What is left on the account, as the service tells it.
#[derive(Clone, PartialEq)]
pub struct Balance {
    usd: f64,
    json: Map<String, Json>,
}

/// Shown without the queries of URLs.
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
    /// Asks what is left on the account. Failures that may pass are tried again.
    ///
    /// It is asked where the service has it, `api.runcomfy.net`; with another base URL, such as
    /// that of an emulator or a gateway, at `prod/v2/balance` beside its `v1`.
    ///
    /// # Errors
    /// Those of the service and the network; [`ErrorKind::Unreadable`] where the reply has no sum.
    pub async fn balance(&self) -> Result<Balance, Error> {
        let of_reply = |reply: &Reply| {
            let json = reply.object()?;
            let usd = json.get("balance_usd").and_then(Value::as_f64);
            let usd = usd.ok_or_else(|| reply.unreadable("has no number `balance_usd`"))?;
            Ok(Balance { usd, json })
        };
        self.services().api().balance(of_reply).await
    }
}

impl Balance {
    /// The sum in US dollars.
    #[must_use]
    pub fn usd(&self) -> f64 {
        self.usd
    }

    /// Everything that the service says.
    #[must_use]
    pub fn json(&self) -> &Map<String, Json> {
        &self.json
    }
}
