//! Addresses of stores.

use std::fmt;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;

use crate::store::error::{StoreError, StoreErrorKind};

/// The schema of a batch whose address names none.
const DEFAULT_BATCH: &str = "runcomfy_batch";
/// Maximum length of a name in Postgres.
const MAX_NAME: usize = 63;
/// Time after which a server that does not answer is taken for gone.
const NETWORK_TIMEOUT: Duration = Duration::from_secs(10);

/// A server, a database and the schema of a batch.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) batch: String,
}

impl Address {
    /// Parses a URL of Postgres that may have the parameter `batch`.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let (url, batch) = take_batch(url);
        if !is_name(&batch) {
            return Err(invalid(&format!(
                "`{batch}` is no name of a batch, which has 1 to {MAX_NAME} of `a-z`, `0-9` and `_`, and begins with none of the digits"
            )));
        }
        let config = url.parse::<Config>();
        let mut config = config.map_err(|error| invalid(&error.to_string()))?;
        if config.get_application_name().is_none() {
            config.application_name("runcomfy-batch");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(NETWORK_TIMEOUT);
        }
        config
            // A standby knows the batch and can write nothing.
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .keepalives_idle(NETWORK_TIMEOUT)
            .tcp_user_timeout(NETWORK_TIMEOUT);
        Ok(Self { config, batch })
    }
}

/// Takes the parameter `batch` out of a URL.
fn take_batch(url: &str) -> (String, String) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), DEFAULT_BATCH.to_owned());
    };
    let (mut batch, mut rest) = (DEFAULT_BATCH, Vec::new());
    for parameter in query.split('&') {
        match parameter.strip_prefix("batch=") {
            Some(name) => batch = name,
            None => rest.push(parameter),
        }
    }
    (format!("{base}?{}", rest.join("&")), batch.to_owned())
}

fn is_name(name: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b == b'_';
    let is_word = name.bytes().all(|b| is_letter(b) || b.is_ascii_digit());
    let is_free = !name.starts_with("pg_");
    let begins_well = name.bytes().next().is_some_and(is_letter);
    is_word && is_free && begins_well && name.len() <= MAX_NAME
}

fn invalid(reason: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::NotFound,
        format!(
            "the address of the store is invalid: {reason}; nothing was done. Write `postgres://USER@HOST/DATABASE?batch=NAME`"
        ),
    )
}

/// Without the password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("hosts", &self.config.get_hosts())
            .field("database", &self.config.get_dbname())
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_is_a_parameter_of_the_url() {
        for (url, batch, database) in [
            ("postgres://me@host/db", DEFAULT_BATCH, "db"),
            ("postgres://me@host/db?batch=boats", "boats", "db"),
            ("postgres://me@host/db?sslmode=require&batch=_7", "_7", "db"),
            ("postgres://me@host/db?batch=a&connect_timeout=3", "a", "db"),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.batch, batch, "{url}");
            assert_eq!(address.config.get_dbname(), Some(database));
        }
    }

    #[test]
    fn name_that_is_no_schema_is_refused() {
        let long = "a".repeat(64);
        for batch in ["", "7a", "Boats", "a b", "a%22", "pg_boats", "a\"", &long] {
            let error = Address::parse(&format!("postgres://host/db?batch={batch}")).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::NotFound, "{batch}");
        }
        assert!(Address::parse("postgres://host/db?nonsense=1").is_err());
    }

    #[test]
    fn address_is_shown_without_its_password() {
        let address = Address::parse("postgres://me:hunter2@host/db").unwrap();
        let shown = format!("{address:?}");
        assert!(
            shown.contains("host") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
