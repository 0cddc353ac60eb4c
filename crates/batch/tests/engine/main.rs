//! The engine submits each job at most once, saves what it pays, and names what it does not know,
//! whatever fails and whatever is killed.

#![allow(clippy::unwrap_used)]

mod disk;
mod inputs;
mod kills;
mod lives;
#[cfg(feature = "postgres")]
mod machines;
mod outcomes;
mod served;
mod stops;
mod world;
