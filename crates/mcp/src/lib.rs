#![doc = include_str!("../README.md")]

mod answer;
mod arguments;
mod builder;
mod confirmation;
mod difference;
mod engine;
mod handler;
mod models;
mod preview;
mod refusal;
mod server;
mod tool_list;
mod tools;

pub use builder::{Attached, ServerBuilder};
pub use server::{ServeError, Server};
