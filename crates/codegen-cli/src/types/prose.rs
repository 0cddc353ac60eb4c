//! Prose from schemas as lines of comments.

use runcomfy_schema::is_invisible;

use super::language::Language;

/// Characters of a line, without the sign of the comment.
pub(super) const WIDTH: usize = 92;

/// Returns a text as lines of at most [`WIDTH`] characters, if words allow it, without characters that
/// mislead a reader, and without two empty lines in a row.
pub(super) fn lines(text: &str, language: Language) -> Vec<String> {
    let all = text.split([
        '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ]);
    let mut lines: Vec<String> = all.flat_map(|line| wrap(line, "", language)).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let start = lines.iter().position(|line| !line.is_empty());
    lines.split_off(start.unwrap_or(0))
}

/// Breaks a line between words; further lines begin with `indent`.
pub(super) fn wrap(line: &str, indent: &str, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut current, mut length) = (String::new(), 0);
    for word in line.split_whitespace() {
        let word = visible(word, language);
        let count = word.chars().count();
        if !current.is_empty() && length + 1 + count > WIDTH {
            lines.push(std::mem::take(&mut current));
            current.push_str(indent);
            length = indent.len();
        } else if !current.is_empty() {
            current.push(' ');
            length += 1;
        }
        current += &word;
        length += count;
    }
    lines.push(current);
    lines
}

/// Adds lines below an empty one.
pub(super) fn add_paragraph(text: &mut Vec<String>, lines: Vec<String>) {
    if !lines.is_empty() {
        text.push(String::new());
        text.extend(lines);
    }
}

/// Returns a JSON name or value as code in Markdown, on one line.
pub(super) fn code(text: &str, language: Language) -> String {
    let text = visible(text, language);
    // A comment would need an escape, which code in Markdown shows.
    let ends_comment = language == Language::TypeScript && text.contains("*/");
    if text.is_empty() || text.contains('`') || text.trim() != text || ends_comment {
        format!("“{text}”")
    } else {
        format!("`{text}`")
    }
}

/// Escapes the characters that are invisible or end a line, as a text of the language has them.
fn visible(text: &str, language: Language) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            c if is_invisible(c) => out += &language.escape(c),
            c => out.push(c),
        }
    }
    out
}
