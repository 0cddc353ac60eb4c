//! The place where the lines about requests go.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Writes the lines to a place that the program chooses.
#[derive(Clone)]
pub(crate) struct AccessLog(Arc<Mutex<dyn Write + Send>>);

impl AccessLog {
    pub(crate) fn new(log: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(log)))
    }

    /// Writes a line, with its end.
    pub(crate) fn write(&self, line: &str) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody may read the log any more; requests are served anyway.
        let _ = log.write_all(line.as_bytes()).and_then(|()| log.flush());
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessLog")
    }
}
