//! JSON objects of a page, whole, altered or cut off.

use runcomfy_codegen::diagnostic::truncate;
use serde_json::Value;

use super::repair::{
    Markdown, Reading, Repaired, Wrap, is_layout, is_no_break_space, is_typographic_quote,
    length_of_number,
};

/// Holds a JSON object of the page.
pub(super) struct Block {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) found: Found,
    /// Line breaks inside its strings.
    pub(super) wraps: Vec<Wrap>,
    /// Alterations of its texts that may have been part of them.
    pub(super) altered: Option<Altered>,
}

/// Alteration of texts that cannot be undone for certain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Altered {
    Quotes,
    Spaces,
}

impl Altered {
    /// Returns the alteration in words.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Quotes => {
                "its quotes are typographic; apostrophes and dashes in its texts may be, too"
            }
            Self::Spaces => {
                "its spaces are no-break spaces, in its texts, too; they were read as spaces"
            }
        }
    }
}

pub(super) enum Found {
    Json(Value),
    /// The text ends inside the object, which looks like a schema or not.
    Cut {
        is_schema: bool,
    },
    /// The object looks like a schema and is no JSON, from this offset on.
    Invalid {
        at: usize,
        why: String,
    },
}

/// Returns every JSON object of the page, adjacent to others or not. Braces that begin no JSON, such as
/// `{request_id}`, are skipped.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut from = 0;
    let fences = fences(text);
    let is_escaped = has_markdown_escapes(text, &fences);
    while let Some(start) = text[from..].find('{').map(|at| from + at) {
        let is_fenced = fences.iter().any(|range| range.contains(&start));
        from = start + 1;
        let Some(block) = read(text, start, is_escaped && !is_fenced) else {
            continue;
        };
        // Whole objects inside one that is cut off mean nothing by themselves.
        let is_cut = matches!(block.found, Found::Cut { .. });
        if matches!(block.found, Found::Json(_)) {
            from = block.end;
        }
        blocks.push(block);
        if is_cut {
            break;
        }
    }
    blocks
}

/// Reads the object that begins at a brace; `None` if it is neither JSON nor looks like a schema.
fn read(text: &str, start: usize, is_escaped: bool) -> Option<Block> {
    let rest = &text[start..];
    let block = |found, end, wraps, altered| Block {
        start,
        end: start + end,
        found,
        wraps,
        altered,
    };
    let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    let strict = stream.next().map(|value| match value {
        Ok(value) => Ok((value, stream.byte_offset())),
        Err(error) => Err(error.is_eof()),
    })?;
    let keys = Keys::at(text, start);
    match strict {
        Ok((value, end)) if !is_escaped || !rest[..end].contains('\\') => {
            return Some(block(Found::Json(value), end, Vec::new(), None));
        }
        Err(true) => {
            let is_schema = keys.begin_schema || rest.contains("\"properties\"");
            let end = rest.trim_end().len();
            return Some(block(Found::Cut { is_schema }, end, Vec::new(), None));
        }
        Err(false) if !keys.are_of_schema && !rest.starts_with_no_break() => return None,
        _ => {}
    }
    let mut outcomes: Vec<Outcome> = Vec::new();
    let markdown = [Markdown::No, Markdown::Some, Markdown::All];
    for markdown in &markdown[..if is_escaped { 3 } else { 1 }] {
        outcomes.push(Outcome::new(rest, keys.reading(*markdown)));
    }
    let values = outcomes.iter().filter_map(|o| o.value.as_ref().ok());
    let values: Vec<&Value> = values.collect();
    match values.split_first() {
        Some((first, others)) if others.iter().all(|other| other == first) => {
            let index = outcomes.iter().position(|o| o.value.is_ok())?;
            let outcome = outcomes.swap_remove(index);
            let altered = outcome.altered(keys.quotes);
            let value = outcome.value.ok()?;
            Some(block(
                Found::Json(value),
                outcome.end,
                outcome.wraps,
                altered,
            ))
        }
        Some(_) => {
            let at = rest.find("\\\\").unwrap_or_default();
            let why = "the backslashes may be Markdown's or the schema's own".to_owned();
            Some(block(
                Found::Invalid {
                    at: start + at,
                    why,
                },
                1,
                Vec::new(),
                None,
            ))
        }
        None if keys.are_of_schema => {
            let furthest = outcomes.into_iter().max_by_key(|outcome| outcome.end)?;
            let found = match furthest.value {
                Err(error) if !error.is_eof() => Found::Invalid {
                    at: start + furthest.end.saturating_sub(1),
                    why: reason(&error),
                },
                _ => Found::Cut { is_schema: true },
            };
            Some(block(found, furthest.end, Vec::new(), None))
        }
        None => None,
    }
}

trait NoBreak {
    fn starts_with_no_break(&self) -> bool;
}

impl NoBreak for str {
    /// Returns `true` if an object begins with a no-break space, with which browsers save an indentation.
    fn starts_with_no_break(&self) -> bool {
        let inside = self[1..].trim_start_matches(['\r', '\n', ' ', '\t']);
        inside.starts_with(is_no_break_space)
    }
}

/// Returns serde's reason without its position, which is that in the altered text.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

/// Result of a reading.
struct Outcome {
    value: serde_json::Result<Value>,
    /// Number of bytes of the text that were read.
    end: usize,
    wraps: Vec<Wrap>,
    layout_spaces: bool,
}

impl Outcome {
    fn new(text: &str, reading: Reading) -> Self {
        let mut repaired = Repaired::new(text, reading);
        let mut stream = serde_json::Deserializer::from_reader(&mut repaired).into_iter::<Value>();
        let value = stream.next();
        let bytes = stream.byte_offset();
        drop(stream);
        let value = value.unwrap_or_else(|| serde_json::from_str(""));
        let last = match value {
            Ok(_) => bytes.checked_sub(1),
            Err(_) => repaired.ends.len().checked_sub(1),
        };
        let end = last.and_then(|last| repaired.ends.get(last)).copied();
        let [in_strings, no_break, outside] = repaired.spaces;
        let layout_spaces = no_break > 0 && outside > 0 && in_strings == 0;
        if layout_spaces && !reading.spaces {
            let spaces = true;
            return Self {
                layout_spaces,
                ..Self::new(text, Reading { spaces, ..reading })
            };
        }
        Self {
            value,
            end: end.unwrap_or_default(),
            wraps: repaired.wraps,
            layout_spaces: false,
        }
    }

    fn altered(&self, quotes: bool) -> Option<Altered> {
        if quotes {
            Some(Altered::Quotes)
        } else if self.layout_spaces {
            Some(Altered::Spaces)
        } else {
            None
        }
    }
}

/// Keys with which a schema may begin.
const KEYS: [&str; 11] = [
    "$id",
    "$schema",
    "additionalProperties",
    "description",
    "input_schema",
    "model_id",
    "output",
    "properties",
    "required",
    "title",
    "type",
];

/// Facts from the beginning of an object.
struct Keys {
    /// The first key may be a schema's.
    begin_schema: bool,
    /// The first key may be a schema's, and there are properties.
    are_of_schema: bool,
    quotes: bool,
    gutter: Option<u32>,
}

impl Keys {
    fn at(text: &str, start: usize) -> Self {
        let is_blank = |c: char| c.is_whitespace() || is_layout(c) || c == '\\';
        let mut inside = text[start + 1..].trim_start_matches(is_blank);
        let gutter = number_before(text, start).map(|number| number + 1);
        let gutter = gutter.filter(|next| {
            let length = length_of_number(inside, *next);
            inside = &inside[length.unwrap_or_default()..];
            length.is_some()
        });
        let inside = without_comments(inside.trim_start_matches(is_blank));
        let quotes = inside.starts_with(is_typographic_quote);
        let key = inside.trim_start_matches(|c| is_typographic_quote(c) || "\"'`".contains(c));
        let begins = |name: &&str| {
            // Markdown escapes the underscore.
            let (first, second) = name.split_once('_').unwrap_or((name, ""));
            let rest = key.strip_prefix(first)?.trim_start_matches(['\\', '_']);
            let rest = rest.strip_prefix(second)?;
            let is_end = |c: char| is_blank(c) || is_typographic_quote(c) || "\"'`".contains(c);
            let rest = rest.trim_start_matches(is_end);
            Some(rest.is_empty() || rest.starts_with(':'))
        };
        let is_key = KEYS.iter().any(|name| begins(name) == Some(true));
        Self {
            begin_schema: is_key,
            are_of_schema: is_key && inside.contains("properties"),
            quotes,
            gutter,
        }
    }

    fn reading(&self, markdown: Markdown) -> Reading {
        Reading {
            markdown,
            quotes: self.quotes,
            gutter: self.gutter,
            spaces: false,
        }
    }
}

/// Skips comments, which JSON does not have, at the beginning of a text.
fn without_comments(mut text: &str) -> &str {
    loop {
        let end = match text {
            _ if text.starts_with("//") => text.find('\n'),
            _ if text.starts_with("/*") => text.find("*/").map(|at| at + 1),
            _ => None,
        };
        let Some(end) = end else { return text };
        text = text[end + 1..].trim_start();
    }
}

/// Returns the number directly before an offset, as a line's number is.
fn number_before(text: &str, at: usize) -> Option<u32> {
    let before = text[..at].trim_end_matches(|c: char| c.is_whitespace() || "|│:.".contains(c));
    let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    before[before.len() - digits..].parse().ok()
}

/// Returns the ranges of Markdown's fenced code, in which nothing is escaped.
fn fences(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let mut open = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            match open.take() {
                Some(start) => ranges.push(start..at),
                None => open = Some(at),
            }
        }
        at += line.len();
    }
    ranges
}

/// Returns `true` if a text outside of fenced code has escapes that only Markdown has.
fn has_markdown_escapes(text: &str, fences: &[std::ops::Range<usize>]) -> bool {
    text.match_indices('\\').any(|(at, _)| {
        let next = text[at + 1..].chars().next();
        next.is_some_and(|c| c.is_ascii_punctuation() && !"\"\\/'".contains(c))
            && !fences.iter().any(|range| range.contains(&at))
    })
}

/// Returns `true` if an object is inside of another one, which is no JSON: then it is a part of a schema
/// at most.
pub(super) fn is_nested(text: &str, start: usize) -> bool {
    let before = text[..start].trim_end();
    let before = before
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end();
    let Some(key) = before.strip_suffix(':') else {
        return before.ends_with('[') || before.ends_with("},");
    };
    let key = key.trim_end();
    key.ends_with(|c| is_typographic_quote(c) || "\"'`".contains(c))
        || ["items", "schema", "properties"]
            .iter()
            .any(|name| key.ends_with(name))
}

/// Returns the beginning of an object, for a message.
pub(super) fn shown(value: &Value) -> String {
    truncate(&value.to_string(), 40)
}
