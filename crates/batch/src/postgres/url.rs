//! URLs of stores.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};

use crate::store::error::{StoreError, StoreErrorKind};

/// The schema of a batch whose URL names none.
const DEFAULT_BATCH: &str = "runcomfy_batch";
/// Maximum length of a name in Postgres.
const MAX_NAME: usize = 63;
/// Time after which a server that does not answer is taken for gone.
const NETWORK_TIMEOUT: Duration = Duration::from_secs(10);
/// Parameters that are as in libpq, besides `sslmode` and `sslrootcert`.
const PARAMETERS: [&str; 13] = [
    "application_name",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "port",
    "user",
];

/// The URL of a store in Postgres, such as `postgres://user@host/database?batch=boats`.
///
/// The batch is a schema of the database, `runcomfy_batch` by default. Other parameters are as in libpq. A
/// password that the URL does not have is that of `PGPASSWORD`, else of the password file (`PGPASSFILE`, else
/// `~/.pgpass`). The certificate of the server is always verified: by the system's certificates, or by those
/// of the file `sslrootcert`; `sslmode=verify-full` refuses a connection without TLS. Printed, the URL has no
/// password.
#[derive(Clone)]
pub struct PostgresUrl {
    pub(super) config: Config,
    batch: String,
    root_certificates: Option<PathBuf>,
    shown: String,
}

impl PostgresUrl {
    /// Returns the name of the batch.
    #[must_use]
    pub fn batch(&self) -> &str {
        &self.batch
    }

    /// Returns the file of the certificates that are trusted in place of the system's.
    #[cfg_attr(
        not(any(feature = "rustls", feature = "native-tls")),
        allow(dead_code, reason = "only TLS needs it")
    )]
    pub(super) fn root_certificates(&self) -> Option<&Path> {
        self.root_certificates.as_deref()
    }

    /// Returns `true` if connections may use TLS.
    #[cfg_attr(
        not(any(feature = "rustls", feature = "native-tls")),
        allow(dead_code, reason = "only TLS needs it")
    )]
    pub(super) fn may_use_tls(&self) -> bool {
        self.config.get_ssl_mode() != SslMode::Disable
    }

    /// Sets what the URL leaves out.
    fn complete(&mut self) {
        let config = &mut self.config;
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
    }

    /// Takes a parameter; returns `false` if it is left to the driver.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, StoreError> {
        match (name, value) {
            ("batch", name) => name.clone_into(&mut self.batch),
            ("sslmode", "disable") => drop(self.config.ssl_mode(SslMode::Disable)),
            ("sslmode", "prefer") => drop(self.config.ssl_mode(SslMode::Prefer)),
            ("sslmode", "require" | "verify-ca" | "verify-full") => {
                self.config.ssl_mode(SslMode::Require);
            }
            ("sslmode", _) => {
                let modes = "`sslmode` is `disable`, `prefer` or `verify-full`";
                return Err(invalid(modes));
            }
            ("sslrootcert", file) => self.root_certificates = Some(decoded(file)?.into()),
            ("password", password) => drop(self.config.password(decoded(password)?)),
            (name, _) if PARAMETERS.contains(&name) => return Ok(false),
            // Its name may be part of a password.
            _ => {
                return Err(invalid(
                    "it has an unknown parameter. Write `%3F` for a `?` in a password",
                ));
            }
        }
        Ok(true)
    }
}

impl FromStr for PostgresUrl {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        let is_url = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        if !is_url {
            return Err(invalid("it does not begin with `postgres://`"));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        if base.matches('@').count() > 1 {
            return Err(invalid(
                "it has several `@`. Write `%40` for one in a password",
            ));
        }
        let parameters = || query.split('&').filter(|parameter| !parameter.is_empty());
        let mut parsed = Self {
            config: Config::new(),
            batch: DEFAULT_BATCH.to_owned(),
            root_certificates: None,
            shown: shown(base, parameters()),
        };
        let mut rest = Vec::new();
        for parameter in parameters() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if !parsed.take(name, value)? {
                rest.push(parameter);
            }
        }
        if !is_name(&parsed.batch) {
            return Err(invalid(&format!(
                "`{}` is no name of a batch, which has 1 to {MAX_NAME} of `a-z`, `0-9` and `_`, and begins with none of the digits",
                parsed.batch
            )));
        }
        let taken = parsed.config;
        let config = format!("{base}?{}", rest.join("&")).parse::<Config>();
        parsed.config = config.map_err(|error| invalid(&error.to_string()))?;
        parsed.config.ssl_mode(taken.get_ssl_mode());
        if let Some(password) = taken.get_password() {
            parsed.config.password(password);
        }
        parsed.complete();
        Ok(parsed)
    }
}

/// Returns a URL without its password.
fn shown<'a>(base: &str, parameters: impl Iterator<Item = &'a str>) -> String {
    let (scheme, rest) = base.split_once("://").unwrap_or_default();
    let place = match rest.split_once('@') {
        Some((user, place)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{user}@{place}")
        }
        None => rest.to_owned(),
    };
    let parameters = parameters.filter(|parameter| !parameter.starts_with("password"));
    let parameters = parameters.collect::<Vec<_>>().join("&");
    let mark = if parameters.is_empty() { "" } else { "?" };
    format!("{scheme}://{place}{mark}{parameters}")
}

/// Decodes the escapes of a value.
fn decoded(value: &str) -> Result<String, StoreError> {
    let no_escape = || invalid("it has a `%` without two hexadecimal digits. Write `%25` for one");
    let mut bytes = Vec::with_capacity(value.len());
    let mut parts = value.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let digits = part.get(..2).ok_or_else(no_escape)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| no_escape())?);
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).map_err(|_| no_escape())
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
            "the URL of the store is invalid: {reason}; nothing was done. Write `postgres://USER@HOST/DATABASE?batch=NAME`"
        ),
    )
}

/// Without the password.
impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Without the password.
impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresUrl").field(&self.shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> PostgresUrl {
        url.parse().unwrap()
    }

    #[test]
    fn batch_is_a_parameter_of_the_url() {
        for (url, batch, database) in [
            ("postgres://me@host/db", DEFAULT_BATCH, "db"),
            ("postgres://me@host/db?batch=boats", "boats", "db"),
            ("postgres://me@host/db?sslmode=require&batch=_7", "_7", "db"),
            (
                "postgresql://me@host/db?batch=a&connect_timeout=3",
                "a",
                "db",
            ),
        ] {
            let parsed = parse(url);
            assert_eq!((parsed.batch(), parsed.to_string()), (batch, url.into()));
            assert_eq!(parsed.config.get_dbname(), Some(database));
        }
    }

    #[test]
    fn name_that_is_no_schema_is_refused() {
        let long = "a".repeat(64);
        for batch in ["", "7a", "Boats", "a b", "a%22", "pg_boats", "a\"", &long] {
            let url = format!("postgres://host/db?batch={batch}");
            let error = url.parse::<PostgresUrl>().unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::NotFound, "{batch}");
        }
    }

    #[test]
    fn url_is_printed_without_its_password() {
        for (url, printed) in [
            ("postgres://me:hunter2@host/db", "postgres://me@host/db"),
            (
                "postgres://me@h1:5432,h2/db?password=hunter2&batch=a",
                "postgres://me@h1:5432,h2/db?batch=a",
            ),
        ] {
            let parsed = parse(url);
            assert_eq!(parsed.to_string(), printed);
            assert_eq!(parsed.config.get_password(), Some(&b"hunter2"[..]));
            assert!(!format!("{parsed:?}").contains("hunter2"));
        }
        let escaped = parse("postgres://me@host/db?password=a%40%25&sslrootcert=/a%20b.pem");
        assert_eq!(escaped.config.get_password(), Some(&b"a@%"[..]));
        assert_eq!(escaped.root_certificates(), Some(Path::new("/a b.pem")));
    }

    #[test]
    fn invalid_url_is_refused_without_its_password() {
        for url in [
            "postgres://me:hun?ter2@host/db",
            "postgres://me:hun@ter2@host/db",
            "postgres://me:hun?ter2=1@host/db",
            "postgres://me:hunter2@host:port/db",
            "postgres://me@host/db?password=hunter2%",
            "postgres://me@host/db?PASSWORD=hunter2",
            "postgres://me:hunter2@host/db?sslmode=sometimes",
            "host=host password=hunter2",
        ] {
            let error = url.parse::<PostgresUrl>().unwrap_err().to_string();
            assert!(
                !error.contains("hun") && !error.contains("ter2"),
                "{url}: {error}"
            );
        }
    }
}
