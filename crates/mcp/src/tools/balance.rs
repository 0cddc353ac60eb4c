//! The tool `balance`.

use serde_json::{Map, Value, json};

use super::{Call, object};
use crate::funds;
use crate::refusal::Refusal;

impl Call<'_> {
    pub(super) async fn balance(&self) -> Result<Map<String, Value>, Refusal> {
        let balance = self.shared.client.balance().await;
        let balance = balance
            .map_err(|error| Refusal::of_service("the balance could not be fetched", &error))?;
        let funds = self.shared.store.funds().await?;
        Ok(object(json!({
            "balance_usd": balance.usd(),
            "store": funds::to_json(&funds),
        })))
    }
}
