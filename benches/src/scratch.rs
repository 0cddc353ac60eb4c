//! Paths in the target folder.

use std::path::PathBuf;
use std::{env, fs, io};

use crate::Outcome;

/// Returns an empty folder for one benchmark, in the target folder.
///
/// # Errors
/// Fails if the folder cannot be emptied or made.
pub fn scratch(benchmark: &str) -> Outcome<PathBuf> {
    let program = env::current_exe()?;
    let target = program
        .ancestors()
        .nth(2)
        .ok_or("expected the benchmark to lie in a target folder")?;
    let folder = target.join("scratch").join(benchmark);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir_all(&folder)?,
    }
    Ok(folder)
}

/// Returns the path of another program in the folder of this one.
///
/// # Errors
/// Fails if the program was not built.
pub fn sibling(name: &str) -> Outcome<PathBuf> {
    let path = env::current_exe()?.with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!(
        "found no {}; start the benchmarks with benches/run, which builds it",
        path.display()
    )
    .into())
}
