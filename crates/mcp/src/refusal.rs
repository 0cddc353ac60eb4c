//! Refusals that a model can act on.

use rmcp::model::CallToolResult;
use runcomfy::Error;
use runcomfy_batch::{StoreError, StoreErrorKind};
use serde_json::{Map, Value, json};

/// Effect of a refused submit on the money.
pub(crate) const NOTHING_SUBMITTED: &str = "Nothing was submitted, and nothing is charged.";

/// A call that cannot be made: the fault, what it means for the money, and the next call.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    message: String,
    money: Option<String>,
    next: String,
    details: Vec<(String, Value)>,
}

impl Refusal {
    pub(crate) fn new(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            money: None,
            next: next.into(),
            details: Vec::new(),
        }
    }

    /// States that nothing was submitted.
    pub(crate) fn before_submit(self) -> Self {
        self.with_money(NOTHING_SUBMITTED)
    }

    pub(crate) fn with_money(mut self, money: impl Into<String>) -> Self {
        self.money.get_or_insert(money.into());
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.push((name.to_owned(), value.into()));
        self
    }

    /// Reports a request to the service that has failed. None of them costs anything.
    pub(crate) fn of_service(what: &str, error: &Error) -> Self {
        let next = if error.is_transient() {
            "Call the tool again in some seconds."
        } else {
            "Tell the user; another call will fail too."
        };
        Self::new(format!("{what}: {error}"), next)
    }

    /// Returns the refusal of an item of a list.
    pub(crate) fn of_item(self, index: usize) -> Value {
        let mut members = Map::new();
        members.insert("index".to_owned(), index.into());
        members.insert("error".to_owned(), self.message.into());
        members.extend(self.details);
        members.insert("next".to_owned(), self.next.into());
        Value::Object(members)
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn into_result(self) -> CallToolResult {
        let mut members = Map::new();
        members.insert("error".to_owned(), self.message.into());
        if let Some(money) = self.money {
            members.insert("money".to_owned(), money.into());
        }
        members.extend(self.details);
        members.insert("next".to_owned(), self.next.into());
        CallToolResult::structured_error(json!(members))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let next = match error.kind() {
            StoreErrorKind::Busy => {
                "Tell the user which process holds the store. Tools that submit nothing work meanwhile."
            }
            _ => "Tell the user.",
        };
        Self::new(format!("the store: {}", reason_of(&error)), next)
    }
}

/// Returns the message of an error of the store, without advice that is for a person: a model with a shell would end
/// the other process.
pub(crate) fn reason_of(error: &StoreError) -> String {
    let message = error.to_string();
    match message.split_once(". Wait for its end") {
        Some((reason, _)) if error.kind() == StoreErrorKind::Busy => reason.to_owned(),
        _ => message,
    }
}
