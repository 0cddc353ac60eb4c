//! Draws schemas and instances, to hold the dialect's engine and the generator to their promises.
//!
//! Every drawing takes its choices from [`Dice`]: a seeded generator in tests, the fuzzer's bytes
//! in fuzz targets. The same choices give the same drawing.

pub mod dice;
pub mod hostile;
pub mod inert;
pub mod instance;
pub mod schema;

pub use dice::Dice;
