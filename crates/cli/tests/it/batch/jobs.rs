//! A service with a file of jobs.

use std::path::{Path, PathBuf};

use runcomfy_batch::{SqliteOptions, SqliteStore};
use runcomfy_emulator::Builder;
use serde_json::json;

use crate::support::{Ended, Service, TEXT_TO_IMAGE};

/// Name of the file of jobs.
pub(super) const FILE: &str = "boats.jsonl";

/// A service, and a file of jobs in its folder.
pub(super) struct Jobs {
    pub(super) service: Service,
}

impl Jobs {
    /// Starts a service that ends jobs at once, with a file of `count` jobs that have ids.
    pub(super) fn new(count: usize) -> Self {
        Self::with(count, |builder| builder)
    }

    /// Starts a service with these settings.
    pub(super) fn with(count: usize, set: impl FnOnce(Builder) -> Builder) -> Self {
        let jobs = Self {
            service: Service::with(|builder| set(builder.slots(1000).price(0.04))),
        };
        let lines = (1..=count).map(|n| {
            let input = json!({ "prompt": format!("Boat {n}") });
            json!({ "id": format!("boat-{n}"), "input": input }).to_string() + "\n"
        });
        jobs.write(FILE, lines.collect::<String>());
        jobs
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.service.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Returns the arguments that run a file of jobs.
    pub(super) fn arguments<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let begin = ["batch", "run", file, "--model", TEXT_TO_IMAGE, "--yes"];
        [&begin[..], more].concat()
    }

    /// Runs a file of jobs with words, as in a terminal.
    pub(super) fn run(&self, file: &str, more: &[&str]) -> Ended {
        self.service.run(&Self::arguments(file, more))
    }

    /// Runs the file of jobs, which must end with this code.
    #[track_caller]
    pub(super) fn ends(&self, more: &[&str], code: i32) -> Ended {
        let ended = self.run(FILE, more);
        assert_eq!(ended.code, code, "{ended:?}");
        ended
    }

    /// Returns the number of jobs that the service has.
    pub(super) fn submitted(&self) -> usize {
        self.service.emulator.ledger().len()
    }

    /// Returns the prompts that the service has, sorted.
    pub(super) fn prompts(&self) -> Vec<String> {
        let ledger = self.service.emulator.ledger();
        let prompts = ledger.iter().map(|entry| entry.input["prompt"].as_str());
        let mut prompts: Vec<String> = prompts.map(|prompt| prompt.unwrap().to_owned()).collect();
        prompts.sort_unstable();
        prompts
    }

    /// Returns the number of pictures beside the file.
    pub(super) fn pictures(&self) -> usize {
        let files = std::fs::read_dir(self.path("boats.jsonl.out")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let is_picture = |name: &String| name.contains(".png") && !name.starts_with('.');
        names.filter(is_picture).count()
    }
}

/// Opens the store of a file of jobs.
pub(super) fn open(folder: &Path) -> SqliteStore {
    let path = folder.join("boats.jsonl.batch.db");
    SqliteOptions::new().must_exist().open(path).unwrap()
}
