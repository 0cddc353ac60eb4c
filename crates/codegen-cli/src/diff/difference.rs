//! One change of a model.

use serde_json::Value;

use super::class::Class;

/// Describes one change.
///
/// `Display` prints the place and the message: `/scale: the range was 0..=2, is 0..=1`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Class of the change.
    pub class: Class,
    /// Part of the model that changed.
    pub part: Part,
    /// JSON pointer (RFC 6901) to the value, with `*` for any element of an array: `/loras/*/scale`.
    /// Empty for the whole part.
    pub pointer: String,
    /// Subject: the name of a keyword (`enum`, `multipleOf`, `x-order`), or `model`, `property`,
    /// `output`, `rust type`, `range`, `length`, `count`, `notation`.
    pub subject: String,
    /// Value in the old schema, if it has one.
    pub old: Option<Value>,
    /// Value in the new schema, if it has one.
    pub new: Option<Value>,
    /// Change in words; one line.
    pub message: String,
}

/// Part of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The model as a whole.
    Model,
    /// The input of a submit.
    Input,
    /// The output of a finished job.
    Output,
}

impl Difference {
    /// Describes a change of the model as a whole.
    pub(super) fn model(class: Class, message: &str) -> Self {
        Self {
            class,
            part: Part::Model,
            pointer: String::new(),
            subject: "model".into(),
            old: None,
            new: None,
            message: message.into(),
        }
    }
}

impl Part {
    /// Returns `model`, `input` or `output`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}
