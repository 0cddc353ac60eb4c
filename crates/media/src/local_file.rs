//! Opens media on this machine.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Opens a local file for reading, if it is a regular file or a link to one.
///
/// To open a pipe may block for ever, a device may have no end, and neither has a size.
///
/// # Errors
/// If the file cannot be opened, or is a folder, a pipe, a socket or a device.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let metadata = std::fs::metadata(path)?;
    if metadata.is_file() {
        return File::open(path);
    }
    let (kind, what) = if metadata.is_dir() {
        (ErrorKind::IsADirectory, "a folder")
    } else {
        (ErrorKind::InvalidInput, "a pipe, a socket or a device")
    };
    let text = format!("it is {what}, not a plain file");
    Err(io::Error::new(kind, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_no_media() {
        let error = open_regular(std::env::temp_dir().as_path()).unwrap_err();
        assert!(error.to_string().contains("a folder"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn device_is_no_media_and_a_link_to_a_file_is() {
        let error = open_regular("/dev/zero".as_ref()).unwrap_err();
        assert!(error.to_string().contains("a device"), "{error}");
        let link = std::env::temp_dir().join(format!("runcomfy-link-{}", std::process::id()));
        let file = std::env::current_exe().unwrap();
        std::os::unix::fs::symlink(file, &link).unwrap();
        let opened = open_regular(&link);
        std::fs::remove_file(link).unwrap();
        assert!(opened.is_ok(), "{opened:?}");
    }
}
