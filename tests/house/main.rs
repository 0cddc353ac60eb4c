//! The project keeps its words and its architecture.
//!
//! `just words` runs these tests alone. They read the repository's files and compile nothing, so
//! they use the standard library only, and what reads tokens of Rust.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

mod circles;
mod guides;
mod layout;
mod tree;
mod words;
