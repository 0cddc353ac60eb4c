//! The standard streams that the command was started with.

/// Returns `true` if a stream was closed when the command was started. The standard library opens
/// the null device in its place, for reading and writing. A stream that a shell redirects to the null
/// device is open for writing only, and whoever did that wants nothing.
#[cfg(unix)]
pub(crate) fn is_closed(stream: &impl std::os::fd::AsFd) -> bool {
    use std::os::unix::fs::MetadataExt;

    use rustix::fs::{OFlags, fcntl_getfl, fstat};

    let Ok(null) = std::fs::metadata("/dev/null") else {
        return false;
    };
    let is_null = fstat(stream).is_ok_and(|file| file.st_rdev == null.rdev());
    let mode = fcntl_getfl(stream).map(|flags| flags & OFlags::RWMODE);
    is_null && mode == Ok(OFlags::RDWR)
}

/// Returns `false`: this system reports a closed stream when it is written to.
#[cfg(not(unix))]
pub(crate) fn is_closed<T>(_: &T) -> bool {
    false
}
