//! The warning about a token file that other users of the machine can read.

use crate::show;

/// Warns once if the token of the environment is in a file that others can read.
pub(crate) fn warn() {
    #[cfg(unix)]
    unix::warn();
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Once;

    use runcomfy::login::TokenFile;

    use super::show;
    use crate::token_variable::{TOKEN_VARIABLE, is_set};

    /// The permissions of everybody but the owner.
    const OTHERS: u32 = 0o077;

    pub(super) fn warn() {
        static WARNED: Once = Once::new();
        if is_set(TOKEN_VARIABLE) {
            return;
        }
        let Ok(file) = TokenFile::from_env() else {
            return;
        };
        let mode = std::fs::metadata(file.path()).map(|about| about.permissions().mode());
        if mode.is_ok_and(|mode| mode & OTHERS != 0) {
            WARNED.call_once(|| {
                let path = file.path().display();
                show::warn(&format!(
                    "other users of this machine can read the token in `{path}`; run `chmod 600 {path}`"
                ));
            });
        }
    }
}
