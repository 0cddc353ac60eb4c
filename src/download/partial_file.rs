//! Writes a file that appears under its final name only once it is complete.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use runcomfy_media::Facts;

use super::abandoned_parts::{self, AbandonedParts, DIGITS, END, START};
use super::file_name::numbered;
use super::inspection::{Claims, Inspection};
use super::saved::Saved;
use crate::blocking_work::run_blocking;
use crate::error::Error;
use crate::whole_file::{publish, sync_folder_of};

/// A hidden file in the target's folder, removed on drop unless it is finished.
///
/// Disk operations run on tokio's blocking threads, one call for each piece: a slow disk delays no
/// other task, and nothing is buffered beyond the piece itself. tokio's own `File` does the same
/// and copies every piece.
#[derive(Debug)]
pub(super) struct PartialFile {
    // Declared first, so that the file is closed before its path is removed.
    file: Arc<File>,
    paths: Paths,
    length: u64,
}

/// The hidden path of a partial file, and its folder.
#[derive(Debug)]
struct Paths {
    folder: PathBuf,
    hidden: PathBuf,
}

impl PartialFile {
    /// Creates the hidden file, and its folder if that does not exist. `name` may differ from that of
    /// the complete file. The first download of a client into a folder removes what killed processes have
    /// left there.
    pub(super) async fn create(
        folder: &Path,
        name: &str,
        abandoned: &AbandonedParts,
    ) -> Result<Self, Error> {
        let number = fastrand::u32(..);
        let hidden = format!("{START}{name}.{number:0DIGITS$x}{END}");
        let hidden = folder.join(hidden);
        let cleans = abandoned.is_new(folder);
        let folder = folder.to_owned();
        blocking(move || {
            std::fs::create_dir_all(&folder)
                .map_err(|e| Error::file("create the folder", &folder, e))?;
            if cleans {
                abandoned_parts::remove(&folder);
            }
            let file = File::create_new(&hidden).map_err(|e| Error::file("create", &hidden, e))?;
            abandoned_parts::claim(&file);
            let paths = Paths { folder, hidden };
            Ok(Self {
                paths,
                file: Arc::new(file),
                length: 0,
            })
        })
        .await
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) async fn write(&mut self, piece: Bytes) -> Result<(), Error> {
        let length = piece.len() as u64;
        self.on_disk(move |mut file| file.write_all(&piece)).await?;
        self.length += length;
        Ok(())
    }

    /// Discards all bytes.
    pub(super) async fn clear(&mut self) -> Result<(), Error> {
        self.on_disk(|mut file| file.set_len(0).and_then(|()| file.rewind()))
            .await?;
        self.length = 0;
        Ok(())
    }

    /// Inspects the bytes.
    pub(super) async fn inspect(&self, claims: Claims) -> Result<Inspection, Error> {
        let hidden = self.paths.hidden.clone();
        blocking(move || {
            Inspection::read(&hidden, &claims).map_err(|e| Error::file("read", &hidden, e))
        })
        .await
    }

    /// Syncs the file and gives it this name, or the first of its numbered forms that is not taken.
    pub(super) async fn finish(self, name: String) -> Result<PathBuf, Error> {
        self.on_disk(File::sync_all).await?;
        let Self { paths, file, .. } = self;
        // Not every system can rename an open file.
        drop(file);
        // A download that is dropped from here on may leave its file behind, which is complete.
        blocking(move || {
            let target = paths.publish(&name)?;
            sync_folder_of(&target);
            Ok(target)
        })
        .await
    }

    async fn on_disk(
        &self,
        work: impl FnOnce(&File) -> io::Result<()> + Send + 'static,
    ) -> Result<(), Error> {
        let file = self.file.clone();
        let done = blocking(move || Ok(work(&file))).await?;
        done.map_err(|e| Error::file("write", &self.paths.hidden, e))
    }
}

impl Paths {
    fn publish(&self, name: &str) -> Result<PathBuf, Error> {
        for number in 0.. {
            let target = self.folder.join(numbered(name, number));
            match publish(&self.hidden, &target) {
                Ok(()) => return Ok(target),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(Error::file("write", &target, e)),
            }
        }
        unreachable!("the numbers never end")
    }
}

impl Drop for Paths {
    fn drop(&mut self) {
        // After a rename there is nothing to remove. A leftover is harmless, and there is no caller
        // to report it to.
        let _ = std::fs::remove_file(&self.hidden);
    }
}

/// Reads the facts of a file that is there already, and has none if it cannot be read. Returns `None` if it is not the
/// output.
pub(super) async fn present(path: PathBuf, claims: Claims) -> Result<Option<Saved>, Error> {
    blocking(move || {
        let facts = match Inspection::read(&path, &claims) {
            Ok(inspection) if inspection.error().is_some() => return Ok(None),
            Ok(inspection) => inspection.facts,
            Err(_) => Facts::default(),
        };
        Ok(Some(Saved::new(path, facts)))
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    run_blocking(work).await.unwrap_or_else(|e| {
        let message =
            "the runtime was shut down before the file was written; no file was left behind";
        Err(Error::new(crate::error::ErrorKind::Io, message).with_source(e))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read(path).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    async fn part(folder: &Path, content: &'static [u8]) -> PartialFile {
        let mut part = PartialFile::create(folder, "a.png", &AbandonedParts::default())
            .await
            .unwrap();
        part.write(Bytes::from_static(content)).await.unwrap();
        part
    }

    #[tokio::test]
    async fn finished_file_appears_and_replaces_none() {
        let folder = tempfile::tempdir().unwrap();
        let nested = folder.path().join("x/y");
        for content in [&b"one"[..], b"two"] {
            part(&nested, content)
                .await
                .finish("a.png".to_owned())
                .await
                .unwrap();
        }
        drop(part(&nested, b"three").await);
        let found = files(&nested);
        let expected = [("a-1.png", b"two"), ("a.png", b"one")];
        assert_eq!(
            found,
            expected.map(|(name, content)| (name.to_owned(), content.to_vec()))
        );
    }

    #[tokio::test]
    async fn cleared_bytes_are_discarded() {
        let folder = tempfile::tempdir().unwrap();
        let mut part = part(folder.path(), b"a longer text").await;
        part.clear().await.unwrap();
        assert_eq!(part.length(), 0);
        part.write(Bytes::from_static(b"short")).await.unwrap();
        assert_eq!(part.length(), 5);
        let file = part.finish("a.png".to_owned()).await.unwrap();
        assert_eq!(std::fs::read(file).unwrap(), b"short");
    }

    #[tokio::test]
    async fn failed_rename_leaves_no_empty_file() {
        let folder = tempfile::tempdir().unwrap();
        let part = part(folder.path(), b"one").await;
        std::fs::remove_file(&part.paths.hidden).unwrap();
        let error = part.finish("a.png".to_owned()).await.unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::Io);
        assert_eq!(files(folder.path()), []);
    }

    /// `/dev/full` behaves like a full disk.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn full_disk_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut part = part(folder.path(), b"one").await;
        part.file = Arc::new(File::options().write(true).open("/dev/full").unwrap());
        let error = part.write(Bytes::from_static(b"two")).await.unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::Io);
        assert_eq!(part.length(), 3);
        drop(part);
        assert_eq!(files(folder.path()), []);
    }
}
