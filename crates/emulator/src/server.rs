//! State that the handlers share.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::service::Service;

/// Holds what the handlers share.
pub(crate) struct Server {
    pub(crate) service: Arc<Service>,
    /// The address that the server listens on, for requests without a `Host`.
    pub(crate) address: SocketAddr,
}
