//! Diagnostics of schema files, printed like a compiler's.
//!
//! [`Diagnostic`] and [`Position`] are exported from the crate's root, too.
//!
//! **Unstable:** the rest of this module exists for `runcomfy-codegen-cli`, which prints in the same
//! way. It may change in any release.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
pub use runcomfy_schema::is_invisible;
use runcomfy_schema::{Code, Severity};
use serde_json::{Value, json};

use crate::{doc, parallel};

/// Describes a fault of a schema file: where it is, what is wrong, and what to write instead.
///
/// `Display` prints it as a compiler does: the message, the file's line with a caret, and the help.
///
/// ```
/// use runcomfy_codegen::Builder;
///
/// # let folder = tempfile::tempdir()?;
/// # std::fs::create_dir(folder.path().join("acme"))?;
/// # std::fs::write(folder.path().join("acme/stamp.json"), "{\"properties\": {\"n\": {\"minimum\": \"0\"}}}")?;
/// // acme/stamp.json: {"properties": {"n": {"minimum": "0"}}}
/// let error = Builder::new().schemas(folder.path()).read().unwrap_err();
/// let diagnostic = &error.diagnostics()[0];
/// assert_eq!(diagnostic.message, "found \"0\", expected a number");
/// assert_eq!((diagnostic.position.line, diagnostic.position.column), (1, 34));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Severity: code is generated in spite of warnings, and not in spite of errors.
    pub severity: Severity,
    /// Code of the kind of fault, which `runcomfy-codegen explain` explains.
    pub code: Code,
    /// Path of the file, below the folder of schemas as that was given.
    pub path: String,
    /// Position in the file.
    pub position: Position,
    /// Fault and, where it is not plain, the reason why it matters. One line.
    pub message: String,
    /// Fix: what to write instead. One line.
    pub help: String,
    text: Arc<str>,
    span: Range<usize>,
}

/// Position in a text file, in lines and columns from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
}

impl Position {
    /// Returns the position of a byte offset in a text. An offset beyond the end is the end.
    #[must_use]
    pub fn in_text(text: &str, offset: usize) -> Self {
        let before = without_bom(&text[..on_boundary(text, offset)]);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}

/// Finds the positions of many offsets in one text, each from the one before.
#[derive(Debug)]
pub struct Positions<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
}

impl<'a> Positions<'a> {
    /// Starts at the beginning of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            position: Position { line: 1, column: 1 },
        }
    }

    /// Returns the position of a byte offset, which must not be before the one of the last call.
    pub fn at(&mut self, offset: usize) -> Position {
        let offset = on_boundary(self.text, offset).max(self.offset);
        let between = &self.text[self.offset..offset];
        let more = Position::in_text(between, between.len());
        self.offset = offset;
        self.position = Position {
            line: self.position.line + more.line - 1,
            column: match more.line {
                1 => self.position.column + more.column - 1,
                _ => more.column,
            },
        };
        self.position
    }
}

impl Diagnostic {
    pub(crate) fn new(
        (severity, code): (Severity, Code),
        path: &str,
        text: &Arc<str>,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            code,
            path: path.to_owned(),
            position: Position::in_text(text, span.start),
            message: escape_invisible(&message.into()),
            help: escape_invisible(&help.into()),
            text: Arc::clone(text),
            span,
        }
    }

    /// Sorts by severity, errors first, then by file and position.
    pub(crate) fn sort(list: &mut [Self]) {
        list.sort_by(|a, b| {
            (a.severity, &a.path, a.position).cmp(&(b.severity, &b.path, b.position))
        });
    }

    /// Prints diagnostics one after the other, each with an empty line after it.
    ///
    /// Prints on all processors, since the schemas of hundreds of models have diagnostics by the
    /// thousand.
    #[must_use]
    pub fn report(list: &[Self]) -> String {
        parallel::map(list, |diagnostic| format!("{diagnostic}\n\n")).concat()
    }

    /// Returns `true` if nothing is generated until this is fixed.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Returns an object with the keys `severity` (`error` or `warning`), `code`, `path`, `line`,
    /// `column`, `message` and `help`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "severity": self.severity.as_str(),
            "code": self.code.as_str(),
            "path": self.path,
            "line": self.position.line,
            "column": self.position.column,
            "message": self.message,
            "help": self.help,
        })
    }

    /// Returns the whole text of the file.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns one line in the form that editors recognise:
    /// `schemas/a/b.json:3:7: error[RC0012]: …`.
    #[must_use]
    pub fn headline(&self) -> String {
        let Position { line, column } = self.position;
        let severity = self.severity.as_str();
        format!(
            "{}:{line}:{column}: {severity}[{}]: {}",
            self.path, self.code, self.message
        )
    }
}

/// Escapes the characters of a text that [are invisible](is_invisible) or end a line, as in
/// `\u{202e}`.
///
/// Names come from schemas and from files. Cargo reads a build script's output line by line, and a
/// line of a schema must not become an instruction.
#[must_use]
pub fn escape_invisible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Cuts a text after a number of characters, with `…` for the rest.
#[must_use]
pub fn truncate(text: &str, max: usize) -> String {
    doc::cut(text, max)
}

/// Replaces invisible characters by marks of as many bytes, so that offsets stay true.
fn same_length(text: &str) -> String {
    let mark = |c: char| match c {
        '\n' | '\r' | '\t' => c,
        c if !is_invisible(c) => c,
        c => ['?', '¤', '\u{fffd}', '\u{1fbc4}'][c.len_utf8() - 1],
    };
    text.chars().map(mark).collect()
}

/// Returns the first character boundary from an offset on.
fn on_boundary(text: &str, offset: usize) -> usize {
    let mut offsets = offset..text.len();
    offsets
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(text.len())
}

/// Removes the byte order mark, which no editor shows or counts.
fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Number of characters printed on either side of a span. Schemas are often saved as one line of a
/// megabyte, and a diagnostic for each of its properties must not print all of it.
const AROUND: usize = 60;

/// Maximum number of bytes of a span that is printed whole; of a longer one only the beginning is.
const MAX_SPAN: usize = 2_000;

/// Returns the part of a text that is printed for a span, and the span in that part. The part is
/// the lines on which the span begins and ends, or what of them is near the span.
fn excerpt(text: &str, span: &Range<usize>) -> (String, Range<usize>) {
    let start = on_boundary(text, span.start);
    let mut end = on_boundary(text, span.end);
    if end - start > MAX_SPAN {
        end = start + after(&text[start..]).trim_end_matches('\n').len();
    }
    let before = before(&text[..start]);
    let after = after(&text[end..]);
    let from = start - before.len();
    let cut_before = !(from == 0 || text[..from].ends_with('\n'));
    let cut_after = !(end + after.len() == text.len() || after.ends_with('\n'));
    let line = &text[from..end + after.len()];
    let line = if from == 0 { without_bom(line) } else { line };
    let dropped = end + after.len() - from - line.len();
    let mark = if cut_before { "…" } else { "" };
    let shown = format!(
        "{mark}{}{}",
        same_length(line),
        if cut_after { "…" } else { "" }
    );
    let offset = |at: usize| (at - from).saturating_sub(dropped) + mark.len();
    (shown, offset(start)..offset(end))
}

/// Returns the end of the last line of a text.
fn before(text: &str) -> &str {
    let near = |&(count, (_, c)): &(usize, (usize, char))| count < AROUND && c != '\n';
    let first = text
        .char_indices()
        .rev()
        .enumerate()
        .take_while(near)
        .last();
    first.map_or("", |(_, (at, _))| &text[at..])
}

/// Returns the beginning of the first line of a text, with its end where that is near.
fn after(text: &str) -> &str {
    let mut near = text.char_indices().take(AROUND);
    let end = near.find(|&(_, c)| c == '\n').map(|(at, _)| at + 1);
    let end = end.or_else(|| Some(text.char_indices().nth(AROUND)?.0));
    &text[..end.unwrap_or(text.len())]
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let (text, span) = excerpt(&self.text, &self.span);
        let annotation = AnnotationKind::Primary.span(span).label(&self.help);
        let Position { line, column } = self.position;
        let snippet = Snippet::source(&*text)
            .line_start(line)
            .annotation(annotation);
        let group = Group::with_level(level).element(snippet);
        let lines = Renderer::plain().render(&[group]);
        // Written here, since the renderer would count columns in the printed part of the line.
        let margin = lines.find('|').unwrap_or(1) - 1;
        let severity = self.severity.as_str();
        writeln!(f, "{severity}[{}]: {}", self.code, self.message)?;
        writeln!(f, "{:margin$}--> {}:{line}:{column}", "", self.path)?;
        f.write_str(&lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = "ab\n\"×\": 1\n";
        assert_eq!(Position::in_text(text, 0), Position { line: 1, column: 1 });
        let colon = text.find(':').unwrap();
        assert_eq!(
            Position::in_text(text, colon),
            Position { line: 2, column: 4 }
        );
        assert_eq!(
            Position::in_text(text, 999),
            Position { line: 3, column: 1 }
        );
        let marked = "\u{feff}{}";
        assert_eq!(
            Position::in_text(marked, 3),
            Position { line: 1, column: 1 }
        );
        assert_eq!(
            Position::in_text(marked, 4),
            Position { line: 1, column: 2 }
        );
        for text in [text, marked] {
            let mut positions = Positions::new(text);
            for offset in [0, 0, 1, 3, 5, 6, 99] {
                assert_eq!(
                    positions.at(offset),
                    Position::in_text(text, offset),
                    "{offset}"
                );
            }
        }
    }

    #[test]
    fn line_is_printed_with_a_caret() {
        let text: Arc<str> = "{\n  \"maximum\": 0\n}\n".into();
        let span = text.find('0').map(|at| at..at + 1).unwrap();
        let shown = Diagnostic::new(
            (Severity::Error, Code::Contradiction),
            "a.json",
            &text,
            span,
            "no number fits",
            "raise it",
        );
        let shown = shown.to_string();
        assert!(
            shown.starts_with("error[RC0027]: no number fits\n --> a.json:2:14\n"),
            "{shown}"
        );
        assert!(shown.contains("  \"maximum\": 0\n"), "{shown}");
        assert!(shown.contains("^ raise it"), "{shown}");
    }

    fn shown(text: &str, span: Range<usize>) -> String {
        let text = text.into();
        let kind = (Severity::Error, Code::NotJson);
        Diagnostic::new(kind, "a.json", &text, span, "wrong", "fix it").to_string()
    }

    #[test]
    fn byte_order_mark_is_neither_printed_nor_counted() {
        let plain = shown("{\"a\": 1}", 1..4);
        assert!(plain.contains("a.json:1:2\n"), "{plain}");
        assert_eq!(shown("\u{feff}{\"a\": 1}", 4..7), plain);
    }

    #[test]
    fn long_line_is_printed_near_the_span_only() {
        let line = format!("{{{}\"odd\": 7{}}}", "×".repeat(5_000), "y".repeat(5_000));
        let at = line.find("odd").unwrap();
        for text in [line.clone(), format!("\n{line}\n\n")] {
            let at = text.find("odd").unwrap();
            let lines = text.lines().count();
            assert_eq!(
                shown(&text, at..at + 3),
                format!(
                    "error[RC0001]: wrong\n --> a.json:{row}:5003\n  |\n{row} | …{before}\"odd\": 7{after}…\n  | {space}^^^ fix it",
                    row = lines.div_ceil(2),
                    before = "×".repeat(59),
                    after = "y".repeat(56),
                    space = " ".repeat(61),
                )
            );
        }
        // Of the span of a whole object the beginning is printed.
        let whole = shown(&line, at..line.len());
        assert!(whole.chars().count() < 500, "{whole}");
        assert!(whole.contains(&"^".repeat(60)), "{whole}");
        let lines = shown(&"[1,\n".repeat(5_000), 4..20_000);
        assert_eq!(lines, shown("[1,\n[1,\n", 4..7));
    }

    #[test]
    fn offset_within_a_character_is_that_of_the_next() {
        assert_eq!(shown("{×}", 2..2), shown("{×}", 3..3));
    }

    /// The lines of a span alone are printed as with the whole file, except at the file's end, which
    /// the renderer puts on the line before.
    #[test]
    fn lines_of_a_span_print_as_with_the_whole_file() {
        let text: Arc<str> = "{\n  \"×\": [\n\t1,\r\n  \"日本\u{202e}\"\n ]\n}\n\n".into();
        let offsets: Vec<usize> = (0..text.len())
            .filter(|at| text.is_char_boundary(*at))
            .collect();
        let mut compared = 0;
        for (index, &start) in offsets.iter().enumerate() {
            for &end in &offsets[index..] {
                let found = Diagnostic::new(
                    (Severity::Warning, Code::NotJson),
                    "a.json",
                    &text,
                    start..end,
                    "wrong",
                    "fix it",
                );
                let annotation = AnnotationKind::Primary.span(start..end).label("fix it");
                let whole = same_length(&text);
                let snippet = Snippet::source(&*whole)
                    .path("a.json")
                    .annotation(annotation);
                let report = [Level::WARNING.primary_title("wrong").element(snippet)];
                assert_eq!(
                    found.to_string().replacen("[RC0001]", "", 1),
                    Renderer::plain().render(&report),
                    "{start}..{end}"
                );
                compared += 1;
            }
        }
        assert!(compared > 400, "{compared}");
    }
}
