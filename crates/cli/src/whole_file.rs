//! Files that are written whole or not at all, and survive a power cut.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use runcomfy::__private::{publish, sync_folder_of};

/// Replaces a file, or creates it.
///
/// # Errors
/// If the folder cannot be written to. The file is as it was.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let hidden = written(path, bytes)?;
    let renamed = fs::rename(&hidden, path);
    if renamed.is_err() {
        // The error of the rename is the one to report.
        let _ = fs::remove_file(&hidden);
    }
    renamed?;
    sync_folder_of(path);
    Ok(())
}

/// Creates a file.
///
/// # Errors
/// If there is a file of this name, or the folder cannot be written to.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let hidden = written(path, bytes)?;
    let published = publish(&hidden, path);
    let _ = fs::remove_file(&hidden);
    published?;
    sync_folder_of(path);
    Ok(())
}

/// Removes a file, and waits until that survives a power cut.
///
/// # Errors
/// If it cannot be removed.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_folder_of(path);
    Ok(())
}

/// A file that is written in parts, hidden beside its place until it is whole. Dropping it removes it.
#[cfg_attr(not(feature = "batch"), allow(dead_code))]
pub(crate) struct Draft {
    path: PathBuf,
    hidden: PathBuf,
    file: BufWriter<File>,
}

#[cfg_attr(not(feature = "batch"), allow(dead_code))]
impl Draft {
    /// Creates an empty file for this path.
    ///
    /// # Errors
    /// If the folder cannot be written to.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        let hidden = hidden(path);
        let file = BufWriter::new(File::create(&hidden)?);
        let path = path.to_owned();
        Ok(Self { path, hidden, file })
    }

    /// Puts the file in its place, and replaces the one that was there.
    ///
    /// # Errors
    /// If it cannot be written. What was there is as it was.
    pub(crate) fn publish(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.hidden, &self.path)?;
        sync_folder_of(&self.path);
        Ok(())
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // There is none after it was published.
        let _ = fs::remove_file(&self.hidden);
    }
}

/// Returns the path of the hidden file beside a path.
fn hidden(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// Writes the bytes to a hidden file beside the path, and returns its path.
fn written(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let hidden = hidden(path);
    let mut file = File::create(&hidden)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _ = fs::remove_file(&hidden);
        return Err(error);
    }
    Ok(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        create(&path, b"one").unwrap();
        assert!(create(&path, b"two").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        replace(&path, b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        remove(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(replace(&folder.path().join("none/a"), b"").is_err());
    }

    #[test]
    fn draft_is_published_whole_or_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.html");
        fs::write(&path, "before").unwrap();
        let mut draft = Draft::new(&path).unwrap();
        draft.write_all(b"half").unwrap();
        drop(draft);
        assert_eq!(fs::read(&path).unwrap(), b"before");
        let mut draft = Draft::new(&path).unwrap();
        draft.write_all(b"whole").unwrap();
        draft.publish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
