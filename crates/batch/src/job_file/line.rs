//! Lines of a file of jobs.

use std::sync::Arc;

use runcomfy::schema::{Json, Schema};
use serde_json::Map;

use super::cell;
use super::fault::LineFault;
use super::header::Header;
use super::position::{column_of_cell, column_of_pointer};
use crate::job_id::JobId;

/// A job as a line of a file has it.
#[derive(Clone, Debug)]
pub struct JobLine {
    pub(super) number: u64,
    pub(super) text: String,
    pub(super) id: Option<JobId>,
    pub(super) model: Option<String>,
    pub(super) priority: i32,
    pub(super) fields: Fields,
    pub(super) faults: Vec<LineFault>,
}

/// The input of a line.
#[derive(Clone, Debug)]
pub(super) enum Fields {
    Json(Json),
    Cells(Arc<Header>, Vec<String>),
}

impl JobLine {
    pub(super) fn new(number: u64, text: String, fields: Fields) -> Self {
        Self {
            number,
            text,
            id: None,
            model: None,
            priority: 0,
            fields,
            faults: Vec::new(),
        }
    }

    /// Returns the number of the line in the file, from 1; the first one of a row with several.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the faults of the line by itself. A line with a fault has no job.
    #[must_use]
    pub fn faults(&self) -> &[LineFault] {
        &self.faults
    }

    /// Returns the id that the line names.
    #[must_use]
    pub fn id(&self) -> Option<&JobId> {
        self.id.as_ref()
    }

    /// Returns the model that the line names.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Returns the priority that the line names, else 0.
    #[must_use]
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// Returns the input. The cells of CSV are typed by the schema of the model, where it is known: a
    /// cell is a number or a boolean where the schema wants one, an array is JSON or one item, and an
    /// empty cell is left out. A text that is none of its type is kept, so that validation reports it.
    #[must_use]
    pub fn input(&self, schema: Option<&Schema>) -> Json {
        match &self.fields {
            Fields::Json(input) => input.clone(),
            Fields::Cells(header, cells) => {
                let given = header.properties().filter_map(|(index, name)| {
                    let text = cells.get(index).filter(|text| !text.is_empty())?;
                    Some((name.to_owned(), cell::typed(schema, name, text)))
                });
                Json::Object(given.collect::<Map<_, _>>())
            }
        }
    }

    /// Returns a fault of the model that the line names, or of a line that names none.
    #[must_use]
    pub fn model_fault(&self, message: impl Into<String>) -> LineFault {
        let column = match &self.fields {
            Fields::Json(_) if self.model.is_some() => column_of_pointer(&self.text, "/model"),
            Fields::Cells(header, _) => {
                let index = header.model().filter(|_| self.model.is_some());
                let column = |index| column_of_cell(&self.text, index, header.delimiter);
                index.map_or(1, column)
            }
            Fields::Json(_) => 1,
        };
        LineFault {
            line: self.number,
            column,
            pointer: if self.model.is_some() { "/model" } else { "" }.to_owned(),
            message: message.into(),
        }
    }

    /// Returns a fault of the value at a JSON pointer into the input. Where the value is missing, it is a
    /// fault of what should have it.
    #[must_use]
    pub fn fault_at(&self, pointer: &str, message: impl Into<String>) -> LineFault {
        let (column, pointer) = match &self.fields {
            Fields::Json(_) => {
                let pointer = format!("/input{pointer}");
                (column_of_pointer(&self.text, &pointer), pointer)
            }
            Fields::Cells(header, _) => {
                let name = pointer.split('/').nth(1).unwrap_or_default();
                let name = name.replace("~1", "/").replace("~0", "~");
                let index = header.properties().find(|(_, other)| *other == name);
                let index = index.map(|(index, _)| index);
                let column = index.map_or(1, |index| {
                    column_of_cell(&self.text, index, header.delimiter)
                });
                (column, pointer.to_owned())
            }
        };
        LineFault {
            line: self.number,
            column,
            pointer,
            message: message.into(),
        }
    }
}
