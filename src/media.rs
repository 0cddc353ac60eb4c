//! Media of inputs: local files and the rules about them.

pub(crate) mod attach;
pub(crate) mod check;

#[doc(inline)]
pub use attach::Uploading;
#[doc(inline)]
pub use check::CheckMedia;
pub use runcomfy_media::{DataUri, Facts, MAX_REQUEST_BYTES, Verdict, judge};
pub use runcomfy_probe::{ProbeError, ProbeErrorKind, Prober, ProberBuilder};
