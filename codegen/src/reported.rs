//! Warnings that earlier builds have shown.

use std::collections::HashSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use crate::Diagnostic;

/// Name of the file in `OUT_DIR` with the warnings that were shown, a line each.
const FILE: &str = "runcomfy-codegen.reported";

/// Shows the warnings that no earlier build has shown for the same schema file.
///
/// Cargo repeats what a build script has printed at every build until the script runs again. So a
/// script that has shown a warning runs again at the next build and prints nothing.
pub(crate) fn show(warnings: &[Diagnostic], out_dir: Option<&Path>) {
    let path = out_dir.map(|folder| folder.join(FILE));
    let known = path
        .as_deref()
        .and_then(|path| fs::read_to_string(path).ok());
    let known: HashSet<&str> = known.as_deref().unwrap_or_default().lines().collect();
    let keys: Vec<String> = warnings.iter().map(key).collect();
    let mut shows_any = false;
    for (warning, key) in warnings.iter().zip(&keys) {
        if !known.contains(key.as_str()) {
            println!("cargo::warning={}", warning.headline());
            shows_any = true;
        }
    }
    let Some(path) = path else { return };
    // Without the file the next build shows the warnings again, which does no harm.
    let _ = fs::write(&path, keys.join("\n"));
    if shows_any {
        // A file that is never there: cargo takes it for changed.
        println!("cargo::rerun-if-changed={}.next", path.display());
    }
}

/// Returns the text of a warning and a hash of the file that it is about.
fn key(warning: &Diagnostic) -> String {
    let mut hasher = DefaultHasher::new();
    warning.text().hash(&mut hasher);
    format!("{:016x} {}", hasher.finish(), warning.headline())
}
