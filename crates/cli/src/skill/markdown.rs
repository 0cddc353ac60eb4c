//! Texts from elsewhere in Markdown. None can end its place: a cell, a line or a span of code.

use runcomfy::schema::is_invisible;

/// Maximum number of characters of a text that people wrote; some descriptions are pages.
const MAX_CHARS: usize = 400;

/// Returns prose on one line, without markup.
pub(super) fn prose(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let mut visible = line.chars().filter(|c| !is_invisible(*c));
    let mut escaped = String::with_capacity(line.len());
    for c in visible.by_ref().take(MAX_CHARS) {
        // Each begins code, a cell, a tag, a link or an emphasis.
        if matches!(c, '\\' | '`' | '|' | '<' | '[' | ']' | '*' | '_') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    if visible.next().is_some() {
        escaped.push('…');
    }
    escaped
}

/// Returns a text as a span of code, which may be in a cell of a table.
pub(super) fn code(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if is_invisible(c) => shown.extend(c.escape_unicode()),
            // In a table, also within code.
            '|' => shown.push_str("\\|"),
            c => shown.push(c),
        }
    }
    let runs = shown.split(|c| c != '`');
    let longest = runs.map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // One space at each end is no part of the code.
    let space = if shown.is_empty() || shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' '])
    {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{shown}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_stays_in_its_cell() {
        for (text, expected) in [
            (" A boat,\r\n in the\tfog ", "A boat, in the fog"),
            ("a|b", r"a\|b"),
            ("`rm`", r"\`rm\`"),
            ("<!-- x --> [y](z)", r"\<!-- x --> \[y\](z)"),
            ("a\\|b", r"a\\\|b"),
            ("x\u{202e}y\u{7}", "xy"),
            ("seed_1 *", r"seed\_1 \*"),
        ] {
            assert_eq!(prose(text), expected, "{text}");
        }
        assert_eq!(prose(&"x".repeat(400)).len(), 400);
        assert_eq!(prose(&"x".repeat(401)), "x".repeat(400) + "…");
    }

    #[test]
    fn code_stays_in_its_span() {
        for (text, expected) in [
            ("width×height", "`width×height`"),
            ("a|b", r"`a\|b`"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("", "`  `"),
            (" a", "`  a `"),
            ("a\nb", r"`a\u{a}b`"),
        ] {
            assert_eq!(code(text), expected, "{text:?}");
        }
    }
}
