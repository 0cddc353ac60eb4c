//! HTTP to the Model API: the only part of this crate that sends requests.

pub(crate) mod credential;
pub(crate) mod endpoint;
pub(crate) mod error_code;
pub(crate) mod id_scanner;
pub(crate) mod partial_json;
pub(crate) mod per_runtime;
pub(crate) mod proxy;
pub(crate) mod rate_limit;
pub(crate) mod response;
pub(crate) mod retry;
pub(crate) mod retry_budget;
pub(crate) mod retry_policy;
pub(crate) mod retry_table;
pub(crate) mod runtime_clients;
pub(crate) mod script;
pub(crate) mod submit_body;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
pub(crate) mod tls;
pub(crate) mod token;
pub(crate) mod transport;
pub(crate) mod website;
