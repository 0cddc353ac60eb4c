//! Findings in schema files, shown like a compiler's.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use runcomfy_schema::Severity;
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
        let before = without_bom(&text[..on_boundary(text, offset)]);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}

/// The positions of many places in one text, of which each is found from the one before.
pub(crate) struct Positions<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
}

impl<'a> Positions<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            position: Position { line: 1, column: 1 },
        }
    }

    /// The position of a place that is not before the last one.
    pub(crate) fn at(&mut self, offset: usize) -> Position {
        let offset = on_boundary(self.text, offset).max(self.offset);
        let between = &self.text[self.offset..offset];
        let more = Position::of(between, between.len());
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

/// The first place between two characters from this one on.
fn on_boundary(text: &str, offset: usize) -> usize {
    let mut places = offset..text.len();
    places
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(text.len())
}

/// A text less the mark of its encoding, which no editor shows or counts.
fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// How many characters are shown on either side of a place. Schemas are often saved as one line of
/// a megabyte, and a finding for each of its properties must not draw all of it.
const AROUND: usize = 60;

/// A span of more bytes than this is shown by its beginning.
const LONGEST_SPAN: usize = 2_000;

/// What is shown of a text for a span, the lines on which it begins and ends or what of them is
/// near it, and where the span is in that.
fn excerpt(text: &str, span: &Range<usize>) -> (String, Range<usize>) {
    let start = on_boundary(text, span.start);
    let mut end = on_boundary(text, span.end);
    if end - start > LONGEST_SPAN {
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
    let place = |at: usize| (at - from).saturating_sub(dropped) + mark.len();
    (shown, place(start)..place(end))
}

/// The end of the last line of a text.
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

/// The beginning of the first line of a text, with its end where that is near.
fn after(text: &str) -> &str {
    let mut near = text.char_indices().take(AROUND);
    let end = near.find(|&(_, c)| c == '\n').map(|(at, _)| at + 1);
    let end = end.or_else(|| Some(text.char_indices().nth(AROUND)?.0));
    &text[..end.unwrap_or(text.len())]
}

/// What is wrong, the source line with a caret under the place, and the help.
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
        // Written here, since the renderer would count in what is shown of the line.
        let margin = lines.find('|').unwrap_or(1) - 1;
        let severity = self.severity.as_str();
        writeln!(f, "{severity}: {}", self.message)?;
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
        assert_eq!(Position::of(text, 0), Position { line: 1, column: 1 });
        let colon = text.find(':').unwrap();
        assert_eq!(Position::of(text, colon), Position { line: 2, column: 4 });
        assert_eq!(Position::of(text, 999), Position { line: 3, column: 1 });
        let marked = "\u{feff}{}";
        assert_eq!(Position::of(marked, 3), Position { line: 1, column: 1 });
        assert_eq!(Position::of(marked, 4), Position { line: 1, column: 2 });
        for text in [text, marked] {
            let mut positions = Positions::of(text);
            for offset in [0, 0, 1, 3, 5, 6, 99] {
                assert_eq!(positions.at(offset), Position::of(text, offset), "{offset}");
            }
        }
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

    fn shown(text: &str, span: Range<usize>) -> String {
        let text = text.into();
        Diagnostic::new(Severity::Error, "a.json", &text, span, "odd", "mend it").to_string()
    }

    #[test]
    fn the_mark_of_the_encoding_is_neither_shown_nor_counted() {
        let plain = shown("{\"a\": 1}", 1..4);
        assert!(plain.contains("a.json:1:2\n"), "{plain}");
        assert_eq!(shown("\u{feff}{\"a\": 1}", 4..7), plain);
    }

    #[test]
    fn of_a_long_line_only_what_is_near_is_shown() {
        let line = format!("{{{}\"odd\": 7{}}}", "×".repeat(5_000), "y".repeat(5_000));
        let at = line.find("odd").unwrap();
        for text in [line.clone(), format!("\n{line}\n\n")] {
            let at = text.find("odd").unwrap();
            let lines = text.lines().count();
            assert_eq!(
                shown(&text, at..at + 3),
                format!(
                    "error: odd\n --> a.json:{row}:5003\n  |\n{row} | …{before}\"odd\": 7{after}…\n  | {space}^^^ mend it",
                    row = lines.div_ceil(2),
                    before = "×".repeat(59),
                    after = "y".repeat(56),
                    space = " ".repeat(61),
                )
            );
        }
        // The place of a whole object is shown by its beginning.
        let whole = shown(&line, at..line.len());
        assert!(whole.chars().count() < 500, "{whole}");
        assert!(whole.contains(&"^".repeat(60)), "{whole}");
        let lines = shown(&"[1,\n".repeat(5_000), 4..20_000);
        assert_eq!(lines, shown("[1,\n[1,\n", 4..7));
    }

    #[test]
    fn a_place_within_a_character_is_that_of_the_next() {
        assert_eq!(shown("{×}", 2..2), shown("{×}", 3..3));
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
