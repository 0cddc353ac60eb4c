//! Prose from schemas as doc comments: inert, whatever it says.

use proc_macro2::TokenStream;
use quote::quote;
use runcomfy_schema::is_invisible;

/// Characters of a line in the doc comment of a module or a type: 100 without `/// `.
pub(crate) const MODULE_WIDTH: usize = 96;

/// Characters of a line in the doc comment of a field or a method, which is indented by 4.
pub(crate) const FIELD_WIDTH: usize = MODULE_WIDTH - 4;

/// Returns lines as `#[doc]` attributes of the item that follows.
pub(crate) fn outer(lines: &[String]) -> TokenStream {
    let lines = spaced(lines);
    quote!(#(#[doc = #lines])*)
}

/// Returns lines as `#![doc]` attributes of the module around them.
pub(crate) fn inner(lines: &[String]) -> TokenStream {
    let lines = spaced(lines);
    quote!(#(#![doc = #lines])*)
}

/// Adds a leading space, as in a comment written by hand.
fn spaced(lines: &[String]) -> impl Iterator<Item = String> {
    let space = |line: &String| {
        if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        }
    };
    lines.iter().map(space)
}

/// Returns foreign prose as lines of Markdown that show it as it is, but for code between single
/// backticks: no code blocks (rustdoc would run them), no links, no HTML, no control characters.
pub(crate) fn prose(text: &str, width: usize) -> Vec<String> {
    let lines = text.lines().map(|line| with_code(line.trim()));
    let mut lines: Vec<String> = lines.flat_map(|line| wrap(&line, width, "")).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Breaks a line of Markdown between words, so that no line is longer than `width` if words allow it;
/// further lines begin with `indent`.
///
/// A line never begins with a word that Markdown takes for a heading, a list or a rule.
pub(crate) fn wrap(line: &str, width: usize, indent: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut current, mut length) = (String::new(), 0);
    for (i, word) in line.split(' ').enumerate() {
        let count = word.chars().count();
        if i > 0 && length + 1 + count > width && may_begin_line(word) {
            lines.push(std::mem::take(&mut current).trim_end().to_owned());
            current.push_str(indent);
            length = indent.len();
        } else if i > 0 {
            current.push(' ');
            length += 1;
        }
        current.push_str(word);
        length += count;
    }
    lines.push(current.trim_end().to_owned());
    lines
}

fn may_begin_line(word: &str) -> bool {
    let number = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = number.len() < word.len() && number.starts_with(['.', ')']);
    // In code such characters are not escaped.
    let blocks = ['#', '+', '-', '=', '>', '<', '*', '|', '~', '_'];
    !word.is_empty() && !word.starts_with(blocks) && !numbered
}

/// Returns one line of foreign text for a line of our own.
pub(crate) fn inline(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    with_code(&words.join(" "))
}

/// Returns a JSON name or value as code.
pub(crate) fn code(text: &str) -> String {
    let plain = !text.is_empty()
        && text.trim() == text
        && !text.chars().any(|c| c == '`' || is_invisible(c));
    if plain {
        format!("`{text}`")
    } else {
        format!("“{}”", escape(text))
    }
}

/// Returns the first words of a long text.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Escapes a line, except the code between pairs of single backticks. Where not all backticks are such
/// pairs, they are shown as they are.
fn with_code(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    let is_code = |code: &&str| {
        let is_seen = !code.chars().any(|c| c == '\t' || is_invisible(c));
        !code.is_empty() && code.trim() == *code && is_seen && !code.contains("  ")
    };
    let (between, code) = (parts.iter().step_by(2), parts.iter().skip(1).step_by(2));
    // Two backticks beside each other would be one mark.
    let touch = between.skip(1).rev().skip(1).any(|part| part.is_empty());
    if parts.len().is_multiple_of(2) || touch || !code.into_iter().all(is_code) {
        return escape(line);
    }
    let mut out = String::with_capacity(line.len());
    for (index, part) in parts.iter().enumerate() {
        match index {
            0 => out.push_str(&escape(part)),
            index if index % 2 == 1 => out.push_str(&format!("`{part}`")),
            // A character that begins a block at the head of a line begins none here.
            _ => out.push_str(&escape(&format!(".{part}"))[1..]),
        }
    }
    out
}

fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    // Kept, since a line may be a megabyte of dots.
    let mut number_so_far = true;
    for (i, c) in line.chars().enumerate() {
        match c {
            '\t' => out.push(' '),
            c if is_invisible(c) => out.push_str(&format!("U+{:04X}", u32::from(c))),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '|' | '&' => {
                out.push('\\');
                out.push(c);
            }
            // Headings, lists and rules begin a line; so do numbered lists, at their dot.
            '#' | '+' | '-' | '=' if i == 0 => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if i > 0 && number_so_far => {
                out.push('\\');
                out.push(c);
            }
            // A bare address would become a link, and rustdoc warns of it.
            ':' if out.ends_with("http") || out.ends_with("https") => out.push_str("\\:"),
            c => out.push(c),
        }
        number_so_far &= c.is_ascii_digit();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stays_markdown() {
        for (text, shown) in [
            ("within [1/3, 3]", "within \\[1/3, 3\\]"),
            ("```rust\nevil()\n```", "\\`\\`\\`rust\nevil()\n\\`\\`\\`"),
            ("    indented code", "indented code"),
            ("see https://a.b/c", "see https\\://a.b/c"),
            ("<b>*/ #![x]", "\\<b\\>\\*/ #!\\[x\\]"),
            (
                "# heading\n1. list\n- item",
                "\\# heading\n1\\. list\n\\- item",
            ),
            ("a\u{202e}b\0c", "aU+202EbU+0000c"),
            ("a\r\n\n\n\nb\n\n", "a\n\nb"),
            ("the word `sks_a`, or `<b>`", "the word `sks_a`, or `<b>`"),
            ("one `backtick", "one \\`backtick"),
            ("`a``b` ` `", "\\`a\\`\\`b\\` \\` \\`"),
            ("`[x](y)` *b*", "`[x](y)` \\*b\\*"),
        ] {
            assert_eq!(prose(text, 80).join("\n"), shown);
        }
    }

    #[test]
    fn wrapping_makes_no_markdown() {
        let wrapped = |text: &str| wrap(text, 10, "  ").join("\n");
        assert_eq!(wrapped("one two three four"), "one two\n  three\n  four");
        assert_eq!(wrapped("one two - three"), "one two -\n  three");
        assert_eq!(wrapped("one two 1. three"), "one two 1.\n  three");
        assert_eq!(wrapped("one two # three"), "one two #\n  three");
        assert_eq!(wrapped("incomprehensible"), "incomprehensible");
        assert_eq!(wrapped(""), "");
    }

    #[test]
    fn a_megabyte_of_digits_and_dots_is_escaped_in_time() {
        let half = 500_000;
        let text = "1".repeat(half) + &".".repeat(half);
        assert_eq!(inline(&text), text.replacen('.', "\\.", 1));
    }

    #[test]
    fn code_spans_hold_only_what_they_can() {
        assert_eq!(code("16:9"), "`16:9`");
        assert_eq!(code("a`b"), "“a\\`b”");
        assert_eq!(code(""), "“”");
    }
}
