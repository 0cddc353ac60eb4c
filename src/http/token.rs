//! The API token, which is printed nowhere.

use std::fmt;

use reqwest::header::HeaderValue;

use crate::error::Error;

/// An API token. No `Debug` output and no error of this crate contains it. It is sent to the Model
/// API only, never along a redirect or to the hosts of outputs.
#[derive(Clone)]
pub struct Token {
    header: HeaderValue,
}

impl Token {
    /// Creates a token; white space around the text is dropped.
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
            Error::token("the API token has characters that no HTTP header can carry; copy it again from your RunComfy profile")
        })?;
        header.set_sensitive(true);
        Ok(Self { header })
    }

    /// Returns the value of the `Authorization` header.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
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
}
