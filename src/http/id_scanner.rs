//! Finds the id in a response that is too long to be kept.

use crate::http::response::REQUEST_ID;
use crate::job::request_id::RequestId;

/// Looks for the `request_id` of a JSON object that arrives piece by piece. It keeps nothing else, so a
/// response may be of any length.
#[derive(Debug, Default)]
pub(crate) struct IdScanner {
    position: Position,
    /// Number of arrays and objects that are open.
    depth: usize,
    /// The start of the text that is read, with its quotes, where it may be a name or the id.
    text: Vec<u8>,
    /// `true` if the next text is a value, and not a name.
    is_value: bool,
    /// `true` if that value is the id.
    is_id: bool,
    id: Option<RequestId>,
}

/// Position in the response.
#[derive(Debug, Default, PartialEq, Eq)]
enum Position {
    #[default]
    BeforeObject,
    BetweenTexts,
    InText,
    BehindBackslash,
    /// Behind the object, or in something else.
    Behind,
}

/// Maximum number of bytes of a text that are kept: more than an id has with all its characters escaped.
const MAX_TEXT_BYTES: usize = 1024;

/// Depth of the members of the object itself.
const MEMBERS: usize = 1;

impl IdScanner {
    /// Reads the next piece of the response.
    pub(crate) fn scan(&mut self, piece: &[u8]) {
        for byte in piece {
            self.read(*byte);
        }
    }

    /// Returns `true` while the id may follow.
    pub(crate) fn is_open(&self) -> bool {
        self.position != Position::Behind && self.id.is_none()
    }

    /// Returns the id if it was found.
    pub(crate) fn id(self) -> Option<RequestId> {
        self.id
    }

    fn read(&mut self, byte: u8) {
        match self.position {
            Position::BeforeObject => match byte {
                b'{' => (self.depth, self.position) = (MEMBERS, Position::BetweenTexts),
                // The last three are a byte order mark.
                b' ' | b'\t' | b'\n' | b'\r' | 0xef | 0xbb | 0xbf => {}
                _ => self.position = Position::Behind,
            },
            Position::BetweenTexts => self.read_between_texts(byte),
            Position::InText => {
                self.keep(byte);
                match byte {
                    b'\\' => self.position = Position::BehindBackslash,
                    b'"' => self.end_text(),
                    _ => {}
                }
            }
            Position::BehindBackslash => {
                self.keep(byte);
                self.position = Position::InText;
            }
            Position::Behind => {}
        }
    }

    fn read_between_texts(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.text.clear();
                self.keep(byte);
                self.position = Position::InText;
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.position = Position::Behind;
                }
            }
            b':' if self.depth == MEMBERS => self.is_value = true,
            b',' if self.depth == MEMBERS => (self.is_value, self.is_id) = (false, false),
            _ => {}
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == MEMBERS && self.text.len() < MAX_TEXT_BYTES {
            self.text.push(byte);
        }
    }

    fn end_text(&mut self) {
        self.position = Position::BetweenTexts;
        if self.depth > MEMBERS {
            return;
        }
        // One that was not kept whole has no end, and is none.
        let text: Option<String> = serde_json::from_slice(&self.text).ok();
        if !self.is_value {
            self.is_id = text.as_deref() == Some(REQUEST_ID);
        } else if let (true, None) = (self.is_id, &self.id) {
            self.id = text.and_then(|id| id.parse().ok());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the id in a response that arrives in pieces of this size.
    fn scanned(response: &[u8], size: usize) -> Option<String> {
        let mut scanner = IdScanner::default();
        response.chunks(size).for_each(|piece| scanner.scan(piece));
        scanner.id().map(|id| id.to_string())
    }

    #[test]
    fn id_is_found_in_pieces_of_any_size() {
        let long = "x".repeat(5000);
        for response in [
            r#"{"request_id": "r-1"}"#,
            "\u{feff} {\"a\":[{\"request_id\":\"no\"}, \"]}\"],\"request_id\":\"r-1\"",
            r#"{"a": "\"}, \\", "request\u005fid" : "\u0072-1", "b": {"#,
            r#"{"request_id": null, "request_id": "r-1", "request_id": "r-2"}"#,
            r#"{"b": "request_id", "c": {"request_id": "no"}, "request_id":"r-1"}"#,
            &format!(r#"{{"{long}": "{long}", "request_id": "r-1"}}"#),
        ] {
            for size in [1, 2, 3, 7, 9999] {
                assert_eq!(
                    scanned(response.as_bytes(), size).as_deref(),
                    Some("r-1"),
                    "{response}"
                );
            }
        }
    }

    #[test]
    fn text_that_is_no_id_is_not_taken_for_one() {
        for response in [
            r#"["request_id", "r-1"]"#,
            r#"<p>{"request_id": "r-1"}"#,
            r#"{} {"request_id": "r-1"}"#,
            r#"{"request_id": ["r-1"]}"#,
            r#"{"request_id": {"request_id": "r-1"}}"#,
            r#"{"request_id": "../r"}"#,
            r#"{"request_id": "r-1"#,
            r#"{"request_id": 1, "r-1": "r-1"}"#,
            r#"{"a": "\"request_id\": \"r-1\""}"#,
            "",
        ] {
            assert_eq!(scanned(response.as_bytes(), 1), None, "{response}");
        }
    }

    #[test]
    fn scanner_keeps_little_and_ends_with_the_object() {
        let mut scanner = IdScanner::default();
        scanner.scan(br#"{"pad": ""#);
        (0..1000).for_each(|_| scanner.scan(&[b'x'; 1000]));
        assert!(scanner.is_open() && scanner.text.capacity() <= MAX_TEXT_BYTES);
        scanner.scan(br#""}"#);
        assert!(!scanner.is_open());
    }
}
