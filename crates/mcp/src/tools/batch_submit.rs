//! The tool `batch_submit`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::CallToolResponse;
use runcomfy::schema::Json;
use runcomfy_batch::{JobId, Money, NewJob, Row};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Call, answered, object};
use crate::arguments::as_object;
use crate::confirmation::Confirmed;
use crate::duplicate::Duplicates;
use crate::models::Model;
use crate::refusal::Refusal;

/// Maximum number of jobs of a call.
const MAX_JOBS: usize = 200;
/// Maximum time for the media of a job.
const MEDIA_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum time for the media of all jobs: clients end a call after 60 s.
const ALL_MEDIA_TIMEOUT: Duration = Duration::from_secs(20);

/// The checks of the jobs of a call.
struct Checks {
    /// Time at which media are checked no longer.
    deadline: Instant,
    /// Models, each of which is looked for once.
    models: HashMap<String, Result<Arc<Model>, Refusal>>,
    /// Places in the list of the keys so far.
    keys: HashMap<JobId, usize>,
    /// Jobs that have not ended: one in doubt is not submitted under another key.
    open: Vec<Row>,
    duplicates: Duplicates,
    warnings: Vec<Value>,
}

impl Call<'_> {
    pub(super) async fn batch_submit(&self) -> Result<CallToolResponse, Refusal> {
        let batch = self.arguments.key("batch")?;
        let jobs = self.arguments.list("jobs")?;
        if jobs.is_empty() || jobs.len() > MAX_JOBS {
            return Err(Refusal::new(
                format!("`jobs` has {} items, expected 1 to {MAX_JOBS}", jobs.len()),
                "Call it several times with the same `batch` for more jobs.",
            )
            .before_submit());
        }
        let (mut new, mut known, mut cost) = (Vec::new(), 0, Money::ZERO);
        let mut faults = Vec::new();
        let mut checks = Checks {
            deadline: Instant::now() + ALL_MEDIA_TIMEOUT,
            models: HashMap::new(),
            keys: HashMap::new(),
            open: self.open_jobs().await?,
            duplicates: Duplicates::default(),
            warnings: Vec::new(),
        };
        for (index, job) in jobs.iter().enumerate() {
            match self.job_of_batch(&batch, index, job, &mut checks).await {
                Ok(Some(job)) => {
                    cost = cost.plus(job.estimate());
                    new.push(job);
                }
                Ok(None) => known += 1,
                Err(refusal) => faults.push(refusal.of_item(index)),
            }
        }
        if !faults.is_empty() {
            return Err(Refusal::new(
                format!(
                    "{} of {} jobs cannot be submitted",
                    faults.len(),
                    jobs.len()
                ),
                "Fix them, and call it again with all jobs.",
            )
            .before_submit()
            .with("jobs", faults));
        }
        let submitted = new.len();
        let mut note = None;
        if submitted > 0 {
            self.admit(cost).await?;
            let what = format!("A batch of {submitted} jobs");
            match self.confirm(cost, &what, &checks.duplicates).await? {
                Confirmed::Yes => note = self.import(new, cost).await?.note_after(),
                Confirmed::Ask(question) => return Ok(question.into()),
            }
        }
        let mut answer = object(json!({
            "batch": batch.as_str(),
            "new_jobs": submitted,
            "known_jobs": known,
            "estimated_cost_usd": cost,
            "note": note,
            "next": "Call `batch_status` with this batch now and then. Jobs are submitted, waited for and saved meanwhile.",
        }));
        if !checks.warnings.is_empty() {
            answer.insert("warnings".to_owned(), checks.warnings.into());
        }
        Ok(answered(answer))
    }

    /// Returns a job of the list, unless the store has it already.
    async fn job_of_batch(
        &self,
        batch: &JobId,
        index: usize,
        job: &Value,
        checks: &mut Checks,
    ) -> Result<Option<NewJob>, Refusal> {
        let job = as_object(job).unwrap_or_default();
        let member = |name: &str| job.get(name).and_then(Json::as_str);
        let key = member("key").map_or_else(|| (index + 1).to_string(), str::to_owned);
        let id: JobId = format!("{}/{key}", batch.as_str())
            .parse()
            .map_err(|error| Refusal::new(format!("`key` is {error}"), "Choose a shorter one."))?;
        if let Some(first) = checks.keys.insert(id.clone(), index) {
            return Err(Refusal::new(
                format!("its key {key:?} is that of the job with the index {first} too"),
                "Give each job a key of its own; a job without `key` has its number, from 1.",
            ));
        }
        let model = member("model").or(self.arguments.optional_text("model")?);
        let model = model.ok_or_else(|| {
            Refusal::new(
                "it names no model",
                "Set `model` in the job, or for all jobs.",
            )
        })?;
        let input = job.get("input").and_then(as_object);
        let input = input
            .ok_or_else(|| Refusal::new("it has no object `input`", "Set `input` in the job."))?;
        let same = NewJob::new(id.clone(), model, input.clone(), Money::ZERO);
        if self.same_job(&same).await?.is_some() {
            return Ok(None);
        }
        self.refuse_doubtful(&same, &checks.open)?;
        let notes = self.shared.engine.notes();
        checks.duplicates.add(&same, &checks.open, notes);
        let model = self.model_of_batch(model, checks).await?;
        let left = checks.deadline.saturating_duration_since(Instant::now());
        let checked = self.check(&model, &input, left.min(MEDIA_TIMEOUT)).await?;
        if !checked.warnings.is_empty() {
            let warnings = json!({ "key": id.as_str(), "warnings": checked.warnings });
            checks.warnings.push(warnings);
        }
        let cost = model.estimate(&input)?;
        Ok(Some(NewJob::new(id, model.id(), input, cost)))
    }

    /// Returns a model, which is looked for at its first job.
    async fn model_of_batch(&self, id: &str, checks: &mut Checks) -> Result<Arc<Model>, Refusal> {
        if let Some(found) = checks.models.get(id) {
            return found.clone();
        }
        let found = self.shared.models.find(id).await;
        checks.models.insert(id.to_owned(), found.clone());
        found
    }
}
