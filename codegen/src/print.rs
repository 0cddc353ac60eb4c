//! From tokens to the text of a file.

use proc_macro2::TokenStream;
use syn::Item;

/// Formats inner attributes and items, with an empty line between them. The items of `after` stand
/// below those of `code`.
///
/// # Errors
/// Tokens that are no Rust.
pub(crate) fn print(code: TokenStream, after: Vec<Item>) -> Result<String, syn::Error> {
    let mut file: syn::File = syn::parse2(code)?;
    let items = std::mem::take(&mut file.items);
    let mut parts = vec![prettyplease::unparse(&file)];
    file.attrs.clear();
    // One at a time, for an empty line between them.
    for item in items.into_iter().chain(after) {
        file.items = vec![item];
        parts.push(prettyplease::unparse(&file));
    }
    Ok(paragraphs(parts))
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
    let mut text = print(declaration, Vec::new())?;
    if let Some(head) = text.trim_end().strip_suffix('}') {
        text = format!("{head}\n");
    }
    // No literal goes over several lines: line ends inside of one are written as `\n`.
    for line in inside.lines() {
        text.push_str(if line.is_empty() { "" } else { "    " });
        text.push_str(line);
        text.push('\n');
    }
    Ok(text + "}\n")
}
