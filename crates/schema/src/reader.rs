//! The members of a JSON object, before fields of a generated struct take them.

use serde_json::{Map, Value};

/// Members of an object that its schema does not name, by JSON name.
///
/// They are sent as they are. A member with the name of a property replaces the typed field.
pub type Extra = Map<String, Value>;

/// Hands the members of a JSON object to the fields of a [`Record`](crate::Record).
///
/// It gives every field a value, so that generated code has no errors to hand on: each would be
/// compiled with each field.
#[derive(Debug)]
pub struct Reader {
    pub(crate) members: Map<String, Value>,
    pub(crate) unfit: Option<Unfit>,
}

/// A member that its field cannot hold.
#[derive(Debug)]
pub(crate) struct Unfit {
    pub(crate) name: &'static str,
    pub(crate) found: Option<Value>,
}

impl Reader {
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Self {
            members,
            unfit: None,
        }
    }

    /// Returns the members that no field has taken; called after the last field.
    #[must_use]
    pub fn rest(&mut self) -> Extra {
        std::mem::take(&mut self.members)
    }
}
