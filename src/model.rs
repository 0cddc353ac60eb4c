//! What makes a generated input submittable.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{ModelSchema, Record};

/// The input of one model. Generated code implements it; nothing else has to.
pub trait Model: Record + Serialize + Send + Sync {
    /// The model's id on the wire, such as `bytedance/dreamina-4-0/edit`.
    const ID: &'static str;

    /// What a finished job gives.
    type Output: DeserializeOwned + Send;

    /// The model's schema.
    fn model() -> &'static ModelSchema;
}
