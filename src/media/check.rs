//! Which media a client checks before it submits.

#[cfg(doc)]
use runcomfy_probe::Prober;

/// Which media a submit looks at before it sends anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckMedia {
    /// None.
    Nothing,
    /// Files and bytes at hand, and `data:` URIs, which costs no request.
    #[default]
    Local,
    /// Those behind URLs too, each with a request or two and some kilobytes. In a server, whose
    /// users choose the URLs, look at [`Prober`] first.
    Everything,
}
