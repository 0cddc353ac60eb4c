//! Finds the API token in the environment.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use runcomfy_media::open_regular;
use serde_json::Value;

use crate::error::Error;
use crate::http::token::Token;

/// Environment variables with a token; the first that is set wins.
const VARIABLES: [&str; 2] = ["RUNCOMFY_TOKEN", "RUNCOMFY_API_TOKEN"];

/// Finds the token in a variable, or in the file that the service's own command line writes after a
/// login.
///
/// # Errors
/// When there is none, it is not a possible token, or the file cannot be read or has another form.
pub(crate) fn find(variable: impl Fn(&str) -> Option<OsString>) -> Result<Token, Error> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    for name in VARIABLES {
        // A byte that is not UTF-8 becomes a character that no token has.
        let value = set(name);
        let token = value.as_ref().map(|value| value.to_string_lossy());
        if let Some(token) = token.filter(|token| !token.trim().is_empty()) {
            return Token::from_source(&token, name);
        }
    }
    let folder = set("RUNCOMFY_CONFIG_DIR")
        .map(PathBuf::from)
        .or_else(|| set("XDG_CONFIG_HOME").map(|home| Path::new(&home).join("runcomfy")))
        .or_else(|| {
            // Windows sets only this one.
            let home = set("HOME").or_else(|| set("USERPROFILE"))?;
            Some(Path::new(&home).join(".config/runcomfy"))
        });
    let Some(path) = folder.map(|folder| folder.join("token.json")) else {
        return Err(missing());
    };
    match read(&path) {
        Ok(bytes) => in_file(&path, &bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(missing()),
        Err(error) => {
            let message = format!("the token file `{}` cannot be read", path.display());
            Err(Error::token(message).with_source(error))
        }
    }
}

/// Maximum number of bytes that are read of a token file, which has a few hundred.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Reads a token file. A pipe could block for ever, and a device may have no end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = open_regular(path)?;
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn in_file(path: &Path, bytes: &[u8]) -> Result<Token, Error> {
    // Editors on Windows write a byte order mark.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let value: Option<Value> = serde_json::from_slice(bytes).ok();
    let token = value
        .as_ref()
        .and_then(|value| value["access_token"].as_str());
    let token = token.ok_or_else(|| {
        Error::token(format!(
            "the token file `{}` has no text `access_token`; log in again, or set RUNCOMFY_TOKEN",
            path.display()
        ))
    })?;
    let source = format!("the `access_token` of the file `{}`", path.display());
    Token::from_source(token, &source)
}

fn missing() -> Error {
    Error::token("no API token; set RUNCOMFY_TOKEN to the key from your RunComfy profile")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Result<String, Error> {
        find(|name| {
            let set = variables.iter().find(|(known, _)| *known == name);
            set.map(|(_, value)| value.into())
        })
        .map(|token| token.text().to_owned())
    }

    #[test]
    fn variables_come_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let file = folder.path().join(".config/runcomfy/token.json");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, r#"{"access_token": "filed"}"#).unwrap();
        let env = |more: &[(&str, &str)]| {
            let all: Vec<_> = [("HOME", home)]
                .into_iter()
                .chain(more.iter().copied())
                .collect();
            found(&all).map_err(|e| e.to_string())
        };
        assert_eq!(env(&[]), Ok("filed".into()));
        assert_eq!(env(&[("RUNCOMFY_API_TOKEN", "b")]), Ok("b".into()));
        let both = [("RUNCOMFY_API_TOKEN", "b"), ("RUNCOMFY_TOKEN", "a")];
        assert_eq!(env(&both), Ok("a".into()));
        assert_eq!(env(&[("RUNCOMFY_TOKEN", " ")]), Ok("filed".into()));
        assert_eq!(
            found(&[("HOME", ""), ("USERPROFILE", home)]).unwrap(),
            "filed"
        );
        // A folder that is set is the only one that is searched.
        let elsewhere = env(&[("XDG_CONFIG_HOME", "/nowhere")]);
        assert!(elsewhere.unwrap_err().contains("no API token"));

        std::fs::write(&file, "\u{feff}{\"access_token\": \"filed\"}").unwrap();
        assert_eq!(env(&[]), Ok("filed".into()));

        std::fs::write(&file, r#"{"token": "filed"}"#).unwrap();
        let error = env(&[]).unwrap_err();
        assert!(
            error.contains("token.json") && error.contains("access_token"),
            "{error}"
        );
        assert!(!error.contains("filed"), "{error}");
    }

    #[test]
    fn message_names_the_source_of_an_invalid_token() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let file = folder.path().join("token.json");
        std::fs::write(&file, r#"{"access_token": "s3cret\ufeff"}"#).unwrap();
        let in_file = format!("of the file `{}` has U+FEFF", file.display());
        for (name, value, part) in [
            (
                "RUNCOMFY_TOKEN",
                "\u{feff}s3cret",
                "RUNCOMFY_TOKEN has U+FEFF",
            ),
            (
                "RUNCOMFY_API_TOKEN",
                "s3cr\u{e9}t",
                "RUNCOMFY_API_TOKEN has U+00E9",
            ),
            ("RUNCOMFY_CONFIG_DIR", home, &in_file),
        ] {
            let error = found(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("s3c"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn token_file_without_an_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("token.json")).unwrap();
        let home = folder.path().to_str().unwrap();
        let error = found(&[("RUNCOMFY_CONFIG_DIR", home)]).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("not a plain file"), "{error}: {source}");
    }

    #[cfg(unix)]
    #[test]
    fn token_that_is_not_utf8_is_refused() {
        use std::os::unix::ffi::OsStringExt;

        let error = find(|name| {
            (name == "RUNCOMFY_TOKEN").then(|| OsString::from_vec(b"s3cret\xff".to_vec()))
        });
        let error = error.unwrap_err().to_string();
        assert!(error.contains("RUNCOMFY_TOKEN has U+FFFD"), "{error}");
    }
}
