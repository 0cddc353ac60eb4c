//! The file that keeps the token of a login.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use runcomfy_media::open_regular;
use runcomfy_schema::{JsonDocuments, read_json_text};
use serde_json::json;
use tracing::warn;

use crate::error::Error;
use crate::http::token::Token;
use crate::whole_file::sync_folder_of;

/// The file `token.json`, which the service's own command line reads and writes too.
///
/// It is in the folder of `RUNCOMFY_CONFIG_DIR`, else in `runcomfy` below `XDG_CONFIG_HOME`, else in
/// `.config/runcomfy` below the home folder, on every system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile {
    path: PathBuf,
}

const NAME: &str = "token.json";

/// End of the name of a file that is not whole yet.
const PARTIAL: &str = ".tmp";

/// Maximum number of bytes that are read of a token file, which has a few hundred.
const MAX_FILE_BYTES: u64 = 1 << 20;

impl TokenFile {
    /// Finds the place of the file, which need not exist.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration): the environment names no folder.
    /// Set `RUNCOMFY_CONFIG_DIR`.
    pub fn from_env() -> Result<Self, Error> {
        Self::find(|name| std::env::var_os(name)).ok_or_else(|| {
            Error::configuration(
                "no folder for the token file: neither RUNCOMFY_CONFIG_DIR nor HOME is set",
            )
        })
    }

    pub(crate) fn find(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let folder = set("RUNCOMFY_CONFIG_DIR")
            .map(PathBuf::from)
            .or_else(|| set("XDG_CONFIG_HOME").map(|home| Path::new(&home).join("runcomfy")))
            .or_else(|| {
                // Windows sets only this one.
                let home = set("HOME").or_else(|| set("USERPROFILE"))?;
                Some(Path::new(&home).join(".config/runcomfy"))
            })?;
        Some(Self {
            path: folder.join(NAME),
        })
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the token, if there is a file.
    pub(crate) fn read(&self) -> Result<Option<Token>, Error> {
        match read(&self.path) {
            Ok(text) => self.parse(&text).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let message = format!("the token file `{}` cannot be read", self.path.display());
                Err(Error::token(message).with_source(error))
            }
        }
    }

    fn parse(&self, text: &str) -> Result<Token, Error> {
        let path = self.path.display();
        let documents = JsonDocuments::parse(text).unwrap_or_default();
        for key in &documents.repeated_keys {
            warn!("in the token file `{path}`, {key}; the last one counts");
        }
        let value = documents.values.first();
        let token = value.and_then(|value| value["access_token"].as_str());
        let token = token.ok_or_else(|| {
            Error::token(format!(
                "the token file `{path}` has no text `access_token`; log in again, or set RUNCOMFY_TOKEN"
            ))
        })?;
        let named = format!("the `access_token` of the file `{path}`");
        Ok(Token::from_source(token, &named)?.found_in(&format!("the file `{path}`")))
    }

    /// Writes the token, so that the file appears whole or not at all; another token in it is replaced.
    /// On Unix only its owner can read it, and the folder if it is new.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io): the folder or the file cannot be written. A former file
    /// is unchanged.
    pub fn write(&self, token: &Token) -> Result<(), Error> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        create_folder(folder).map_err(|e| Error::file("create the folder", folder, e))?;
        let name = format!("{NAME}.{:08x}{PARTIAL}", fastrand::u32(..));
        let partial = folder.join(name);
        let json = json!({
            "access_token": token.text(),
            "refresh_token": null,
            "expires_at": null,
            "user_email": null,
        });
        let written = write_new(&partial, format!("{json:#}\n").as_bytes())
            .and_then(|()| fs::rename(&partial, &self.path));
        if let Err(error) = written {
            // The first error is the one to report.
            let _ = fs::remove_file(&partial);
            return Err(Error::file("write", &self.path, error));
        }
        sync_folder_of(&self.path);
        Ok(())
    }

    /// Removes the file, and what a write has left that was killed. Returns `true` if there was a file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io): a file cannot be removed.
    pub fn remove(&self) -> Result<bool, Error> {
        for partial in self.partial_files() {
            remove(&partial)?;
        }
        remove(&self.path)
    }

    fn partial_files(&self) -> Vec<PathBuf> {
        let files = self.path.parent().map(fs::read_dir);
        let paths = files.into_iter().flatten().flatten().flatten();
        let is_partial = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&format!("{NAME}.")) && name.ends_with(PARTIAL)
        };
        paths.map(|file| file.path()).filter(is_partial).collect()
    }
}

/// Reads a token file. A pipe could block for ever, and a device may have no end.
fn read(path: &Path) -> io::Result<String> {
    read_json_text(open_regular(path)?.take(MAX_FILE_BYTES))
}

fn remove(path: &Path) -> Result<bool, Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::file("remove", path, error)),
    }
}

/// Creates the folder for its owner alone. One that exists is left as it is.
fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file that does not exist, for its owner alone from the first byte on.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path) -> TokenFile {
        let folder = folder.as_os_str().to_owned();
        TokenFile::find(|name| (name == "RUNCOMFY_CONFIG_DIR").then(|| folder.clone())).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let files = fs::read_dir(folder).unwrap().flatten();
        files
            .map(|file| file.file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn written_token_is_read_again_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let nested = folder.path().join("a/b");
        let file = file(&nested);
        assert!(file.read().unwrap().is_none());
        for text in ["first-token", "second-token"] {
            file.write(&Token::new(text).unwrap()).unwrap();
            let read = file.read().unwrap().unwrap();
            assert_eq!(read.text(), text);
            let source = format!("the file `{}`", nested.join(NAME).display());
            assert_eq!(read.source(), Some(&*source));
            assert_eq!(names(&nested), [NAME]);
        }
        let json: serde_json::Value =
            serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap();
        let expected = json!({"access_token": "second-token", "refresh_token": null, "expires_at": null, "user_email": null});
        assert_eq!(json, expected);
        fs::write(nested.join("token.json.12345678.tmp"), "a killed write").unwrap();
        assert!(file.remove().unwrap());
        assert_eq!(names(&nested), [""; 0]);
        assert!(!file.remove().unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn token_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let nested = folder.path().join("a/b");
        let file = file(&nested);
        file.write(&Token::new("t0ken").unwrap()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(file.path()), 0o600);
        assert_eq!(
            (mode(&nested), mode(nested.parent().unwrap())),
            (0o700, 0o700)
        );
        // Whoever made a file that others can read does not keep it so.
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        file.write(&Token::new("t0ken").unwrap()).unwrap();
        assert_eq!(mode(file.path()), 0o600);
    }

    #[test]
    fn failed_write_keeps_the_former_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path());
        // A folder in its place, which no rename replaces.
        fs::create_dir_all(file.path().join("x")).unwrap();
        let error = file
            .write(&Token::new("s3cret-token").unwrap())
            .unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Io);
        assert!(!format!("{error} {error:?}").contains("s3cret"));
        assert_eq!(names(folder.path()), [NAME]);
        assert!(file.path().join("x").exists());
    }
}
