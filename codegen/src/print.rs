//! From tokens and syntax trees to the text of a file.

use proc_macro2::TokenStream;
use syn::Item;

/// Formats inner attributes and items, with an empty line between them.
///
/// # Errors
/// Tokens that are no Rust.
pub(crate) fn tokens(code: TokenStream) -> Result<String, syn::Error> {
    let mut file: syn::File = syn::parse2(code)?;
    let items = items(std::mem::take(&mut file.items));
    Ok(paragraphs(vec![prettyplease::unparse(&file), items]))
}

/// Formats items, with an empty line between them.
pub(crate) fn items(items: Vec<Item>) -> String {
    let mut file = syn::File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items: Vec::new(),
    };
    // One at a time, for an empty line between them.
    let print = |item| {
        file.items = vec![item];
        prettyplease::unparse(&file)
    };
    paragraphs(items.into_iter().map(print).collect())
}

/// Texts one below the other, with an empty line between them; empty ones are left out.
pub(crate) fn paragraphs(mut parts: Vec<String>) -> String {
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// A module with its text inside of it. `declaration` is that of an empty one.
///
/// # Errors
/// Tokens that are no Rust.
pub(crate) fn module(declaration: TokenStream, inside: &str) -> Result<String, syn::Error> {
    let mut text = tokens(declaration)?;
    if let Some(head) = text.trim_end().strip_suffix('}') {
        text = format!("{head}\n");
    }
    // The one literal that goes over several lines is a schema's JSON, to which the spaces at the
    // head of a line mean nothing; line ends inside of the others are written as `\n`.
    for line in inside.lines() {
        text.push_str(if line.is_empty() { "" } else { "    " });
        text.push_str(line);
        text.push('\n');
    }
    Ok(text + "}\n")
}
