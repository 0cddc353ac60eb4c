//! The settings of a server.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::Violation;
use runcomfy::schema::{Json, ModelSchema};
use runcomfy_batch::Money;

/// The future of an input whose local files are attached, with the violations of these files.
pub type Attached = Pin<Box<dyn Future<Output = (Json, Vec<Violation>)> + Send>>;

pub(crate) type Attach = dyn Fn(Arc<ModelSchema>, Json) -> Attached + Send + Sync;

/// Settings of a server.
pub(crate) struct Settings {
    pub(crate) folder: PathBuf,
    pub(crate) process: String,
    pub(crate) spill: Option<PathBuf>,
    pub(crate) concurrency: usize,
    pub(crate) price_per_job: Option<Money>,
    pub(crate) asks: bool,
    pub(crate) typed: Vec<String>,
    pub(crate) commands: String,
    pub(crate) poll_every: Option<Duration>,
    pub(crate) attach: Option<Arc<Attach>>,
    pub(crate) emulated: bool,
}

impl Settings {
    /// Returns the command with which a person resolves the doubt of a key.
    pub(crate) fn resolve(&self, key: &str) -> String {
        let command = format!("runcomfy batch resolve {key} {}", self.commands);
        command.trim_end().to_owned()
    }
}
