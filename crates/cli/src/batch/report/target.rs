//! The file that a report replaces.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use runcomfy_batch::ReportFormat;

use crate::batch::link;
use crate::batch::store::{Location, PARTS, beside};
use crate::batch::worker_folder;
use crate::failure::Failure;

/// End of the names of files with request ids that a store does not have yet.
const IDS: &str = ".ids.jsonl";

/// Refuses to replace a file that a batch reads or writes, whether it is there now or not.
pub(super) fn refuse_own_files(
    location: &Location,
    jobs: Option<&Path>,
    out: &Path,
) -> Result<(), Failure> {
    let own = own_files(location, jobs);
    let out = real(out);
    let is_own = |own: &PathBuf| real(own) == out || link::is_same(own, &out);
    if own.iter().any(is_own) || is_state(&out) {
        return Err(Failure::usage(format!(
            "--out {} would replace the batch itself; nothing was written. Name another file",
            out.display()
        )));
    }
    Ok(())
}

/// Returns the files of the batch, where they lie by default.
fn own_files(location: &Location, jobs: Option<&Path>) -> Vec<PathBuf> {
    let mut own: Vec<PathBuf> = jobs.into_iter().map(PathBuf::from).collect();
    match location.as_file() {
        Some(store) => {
            own.extend(location.jobs_by_name());
            own.extend(PARTS.iter().map(|end| beside(store, end)));
        }
        None => {
            let folder = location.worker_folder();
            own.push(worker_folder::intents_in(&folder));
            own.push(worker_folder::ids_in(&folder));
        }
    }
    own
}

/// Returns `true` for files with the state of any batch, by their names and what lies beside them.
fn is_state(out: &Path) -> bool {
    let folder = out.parent().unwrap_or(Path::new(""));
    let of_worker = [
        worker_folder::intents_in(folder),
        worker_folder::ids_in(folder),
    ];
    if of_worker.iter().any(|file| file == out) && folder.join("lock").exists() {
        return true;
    }
    let name = out.to_string_lossy();
    let store = name.strip_suffix(IDS).map(Path::new);
    store.is_some_and(|store| store.exists() || beside(store, ".lock").exists())
}

/// Returns the path behind all links, also where there is no file yet.
fn real(path: &Path) -> PathBuf {
    let whole = || path.canonicalize().ok();
    let of_folder = || {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    whole()
        .or_else(of_folder)
        .unwrap_or_else(|| path.to_owned())
}

/// Number of bytes by which a report is recognized.
const BEGINNING: u64 = 1024;

/// Ends of the names of files that a report replaces.
const REPLACED: [&str; 3] = ["jsonl", "csv", "html"];

/// Refuses to replace what is no report, such as a file of a job or a device. An empty file is replaced too.
pub(super) fn refuse_other_files(out: &Path) -> Result<(), Failure> {
    let Ok(there) = out.symlink_metadata() else {
        return Ok(());
    };
    let extension = out.extension().and_then(OsStr::to_str);
    let may_be_report =
        there.is_file() && extension.is_some_and(|extension| REPLACED.contains(&extension));
    if may_be_report && (there.len() == 0 || is_report(out).unwrap_or(false)) {
        return Ok(());
    }
    let advice = if may_be_report {
        "Name another file"
    } else {
        "Name a file that ends in .jsonl, .csv or .html"
    };
    Err(Failure::usage(format!(
        "--out {} would replace something that is no report; nothing was written. {advice}, or leave --out away for standard output",
        out.display()
    )))
}

fn is_report(out: &Path) -> io::Result<bool> {
    let mut begin = Vec::new();
    File::open(out)?.take(BEGINNING).read_to_end(&mut begin)?;
    Ok(ReportFormat::recognize(&begin).is_some())
}
