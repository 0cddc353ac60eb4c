#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod arguments;
mod builder;
mod confirmation;
mod difference;
mod duplicate;
mod engine;
mod funds;
mod handler;
#[cfg(feature = "http")]
mod http;
mod models;
mod preview;
mod refusal;
mod resources;
mod serve_error;
mod server;
mod settings;
mod shared;
mod task;
mod tool_list;
mod tools;

pub use builder::ServerBuilder;
#[cfg(feature = "http")]
pub use http::Listening;
pub use serve_error::{ServeError, ServeErrorKind};
pub use server::Server;
pub use settings::Attached;
