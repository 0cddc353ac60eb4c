//! Identity of jobs.

use std::collections::HashMap;
use std::fmt;

use runcomfy::schema::Json;

use super::line::JobLine;
use crate::job_id::{InvalidJobId, JobId};

/// Gives each job of a file its id: the one that its line names, else one made from model and input.
///
/// Lines of the same content are numbered, `ID`, `ID#2`, …, so that a batch can have the same job several
/// times, and each is recognised when the file is read again. The order of other lines changes nothing.
#[derive(Debug, Default)]
pub struct JobIds {
    /// Line of each id. Ids are kept as hashes: a file may have millions of them.
    lines: HashMap<u128, u64>,
    /// Number of jobs of each content.
    occurrences: HashMap<u128, u64>,
}

/// Error of a line that has the id of an earlier one, or an id that is too long to be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateId(Reason);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Duplicate { id: JobId, line: u64 },
    Invalid(InvalidJobId),
}

impl JobIds {
    /// Returns the ids of a line that stands for `repeat` jobs: `ID`, `ID#2`, and so on.
    ///
    /// # Errors
    /// If the id is that of an earlier line, or is too long.
    pub fn assign(
        &mut self,
        line: &JobLine,
        model: &str,
        input: &Json,
        repeat: u64,
    ) -> Result<Vec<JobId>, DuplicateId> {
        let (base, first) = match line.id() {
            Some(id) => (id.clone(), 1),
            None => {
                let id = JobId::from_content(model, input);
                let occurrences = self.occurrences.entry(id.digest()).or_default();
                let first = *occurrences + 1;
                *occurrences += repeat;
                (id, first)
            }
        };
        let ids = (first..first + repeat).map(|number| base.occurrence(number));
        let ids: Vec<JobId> = ids.collect();
        for id in &ids {
            let valid: Result<JobId, _> = id.as_str().parse();
            valid.map_err(|error| DuplicateId(Reason::Invalid(error)))?;
            if let Some(&earlier) = self.lines.get(&id.digest()) {
                let (id, line) = (id.clone(), earlier);
                return Err(DuplicateId(Reason::Duplicate { id, line }));
            }
        }
        let lines = ids.iter().map(|id| (id.digest(), line.number()));
        self.lines.extend(lines);
        Ok(ids)
    }
}

impl fmt::Display for DuplicateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Duplicate { id, line } => {
                write!(
                    f,
                    "the id `{id}` is that of line {line} too, expected another one"
                )
            }
            Reason::Invalid(error) => write!(f, "the id with its number is {error}"),
        }
    }
}

impl std::error::Error for DuplicateId {}
