//! A look at the media behind URLs, guarded against URLs that a stranger has chosen.
//!
//! A request to a URL from outside is a request that somebody else aims (SSRF): at the cloud's
//! metadata service, at an inner database, at this machine. So:
//!
//! - **Addresses are checked where they are dialled.** `Names` filters inside the connector's own
//!   look-up, so no name can change between check and dial; address literals never get there and
//!   are checked in `Target`. `address` knows what is public: v6 by what is allowed (global
//!   unicast less its special ranges), with v4 addresses inside NAT64 judged as themselves and
//!   those inside Teredo, 6to4, mapped and compatible forms refused.
//! - **A URL means one thing.** `https` on port 443, no user name, and nothing as written that
//!   another parser might take otherwise. Redirects are followed by hand, each checked like the
//!   first URL.
//! - **A server decides about nothing.** Not about length (no more is read than was asked for),
//!   not about time (one deadline), not about memory (heads are limited, nothing is unpacked), and
//!   parts of two versions are never mixed.
//! - **Errors tell little.** A host, a class of reasons, at most an HTTP status; no path, no query,
//!   no cause.
//! - **No proxy, unless allowed:** it looks names up by itself, out of this guard's sight.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod check;
#[doc(hidden)]
pub mod content_range;
#[doc(hidden)]
pub mod entity_tag;
mod error;
mod http;
mod names;
mod prober;
#[doc(hidden)]
pub mod proxy;
mod source;
mod target;

pub use check::check;
pub use error::{ProbeError, ProbeErrorKind};
pub use prober::{Prober, ProberBuilder};
