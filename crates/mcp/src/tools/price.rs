//! The tool `price`.

use serde_json::{Map, Value, json};

use super::submit::RAISE_BUDGET;
use super::{Call, object};
use crate::refusal::Refusal;

impl Call<'_> {
    pub(super) async fn price(&self) -> Result<Map<String, Value>, Refusal> {
        let input = self.arguments.input()?;
        let model = self.shared.models.find(self.model_id()?).await?;
        let cost = model.estimate(&input)?;
        let funds = self.shared.store.funds().await?;
        let next = match funds.left() {
            Some(left) if cost > left => format!(
                "`submit` would be refused: it costs {cost}, and the budget has {left} left. {RAISE_BUDGET}"
            ),
            _ => format!(
                "To pay that, call `submit` with `confirmed_cost`: {}.",
                cost.to_usd()
            ),
        };
        Ok(object(json!({
            "estimated_cost_usd": cost,
            "price": model.price(),
            "budget_left_usd": funds.left(),
            "next": next,
        })))
    }
}
