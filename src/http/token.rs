//! The API token, which nobody may read by accident.

use std::fmt;

use reqwest::header::HeaderValue;

use crate::error::Error;

/// An API token. Its text stands in no `Debug` output and in no error of this crate, and it is
/// sent to the Model API only, never along a redirect or to where outputs are stored.
#[derive(Clone)]
pub struct Token {
    header: HeaderValue,
}

impl Token {
    /// Takes a token; white space around it is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`](crate::error::ErrorKind::Unauthenticated) when it is empty or has characters that no
    /// HTTP header can carry.
    pub fn new(token: impl AsRef<str>) -> Result<Self, Error> {
        let token = token.as_ref().trim();
        if token.is_empty() {
            return Err(Error::token(
                "the API token is empty; expected the key from your RunComfy profile",
            ));
        }
        let mut header = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
            Error::token("the API token has characters that cannot stand in an HTTP header; copy it anew from your RunComfy profile")
        })?;
        header.set_sensitive(true);
        Ok(Self { header })
    }

    /// The value of the `Authorization` header.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

/// A token's text before it is looked at, just as silent.
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
    fn prints_nothing_of_itself() {
        let token = Token::new(" secret-1 \n").unwrap();
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(token.header().to_str().unwrap(), "Bearer secret-1");
        assert!(!format!("{:?}", token.header()).contains("secret"));
    }

    #[test]
    fn unusable_tokens_are_refused_without_being_shown() {
        for bad in ["", "  ", "secret\n1", "secret\u{7f}"] {
            let error = Token::new(bad).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
