//! Lays out code as text: lists, doc comments and modules.

/// Column from which a list is broken. A bracket and what follows it may be beyond.
const MAX_COLUMN: usize = 89;

const INDENT: usize = 4;

/// Returns items between `open` and `close`: on one line, or each on a line of its own if that line
/// would be too long or an item has several lines.
///
/// `indent` is the number of spaces before `open`, which the text does not contain.
pub(crate) fn list(indent: usize, open: &str, items: &[String], close: &str) -> String {
    let width = |text: &str| text.chars().count();
    let separators = items.len().saturating_sub(1) * ", ".len();
    let end = indent + width(open) + items.iter().map(|i| width(i)).sum::<usize>() + separators;
    if end <= MAX_COLUMN && !items.iter().any(|item| item.contains('\n')) {
        return format!("{open}{}{close}", items.join(", "));
    }
    let (inside, outside) = (" ".repeat(indent + INDENT), " ".repeat(indent));
    let lines = items.iter().map(|item| format!("{inside}{item},\n"));
    format!("{open}\n{}{outside}{close}", lines.collect::<String>())
}

/// Joins texts with an empty line between them; empty texts are left out.
pub(crate) fn paragraphs(mut parts: Vec<String>) -> String {
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// Returns a module of this name with a text inside it.
pub(crate) fn module(name: &str, inside: &str) -> String {
    let mut text = format!("pub mod {name} {{\n");
    // The one literal of several lines is a schema's JSON, where spaces at the beginning of a line
    // mean nothing; line ends inside other literals are written as `\n`.
    for line in inside.lines() {
        text.push_str(if line.is_empty() { "" } else { "    " });
        text.push_str(line);
        text.push('\n');
    }
    text + "}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_list_has_a_line_for_each_item() {
        let items = |width: usize| vec!["a".repeat(width), "b".to_owned()];
        let short = list(4, "f(", &items(80), ") -> Self {");
        assert_eq!(short, format!("f({}, b) -> Self {{", "a".repeat(80)));
        let long = list(4, "f(", &items(81), ")");
        assert_eq!(
            long,
            format!("f(\n        {},\n        b,\n    )", "a".repeat(81))
        );
        assert_eq!(list(0, "[", &[], "]"), "[]");
    }

    #[test]
    fn list_around_a_broken_one_is_broken() {
        let inner = list(4, "A<", &["a".repeat(50), "b".repeat(50)], ">");
        let outer = list(0, "f(", &[inner], ")");
        let (a, b) = ("a".repeat(50), "b".repeat(50));
        assert_eq!(
            outer,
            format!("f(\n    A<\n        {a},\n        {b},\n    >,\n)")
        );
    }
}
