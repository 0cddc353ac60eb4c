//! The files of jobs, with a manifest beside them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{self, Path, PathBuf};
use std::time::SystemTime;

use runcomfy::__private::{safe_file_name, sync_folder_of};
use runcomfy::schema::Json;
use runcomfy::{Error, Job, JobResult, Output};
use serde_json::json;

use super::blocking::blocking;
use crate::claim::Claimed;
use crate::job_key::JobKey;

/// The folder in which the files of a batch are saved.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    template: String,
    /// Name of this process, where other machines may have other files.
    worker: Option<String>,
}

/// Failure to save the files of a job.
#[derive(Debug)]
pub(super) enum Unsaved {
    /// The folder could not be written.
    Io(io::Error),
    /// A file could not be downloaded.
    Download(Error),
}

impl From<io::Error> for Unsaved {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A name that belongs to one attempt: its manifest has taken it.
#[derive(Clone, Debug)]
struct Reserved {
    folder: PathBuf,
    /// Name of the files, without extension.
    stem: String,
    /// Time at which an earlier process has taken the name; its files are younger.
    since: Option<SystemTime>,
}

impl Folder {
    pub(super) fn new(path: PathBuf, template: String, worker: Option<String>) -> Self {
        Self {
            path,
            template,
            worker,
        }
    }

    /// Saves the files of a job and their manifest, and returns what the store keeps of them.
    ///
    /// A file is there whole or not at all, and none is overwritten. Where an earlier process was killed,
    /// the files that it has saved are kept.
    pub(super) async fn save(
        &self,
        claimed: &Claimed,
        job: &Job<Output>,
        result: &JobResult<Output>,
    ) -> Result<Json, Unsaved> {
        let (folder, key) = (self.path.clone(), claimed.key.clone());
        let stem = self.stem(claimed, job.request_id().as_str());
        // Without its store a manifest is what says that the job is paid.
        let mut manifest = json!({
            "key": claimed.key,
            "n": claimed.n,
            "id": claimed.id,
            "model": claimed.model,
            "input": claimed.input,
            "request_id": job.request_id().as_str(),
            "state": SAVING,
        });
        let saving = manifest.clone();
        let reserve = move || Reserved::reserve(&folder, &stem, &key, &saving);
        let reserved = blocking(reserve).await?;
        let files = self.download(job, result, &reserved).await?;
        let names: Vec<Json> = files.iter().map(|file| name_of(file).into()).collect();
        let output = result.output.as_ref().map(Output::as_value);
        manifest["state"] = "saved".into();
        manifest["cost"] = json!(result.cost);
        manifest["files"] = json!(names);
        manifest["output"] = json!(output);
        let folder = path::absolute(&self.path)?;
        let folder = folder.to_string_lossy();
        let mut value = json!({ "files": names, "folder": folder, "output": output });
        if let Some(worker) = &self.worker {
            value["worker"] = worker.as_str().into();
        }
        blocking(move || reserved.finish(&manifest)).await?;
        Ok(value)
    }

    async fn download(
        &self,
        job: &Job<Output>,
        result: &JobResult<Output>,
        reserved: &Reserved,
    ) -> Result<Vec<PathBuf>, Unsaved> {
        let Some(output) = &result.output else {
            return Ok(Vec::new());
        };
        let count = output.urls().len();
        let present = blocking({
            let reserved = reserved.clone();
            move || reserved.present(count)
        });
        let present = present.await?;
        let downloads = job
            .download(output, &self.path)
            .file_name(|index, name| reserved.name(index, count, name))
            .present(|index| present.get(index).cloned().flatten());
        // Each attempt would leave another page.
        let saved = downloads.keep_unexpected(false).await;
        let saved = saved.map_err(Unsaved::Download)?;
        Ok(saved.into_iter().map(|file| file.path).collect())
    }

    /// Fills the template in.
    fn stem(&self, job: &Claimed, request_id: &str) -> String {
        let name = self
            .template
            .replace("{n}", &format!("{:06}", job.n))
            .replace("{id}", job.id.as_str())
            .replace("{model}", &job.model)
            .replace("{key}", job.key.as_str())
            .replace("{request_id}", request_id);
        file_stem(&name)
    }
}

/// State in the manifest of a job whose files are not all there yet.
const SAVING: &str = "saving";

/// Maximum length of a stem in bytes, so that numbers and extensions fit into the name of a download.
const MAX_STEM: usize = 100;

/// Returns a name that every file system takes, and that leads out of no folder. The download leaves it as it is, or
/// the files of a killed process would not be found.
fn file_stem(name: &str) -> String {
    let mut end = name.len().min(MAX_STEM);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    safe_file_name(&name[..end])
}

impl Reserved {
    /// Takes the first free name for an attempt, or the one that it has taken before.
    fn reserve(folder: &Path, stem: &str, key: &JobKey, manifest: &Json) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut number = 1;
        loop {
            let stem = if number == 1 {
                stem.to_owned()
            } else {
                format!("{stem}-{number}")
            };
            let mut reserved = Self {
                folder: folder.to_owned(),
                stem,
                since: None,
            };
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(reserved.manifest());
            match file {
                Ok(mut file) => {
                    file.write_all(format!("{manifest}\n").as_bytes())?;
                    file.sync_all()?;
                    return Ok(reserved);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if let Some(since) = reserved.taken_by(key)? {
                        reserved.since = Some(since);
                        return Ok(reserved);
                    }
                    number += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn manifest(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.stem))
    }

    /// Returns when the attempt has taken the name, or `None` if another one has.
    fn taken_by(&self, key: &JobKey) -> io::Result<Option<SystemTime>> {
        let path = self.manifest();
        let manifest: Option<Json> = serde_json::from_slice(&fs::read(&path)?).ok();
        let owner = manifest
            .as_ref()
            .and_then(|manifest| manifest.get("key")?.as_str());
        if owner != Some(key.as_str()) {
            return Ok(None);
        }
        let modified = fs::metadata(&path)?.modified()?;
        // A manifest that was finished is as young as its files.
        let is_saving = manifest
            .as_ref()
            .and_then(|manifest| manifest.get("state")?.as_str())
            == Some(SAVING);
        Ok(Some(if is_saving {
            modified
        } else {
            SystemTime::UNIX_EPOCH
        }))
    }

    /// Returns the name of a file, with the extension of the name that it would have.
    fn name(&self, index: usize, count: usize, name: &str) -> String {
        let stem = self.file(index, count);
        match Path::new(name)
            .extension()
            .and_then(|extension| extension.to_str())
        {
            Some(extension) => format!("{stem}.{extension}"),
            None => stem,
        }
    }

    fn file(&self, index: usize, count: usize) -> String {
        if count == 1 {
            return self.stem.clone();
        }
        format!("{}-{}", self.stem, index + 1)
    }

    /// Finds the files that an earlier process has saved.
    fn present(&self, count: usize) -> io::Result<Vec<Option<PathBuf>>> {
        let mut present = vec![None; count];
        let Some(since) = self.since else {
            return Ok(present);
        };
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else {
                continue;
            };
            let index = (0..count).find(|index| self.file(*index, count) == stem);
            let Some(index) = index.filter(|_| path != self.manifest()) else {
                continue;
            };
            if fs::metadata(&path)?.modified()? >= since {
                present[index] = Some(path);
            }
        }
        Ok(present)
    }

    /// Replaces the manifest by the one that has the files.
    fn finish(&self, manifest: &Json) -> io::Result<()> {
        let hidden = self.folder.join(format!(".{}.json.part", self.stem));
        let mut file = File::create(&hidden)?;
        file.write_all(format!("{manifest:#}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&hidden, self.manifest())?;
        sync_folder_of(&self.manifest());
        Ok(())
    }
}

fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or(file.as_os_str());
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_out_of_no_folder() {
        for (name, stem) in [
            ("000001-fog", "000001-fog"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a/b\\c:d\u{0}", "a_b_c_d_"),
            ("..", "output"),
            ("x#2", "x_2"),
            ("-rf", "_-rf"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            (" a. ", "a"),
        ] {
            assert_eq!(file_stem(name), stem);
        }
        assert_eq!(file_stem(&"ä".repeat(200)).len(), MAX_STEM);
    }

    /// A file that is named otherwise would not be found after a kill.
    #[test]
    fn download_keeps_every_name() {
        let long = format!("-{}", "船".repeat(60));
        for name in ["fog", "-rf", "CON", "a,b=c@d(e)[f]", "..", "a. ", &long] {
            let reserved = Reserved {
                folder: PathBuf::new(),
                stem: file_stem(name),
                since: None,
            };
            for count in [1, 12] {
                let named = reserved.name(11, count, "image.jpeg");
                assert_eq!(safe_file_name(&named), named);
            }
        }
    }

    #[test]
    fn name_belongs_to_one_attempt() {
        let folder = tempfile::tempdir().unwrap();
        let key = |n| JobKey::new("s", n, 1);
        let manifest = |n| json!({ "key": key(n), "state": SAVING });
        let reserve = |n| Reserved::reserve(folder.path(), "fog", &key(n), &manifest(n)).unwrap();
        assert_eq!(reserve(1).stem, "fog");
        assert_eq!(reserve(2).stem, "fog-2");
        let again = reserve(1);
        assert_eq!((again.stem.as_str(), again.since.is_some()), ("fog", true));
        // A process was killed before it wrote the key.
        fs::write(folder.path().join("fog-3.json"), "").unwrap();
        assert_eq!(reserve(3).stem, "fog-4");
    }

    #[test]
    fn files_of_a_killed_process_are_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("fog-2.png"), "of a user").unwrap();
        let old = SystemTime::now() - std::time::Duration::from_secs(100);
        let theirs = File::options()
            .write(true)
            .open(folder.path().join("fog-2.png"))
            .unwrap();
        theirs.set_modified(old).unwrap();
        let key = JobKey::new("s", 1, 1);
        let manifest = json!({ "key": key, "state": SAVING });
        let reserve = || Reserved::reserve(folder.path(), "fog", &key, &manifest).unwrap();
        let first = reserve();
        assert_eq!(first.present(2).unwrap(), [None, None]);
        let saved = folder.path().join(first.name(0, 2, "result.png"));
        fs::write(&saved, "picture").unwrap();
        let second = reserve();
        assert_eq!(second.present(2).unwrap(), [Some(saved), None]);
    }
}
