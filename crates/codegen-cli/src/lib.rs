#![doc = include_str!("../README.md")]

mod diff;
mod error;
mod export;
mod github;
mod page;
mod pull;
mod schema_file;
mod types;

pub use diff::{
    Bindings, Class, Diff, Difference, ModelDiff, Part, diff, diff_with, models_at_revision,
    valid_models_at_revision,
};
pub use error::Error;
pub use export::{json_schemas, openapi, openapi_with, without_extensions};
pub use github::annotations;
pub use page::{Page, PageError};
pub use pull::{Pull, Skipped};
pub use types::{Language, types};
