//! Columns of values in a line.

use serde::de::{Deserialize, IgnoredAny};

/// Returns the column of the value at a JSON pointer, or of the deepest value around it.
pub(super) fn column_of_pointer(text: &str, pointer: &str) -> usize {
    let steps = pointer.split('/').skip(1);
    let mut at = after_space(text, 0);
    for step in steps {
        let step = step.replace("~1", "/").replace("~0", "~");
        match value_in(text, at, &step) {
            Some(found) => at = found,
            None => break,
        }
    }
    column(text, at)
}

/// Returns the column of a byte, in characters from 1.
pub(super) fn column(text: &str, byte: usize) -> usize {
    let line = text.get(..byte).unwrap_or(text);
    let start = line.rfind('\n').map_or(0, |end| end + 1);
    line[start..].chars().count() + 1
}

/// Returns the byte at which the member or item of a container begins.
fn value_in(text: &str, container: usize, step: &str) -> Option<usize> {
    let is_object = match text.as_bytes().get(container)? {
        b'{' => true,
        b'[' => false,
        _ => return None,
    };
    let mut at = container + 1;
    for index in 0.. {
        at = after_space(text, at);
        let is_wanted = if is_object {
            let (name, end): (String, _) = next(text, at)?;
            // The colon.
            at = after_space(text, after_space(text, end) + 1);
            name == step
        } else {
            step.parse() == Ok(index)
        };
        if is_wanted {
            return Some(at);
        }
        let (_, end): (IgnoredAny, _) = next(text, at)?;
        at = after_space(text, end);
        if text.as_bytes().get(at) != Some(&b',') {
            return None;
        }
        at += 1;
    }
    None
}

/// Parses the value at a byte, and returns the byte behind it too.
fn next<'a, T: Deserialize<'a>>(text: &'a str, at: usize) -> Option<(T, usize)> {
    let mut values = serde_json::Deserializer::from_str(text.get(at..)?).into_iter::<T>();
    let value = values.next()?.ok()?;
    Some((value, at + values.byte_offset()))
}

fn after_space(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let space = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    at + space
}

/// Returns the column at which a cell of a row begins.
pub(super) fn column_of_cell(row: &str, index: usize, delimiter: u8) -> usize {
    let start = Cells::find(row, delimiter).starts.get(index).copied();
    column(row, start.unwrap_or_default())
}

/// Returns the column of a quote that is not closed.
pub(super) fn open_quote(row: &str, delimiter: u8) -> Option<usize> {
    let cells = Cells::find(row, delimiter);
    let last = *cells.starts.last()?;
    (cells.state == Within::Quotes).then(|| column(row, last))
}

/// The cells of a row.
struct Cells {
    /// The byte at which each begins.
    starts: Vec<usize>,
    /// State at the end of the row.
    state: Within,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// The start of a cell.
    Start,
    /// A cell without quotes, or behind them.
    Cell,
    Quotes,
    /// Behind a quote that ends the quotes, unless another one follows.
    Quote,
}

impl Cells {
    fn find(row: &str, delimiter: u8) -> Self {
        let mut cells = Self {
            starts: vec![0],
            state: Within::Start,
        };
        for (byte, c) in row.bytes().enumerate() {
            cells.state = match (cells.state, c) {
                (Within::Quotes, b'"') => Within::Quote,
                (Within::Start | Within::Quote, b'"') | (Within::Quotes, _) => Within::Quotes,
                (_, c) if c == delimiter => {
                    cells.starts.push(byte + 1);
                    Within::Start
                }
                _ => Within::Cell,
            };
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_is_that_of_the_value() {
        let text = r#"{"id": "ä", "input" : {"a/b": [1, {"x": "}"}], "scale":7}}"#;
        for (pointer, expected) in [
            ("", "{\"id"),
            ("/id", "\"ä\""),
            ("/input", "{\"a/b"),
            ("/input/a~1b/1/x", "\"}\""),
            ("/input/scale", "7}}"),
            ("/input/prompt", "{\"a/b"),
            ("/input/a~1b/7", "[1, {"),
        ] {
            let start = text.find(expected).unwrap();
            let expected = text[..start].chars().count() + 1;
            assert_eq!(column_of_pointer(text, pointer), expected, "{pointer}");
        }
        // A text that is no JSON has its first column.
        assert_eq!(column_of_pointer("no", "/input"), 1);
        assert_eq!(column_of_pointer("", "/input"), 1);
    }

    #[test]
    fn column_of_a_cell_knows_quotes() {
        let row = r#"a,"b, ""c""",ä,"#;
        let columns: Vec<usize> = (0..4).map(|i| column_of_cell(row, i, b',')).collect();
        assert_eq!(columns, [1, 3, 14, 16]);
        assert_eq!(column_of_cell("\"x\ny\";7", 1, b';'), 4);
        assert_eq!(open_quote("a,\"b\n\n", b','), Some(3));
        assert_eq!(open_quote(row, b','), None);
        assert_eq!(open_quote("5\" nail,x\"\"y", b','), None);
    }
}
