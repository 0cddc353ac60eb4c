//! Selects the media that a client checks before it submits.

#[cfg(doc)]
use runcomfy_probe::Prober;

/// The media that a submit checks before it sends anything.
///
/// [`ClientBuilder::check_media`](crate::ClientBuilder::check_media) sets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckMedia {
    /// Checks no media.
    Nothing,
    /// Checks local files and bytes, and `data:` URIs. This sends no request.
    #[default]
    Local,
    /// Checks media behind URLs too, each with one or two requests of some kilobytes.
    ///
    /// In a server whose users choose the URLs, read the guarantees of [`Prober`] first.
    Everything,
}
