//! Schema files that others' words are turned into.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::{Change, Error, files};

/// One model's schema file, in the catalogue's form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SchemaFile {
    pub(crate) model_id: String,
    /// The keys that say what the model takes and gives.
    members: Map<String, Value>,
}

impl SchemaFile {
    pub(crate) fn new(
        model_id: &str,
        members: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Self {
        let id = ("model_id", Value::from(model_id));
        let members = [id].into_iter().chain(members);
        Self {
            model_id: model_id.to_owned(),
            members: members
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }

    pub(crate) fn text(&self) -> String {
        format!("{:#}\n", Value::Object(self.members.clone()))
    }

    pub(crate) fn path(&self, schemas: &Path) -> PathBuf {
        schemas.join(format!("{}.json", self.model_id))
    }

    /// What writing the file would change; nothing where the file there says the same already,
    /// whatever the order of its keys.
    ///
    /// # Errors
    /// When the file there cannot be read.
    pub(crate) fn change(&self, schemas: &Path) -> Result<Option<Change>, Error> {
        let path = self.path(schemas);
        match std::fs::read_to_string(&path) {
            Ok(old) if self.is_said_by(&old) => Ok(None),
            Ok(old) => Ok(Some(files::modified(path, &old, &self.text()))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Some(Change::Added(path))),
            Err(e) => Err(Error::io("read", &path, e)),
        }
    }

    fn is_said_by(&self, text: &str) -> bool {
        serde_json::from_str::<Map<String, Value>>(text).is_ok_and(|old| old == self.members)
    }

    /// Writes the file where it says something else; whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(crate) fn write(&self, schemas: &Path) -> Result<Option<Change>, Error> {
        let change = self.change(schemas)?;
        if let Some(change) = &change {
            files::replace(change.path(), &self.text())?;
        }
        Ok(change)
    }
}

/// Whether an id is 2 to 5 names that can be files, so that it never leads out of its folder.
pub(crate) fn is_model_id(id: &str) -> bool {
    let good = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && !segment.ends_with(['.', ' '])
            && !segment
                .chars()
                .any(|c| c.is_control() || "\\:*?\"<>|".contains(c))
    };
    (2..=5).contains(&id.split('/').count()) && id.split('/').all(good)
}
