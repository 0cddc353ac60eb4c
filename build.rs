//! Keeps `generated/` in step with `schemas/`.
//!
//! Runs before `generated/` is compiled, since that crate depends on this one. The published
//! package has neither this file nor the folders.

use std::path::Path;

use runcomfy_codegen::{Builder, Layout};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Relative paths, so that the generated files say the same on every machine.
    if root.join("schemas").is_dir() && std::env::set_current_dir(root).is_ok() {
        Builder::new()
            .schemas("schemas")
            .out_dir("generated/src")
            .layout(Layout::Tree)
            .manifest("generated/Cargo.toml")
            .build_script_in_tree();
    }
}
