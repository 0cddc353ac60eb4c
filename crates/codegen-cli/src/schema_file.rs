//! Schema files that are written from pages and from the catalogue.

use std::path::{Path, PathBuf};

use runcomfy_codegen::diagnostic::{is_invisible, truncate};
use runcomfy_codegen::{Change, files, source};
use serde_json::{Map, Value};

use crate::Error;

/// Holds one model's schema file, in the catalogue's form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SchemaFile {
    pub(crate) model_id: String,
    /// Keys that describe the model's input and output.
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

    /// Returns what writing the file would change, or `None` if the file has the same JSON already,
    /// whatever the order of its keys.
    ///
    /// # Errors
    /// Fails when the file is there and cannot be read.
    pub(crate) fn change(&self, schemas: &Path) -> Result<Option<Change>, Error> {
        let path = self.path(schemas);
        match std::fs::read_to_string(&path) {
            Ok(old) if self.equals(&old) => Ok(None),
            Ok(old) => Ok(Some(Change::modified(path, &old, &self.text()))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Some(Change::Added(path))),
            Err(e) => Err(Error::io("read", &path, e)),
        }
    }

    fn equals(&self, text: &str) -> bool {
        serde_json::from_str::<Map<String, Value>>(text).is_ok_and(|old| old == self.members)
    }

    /// Writes the file if it differs, whole or not at all; returns the change.
    ///
    /// # Errors
    /// Fails when the file cannot be read or written.
    pub(crate) fn write(&self, schemas: &Path) -> Result<Option<Change>, Error> {
        let change = self.change(schemas)?;
        if let Some(change) = &change {
            files::replace(change.path(), &self.text())?;
        }
        Ok(change)
    }
}

/// Maximum bytes of a segment. It leaves room for endings below the 255 bytes that file systems take.
const MAX_SEGMENT: usize = 200;

/// Returns `true` if an id is 2 to 5 names that can be files, so that it never leads out of its folder.
pub(crate) fn is_model_id(id: &str) -> bool {
    reason_against_id(id).is_none()
}

/// Returns the reason why an id cannot be the path of a schema file on every system, or `None` if it
/// can.
pub(crate) fn reason_against_id(id: &str) -> Option<String> {
    let segments: Vec<&str> = id.split('/').collect();
    if !source::SEGMENTS.contains(&segments.len()) {
        let found = segments.len();
        return Some(format!("expected an id of 2 to 5 segments, found {found}"));
    }
    let last = segments.len() - 1;
    segments.iter().enumerate().find_map(|(index, segment)| {
        let why = reason_against_segment(segment, index == last)?;
        let shown = truncate(segment, 40);
        Some(format!(
            "its id cannot be the path of a file: the segment {shown:?} {why}"
        ))
    })
}

fn reason_against_segment(segment: &str, is_last: bool) -> Option<&'static str> {
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
        .any(|c| is_invisible(c) || "\\:*?\"<>|".contains(c))
    {
        Some("has characters that file names cannot have or that cannot be seen")
    } else if segment.len() > MAX_SEGMENT {
        Some("is too long")
    } else if is_device(stem) {
        Some("is the name of a device on Windows")
    } else if !is_last && ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".json")) {
        Some("is a folder with the name of a file")
    } else {
        None
    }
}

/// Returns `true` for names that Windows reserves, whatever ending follows.
fn is_device(stem: &str) -> bool {
    let numbered = |name: &str| {
        let number = name.strip_prefix("com").or(name.strip_prefix("lpt"));
        number.is_some_and(|n| n.chars().count() == 1 && n.contains(DEVICE_NUMBERS))
    };
    let stem = stem.to_lowercase();
    ["con", "prn", "aux", "nul", "conin$", "conout$"].contains(&&*stem) || numbered(&stem)
}

/// Digits of device names; Windows counts the superscript ones among them.
const DEVICE_NUMBERS: [char; 13] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '¹', '²', '³',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_ids_are_file_paths_on_every_system() {
        let long = "x".repeat(MAX_SEGMENT);
        for good in [
            "acme/stamp",
            "minimax/Hailuo Video 01 Live",
            "kling/kling-video-o3/4K/pro/edit",
            "acme/console",
            "acme/com10/lpt",
            "acme/ok.json",
            "acme/日本語",
            &format!("acme/{long}"),
            &format!("acme/{}", "🎉".repeat(40)),
        ] {
            assert_eq!(reason_against_id(good), None, "{good}");
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
        ] {
            assert!(reason_against_id(bad).is_some(), "{bad}");
        }
        let why = reason_against_id("acme/ok.json/edit");
        assert_eq!(
            why.as_deref(),
            Some(
                "its id cannot be the path of a file: the segment \"ok.json\" is a folder with the name of a file"
            )
        );
    }
}
