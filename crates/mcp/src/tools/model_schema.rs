//! The tool `model_schema`.

use runcomfy::catalogue::CatalogueEntry;
use serde_json::{Map, Value, json};

use super::{Call, object};
use crate::refusal::Refusal;

impl Call<'_> {
    pub(super) async fn model_schema(&self) -> Result<Map<String, Value>, Refusal> {
        let model = self.shared.models.find(self.model_id()?).await?;
        let entry = model.entry();
        Ok(object(json!({
            "model_id": model.id(),
            "description": entry.and_then(CatalogueEntry::description),
            "price": model.price(),
            "input_schema": model.schema.input.to_json_schema(),
            "next": "Call `validate` or `price` with an input of this schema; both are free.",
        })))
    }
}
