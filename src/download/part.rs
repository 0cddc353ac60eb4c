//! A file in the making.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::name::numbered;
use crate::error::Error;

/// A hidden file beside its target; removed unless it is finished.
///
/// All that touches the disk runs on tokio's threads for that, a hop for each piece: a slow disk
/// holds up no other task, and there is no buffer beyond the piece itself. tokio's own file type
/// does the same and copies every piece.
#[derive(Debug)]
pub(super) struct Part {
    // Closed before its place is cleared up.
    file: Arc<File>,
    place: Place,
    length: u64,
}

/// Where a part lies and what is to become of it.
#[derive(Debug)]
struct Place {
    folder: PathBuf,
    name: String,
    path: PathBuf,
}

impl Part {
    /// Makes the folder too where it is missing.
    pub(super) async fn create(folder: &Path, name: String) -> Result<Self, Error> {
        let folder = folder.to_owned();
        blocking(move || {
            std::fs::create_dir_all(&folder)
                .map_err(|e| Error::file("create the folder", &folder, e))?;
            let path = folder.join(format!(".{name}.{:08x}.part", fastrand::u32(..)));
            let file = File::create_new(&path).map_err(|e| Error::file("create", &path, e))?;
            let place = Place { folder, name, path };
            Ok(Self {
                place,
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

    /// Throws away what is there.
    pub(super) async fn clear(&mut self) -> Result<(), Error> {
        self.on_disk(|mut file| file.set_len(0).and_then(|()| file.rewind()))
            .await?;
        self.length = 0;
        Ok(())
    }

    /// Gives the file the first name that is free.
    pub(super) async fn finish(self) -> Result<PathBuf, Error> {
        self.on_disk(File::sync_all).await?;
        let Self { place, file, .. } = self;
        // Not every system gives a new name to an open file.
        drop(file);
        // A download that is dropped from here on may leave its file behind, which is whole.
        blocking(move || {
            let target = place.appear()?;
            sync(&place.folder);
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
        done.map_err(|e| Error::file("write", &self.place.path, e))
    }
}

impl Place {
    fn appear(&self) -> Result<PathBuf, Error> {
        for number in 0.. {
            let target = self.folder.join(numbered(&self.name, number));
            // A link fails where a file stands; a rename would replace it.
            let outcome = match std::fs::hard_link(&self.path, &target) {
                Err(e) if e.kind() != ErrorKind::AlreadyExists => self.rename(&target),
                outcome => outcome,
            };
            match outcome {
                Ok(()) => return Ok(target),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(Error::file("write", &target, e)),
            }
        }
        unreachable!("the numbers never end")
    }

    /// For file systems without hard links: claims the name with an empty file, and then replaces
    /// that.
    fn rename(&self, target: &Path) -> io::Result<()> {
        File::create_new(target)?;
        std::fs::rename(&self.path, target).inspect_err(|_| {
            // The first failure is the one to tell of.
            let _ = std::fs::remove_file(target);
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // It is gone where it was renamed; else a leftover is harmless, and there is nobody to
        // tell.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Makes the file's new name outlast a power cut. The file itself is safe, so a file system that
/// cannot do that is no failure.
fn sync(folder: &Path) {
    if cfg!(unix) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(e) => match e.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(e) => {
                let message = "the runtime shut down before the file was written";
                Err(Error::new(crate::error::ErrorKind::Io, message).with_source(e))
            }
        },
    }
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

    async fn part(folder: &Path, content: &'static [u8]) -> Part {
        let mut part = Part::create(folder, "a.png".to_owned()).await.unwrap();
        part.write(Bytes::from_static(content)).await.unwrap();
        part
    }

    #[tokio::test]
    async fn a_file_appears_when_it_is_finished_and_replaces_none() {
        let folder = tempfile::tempdir().unwrap();
        let nested = folder.path().join("x/y");
        for content in [&b"one"[..], b"two"] {
            part(&nested, content).await.finish().await.unwrap();
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
    async fn what_is_cleared_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut part = part(folder.path(), b"a longer text").await;
        part.clear().await.unwrap();
        assert_eq!(part.length(), 0);
        part.write(Bytes::from_static(b"short")).await.unwrap();
        assert_eq!(part.length(), 5);
        let file = part.finish().await.unwrap();
        assert_eq!(std::fs::read(file).unwrap(), b"short");
    }

    #[tokio::test]
    async fn without_hard_links_no_file_is_replaced_either() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.png");
        let first = part(folder.path(), b"one").await;
        first.place.rename(&target).unwrap();
        let second = part(folder.path(), b"two").await;
        let error = second.place.rename(&target).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        drop((first, second));
        assert_eq!(
            files(folder.path()),
            [("a.png".to_owned(), b"one".to_vec())]
        );
    }

    #[tokio::test]
    async fn a_rename_that_fails_leaves_no_empty_file() {
        let folder = tempfile::tempdir().unwrap();
        let part = part(folder.path(), b"one").await;
        std::fs::remove_file(&part.place.path).unwrap();
        let error = part.finish().await.unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::Io);
        assert_eq!(files(folder.path()), []);
    }

    /// `/dev/full` is a disk without room.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_leaves_nothing_behind() {
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
