#![doc = include_str!("../README.md")]
// A `build.rs` has a `main`, so the examples have one.
#![allow(clippy::needless_doctest_main)]

mod builder;
mod collision;
mod doc;
mod emit;
mod error;
mod explanation;
mod feature;
mod id_tree;
mod json;
mod mark;
mod model_source;
mod module;
mod name;
mod options;
mod parallel;
mod print;
mod reported;
mod rust_type;

pub mod diagnostic;
pub mod expansion;
pub mod files;
pub mod phrase;
pub mod plan;
pub mod settings;
pub mod source;

pub use builder::{Builder, Layout};
pub use diagnostic::{Diagnostic, Position};
pub use error::Error;
pub use explanation::explain;
pub use files::{Change, Changes, Generated};
pub use runcomfy_schema::Code;

#[cfg(doctest)]
#[doc = include_str!("../../docs/code-generator.md")]
struct Guide;
