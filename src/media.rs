//! Attaches local media to inputs, and checks media by the rules of their schema.
//!
//! [`Prober`] and [`Facts`] also work without a client: they read the facts of media from few
//! bytes. [`Uploading`] and [`CheckMedia`] are settings of the client.

pub(crate) mod attach;
pub(crate) mod check;

#[doc(inline)]
pub use attach::Uploading;
#[doc(inline)]
pub use check::CheckMedia;
pub use runcomfy_media::{DataUri, Facts, MAX_REQUEST_BYTES, Verdict, judge};
pub use runcomfy_probe::{ProbeError, ProbeErrorKind, Prober, ProberBuilder};
