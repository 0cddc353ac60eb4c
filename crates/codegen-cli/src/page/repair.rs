//! JSON that an editor, a converter or a printer has altered, read as what it was.

use std::io;

/// Reading of Markdown's escapes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Markdown {
    /// A backslash is JSON's.
    No,
    /// Before punctuation a backslash is Markdown's, unless JSON has such an escape.
    Some,
    /// Before punctuation a backslash is Markdown's.
    All,
}

/// A reading of a text.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    pub(super) markdown: Markdown,
    /// Typographic quotes are straight ones.
    pub(super) quotes: bool,
    /// Number of the next line, if the lines have numbers.
    pub(super) gutter: Option<u32>,
    /// No-break spaces in strings are spaces.
    pub(super) spaces: bool,
}

/// A line break inside a string.
#[derive(Clone, Copy)]
pub(super) struct Wrap {
    pub(super) at: usize,
    /// `true` if it is certain that both lines together are the text.
    pub(super) is_certain: bool,
    /// `true` if a space is left beside the line break, so that breaks remove none.
    pub(super) keeps_spaces: bool,
    /// `true` if several spaces are beside it, some of which may be an indentation.
    pub(super) has_indentation: bool,
}

/// Reads the bytes of JSON out of an altered text, as far as a parser wants them.
pub(super) struct Repaired<'a> {
    text: &'a str,
    at: usize,
    reading: Reading,
    /// Offset at which the string begins that is being read.
    string: Option<usize>,
    escaped: bool,
    pending: Vec<u8>,
    /// For each byte that was read, the offset after its character.
    pub(super) ends: Vec<usize>,
    pub(super) wraps: Vec<Wrap>,
    /// Number of ordinary spaces in strings, and of no-break spaces in strings and outside.
    pub(super) spaces: [usize; 3],
}

pub(super) fn is_no_break_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}')
}

/// Returns `true` for characters that layout adds and nobody sees.
pub(super) fn is_layout(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

pub(super) fn is_typographic_quote(c: char) -> bool {
    matches!(c, '“' | '”' | '„' | '‟' | '″')
}

impl<'a> Repaired<'a> {
    pub(super) fn new(text: &'a str, reading: Reading) -> Self {
        Self {
            text,
            at: 0,
            reading,
            string: None,
            escaped: false,
            pending: Vec::new(),
            ends: Vec::new(),
            wraps: Vec::new(),
            spaces: [0; 3],
        }
    }

    /// Returns the next character of JSON, `None` at the end.
    fn next(&mut self) -> Option<char> {
        loop {
            let start = self.at;
            let (c, length) = self.unescaped()?;
            self.at += length;
            if c == '\r' && self.text[self.at..].starts_with('\n') {
                continue;
            }
            if c == '\n' {
                self.line_number();
            }
            if self.string.is_some() {
                if c == '\n' && !self.escaped {
                    self.wrap(start);
                    continue;
                }
                return Some(self.in_string(c));
            }
            match c {
                _ if is_layout(c) => {}
                _ if is_no_break_space(c) => {
                    self.spaces[2] += 1;
                    return Some(' ');
                }
                '"' => {
                    self.string = Some(self.at);
                    return Some('"');
                }
                _ if self.reading.quotes && is_typographic_quote(c) => {
                    self.string = Some(self.at);
                    return Some('"');
                }
                _ => return Some(c),
            }
        }
    }

    fn in_string(&mut self, c: char) -> char {
        let c = match c {
            _ if self.reading.quotes && is_typographic_quote(c) => '"',
            _ if is_no_break_space(c) => {
                self.spaces[1] += 1;
                if self.reading.spaces { ' ' } else { c }
            }
            _ => {
                self.spaces[0] += usize::from(c == ' ');
                c
            }
        };
        if c == '"' && !self.escaped {
            self.string = None;
        }
        self.escaped = c == '\\' && !self.escaped;
        c
    }

    /// Returns the next character without Markdown's escape, and its length in the text.
    fn unescaped(&self) -> Option<(char, usize)> {
        let mut chars = self.text[self.at..].chars();
        let c = chars.next()?;
        let next = chars.next().filter(|_| c == '\\');
        match (self.reading.markdown, next) {
            (Markdown::All, Some(next)) if next.is_ascii_punctuation() => Some((next, 2)),
            // A hard line break.
            (Markdown::All, Some('\n')) if self.string.is_none() => Some(('\n', 2)),
            (Markdown::Some, Some(next))
                if next.is_ascii_punctuation() && !"\"\\/".contains(next) =>
            {
                Some((next, 2))
            }
            _ => Some((c, c.len_utf8())),
        }
    }

    /// Skips the number of the line that begins here, if it has the expected one.
    fn line_number(&mut self) {
        let Some(number) = self.reading.gutter else {
            return;
        };
        if let Some(length) = length_of_number(&self.text[self.at..], number) {
            self.at += length;
            self.reading.gutter = Some(number + 1);
        }
    }

    /// Notes a line break in a string.
    fn wrap(&mut self, at: usize) {
        let begin = self.string.unwrap_or_default();
        let line = self.text[begin..at].trim_end_matches(['\r', '\n']);
        let rest = &self.text[self.at..];
        let spaces = line.len() - line.trim_end().len() + rest.len() - rest.trim_start().len();
        let is_url = ["http://", "https://"].iter().any(|s| line.starts_with(s))
            && !line.contains([' ', '\t']);
        self.wraps.push(Wrap {
            at,
            is_certain: is_url && spaces == 0,
            keeps_spaces: spaces == 1,
            has_indentation: spaces > 1,
        });
    }
}

/// Returns the length of a line's number at the beginning of a text, with the spaces before it and a
/// separator after it.
pub(super) fn length_of_number(text: &str, number: u32) -> Option<usize> {
    let is_space = |c: char| c == ' ' || c == '\t' || is_no_break_space(c);
    let bare = text.trim_start_matches(is_space);
    let rest = bare.strip_prefix(&*number.to_string())?;
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let after = rest.trim_start_matches(is_space);
    let after = after.strip_prefix(['|', '│', ':', '.']).unwrap_or(rest);
    Some(text.len() - after.len())
}

impl io::Read for Repaired<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(slot) = out.first_mut() else {
            return Ok(0);
        };
        if self.pending.is_empty() {
            let Some(c) = self.next() else {
                return Ok(0);
            };
            self.pending
                .extend(c.encode_utf8(&mut [0; 4]).bytes().rev());
        }
        let Some(byte) = self.pending.pop() else {
            return Ok(0);
        };
        *slot = byte;
        self.ends.push(self.at);
        Ok(1)
    }
}
