//! One model and the file that it comes from.

use std::sync::Arc;

use runcomfy_schema::ModelSchema;

/// Holds one model and the file that it comes from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Source {
    /// Schema of the model.
    pub model: ModelSchema,
    /// Path of the file, as diagnostics show it.
    pub path: String,
    /// Whole text of the file.
    pub text: Arc<str>,
}
