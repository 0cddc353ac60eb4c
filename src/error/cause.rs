//! The cause of an error, as texts alone.

use std::fmt;

/// The texts of an error and its causes, of which secrets were removed.
pub(crate) struct Cause {
    text: String,
    debug: String,
    source: Option<Box<Cause>>,
}

impl Cause {
    /// Copies the texts of an error and its causes, each through `redact`.
    pub(crate) fn new(
        error: &(dyn std::error::Error + 'static),
        redact: &dyn Fn(&str) -> String,
    ) -> Self {
        Self {
            text: redact(&error.to_string()),
            debug: redact(&format!("{error:?}")),
            source: error
                .source()
                .map(|source| Box::new(Self::new(source, redact))),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.debug)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
