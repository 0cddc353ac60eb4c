#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod arguments;
mod builder;
mod confirmation;
mod difference;
mod engine;
mod handler;
#[cfg(feature = "http")]
mod http;
mod models;
mod preview;
mod refusal;
mod resources;
mod server;
mod task;
mod tool_list;
mod tools;

pub use builder::{Attached, ServerBuilder};
pub use server::{ServeError, Server};
