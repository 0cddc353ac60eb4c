//! Logging in: a token from the service's website, and the file that keeps it.
//!
//! A person confirms a short code in the browser, and the program polls for the token meanwhile, as
//! with other command lines. A program that has a token already needs none of this:
//! [`Token::from_env`](crate::Token::from_env) and [`Client::from_env`](crate::Client::from_env) find
//! it.
//!
//! ```no_run
//! use runcomfy::login::{LoginOutcome, TokenFile, Website};
//!
//! # async fn example() -> Result<(), runcomfy::Error> {
//! let login = Website::from_env()?.start_login().await?;
//! println!("Open {} and confirm {}", login.verify_url(), login.user_code());
//! if let LoginOutcome::Authorized(token) = login.wait().await? {
//!     TokenFile::from_env()?.write(&token)?;
//! }
//! # Ok(()) }
//! ```

mod pending;
mod token_file;

use std::fmt;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind};
use crate::http::endpoint::address_from_env;
use crate::http::token::Token;
use crate::http::website::Site;

pub use pending::{LoginOutcome, PendingLogin};
pub use token_file::TokenFile;

/// The website of the service, where people log in.
#[derive(Clone, Debug)]
pub struct Website {
    site: Site,
}

/// The account that a token belongs to.
#[derive(Clone, PartialEq)]
pub struct User {
    id: String,
    json: Map<String, Value>,
}

/// Prints the id alone: an address of a person is for the eyes of that person.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Website {
    /// Creates the website at the address in `RUNCOMFY_WEB_BASE`, or at that of the service where the
    /// variable is not set or blank. Nothing is sent.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_env() -> Result<Self, Error> {
        let base = address_from_env("RUNCOMFY_WEB_BASE");
        let site = Site::new(base.as_deref())?;
        Ok(Self { site })
    }

    /// Creates the website at an address such as `https://www.runcomfy.com`. Plain `http` is accepted
    /// for this machine only. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`]: the address is invalid, or TLS cannot be set up.
    pub fn new(base_url: impl AsRef<str>) -> Result<Self, Error> {
        let site = Site::new(Some(base_url.as_ref()))?;
        Ok(Self { site })
    }

    /// Starts a login, which a person confirms in the browser.
    ///
    /// # Errors
    /// - [`ErrorKind::Unreadable`]: the response has no codes.
    /// - The kinds of the network and of the website's refusals. Try it later; nothing has changed.
    pub async fn start_login(&self) -> Result<PendingLogin, Error> {
        PendingLogin::start(self.site.clone()).await
    }

    /// Fetches the account that a token belongs to.
    ///
    /// # Errors
    /// - [`ErrorKind::Unauthenticated`]: the website does not accept the token. Log in again.
    /// - [`ErrorKind::Unreadable`]: the response has no `id`.
    /// - The kinds of the network and of the website's refusals.
    pub async fn user(&self, token: &Token) -> Result<User, Error> {
        let answer = self.site.get("/api/auth/me", token).await?;
        if answer.http_status == 401 {
            let message = format!("the website does not accept the token{}", token.of_source());
            let error = Error::new(ErrorKind::Unauthenticated, message);
            return Err(error.with_reply(401, String::new()));
        }
        match answer.text("id") {
            Some(id) if answer.is_success() => Ok(User {
                id: id.to_owned(),
                json: answer.json,
            }),
            _ => Err(answer.error("the request for the account")),
        }
    }
}

impl User {
    /// Returns the id of the account.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the e-mail address, else the display name, the user name or the id.
    #[must_use]
    pub fn name(&self) -> &str {
        let names = ["email", "display_name", "username"];
        let mut names = names
            .iter()
            .filter_map(|name| self.json.get(*name)?.as_str());
        names.find(|name| !name.is_empty()).unwrap_or(&self.id)
    }

    /// Returns the whole response of the website.
    #[must_use]
    pub fn json(&self) -> &Map<String, Value> {
        &self.json
    }
}
