//! Exit codes, as in `sysexits.h`.

/// The command line is wrong.
pub(crate) const USAGE: u8 = 64;
/// A schema file or a page is invalid.
pub(crate) const DATA: u8 = 65;
/// The service does not respond as it should.
pub(crate) const UNAVAILABLE: u8 = 69;
/// A file cannot be read or written.
pub(crate) const IO: u8 = 74;
/// The token is refused.
pub(crate) const NO_PERMISSION: u8 = 77;
