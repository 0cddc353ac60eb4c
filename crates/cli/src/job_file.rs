//! The flag `--job-file`: a file that makes a job belong to its user. It has the idempotency key before
//! anything is sent, the request id after the response, and the files at the end, each durably on disk
//! before the next step. The same command line continues where the file is, and never pays twice.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use runcomfy::Saved;
use runcomfy::schema::Json;
use serde_json::json;

use crate::advice::NOTHING_SUBMITTED;
use crate::difference;
use crate::failure::Failure;
use crate::record::{Record, SavedFile};
use crate::whole_file;

/// A job file that this process has locked.
pub(crate) struct JobFile {
    path: PathBuf,
    /// The content, once the key is in it.
    content: Option<Content>,
    // Released when it is dropped.
    _lock: Lock,
}

/// The content of a job file.
#[derive(Clone, Debug)]
struct Content {
    model_id: String,
    /// The input, with each `data:` URI replaced by its size and a checksum.
    input: Json,
    /// The idempotency key of the submit.
    key: String,
    /// `null` until the response to the submit has arrived.
    request_id: Option<String>,
    /// The last status: `submitting` until there is a request id.
    status: String,
    /// `true` once nothing is left to do.
    done: bool,
    output: Option<Json>,
    files: Vec<FileEntry>,
    cost: Option<Json>,
}

#[derive(Clone, Debug)]
struct FileEntry {
    path: String,
    url: String,
    size_bytes: Option<u64>,
}

/// The step at which a job file is.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing was submitted.
    Submit,
    /// The job was submitted with this id.
    Wait(String),
    /// The job has succeeded, and its files are there.
    Done(Box<Record>),
}

/// Status of a job whose submit has no response yet.
const SUBMITTING: &str = "submitting";

impl JobFile {
    /// Locks and reads the file of `--job-file`, if that is set.
    ///
    /// # Errors
    /// If another process works on the file, or it cannot be read or is no job file.
    pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Option<Self>, Failure> {
        let Some(path) = matches.get_one::<String>("job-file") else {
            return Ok(None);
        };
        let path = PathBuf::from(path);
        let lock = Lock::take(&path)?;
        let content = match fs::read(&path) {
            Ok(bytes) => Some(parse(&path, &bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                let message = format!("could not read the job file `{}`: {error}", path.display());
                return Err(Failure::unreadable(message).before_submit());
            }
        };
        Ok(Some(Self {
            path,
            content,
            _lock: lock,
        }))
    }

    /// Returns `true` if a submit has begun, so that the input was checked before.
    pub(crate) fn has_begun(&self) -> bool {
        self.content.is_some()
    }

    /// Returns what is to be done next for a job.
    ///
    /// # Errors
    /// If the file is about another input, the job has failed, or the outcome of its submit is unknown.
    pub(crate) fn step(
        &self,
        model_id: &str,
        input: &Json,
        key: Option<&str>,
    ) -> Result<Step, Failure> {
        let Some(content) = &self.content else {
            return Ok(Step::Submit);
        };
        self.check_same(content, model_id, input, key)?;
        let path = self.path.display();
        let Some(id) = &content.request_id else {
            let failure = Failure::unknown_outcome(format!(
                "a command ended during the submit of `{path}`, so its outcome is unknown"
            ));
            return Err(failure.with_unknown_outcome(&content.key).with_advice(format!(
                "If a job exists, it runs and is charged. Check the account: save the files of a job \
                 that is there with `runcomfy resume REQUEST_ID`. If there is none, delete `{path}` and \
                 run the command again. The idempotency key of the submit is {}.",
                content.key
            )));
        };
        match content.status.as_str() {
            "failed" | "cancelled" => {
                let message = format!("the job of `{path}` has ended: {}", content.status);
                let failure = Failure::job_ended(message, id, &content.status);
                Err(failure.with_advice(format!(
                    "Nothing was submitted again. `runcomfy result {id}` shows why; delete `{path}` to \
                     submit the input again.{}",
                    if content.status == "cancelled" {
                        " Ctrl-C cancels no job that has a job file, unless --on-interrupt says so."
                    } else {
                        ""
                    }
                )))
            }
            _ if content.done && content.files.iter().all(FileEntry::is_there) => {
                Ok(Step::Done(content.to_record().into()))
            }
            _ => Ok(Step::Wait(id.clone())),
        }
    }

    /// Refuses a command line that is not the one of the file.
    fn check_same(
        &self,
        content: &Content,
        model_id: &str,
        input: &Json,
        key: Option<&str>,
    ) -> Result<(), Failure> {
        let mut lines = Vec::new();
        if content.model_id != model_id {
            lines.push(format!(
                "the model was `{}`, now `{model_id}`",
                content.model_id
            ));
        }
        lines.extend(difference::lines(
            &content.input,
            &difference::shortened(input),
        ));
        if let Some(key) = key.filter(|key| *key != content.key) {
            lines.push(format!("the key was `{}`, now `{key}`", content.key));
        }
        if lines.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the job file `{}` is about another job\n  {}",
            self.path.display(),
            lines.join("\n  ")
        );
        let advice =
            format!("{NOTHING_SUBMITTED} Restore the input, or use a job file of its own for it.");
        Err(Failure::input(message).with_advice(advice))
    }

    /// Writes the key, before anything is sent.
    ///
    /// # Errors
    /// If the file cannot be written. Nothing was submitted.
    pub(crate) fn begin(&mut self, model_id: &str, input: &Json, key: &str) -> Result<(), Failure> {
        let content = Content {
            model_id: model_id.to_owned(),
            input: difference::shortened(input),
            key: key.to_owned(),
            request_id: None,
            status: SUBMITTING.to_owned(),
            done: false,
            output: None,
            files: Vec::new(),
            cost: None,
        };
        self.write(content).map_err(Failure::before_submit)
    }

    /// Writes the request id.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn accepted(&mut self, request_id: &str) -> Result<(), Failure> {
        self.update(|content| {
            content.request_id = Some(request_id.to_owned());
            "in_queue".clone_into(&mut content.status);
        })
    }

    /// Removes the file after a submit of which it is certain that there is no job.
    pub(crate) fn withdraw(&mut self) {
        // A file that stays is refused later as an unknown outcome, which is safe.
        if whole_file::remove(&self.path).is_ok() {
            self.content = None;
        }
    }

    /// Writes the end of the job: its output and its files, or the status of its failure.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn ended(&mut self, record: &Record, done: bool) -> Result<(), Failure> {
        self.update(|content| {
            content.done = done;
            if let Some(status) = &record.status {
                content.status.clone_from(status);
            }
            content.output.clone_from(&record.output);
            content.cost.clone_from(&record.cost);
            content.files = record.files.iter().map(FileEntry::new).collect();
        })
    }

    fn update(&mut self, change: impl FnOnce(&mut Content)) -> Result<(), Failure> {
        let Some(mut content) = self.content.clone() else {
            return Ok(());
        };
        change(&mut content);
        self.write(content)
    }

    fn write(&mut self, content: Content) -> Result<(), Failure> {
        let failure = |error: &io::Error| {
            let path = self.path.display();
            Failure::unwritable(format!("could not write the job file `{path}`: {error}"))
        };
        let text = format!("{:#}\n", content.to_json());
        whole_file::replace(&self.path, text.as_bytes()).map_err(|e| failure(&e))?;
        self.content = Some(content);
        Ok(())
    }

    /// Returns the files that are there already, by the URL from which they were saved, as the record
    /// has it.
    pub(crate) fn present(&self) -> Vec<(String, PathBuf)> {
        let files = self.content.iter().flat_map(|content| &content.files);
        let there = files.filter(|file| file.is_there());
        there
            .map(|file| (file.url.clone(), PathBuf::from(&file.path)))
            .collect()
    }
}

impl Content {
    fn to_json(&self) -> Json {
        let files: Vec<Json> = self.files.iter().map(FileEntry::to_json).collect();
        json!({
            "model_id": self.model_id,
            "input": self.input,
            "key": self.key,
            "request_id": self.request_id,
            "status": self.status,
            "done": self.done,
            "output": self.output,
            "files": files,
            "cost": self.cost,
        })
    }

    /// Returns `None` if the JSON is no content of a job file.
    fn from_json(json: &Json) -> Option<Self> {
        let text = |name: &str| json.get(name)?.as_str().map(str::to_owned);
        let value = |name: &str| json.get(name).filter(|value| !value.is_null()).cloned();
        let files = json.get("files")?.as_array()?;
        Some(Self {
            model_id: text("model_id")?,
            input: value("input")?,
            key: text("key")?,
            request_id: text("request_id"),
            status: text("status")?,
            done: json.get("done")?.as_bool()?,
            output: value("output"),
            files: files
                .iter()
                .map(FileEntry::from_json)
                .collect::<Option<_>>()?,
            cost: value("cost"),
        })
    }

    fn to_record(&self) -> Record {
        // A file that was removed a moment ago is not listed.
        let file = |file: &FileEntry| {
            let saved = Saved::from_path(&file.path).ok()?;
            Some(SavedFile {
                was_there: true,
                ..SavedFile::new(saved, &file.url)
            })
        };
        Record {
            request_id: self.request_id.clone(),
            model_id: Some(self.model_id.clone()),
            input: Some(self.input.clone()),
            status: Some(self.status.clone()),
            output: self.output.clone(),
            files: self.files.iter().filter_map(file).collect(),
            cost: self.cost.clone(),
            ..Record::default()
        }
    }
}

impl FileEntry {
    fn to_json(&self) -> Json {
        json!({ "path": self.path, "url": self.url, "size_bytes": self.size_bytes })
    }

    fn from_json(json: &Json) -> Option<Self> {
        Some(Self {
            path: json.get("path")?.as_str()?.to_owned(),
            url: json.get("url")?.as_str()?.to_owned(),
            size_bytes: json.get("size_bytes")?.as_u64(),
        })
    }

    fn new(file: &SavedFile) -> Self {
        let absolute = std::path::absolute(&file.path);
        Self {
            path: absolute.map_or_else(|_| file.path.clone(), |path| path.display().to_string()),
            url: file.url.clone(),
            size_bytes: file.facts.size_bytes,
        }
    }

    /// Returns `true` if the file is on disk with its size.
    fn is_there(&self) -> bool {
        let about = fs::metadata(&self.path);
        about.is_ok_and(|about| self.size_bytes.is_none_or(|size| size == about.len()))
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Content, Failure> {
    let json: Option<Json> = serde_json::from_slice(bytes).ok();
    json.as_ref().and_then(Content::from_json).ok_or_else(|| {
        // It may have been one, so it never counts as new.
        let why = if bytes.is_empty() {
            ": it is empty"
        } else {
            ""
        };
        let message = format!("`{}` is not a job file{why}", path.display());
        let advice = format!("{NOTHING_SUBMITTED} Use the name of a file that does not exist yet.");
        Failure::input(message).with_advice(advice)
    })
}

/// A lock that ends with the process: a file beside the job file, which is replaced by each step.
struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// # Errors
    /// If another process has it, or its file cannot be created.
    fn take(job_file: &Path) -> Result<Self, Failure> {
        let mut name = job_file.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let path = job_file.with_file_name(name);
        loop {
            let file = File::options().create(true).append(true).open(&path);
            let file = file.map_err(|error| unlocked(&path, &error))?;
            match file.try_lock() {
                // The process before removes the file, maybe between the two steps.
                Ok(()) if is_at(&file, &path) => return Ok(Self { path, _file: file }),
                Ok(()) => {}
                Err(fs::TryLockError::WouldBlock) => {
                    let message = format!(
                        "another command works on the job file `{}`",
                        job_file.display()
                    );
                    let advice = "This command submitted nothing. Run it again later.";
                    return Err(Failure::unavailable(message).with_advice(advice));
                }
                Err(fs::TryLockError::Error(error)) => return Err(unlocked(&path, &error)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is locked, so that no other process has opened and locked it. A leftover is
        // harmless.
        let _ = fs::remove_file(&self.path);
    }
}

fn unlocked(path: &Path, error: &io::Error) -> Failure {
    let message = format!("could not lock `{}`: {error}", path.display());
    Failure::unwritable(message).with_advice(NOTHING_SUBMITTED)
}

/// Returns `true` if a path still leads to an open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let id = |about: io::Result<fs::Metadata>| about.ok().map(|about| (about.dev(), about.ino()));
    let open = id(file.metadata());
    open.is_some() && open == id(fs::metadata(path))
}

/// Returns `true`: this system does not remove an open file.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}
