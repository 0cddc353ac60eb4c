//! The court of a judge: the state that all its connections share.

use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::answer::{Answer, Verdict};
use super::ledger::Ledger;

/// Prefix of the text in a submit's body that identifies the wish behind it: `mark:17` is one
/// wish, however often it arrives.
pub const MARK: &str = "mark:";

/// A submit that has arrived whole.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The text behind [`MARK`].
    pub mark: String,
    /// Number of arrivals of the mark, this one included.
    pub attempt: usize,
    /// Number of the connection, counted from 0.
    pub connection: usize,
}

/// Treatment of a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// The requests of the connection are read.
    Serve,
    /// The connection is closed before anything is read.
    Close,
    /// The requests of the connection are read, but over HTTP/2 no further byte of their bodies may be
    /// sent until [`Judge::release`](super::Judge::release).
    Hold,
}

pub(super) type Script = dyn Fn(&Arrival) -> Verdict + Send + Sync;
pub(super) type Greeter = dyn Fn(usize) -> Welcome + Send + Sync;

/// State that all connections share.
pub(super) struct Court {
    pub(super) script: Box<Script>,
    pub(super) welcome: Box<Greeter>,
    pub(super) ledger: Mutex<Ledger>,
    /// Open connections by their numbers, to end them with the server.
    pub(super) streams: Mutex<HashMap<usize, TcpStream>>,
    pub(super) closing: AtomicBool,
    pub(super) released: AtomicBool,
}

/// Body of the response to a call other than a submit: a job of any id is cancelled.
pub(super) const OTHER_CALLS: &str =
    r#"{"request_id": "any", "status": "cancelled", "outcome": "cancelled"}"#;

impl Court {
    pub(super) fn ledger<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> T {
        change(&mut lock(&self.ledger))
    }

    /// Judges a submit with this body; the id is that of its job, where one was taken.
    pub(super) fn judge(&self, body: &[u8], connection: usize) -> (Answer, String) {
        let mark = mark_of(body);
        let attempt = self.ledger(|ledger| ledger.arrived(&mark));
        let arrival = Arrival {
            mark,
            attempt,
            connection,
        };
        let verdict = (self.script)(&arrival);
        let id = if verdict.taken {
            self.ledger(|ledger| ledger.take(&arrival.mark))
        } else {
            String::new()
        };
        (verdict.answer, id)
    }
}

/// The text behind the mark, up to what cannot belong to it.
fn mark_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let rest = text.split_once(MARK).map_or("", |(_, rest)| rest);
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .unwrap_or(rest.len());
    rest[..end].to_owned()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
