//! Schema files that others' words are turned into.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::doc::is_odd;
use crate::{Change, Error, files, name};

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

/// How many names an id has.
pub(crate) const SEGMENTS: RangeInclusive<usize> = 2..=5;

/// Leaves room for endings below the 255 bytes that file systems take.
const LONGEST_SEGMENT: usize = 200;

/// Whether an id is 2 to 5 names that can be files, so that it never leads out of its folder.
pub(crate) fn is_model_id(id: &str) -> bool {
    fault_of_id(id).is_none()
}

/// Why an id cannot be the path of a schema file on every system, where it cannot.
pub(crate) fn fault_of_id(id: &str) -> Option<String> {
    let segments: Vec<&str> = id.split('/').collect();
    if !SEGMENTS.contains(&segments.len()) {
        let found = segments.len();
        return Some(format!("expected an id of 2 to 5 segments, found {found}"));
    }
    let last = segments.len() - 1;
    segments.iter().enumerate().find_map(|(place, segment)| {
        let why = fault_of_segment(segment, place == last)?;
        let shown = crate::doc::cut(segment, 40);
        Some(format!(
            "its id cannot be the path of a file: the segment {shown:?} {why}"
        ))
    })
}

fn fault_of_segment(segment: &str, is_last: bool) -> Option<&'static str> {
    let stem = segment.split('.').next().unwrap_or_default().trim_end();
    let ending = segment.get(segment.len().saturating_sub(5)..);
    if segment.is_empty() {
        Some("is empty")
    } else if segment.starts_with('.') || segment.ends_with('.') {
        Some("begins or ends with a dot")
    } else if segment.trim() != segment {
        Some("begins or ends with a space")
    } else if segment
        .chars()
        .any(|c| is_odd(c) || "\\:*?\"<>|".contains(c))
    {
        Some("has characters that file names cannot have or that cannot be seen")
    } else if segment.len().max(name::module(segment).len()) > LONGEST_SEGMENT {
        Some("is too long")
    } else if is_device(stem) {
        Some("is the name of a device on Windows")
    } else if !is_last && ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".json")) {
        Some("is a folder with the name of a file")
    } else {
        None
    }
}

/// Names that Windows has reserved, whatever ending follows.
fn is_device(stem: &str) -> bool {
    let numbered = |name: &str| {
        let number = name.strip_prefix("com").or(name.strip_prefix("lpt"));
        number.is_some_and(|n| n.chars().count() == 1 && n.contains(DEVICE_NUMBERS))
    };
    let stem = stem.to_lowercase();
    ["con", "prn", "aux", "nul", "conin$", "conout$"].contains(&&*stem) || numbered(&stem)
}

/// Windows counts the superscript ones among them.
const DEVICE_NUMBERS: [char; 13] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '¹', '²', '³',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_paths_of_files_on_every_system() {
        let long = "x".repeat(LONGEST_SEGMENT);
        for good in [
            "acme/stamp",
            "minimax/Hailuo Video 01 Live",
            "kling/kling-video-o3/4K/pro/edit",
            "acme/console",
            "acme/com10/lpt",
            "acme/ok.json",
            "acme/日本語",
            &format!("acme/{long}"),
        ] {
            assert_eq!(fault_of_id(good), None, "{good}");
        }
        for bad in [
            "",
            "alone",
            "a/b/c/d/e/f",
            "/etc/passwd",
            "a/",
            "../a",
            "a/..",
            "a/.hidden",
            "a/b.",
            " a/b",
            "a/b ",
            "a/\u{a0}b",
            "a/b\\c",
            "a/c:",
            "a/b\n",
            "a/\u{202e}b",
            "a/b\u{200b}",
            "acme/con",
            "acme/NUL/x",
            "acme/aux.x/y",
            "acme/Com1",
            "acme/lpt².txt",
            "acme/con .x",
            "acme/ok.json/edit",
            "acme/ok.JSON/edit",
            &format!("acme/{long}x"),
            &format!("acme/{}", "🎉".repeat(40)),
        ] {
            assert!(fault_of_id(bad).is_some(), "{bad}");
        }
        let why = fault_of_id("acme/ok.json/edit");
        assert_eq!(
            why.as_deref(),
            Some(
                "its id cannot be the path of a file: the segment \"ok.json\" is a folder with the name of a file"
            )
        );
    }
}
