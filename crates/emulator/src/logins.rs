//! Logins that have started and not ended.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Moment;

/// Time in which a code can be confirmed, as with the service.
pub(crate) const EXPIRES_IN: Duration = Duration::from_secs(600);

/// The logins that have started, with the time at which each expires.
#[derive(Default)]
pub(crate) struct Logins {
    by_device_code: HashMap<String, Moment>,
}

impl Logins {
    /// Starts a login.
    pub(crate) fn start(&mut self, device_code: String, now: Moment) {
        self.by_device_code
            .insert(device_code, now.saturating_add(EXPIRES_IN));
    }

    /// Ends a login, and returns `true` if it has not expired. A code gives one token.
    pub(crate) fn end(&mut self, device_code: &str, now: Moment) -> bool {
        let expires = self.by_device_code.remove(device_code);
        expires.is_some_and(|expires| now < expires)
    }
}
