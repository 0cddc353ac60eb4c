//! The API token, which is printed nowhere.

use std::fmt;
use std::sync::Arc;

use reqwest::header::HeaderValue;
use runcomfy_schema::__private::Secret;

use crate::error::Error;

/// An API token. No `Debug` output and no error of this crate contains it. It is sent to the Model
/// API only, never along a redirect or to the hosts of outputs.
///
/// Where a response of the service quotes the token, also in layers of escapes and encodings, a client keeps
/// and returns `…` in its place, also in results and outputs. `docs/money.md` lists the spellings. A token of fewer than 8 characters is not looked
/// for, since it may be part of any word.
#[derive(Clone)]
pub struct Token {
    header: HeaderValue,
    secret: Arc<Secret>,
    /// Place at which the token was found.
    source: Option<Arc<str>>,
}

impl Token {
    /// Creates a token. What is copied with one is dropped: white space of ASCII and quotes around it, and
    /// the `Bearer` of a header before it.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`](crate::error::ErrorKind::Unauthenticated) when it is empty, or
    /// has a character other than visible ASCII, such as a blank or the byte order mark of a file. The
    /// message names the character and its position.
    pub fn new(token: impl AsRef<str>) -> Result<Self, Error> {
        Self::from_source(token.as_ref(), "the API token")
    }

    /// Returns the place at which [`from_env`](Self::from_env) has found the token, such as
    /// `RUNCOMFY_TOKEN`, for messages.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Sets the place at which the token was found.
    pub(crate) fn found_in(self, source: &str) -> Self {
        let source = Some(source.into());
        Self { source, ..self }
    }

    /// Returns words such as ` of RUNCOMFY_TOKEN`, or nothing if the place is not known.
    pub(crate) fn of_source(&self) -> String {
        let words = self.source().map(|source| format!(" of {source}"));
        words.unwrap_or_default()
    }

    /// Creates a token from a source that the messages of errors name, such as `RUNCOMFY_TOKEN`.
    pub(crate) fn from_source(token: &str, source: &str) -> Result<Self, Error> {
        let text = bare(token);
        if text.is_empty() {
            return Err(Error::token(format!(
                "{source} is empty; expected the key from your RunComfy profile"
            )));
        }
        if let Some((index, c)) = text.chars().enumerate().find(|(_, c)| !is_allowed(*c)) {
            let position = index + 1;
            return Err(Error::token(format!(
                "{source} has {} at character {position}, which no token has; nothing was sent; copy the key again from your RunComfy profile",
                name_of(c)
            )));
        }
        let header = HeaderValue::try_from(format!("Bearer {text}"));
        let mut header = header.map_err(|_| Error::token(format!("{source} is invalid")))?;
        header.set_sensitive(true);
        let secret = Arc::new(Secret::new(text));
        Ok(Self {
            header,
            secret,
            source: None,
        })
    }

    /// Returns the value of the `Authorization` header.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Returns the token itself.
    pub(crate) fn text(&self) -> &str {
        let text = self.header.to_str().unwrap_or_default();
        text.strip_prefix("Bearer ").unwrap_or_default()
    }

    /// Returns the bytes of a response without the token.
    pub(crate) fn erase(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.secret.erase(bytes)
    }

    /// Returns the error without the token in its texts and those of its causes, which may quote the
    /// service.
    pub(crate) fn erase_from(&self, error: Error) -> Error {
        error.erased(|text| self.secret.erase_text(text))
    }
}

/// Returns a token without what is copied with it from a file or a header.
fn bare(text: &str) -> &str {
    const SCHEME: &str = "Bearer ";
    let mut bare = text.trim_ascii();
    loop {
        let mut quotes = ['"', '\''].into_iter();
        let inner = quotes.find_map(|quote| bare.strip_prefix(quote)?.strip_suffix(quote));
        let after = bare
            .split_at_checked(SCHEME.len())
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
            .map(|(_, after)| after);
        match inner.or(after) {
            Some(less) => bare = less.trim_ascii(),
            None => return bare,
        }
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_graphic()
}

/// Returns the code point of a character, with its name where that explains how it came there.
fn name_of(c: char) -> String {
    let name = match c {
        '\u{feff}' => " (a byte order mark)",
        '\u{fffd}' => " (not UTF-8)",
        '\u{a0}' => " (a no-break space)",
        '\u{200b}' => " (a zero-width space)",
        ' ' => " (a blank)",
        '\n' | '\r' => " (a line break)",
        '\t' => " (a tab)",
        c if c.is_control() => " (a control character)",
        _ => " (not ASCII)",
    };
    format!("U+{:04X}{name}", u32::from(c))
}

/// A secret text that is not validated yet; it is not printed either.
#[derive(Clone)]
pub(crate) struct Unchecked(pub(crate) String);

impl fmt::Debug for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_not_printed() {
        let token = Token::new(" secret-1 \n").unwrap();
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(token.header().to_str().unwrap(), "Bearer secret-1");
        assert!(!format!("{:?}", token.header()).contains("secret"));
    }

    #[test]
    fn refused_token_is_not_printed() {
        for bad in ["", "  ", "secret\n1", "secret\u{7f}"] {
            let error = Token::new(bad).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn character_that_no_token_has_is_named() {
        for (token, named) in [
            (
                "\u{feff}secret",
                "U+FEFF (a byte order mark) at character 1",
            ),
            (
                "secret\u{feff}",
                "U+FEFF (a byte order mark) at character 7",
            ),
            ("sec\u{a0}ret", "U+00A0 (a no-break space) at character 4"),
            ("\u{a0}secret", "U+00A0 (a no-break space) at character 1"),
            ("secret\u{3000}", "U+3000 (not ASCII) at character 7"),
            ("sécret", "U+00E9 (not ASCII) at character 2"),
            ("sec ret", "U+0020 (a blank) at character 4"),
            ("sec\tret", "U+0009 (a tab) at character 4"),
            ("sec\r\nret", "U+000D (a line break) at character 4"),
            ("sec\0ret", "U+0000 (a control character) at character 4"),
            (
                "secret\u{85}x",
                "U+0085 (a control character) at character 7",
            ),
        ] {
            let error = Token::from_source(token, "RUNCOMFY_TOKEN").unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(
                text.contains(&format!("RUNCOMFY_TOKEN has {named}")),
                "{text}"
            );
            assert!(!text.contains("sec") && !text.contains("ret,"), "{text}");
        }
        for good in ["a.b", " secret\n", "!~"] {
            assert!(Token::new(good).is_ok(), "{good:?}");
        }
    }
}
