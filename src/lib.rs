//! A typed, careful client for RunComfy's Model API.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod model;
mod output;

pub use model::Model;
pub use output::Output;
pub use runcomfy_dialect::*;

/// The code that `runcomfy_codegen::Builder` wrote to `OUT_DIR`, in place of this call.
///
/// ```ignore
/// pub mod models {
///     runcomfy::include_models!();
/// }
/// ```
#[macro_export]
macro_rules! include_models {
    () => {
        include!(concat!(env!("OUT_DIR"), "/models.rs"));
    };
}
