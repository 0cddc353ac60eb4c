//! The flag `--sidecar`: a file beside each saved one with what is known of its job.

use std::io::ErrorKind;
use std::path::Path;

use crate::difference;
use crate::failure::Failure;
use crate::record::Record;
use crate::whole_file;

/// Writes the sidecar of each saved file, whose name is that of the file with `.json` after it. One that
/// is there already is kept.
///
/// # Errors
/// If one cannot be written. The others are.
pub(crate) fn write(record: &Record) -> Result<(), Failure> {
    let mut described = record.clone();
    // The bytes of local files belong elsewhere.
    described.input = record.input.as_ref().map(difference::shortened);
    let text = format!("{:#}\n", described.to_json());
    let mut failed = None;
    for file in &record.files {
        let path = format!("{}.json", file.path);
        match whole_file::create(Path::new(&path), text.as_bytes()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && file.was_there => {}
            Err(error) => {
                failed.get_or_insert(format!("could not write the sidecar `{path}`: {error}"));
            }
            Ok(()) => {}
        }
    }
    match failed {
        Some(message) => Err(Failure::unwritable(message)),
        None => Ok(()),
    }
}
