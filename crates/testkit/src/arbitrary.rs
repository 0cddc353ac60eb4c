//! Arbitrary schemas, values, schema files and responses.
//!
//! Every function takes its choices from [`Entropy`]: a seeded generator in tests, the fuzzer's
//! bytes in fuzz targets. The same choices give the same value.

mod entropy;
pub mod hostile;
pub mod reply;
pub mod schema;
pub mod value;

pub use entropy::Entropy;
