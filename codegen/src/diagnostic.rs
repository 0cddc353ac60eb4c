//! Findings in schema files, shown like a compiler's.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use runcomfy_dialect::Severity;
use serde_json::{Value, json};

use crate::parallel;

/// One finding: where, what is wrong, what to write instead.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// The file's path, as it was given.
    pub path: String,
    /// Where in the file.
    pub position: Position,
    /// What is wrong, and why it matters.
    pub message: String,
    /// What to write instead.
    pub help: String,
    text: Arc<str>,
    span: Range<usize>,
}

/// A place in a file, both counted from 1; columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = &text[..offset.min(text.len())];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}

impl Diagnostic {
    pub(crate) fn new(
        severity: Severity,
        path: &str,
        text: &Arc<str>,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            path: path.to_owned(),
            position: Position::of(text, span.start),
            message: harmless(&message.into()),
            help: harmless(&help.into()),
            text: Arc::clone(text),
            span,
        }
    }

    /// Errors first, then by file and place.
    pub(crate) fn sort(list: &mut [Self]) {
        list.sort_by(|a, b| {
            (a.severity, &a.path, a.position).cmp(&(b.severity, &b.path, b.position))
        });
    }

    /// All of them as they are shown, each with an empty line after it. Many are drawn on all
    /// processors: the schemas of hundreds of models have findings by the thousand.
    #[must_use]
    pub fn report(list: &[Self]) -> String {
        parallel::map(list, |diagnostic| format!("{diagnostic}\n\n")).concat()
    }

    /// Whether nothing is generated until it is mended.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// One object with the keys `severity`, `path`, `line`, `column`, `message`, `help`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "severity": self.severity.as_str(),
            "path": self.path,
            "line": self.position.line,
            "column": self.position.column,
            "message": self.message,
            "help": self.help,
        })
    }

    /// `schemas/a/b.json:3:7: error: …`, the form that editors recognise.
    #[must_use]
    pub fn headline(&self) -> String {
        let Position { line, column } = self.position;
        let severity = self.severity.as_str();
        format!(
            "{}:{line}:{column}: {severity}: {}",
            self.path, self.message
        )
    }
}

/// Names from schemas and of files, with what moves a cursor or ends a line spelt out: a build
/// script's output is read line by line, and a line from a schema must not become an instruction.
pub(crate) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if crate::doc::is_odd(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// A text with a mark of as many bytes for each such character, so that places stay true.
fn same_length(text: &str) -> String {
    let mark = |c: char| match c {
        '\n' | '\r' | '\t' => c,
        c if !crate::doc::is_odd(c) => c,
        c => ['?', '¤', '\u{fffd}', '\u{1fbc4}'][c.len_utf8() - 1],
    };
    text.chars().map(mark).collect()
}

/// The lines on which a span begins and ends, whole: a file may have thousands, and a finding for
/// each.
fn lines_of(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text[..span.start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let end = text[span.end..]
        .find('\n')
        .map_or(text.len(), |newline| span.end + newline + 1);
    start..end
}

/// What is wrong, the source line with a caret under the place, and the help.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let lines = lines_of(&self.text, &self.span);
        let span = self.span.start - lines.start..self.span.end - lines.start;
        let annotation = AnnotationKind::Primary.span(span).label(&self.help);
        let text = same_length(&self.text[lines]);
        let snippet = Snippet::source(&*text)
            .line_start(self.position.line)
            .path(&self.path)
            .annotation(annotation);
        let report = [level.primary_title(&self.message).element(snippet)];
        f.write_str(&Renderer::plain().render(&report))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = "ab\n\"×\": 1\n";
        assert_eq!(Position::of(text, 0), Position { line: 1, column: 1 });
        let colon = text.find(':').unwrap();
        assert_eq!(Position::of(text, colon), Position { line: 2, column: 4 });
        assert_eq!(Position::of(text, 999), Position { line: 3, column: 1 });
    }

    #[test]
    fn shows_the_line_with_a_caret() {
        let text: Arc<str> = "{\n  \"maximum\": 0\n}\n".into();
        let span = text.find('0').map(|at| at..at + 1).unwrap();
        let shown = Diagnostic::new(
            Severity::Error,
            "a.json",
            &text,
            span,
            "no number fits",
            "raise it",
        );
        let shown = shown.to_string();
        assert!(
            shown.starts_with("error: no number fits\n --> a.json:2:14\n"),
            "{shown}"
        );
        assert!(shown.contains("  \"maximum\": 0\n"), "{shown}");
        assert!(shown.contains("^ raise it"), "{shown}");
    }

    /// Whatever the place, its lines alone look as they do amid the whole file; but for the file's
    /// end, of which the renderer says that it is on the line before.
    #[test]
    fn the_lines_of_a_span_look_as_in_the_whole_file() {
        let text: Arc<str> = "{\n  \"×\": [\n\t1,\r\n  \"日本\u{202e}\"\n ]\n}\n\n".into();
        let places: Vec<usize> = (0..text.len())
            .filter(|at| text.is_char_boundary(*at))
            .collect();
        let mut shown = 0;
        for (index, &start) in places.iter().enumerate() {
            for &end in &places[index..] {
                let found = Diagnostic::new(
                    Severity::Warning,
                    "a.json",
                    &text,
                    start..end,
                    "odd",
                    "mend it",
                );
                let annotation = AnnotationKind::Primary.span(start..end).label("mend it");
                let whole = same_length(&text);
                let snippet = Snippet::source(&*whole)
                    .path("a.json")
                    .annotation(annotation);
                let report = [Level::WARNING.primary_title("odd").element(snippet)];
                assert_eq!(
                    found.to_string(),
                    Renderer::plain().render(&report),
                    "{start}..{end}"
                );
                shown += 1;
            }
        }
        assert!(shown > 400, "{shown}");
    }
}
