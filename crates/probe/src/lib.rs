#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod check;
mod content_range;
mod entity_tag;
mod error;
mod http;
mod prober;
mod proxy;
mod resolver;
mod source;
mod target;

pub use check::check;
pub use error::{ProbeError, ProbeErrorKind};
pub use prober::{Prober, ProberBuilder};

/// Exports parsers that the client's downloads share. It is exempt from semantic versioning.
#[doc(hidden)]
pub mod __private {
    pub use crate::content_range::ContentRange;
    pub use crate::entity_tag::EntityTag;
    pub use crate::proxy::is_http_proxy;
}
