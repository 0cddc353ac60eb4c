#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access_log;
mod account;
mod api_error;
mod builder;
mod call;
mod catalogue;
mod clock;
mod command_line;
mod connection;
mod control;
mod cors;
mod drip;
mod emulator;
mod fault;
mod fault_file;
mod fault_schema;
mod file;
mod file_cache;
#[cfg(any(test, not(feature = "render")))]
mod fixed_files;
mod gate;
mod job;
mod ledger;
mod listener;
mod login;
mod logins;
#[cfg(feature = "media-rules")]
mod media_rules;
mod members;
mod model_id;
mod output;
mod queue;
#[cfg(feature = "render")]
mod render;
mod reply;
mod request_id;
mod request_line;
mod routes;
mod schemas;
mod server;
mod service;

pub use builder::Builder;
pub use call::Call;
pub use command_line::CommandLine;
pub use emulator::Emulator;
pub use fault::Fault;
pub use ledger::{Connections, Entry, Received};
pub use reply::Reply;

/// Tests the examples of the guide, which is a page of the repository and not of this package.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/emulator.md")]
struct Guide;
