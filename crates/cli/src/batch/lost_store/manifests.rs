//! Manifests beside saved files, which name the jobs that were paid for.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use runcomfy_batch::{Money, NewJob, Plan, Store};
use serde_json::Value;

use crate::advice::NOTHING_SUBMITTED;
use crate::batch::work_options::WorkOptions;
use crate::counted::jobs;
use crate::failure::Failure;
use crate::stop::take_turn;

/// Jobs of the file that manifests name.
#[derive(Default)]
struct Found {
    saved: u64,
    /// Number of jobs that were being saved, and may be any.
    unknown: u64,
    /// Id of the first job, where it is known, and the name of its manifest.
    example: Option<(Option<String>, String)>,
}

/// Refuses jobs of the file that the manifests of its folder name, since a batch has paid for them whose store is
/// not the one of this run.
///
/// # Errors
/// If there are some, or the folder cannot be read.
pub(super) async fn refuse(
    options: &WorkOptions,
    store: Option<&dyn Store>,
    plan: &Plan,
) -> Result<(), Failure> {
    let entries = match fs::read_dir(&options.out) {
        Ok(entries) => entries,
        // The engine names a folder that is no folder.
        Err(error) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) => {
            return Ok(());
        }
        Err(error) => return Err(unreadable(&options.out, &error)),
    };
    let own = store.map(|store| format!("{}-", store.id()));
    let mut found = Found::default();
    // One at a time: there may be millions.
    for (index, entry) in (0..).zip(entries) {
        take_turn(index).await;
        let path = entry
            .map_err(|error| unreadable(&options.out, &error))?
            .path();
        if let Some(manifest) = Manifest::read(&path)?
            && own
                .as_ref()
                .is_none_or(|own| !manifest.key.starts_with(own))
        {
            found.add(manifest, &path, plan);
        }
    }
    found.example.as_ref().map_or(Ok(()), |(id, name)| {
        Err(refusal(options, &found, id.as_deref(), name))
    })
}

/// Contents of a manifest, as far as they matter here.
struct Manifest {
    key: String,
    /// Is `None` for a job that was being saved by a version that wrote its key alone.
    job: Option<NewJob>,
}

impl Manifest {
    /// Reads a manifest; returns `None` for files that are none.
    fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_json = path.extension().is_some_and(|end| end == "json");
        if !is_json || name.starts_with('.') || !path.is_file() {
            return Ok(None);
        }
        let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
        let value: Option<Value> = serde_json::from_slice(&bytes).ok();
        Ok(value.and_then(Self::from_json))
    }

    fn from_json(mut value: Value) -> Option<Self> {
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        let (key, state) = (text("key")?, text("state")?);
        let (id, model) = (text("id"), text("model"));
        let input = value.get_mut("input").map(Value::take);
        let job = match (id.and_then(|id| id.parse().ok()), model, input) {
            (Some(id), Some(model), Some(input)) => {
                Some(NewJob::new(id, model, input, Money::ZERO))
            }
            _ => None,
        };
        (job.is_some() || state == "saving").then_some(Self { key, job })
    }
}

impl Found {
    fn add(&mut self, manifest: Manifest, path: &Path, plan: &Plan) {
        let id = match manifest.job {
            Some(job) if plan.has(&job) => {
                self.saved += 1;
                Some(job.id().to_string())
            }
            Some(_) => return,
            None => {
                self.unknown += 1;
                None
            }
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A job with an id says more.
        if self
            .example
            .as_ref()
            .is_none_or(|(known, _)| known.is_none() && id.is_some())
        {
            self.example = Some((id, name.into_owned()));
        }
    }
}

fn refusal(options: &WorkOptions, found: &Found, id: Option<&str>, name: &str) -> Failure {
    let folder = options.out.display();
    let example = match id {
        Some(id) => format!("such as `{id}` ({name})"),
        None => format!("such as the one of {name}"),
    };
    let unknown = match found.unknown {
        0 => String::new(),
        count if found.saved == 0 => {
            format!(
                "the folder {folder} has {} that a batch was saving",
                jobs(count)
            )
        }
        count => format!(", and {count} that it was saving"),
    };
    let what = if found.saved == 0 {
        unknown
    } else {
        let saved = jobs(found.saved);
        format!("the folder {folder} has {saved} of this file{unknown}")
    };
    let message = format!(
        "{what}, {example}: they are paid, and the store of that batch is not {}",
        options.location
    );
    Failure::input(message).with_advice(format!(
        "{NOTHING_SUBMITTED} A new batch would pay for them again. Put the store back to its place, or name it with --store; or take these lines out of the file. To pay for all jobs again, name another folder with --out DIR."
    ))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unreadable(format!(
        "could not read {}, which may name jobs that are paid: {error}",
        path.display()
    ))
    .with_advice(format!(
        "{NOTHING_SUBMITTED} Make it readable, or name another folder with --out DIR."
    ))
}
