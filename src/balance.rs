//! What is left on the account.

use reqwest::Url;
use serde_json::{Map, Value};

use crate::reply::Reply;
use crate::{Client, Error, Json};

#[cfg(doc)]
use crate::ErrorKind;

/// What is left on the account, as the service tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    usd: f64,
    json: Map<String, Json>,
}

/// The balance is kept by another machine than the models; both take the same token.
const MODELS_HOST: &str = "model-api.runcomfy.net";
const BALANCE_HOST: &str = "api.runcomfy.net";
const PATH: &str = "prod/v2/balance";

impl Client {
    /// Asks what is left on the account. Failures that may pass are tried again.
    ///
    /// It is asked where the service has it, `api.runcomfy.net`; with another base URL, such as
    /// that of an emulator or a gateway, at `prod/v2/balance` beside its `v1`.
    ///
    /// # Errors
    /// Those of the service and the network; [`ErrorKind::Unreadable`] where the reply has no sum.
    pub async fn balance(&self) -> Result<Balance, Error> {
        let url = address(self.inner.endpoint.catalogue());
        let of_reply = |reply: &Reply| {
            let json = reply.object()?;
            let usd = json.get("balance_usd").and_then(Value::as_f64);
            let usd = usd.ok_or_else(|| reply.unreadable("has no number `balance_usd`"))?;
            Ok(Balance { usd, json })
        };
        self.read(url, of_reply).await
    }
}

/// From the address of the models, which ends with `/v1/models`.
fn address(models: Url) -> Url {
    let mut url = models;
    if url.host_str() == Some(MODELS_HOST) && url.set_host(Some(BALANCE_HOST)).is_ok() {
        url.set_path(PATH);
        return url;
    }
    let path = url.path().trim_end_matches("/v1/models").to_owned();
    url.set_path(&format!("{path}/{PATH}"));
    url
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;

    #[test]
    fn the_balance_is_asked_at_its_own_host_or_beside_the_models() {
        let at = |base: &str| String::from(address(Endpoint::new(base).unwrap().catalogue()));
        let service = String::from(address(Endpoint::service().unwrap().catalogue()));
        assert_eq!(service, "https://api.runcomfy.net/prod/v2/balance");
        assert_eq!(
            at("http://127.0.0.1:8188/v1"),
            "http://127.0.0.1:8188/prod/v2/balance"
        );
        assert_eq!(
            at("https://gate.example/runcomfy"),
            "https://gate.example/runcomfy/prod/v2/balance"
        );
    }
}
