//! File systems on which a store is safe.

use std::io;
use std::path::Path;

/// Returns the name of the network file system on which a folder is, if it is known to be one.
///
/// There, locks and syncs may do nothing: two machines could work on one store, and a power cut could
/// forget an intent. Only Linux is asked; FUSE is not refused, since local file systems use it too.
#[cfg(target_os = "linux")]
pub(super) fn network_file_system(folder: &Path) -> io::Result<Option<&'static str>> {
    let statistics = rustix::fs::statfs(folder)?;
    // The type is a number of 32 bits, which some machines extend by its sign.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "its lower 32 bits are what is defined"
    )]
    let magic = statistics.f_type as u32;
    Ok(name(magic))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn network_file_system(_: &Path) -> io::Result<Option<&'static str>> {
    Ok(None)
}

/// Returns the name of a network file system by its number in `linux/magic.h`.
#[cfg(any(target_os = "linux", test))]
fn name(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => "SMB",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x00c3_6400 => "Ceph",
        0x0102_1997 => "9P",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        assert_eq!(name(0x6969), Some("NFS"));
        assert_eq!(name(0xff53_4d42), Some("SMB"));
        // ext4, XFS, Btrfs, tmpfs and overlayfs are local.
        for local in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630] {
            assert_eq!(name(local), None);
        }
    }

    #[test]
    fn temporary_folder_is_local() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(network_file_system(folder.path()).unwrap(), None);
        assert!(cfg!(not(target_os = "linux")) || network_file_system(Path::new("/gone")).is_err());
    }
}
