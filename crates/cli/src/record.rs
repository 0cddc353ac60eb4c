//! Everything that is known of a job, as `--output record` prints it.

use std::path::Path;

use runcomfy::media::Facts;
use runcomfy::schema::Json;
use runcomfy::{JobResult, Output, Saved};
use serde_json::{Value, json};

use crate::advice;

/// Facts about a job. One shape for every outcome: every key is always present, and an unknown
/// value is `null`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) request_id: Option<String>,
    pub(crate) model_id: Option<String>,
    pub(crate) input: Option<Json>,
    pub(crate) status: Option<String>,
    pub(crate) queue_position: Option<u64>,
    pub(crate) output: Option<Json>,
    pub(crate) files: Vec<SavedFile>,
    /// The files that could not be saved, as JSON: the URL, the reason, and what was kept instead.
    pub(crate) failed_files: Vec<Json>,
    pub(crate) warnings: Vec<Json>,
    /// The failure of the command.
    pub(crate) error: Option<Json>,
    pub(crate) created_at: Option<String>,
    pub(crate) finished_at: Option<String>,
    /// Seconds from the submit to the end, as this command has measured them.
    pub(crate) elapsed_seconds: Option<f64>,
    /// The cost as the service reports it, usually a number of US dollars.
    pub(crate) cost: Option<Json>,
    /// `true` if the job runs on an emulator, which charges nothing.
    pub(crate) is_emulated: bool,
}

/// A file on disk, with what its bytes say.
#[derive(Clone, Debug)]
pub(crate) struct SavedFile {
    pub(crate) path: String,
    pub(crate) url: String,
    pub(crate) facts: Facts,
    /// `true` if the file was there before, so that it was not downloaded.
    pub(crate) was_there: bool,
}

impl Record {
    /// Takes what a result of the service says.
    pub(crate) fn describe(&mut self, result: &JobResult<Output>) {
        let of_service = |name| result.other.get(name).filter(|value| !value.is_null());
        self.request_id = Some(result.request_id.to_string());
        self.status = Some(result.status.to_string());
        self.output = result.output.as_ref().map(|output| json!(output));
        self.created_at.clone_from(&result.created_at);
        self.finished_at.clone_from(&result.finished_at);
        let number = result.cost.map(Json::from);
        self.cost = if self.is_emulated {
            Some(0.into())
        } else {
            number.or_else(|| of_service("cost").cloned())
        };
        if self.input.is_none() {
            self.input = of_service("input").cloned();
        }
        if self.model_id.is_none() {
            let id = of_service("model_id").and_then(Value::as_str);
            self.model_id = id.map(str::to_owned);
        }
    }

    /// Adds a warning about the error that the service reports beside an output.
    pub(crate) fn warn_of_error(&mut self, error: &Json) {
        self.warnings
            .push(json!({ "text": advice::ERROR_BESIDE_OUTPUT, "detail": error }));
    }

    /// Takes what this record has not from another one of the same job.
    pub(crate) fn complete(&mut self, known: &Self) {
        fn take<T: Clone>(own: &mut Option<T>, known: Option<&T>) {
            if own.is_none() {
                *own = known.cloned();
            }
        }
        take(&mut self.request_id, known.request_id.as_ref());
        take(&mut self.model_id, known.model_id.as_ref());
        take(&mut self.input, known.input.as_ref());
        take(&mut self.status, known.status.as_ref());
        take(&mut self.queue_position, known.queue_position.as_ref());
        take(&mut self.output, known.output.as_ref());
        take(&mut self.created_at, known.created_at.as_ref());
        take(&mut self.finished_at, known.finished_at.as_ref());
        take(&mut self.elapsed_seconds, known.elapsed_seconds.as_ref());
        take(&mut self.cost, known.cost.as_ref());
        if self.files.is_empty() {
            self.files.clone_from(&known.files);
        }
        if self.failed_files.is_empty() {
            self.failed_files.clone_from(&known.failed_files);
        }
        if self.warnings.is_empty() {
            self.warnings.clone_from(&known.warnings);
        }
    }

    /// Returns the record as JSON.
    pub(crate) fn to_json(&self) -> Json {
        let files: Vec<Json> = self.files.iter().map(SavedFile::to_json).collect();
        json!({
            "request_id": self.request_id,
            "model_id": self.model_id,
            "input": self.input,
            "status": self.status,
            "queue_position": self.queue_position,
            "output": self.output,
            "files": files,
            "failed_files": self.failed_files,
            "warnings": self.warnings,
            "error": self.error,
            "created_at": self.created_at,
            "finished_at": self.finished_at,
            "elapsed_seconds": self.elapsed_seconds,
            "cost": self.cost,
        })
    }
}

/// Returns the path of a file as it is shown, from the current folder on.
pub(crate) fn shown_path(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let shown = path.strip_prefix(here).unwrap_or(path);
    let shown = shown.strip_prefix(".").unwrap_or(shown);
    shown.display().to_string()
}

impl SavedFile {
    pub(crate) fn new(file: Saved, url: &str) -> Self {
        Self {
            path: shown_path(&file.path),
            url: url.to_owned(),
            facts: file.facts,
            was_there: false,
        }
    }

    fn to_json(&self) -> Json {
        let mut json = json!({ "path": self.path, "url": self.url });
        if let (Json::Object(json), Ok(Json::Object(facts))) =
            (&mut json, serde_json::to_value(&self.facts))
        {
            json.extend(facts);
        }
        json
    }
}
