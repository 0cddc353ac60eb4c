//! Prose from schemas as doc comments: inert, whatever it says.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use runcomfy_schema::is_invisible;
use syn::{AttrStyle, Attribute, Expr, ExprLit, Lit, LitStr, Meta, MetaNameValue, token};

/// `#[doc]` attributes for lines that the generator has written itself.
pub(crate) fn outer(lines: &[String]) -> TokenStream {
    let lines = spaced(lines);
    quote!(#(#[doc = #lines])*)
}

/// The same as syntax trees.
pub(crate) fn attributes(lines: &[String]) -> Vec<Attribute> {
    let attribute = |line: String| Attribute {
        pound_token: token::Pound::default(),
        style: AttrStyle::Outer,
        bracket_token: token::Bracket::default(),
        meta: Meta::NameValue(MetaNameValue {
            path: Ident::new("doc", Span::call_site()).into(),
            eq_token: token::Eq::default(),
            value: Expr::Lit(ExprLit {
                attrs: Vec::new(),
                lit: Lit::Str(LitStr::new(&line, Span::call_site())),
            }),
        }),
    };
    spaced(lines).map(attribute).collect()
}

/// The same for the module that the lines stand in.
pub(crate) fn inner(lines: &[String]) -> TokenStream {
    let lines = spaced(lines);
    quote!(#(#![doc = #lines])*)
}

/// A leading space, as in a comment written by hand.
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

/// Foreign prose as lines of Markdown that show it as it is: no code blocks (rustdoc would run
/// them), no links, no HTML, no control characters.
pub(crate) fn prose(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(|line| escape(line.trim())).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// One line of foreign text inside a line of our own.
pub(crate) fn inline(text: &str) -> String {
    escape(
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .as_str(),
    )
}

/// A wire name or value as code.
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

/// The first words of a long text.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
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
        ] {
            assert_eq!(prose(text).join("\n"), shown);
        }
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
