//! Records the requests and connections of a server.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::request::Request;

/// Counts connections and bytes, and keeps the requests.
#[derive(Debug, Default)]
pub(super) struct Log {
    connections: AtomicUsize,
    open: AtomicUsize,
    max_open: AtomicUsize,
    bytes_sent: AtomicU64,
    requests: Mutex<Vec<Request>>,
}

impl Log {
    /// Counts a connection as open until the guard is dropped.
    pub(super) fn open_one(log: &Arc<Self>) -> OpenConnection {
        log.connections.fetch_add(1, Ordering::SeqCst);
        let open = log.open.fetch_add(1, Ordering::SeqCst) + 1;
        log.max_open.fetch_max(open, Ordering::SeqCst);
        OpenConnection(log.clone())
    }

    /// Numbers a request and keeps it.
    pub(super) fn receive(&self, head: String, body: Vec<u8>) -> Request {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let request = Request::new(requests.len(), head, body);
        requests.push(request.clone());
        request
    }

    pub(super) fn send(&self, bytes: usize) {
        self.bytes_sent.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(super) fn max_open(&self) -> usize {
        self.max_open.load(Ordering::SeqCst)
    }

    pub(super) fn bytes_sent(&self) -> u64 {
        self.bytes_sent.load(Ordering::SeqCst)
    }
}

/// Keeps a connection in the count of open ones.
pub(super) struct OpenConnection(Arc<Log>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}
