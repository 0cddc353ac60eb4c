//! Names and types that the generator gives to schemas.
//!
//! **Unstable:** this module exists for `runcomfy-codegen-cli`, which predicts what a change of a
//! schema does to the generated code. It may change in any release.

use crate::source::Source;
use crate::{Diagnostic, collision};

pub use crate::id_tree::{Clash, IdTree};
pub use crate::rust_type::RustType;

/// Claims the modules of a model in a tree of modules.
///
/// # Errors
/// Fails when another id has claimed one of them before. The diagnostic is about this model; leave
/// the model out or rename it.
pub fn claim_modules(modules: &mut IdTree, source: &Source) -> Result<(), Box<Diagnostic>> {
    collision::between(modules, source).map_or(Ok(()), |diagnostic| Err(Box::new(diagnostic)))
}
