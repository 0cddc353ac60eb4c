//! The jobs that lines stand for.

use std::sync::Arc;

use runcomfy::schema::Json;
use runcomfy_batch::{JobId, JobIds, JobLine, LineFault, Money, NewJob};

use super::file_pattern;
use super::file_run::FileRun;
use super::job_source::{JobSource, Lines};
use super::models::{Model, Models};
use super::options::Options;
use crate::batch::shared_dir;
use crate::failure::Failure;
use crate::stop;

/// A line with the jobs that it stands for.
pub(super) struct Candidate {
    pub(super) line: JobLine,
    pub(super) model: Arc<Model>,
    pub(super) model_id: String,
    /// The input, with patterns of files replaced by the files.
    pub(super) input: Json,
    /// The input as the store has it, where files are those of a shared folder.
    stored: Option<Json>,
    pub(super) ids: Vec<JobId>,
    /// Estimated cost of each job, or the reason for which it is unknown.
    pub(super) estimate: Result<Money, String>,
    /// Cost of each job by the catalogue, where the estimate is another one.
    pub(super) listed: Option<Money>,
}

/// Reads the jobs of the lines of a file, in their order.
pub(super) struct Candidates<'a> {
    source: &'a JobSource,
    lines: Lines<'a>,
    models: &'a Models,
    options: &'a Options,
    ids: JobIds,
}

impl<'a> Candidates<'a> {
    /// Starts reading at the first line.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn open(run: &'a FileRun<'_>) -> Result<Self, Failure> {
        Ok(Self {
            source: &run.source,
            lines: run.source.lines()?,
            models: &run.models,
            options: run.options,
            ids: JobIds::default(),
        })
    }

    /// Returns the jobs of the next line, or all faults that it has before its input is checked. Now and then
    /// it lets a signal stop the work on a long file.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) async fn next(
        &mut self,
    ) -> Result<Option<Result<Candidate, Vec<LineFault>>>, Failure> {
        let Some(line) = self.lines.next() else {
            return Ok(None);
        };
        let line = line.map_err(|error| self.source.unreadable(&error))?;
        stop::take_turn(line.number()).await;
        Ok(Some(self.read(line)))
    }

    fn read(&mut self, line: JobLine) -> Result<Candidate, Vec<LineFault>> {
        if !line.faults().is_empty() {
            return Err(line.faults().to_vec());
        }
        let fault = |message: String| vec![line.fault_at("", message)];
        let Some(id) = line.model().or(self.options.model.as_deref()) else {
            let message =
                "the line names no model; add `model` to it, or --model MODEL_ID to the command";
            return Err(vec![line.model_fault(message)]);
        };
        let Some(model) = self.models.find(id) else {
            return Err(vec![line.model_fault(self.models.why_unknown(id))]);
        };
        let mut input = line.input(Some(&model.schema.input));
        let faults = file_pattern::expand(&model.schema, &mut input);
        if !faults.is_empty() {
            return Err(faults_of(&line, faults));
        }
        let mut stored = None;
        if self.options.work.location.as_file().is_none() {
            let shared = self.options.work.shared_dir.as_ref();
            let mut shareable = input.clone();
            let faults = shared_dir::share(&model.schema, &mut shareable, shared);
            if !faults.is_empty() {
                return Err(faults_of(&line, faults));
            }
            stored = Some(shareable);
        }
        let known = stored.as_ref().unwrap_or(&input);
        let ids = self.ids.assign(&line, id, known, self.options.repeat);
        let ids = ids.map_err(|error| fault(error.to_string()))?;
        Ok(Candidate {
            estimate: model.estimate(&input),
            listed: model.not_estimated(&input),
            model: Arc::clone(model),
            model_id: id.to_owned(),
            input,
            stored,
            ids,
            line,
        })
    }
}

/// Returns faults of an input, given by JSON pointers, as those of its line.
fn faults_of(line: &JobLine, faults: Vec<(String, String)>) -> Vec<LineFault> {
    let faults = faults.into_iter();
    faults
        .map(|(pointer, message)| line.fault_at(&pointer, message))
        .collect()
}

impl Candidate {
    /// Returns the jobs. One whose cost is unknown is estimated to be free, and may not be imported.
    pub(super) fn jobs(&self) -> impl Iterator<Item = NewJob> {
        let estimate = self.estimate.clone().unwrap_or(Money::ZERO);
        let input = self.stored.as_ref().unwrap_or(&self.input);
        self.ids.iter().map(move |id| {
            let job = NewJob::new(id.clone(), &*self.model_id, input.clone(), estimate);
            job.priority(self.line.priority())
        })
    }
}
