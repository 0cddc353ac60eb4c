//! Finds the API token in the environment.

use std::ffi::OsString;

use crate::error::Error;
use crate::http::token::Token;
use crate::login::TokenFile;

/// Variable whose token goes before that of a login.
const BEFORE_FILE: &str = "RUNCOMFY_TOKEN";

/// Variable of other clients of the service, used where nobody has logged in.
const AFTER_FILE: &str = "RUNCOMFY_API_TOKEN";

/// Page of the service that has the tokens of an account.
const TOKENS_PAGE: &str = "https://www.runcomfy.com/profile";

impl Token {
    /// Finds the token of the environment: that of `RUNCOMFY_TOKEN`, then that of a login (see
    /// [`TokenFile`](crate::login::TokenFile)), then that of `RUNCOMFY_API_TOKEN`.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`](crate::error::ErrorKind::Unauthenticated): no token was found, it
    /// is not a possible token, or the token file cannot be read. The message names the places.
    pub fn from_env() -> Result<Self, Error> {
        find(|name| std::env::var_os(name))
    }
}

/// Finds the token in a variable, or in the file that a login writes.
///
/// # Errors
/// When there is none, it is not a possible token, or the file cannot be read or has another form.
pub(crate) fn find(variable: impl Fn(&str) -> Option<OsString>) -> Result<Token, Error> {
    if let Some(token) = in_variable(&variable, BEFORE_FILE) {
        return token;
    }
    let file = TokenFile::find(&variable);
    if let Some(token) = file.as_ref().map(TokenFile::read).transpose()?.flatten() {
        return Ok(token);
    }
    if let Some(token) = in_variable(&variable, AFTER_FILE) {
        return token;
    }
    let file = file.map(|file| format!(", in `{}`", file.path().display()));
    Err(Error::token(format!(
        "found no API token in {BEFORE_FILE}{} or in {AFTER_FILE}; tokens are at {TOKENS_PAGE}",
        file.unwrap_or_default()
    )))
}

/// Returns the token of a variable that is set and not blank.
fn in_variable(
    variable: impl Fn(&str) -> Option<OsString>,
    name: &str,
) -> Option<Result<Token, Error>> {
    // A byte that is not UTF-8 becomes a character that no token has.
    let value = variable(name)?;
    let text = value.to_string_lossy();
    let is_set = !text.trim().is_empty();
    is_set.then(|| Ok(Token::from_source(&text, name)?.found_in(name)))
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
    fn variable_comes_before_the_file_and_another_after_it() {
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
        assert_eq!(env(&[("RUNCOMFY_API_TOKEN", "b")]), Ok("filed".into()));
        let both = [("RUNCOMFY_API_TOKEN", "b"), ("RUNCOMFY_TOKEN", "a")];
        assert_eq!(env(&both), Ok("a".into()));
        assert_eq!(env(&[("RUNCOMFY_TOKEN", " ")]), Ok("filed".into()));
        assert_eq!(
            found(&[("HOME", ""), ("USERPROFILE", home)]).unwrap(),
            "filed"
        );
        // A folder that is set is the only one that is searched.
        let elsewhere = env(&[("XDG_CONFIG_HOME", "/nowhere")]).unwrap_err();
        let expected = "found no API token in RUNCOMFY_TOKEN, in `/nowhere/runcomfy/token.json` or in RUNCOMFY_API_TOKEN; tokens are at https://www.runcomfy.com/profile";
        assert_eq!(elsewhere, expected);
        let last = [("XDG_CONFIG_HOME", "/nowhere"), ("RUNCOMFY_API_TOKEN", "b")];
        assert_eq!(env(&last), Ok("b".into()));

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
