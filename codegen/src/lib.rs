//! From RunComfy model schemas to Rust types and validators.
//!
//! A folder of schema files goes in, Rust source comes out: for each model an `Input` struct, its
//! enums and its schema, which [`runcomfy_schema`]'s engine walks. Used from a `build.rs`:
//!
//! ```no_run
//! // build.rs: schemas/ becomes $OUT_DIR/models.rs
//! runcomfy_codegen::Builder::new().build_script();
//! ```
//!
//! or by hand, with the output in the source tree:
//!
//! ```no_run
//! let generated = runcomfy_codegen::Builder::new()
//!     .schemas("schemas")
//!     .out_dir("generated/src")
//!     .generate()?;
//! let changes = generated.write()?;
//! println!("{changes}");
//! # Ok::<(), runcomfy_codegen::Error>(())
//! ```

mod builder;
mod collision;
mod diagnostic;
mod diff;
mod doc;
mod emit;
mod error;
mod export;
mod feature;
mod files;
mod glob;
mod id_tree;
mod json;
mod module;
mod name;
mod page;
mod parallel;
mod print;
mod pull;
mod schema_file;
mod source;

pub use builder::{Builder, Layout};
pub use diagnostic::{Diagnostic, Position};
pub use diff::{
    Class, Diff, Difference, ModelDiff, Part, diff, models_at_revision, sound_models_at_revision,
};
pub use error::Error;
pub use export::{json_schemas, openapi};
pub use files::{Change, Changes, Generated};
pub use page::{Page, PageError};
pub use pull::{Pull, Skipped};
