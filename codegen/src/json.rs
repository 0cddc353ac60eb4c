//! JSON documents of a file, with the position of every key and value.

use std::cell::OnceCell;
use std::ops::Range;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions};
use runcomfy_schema::{JsonDocuments, Location, RepeatedKey};
use serde_json::Value;

/// Holds the JSON documents of one file, which follow each other without a separator.
pub(crate) struct Documents<'a> {
    pub(crate) values: Vec<Value>,
    text: &'a str,
    /// Bytes of each document.
    ranges: Vec<Range<usize>>,
    /// Tree of each document with the positions in it, once they are asked for.
    trees: OnceCell<Vec<Option<ast::Value<'a>>>>,
    repeated_keys: Vec<RepeatedKey>,
}

/// Reports why a text is not JSON, and at which byte.
pub(crate) struct NotJson {
    pub(crate) message: String,
    pub(crate) offset: usize,
}

impl<'a> Documents<'a> {
    /// Parses a text. serde_json decides what is JSON; the second parser only gives the positions.
    ///
    /// # Errors
    /// Fails if the text is not JSON.
    pub(crate) fn parse(text: &'a str) -> Result<Self, NotJson> {
        let documents = JsonDocuments::parse(text).map_err(|error| NotJson::new(text, &error))?;
        Ok(Self {
            values: documents.values,
            text,
            ranges: documents.ranges,
            trees: OnceCell::new(),
            repeated_keys: documents.repeated_keys,
        })
    }

    fn trees(&self) -> &[Option<ast::Value<'a>>] {
        self.trees.get_or_init(|| {
            let ranges = self.ranges.iter().cloned();
            ranges.map(|range| tree(&self.text[range])).collect()
        })
    }

    /// Returns the bytes of the value that a JSON pointer names, or of its nearest parent that is there.
    pub(crate) fn locate(
        &self,
        document: usize,
        pointer: &str,
        location: Location,
    ) -> Range<usize> {
        let Some(Some(root)) = self.trees().get(document) else {
            return 0..0;
        };
        let start = self.ranges[document].start;
        let mut node = root;
        let mut range = node.range();
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let (next, at) = match node {
                // The last of repeated keys is the one that serde_json keeps.
                ast::Value::Object(object) => {
                    let found = object.properties.iter().rfind(|p| p.name.as_str() == step);
                    let Some(found) = found else { break };
                    let at = match location {
                        Location::Key => found.name.range(),
                        Location::Value => found.value.range(),
                    };
                    (&found.value, at)
                }
                ast::Value::Array(array) => {
                    let found = step.parse().ok().and_then(|i: usize| array.elements.get(i));
                    let Some(found) = found else { break };
                    (found, found.range())
                }
                _ => break,
            };
            node = next;
            range = at;
        }
        start + range.start..start + range.end
    }

    /// Returns every key that its object has before, with its bytes.
    pub(crate) fn repeated_keys(&self) -> impl Iterator<Item = (String, Range<usize>)> {
        self.repeated_keys.iter().map(
            |RepeatedKey {
                 document, pointer, ..
             }| {
                let name = pointer.rsplit('/').next().unwrap_or_default();
                let name = name.replace("~1", "/").replace("~0", "~");
                (name, self.locate(*document, pointer, Location::Key))
            },
        )
    }
}

impl NotJson {
    fn new(text: &str, error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        // The diagnostic has the position already, counted as an editor does.
        let position = format!(" at line {line} column {column}");
        Self {
            message: message
                .strip_suffix(&position)
                .unwrap_or(&message)
                .to_owned(),
            offset: offset_of(text, line, column),
        }
    }
}

fn tree(text: &str) -> Option<ast::Value<'_>> {
    let parsed =
        jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
    parsed.ok()?.value
}

/// Returns the offset of a line and column as serde_json counts them: lines from 1, columns in bytes,
/// and an error at the end of a line has the column of its last byte.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let mut offset = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjacent_documents_keep_their_positions() {
        let text = "{\"a\": {\"×/y\": [1, 22]}}{\"output\": 3}";
        let Ok(documents) = Documents::parse(text) else {
            panic!("this is JSON")
        };
        assert_eq!(documents.values.len(), 2);
        let at = |d, p, location| &text[documents.locate(d, p, location)];
        assert_eq!(at(0, "/a/×~1y/1", Location::Value), "22");
        assert_eq!(at(0, "/a/×~1y", Location::Key), "\"×/y\"");
        assert_eq!(at(1, "/output", Location::Value), "3");
        assert_eq!(at(0, "/a/nothing", Location::Value), "{\"×/y\": [1, 22]}");
    }

    #[test]
    fn repeated_keys_are_found_at_any_depth() {
        let text = r#"{"a": [{"b": 1, "c": 2, "b": 3}], "a": 0}"#;
        let Ok(documents) = Documents::parse(text) else {
            panic!("this is JSON")
        };
        let names: Vec<_> = documents.repeated_keys().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn invalid_json_reports_its_offset() {
        for (text, at) in [
            ("{\"a\": }", 6),
            ("{\n  \"a\": 1,\n}", 12),
            ("{\"a\": \"×", 7),
            ("", 0),
        ] {
            match Documents::parse(text) {
                Err(error) => {
                    assert_eq!(error.offset, at, "{text:?}: {}", error.message);
                    assert!(!error.message.contains("line"), "{}", error.message);
                }
                Ok(documents) => assert!(documents.values.is_empty(), "{text:?}"),
            }
        }
    }
}
