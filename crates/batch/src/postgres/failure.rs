//! Failures of Postgres and of the way to it.

use std::io;

use tokio_postgres::error::SqlState;

use crate::store::error::{StoreError, StoreErrorKind};

/// A failure within a transition: the server's, the connection's, or a refusal.
#[derive(Debug)]
pub(super) enum Failure {
    Postgres(tokio_postgres::Error),
    /// The server has not answered in time.
    Timeout,
    /// There is no TLS as the URL wants it.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    Tls(io::Error),
    /// The journal could not be read or written.
    Journal(io::Error),
    Refused(StoreError),
    /// A value in the store that no version has written.
    Unreadable(&'static str),
}

type Explained = (StoreErrorKind, &'static str);

const UNREACHABLE: Explained = (
    StoreErrorKind::Unreachable,
    "the server of the store could not be reached; the transition may not be stored, and nothing is submitted until it can be. Check the server, the address and the network",
);
const UNREACHABLE_AT_THE_START: &str = "the server of the store cannot be reached; nothing was submitted. Start the server, or fix the address or the network, and run the command again";
const CROWDED: Explained = (
    StoreErrorKind::Unreachable,
    "the server has no connection left for this role; nothing was stored, and nothing is submitted until it has. End other programs, or raise `max_connections`",
);
const REFUSED_LOGIN: Explained = (
    StoreErrorKind::Io,
    "the server refuses this role or its password; nothing was stored, and nothing is submitted. Check both, and `pg_hba.conf` of the server",
);
const NO_DATABASE: Explained = (
    StoreErrorKind::Io,
    "the server has no such database; nothing was stored, and nothing is submitted. Create it, or fix its name in the URL",
);
const TLS: Explained = (
    StoreErrorKind::Io,
    "there is no TLS connection to the server of the store; nothing was stored, and nothing is submitted. Name the file of its certificate authority with `sslrootcert=FILE` in the URL, or, only on a network that you trust, write `sslmode=disable`",
);
const FULL: Explained = (
    StoreErrorKind::Full,
    "the disk of the server is full; nothing was stored, and nothing is submitted until it can be. Make room on the server",
);
const FORBIDDEN: Explained = (
    StoreErrorKind::Io,
    "the server refuses this role; nothing was stored, and nothing is submitted. Grant the role what the documentation lists",
);
const DAMAGED: Explained = (
    StoreErrorKind::Damaged,
    "the store is damaged, or was changed by hand; nothing was stored, and nothing is submitted. Keep it: it names what was paid. Do not restore an older copy, since it does not know the submits after it",
);
const REFUSED: Explained = (
    StoreErrorKind::Io,
    "the server could not make the transition; nothing was stored, and nothing is submitted until it can be",
);
const NOT_DURABLE: Explained = (
    StoreErrorKind::NotDurable,
    "the server may forget what it has acknowledged, since `fsync` or `synchronous_commit` is off, and a forgotten intent is paid twice; nothing was stored, and nothing is submitted. Set both on for this role and database",
);
const ISOLATION: Explained = (
    StoreErrorKind::NotDurable,
    "the transactions of this role are not `read committed`, so that a transition could miss the one before it; nothing was stored, and nothing is submitted. Reset `default_transaction_isolation` for this role and database",
);
const SERVER_CHANGED: Explained = (
    StoreErrorKind::ServerChanged,
    "the server is another one, or was promoted or restored, and may have forgotten submits; nothing was claimed. Start each worker once, so that its journal puts forgotten submits in doubt, look at the doubts, and accept the server",
);
const JOURNAL: Explained = (
    StoreErrorKind::Io,
    "the journal of this worker could not be read or written; nothing that was claimed is submitted. Make room, and check the permissions of the file",
);

impl Failure {
    pub(super) fn into_error(self) -> StoreError {
        match self.explained() {
            Ok((explained, cause)) => error(explained, &cause),
            Err(error) => error,
        }
    }

    /// Returns the error of a store that could not be opened.
    pub(super) fn into_error_at_the_start(self) -> StoreError {
        match self.explained() {
            Ok((UNREACHABLE, cause)) => error(
                (StoreErrorKind::Unreachable, UNREACHABLE_AT_THE_START),
                &cause,
            ),
            Ok((explained, cause)) => error(explained, &cause),
            Err(error) => error,
        }
    }

    /// Returns what the failure means, and its cause.
    fn explained(self) -> Result<(Explained, String), StoreError> {
        Ok(match self {
            Self::Refused(error) => return Err(error),
            Self::Postgres(error) => {
                if error.code().is_some_and(|code| code.code() == "RC001") {
                    return Err(StoreError::incarnation_ended());
                }
                (explain(&error), describe(&error))
            }
            Self::Timeout => (UNREACHABLE, "no answer in time".to_owned()),
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            Self::Tls(error) => (TLS, error.to_string()),
            Self::Journal(error) => (JOURNAL, error.to_string()),
            Self::Unreadable(what) => (DAMAGED, format!("{what} is unreadable")),
        })
    }
}

fn error((kind, advice): Explained, cause: &str) -> StoreError {
    StoreError::new(kind, format!("{advice} ({cause})"))
}

fn explain(error: &tokio_postgres::Error) -> Explained {
    let Some(code) = error.code() else {
        // The driver has no other sign of most of them.
        let text = error.to_string();
        let is = |begin| text.starts_with(begin);
        return if is("error performing TLS handshake") {
            TLS
        } else if is("invalid configuration") || is("authentication error") {
            REFUSED_LOGIN
        } else if error.is_closed() || is_io(error) || is("timeout") {
            UNREACHABLE
        } else {
            // A value of another type.
            DAMAGED
        };
    };
    match code.code() {
        "RC002" => return ISOLATION,
        "RC003" => return NOT_DURABLE,
        "RC004" => return SERVER_CHANGED,
        _ => {}
    }
    match *code {
        SqlState::DISK_FULL => return FULL,
        SqlState::INSUFFICIENT_PRIVILEGE => return FORBIDDEN,
        SqlState::INVALID_CATALOG_NAME => return NO_DATABASE,
        SqlState::TOO_MANY_CONNECTIONS => return CROWDED,
        _ => {}
    }
    match code.code().get(..2) {
        Some("28") => REFUSED_LOGIN,
        // The connection, or a server that starts or stops.
        Some("08" | "57") => UNREACHABLE,
        // Tables, columns or functions that are missing, and checks that do not hold.
        Some("23" | "42" | "XX" | "P0") => DAMAGED,
        _ => REFUSED,
    }
}

/// Returns `true` for failures of the network, which have an error below them.
fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<io::Error>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Returns the texts of an error and of those below it. None has the password.
fn describe(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}
