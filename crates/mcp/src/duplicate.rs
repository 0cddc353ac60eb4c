//! New jobs with the model and input of a job in flight. Variations of one prompt are wanted as often as not, so that
//! they are submitted, and named: a model that repeats itself learns that it pays twice.

use runcomfy_batch::{JobId, NewJob, Row, State};

use crate::engine::Notes;
use crate::{answer, difference};

/// New jobs whose model and input another job in flight has.
#[derive(Default)]
pub(crate) struct Duplicates(Vec<Duplicate>);

struct Duplicate {
    /// Key of the new job.
    key: JobId,
    /// Key of the job in flight.
    of: JobId,
    /// State of the job in flight.
    state: &'static str,
}

impl Duplicates {
    /// Adds a new job, if one of these jobs is in flight, and has its model and input.
    pub(crate) fn add(&mut self, job: &NewJob, rows: &[Row], notes: &Notes) {
        let is_in_flight = |row: &&Row| row.state != State::InDoubt && !row.state.has_ended();
        let is_same = |row: &&Row| row.id != *job.id() && difference::is_same(row, job);
        if let Some(row) = rows.iter().filter(is_in_flight).find(is_same) {
            self.0.push(Duplicate {
                key: job.id().clone(),
                of: row.id.clone(),
                state: answer::state(row, notes),
            });
        }
    }

    /// Returns which jobs are duplicates, for the person who pays.
    pub(crate) fn fact(&self) -> Option<String> {
        /// A question should not fill the screen.
        const MAX_SHOWN: usize = 5;
        match &self.0[..] {
            [] => None,
            [Duplicate { key, of, state }] => Some(format!(
                "The job {:?} has the model and input of {:?}, and is {state}; each of the two is paid.",
                of.as_str(),
                key.as_str(),
            )),
            many => {
                let pair =
                    |it: &Duplicate| format!("{:?} of {:?}", it.key.as_str(), it.of.as_str());
                let mut pairs: Vec<String> = many.iter().take(MAX_SHOWN).map(pair).collect();
                if many.len() > MAX_SHOWN {
                    pairs.push("…".to_owned());
                }
                Some(format!(
                    "{} of these jobs have the model and input of jobs in flight ({}); each is paid.",
                    many.len(),
                    pairs.join(", "),
                ))
            }
        }
    }

    /// Returns the fact, and how to get the job that is in flight instead, for the model before a submit.
    pub(crate) fn note(&self) -> Option<String> {
        let instead = match &self.0[..] {
            [one] => format!(
                "that job instead, call `wait` with the key {:?}",
                one.of.as_str()
            ),
            _ => "those jobs instead, call `wait` with their keys".to_owned(),
        };
        self.fact().map(|fact| format!("{fact} To get {instead}."))
    }

    /// Returns the note for a model that has submitted them.
    pub(crate) fn note_after(&self) -> Option<String> {
        let note = self.note()?;
        Some(format!(
            "{note} `cancel` takes a new job back, which is free until it runs."
        ))
    }
}
