//! Prints tokens and syntax trees as the text of a file.

use proc_macro2::TokenStream;
use syn::Item;

/// Formats inner attributes and items, with an empty line between them.
///
/// # Errors
/// Fails if the tokens are no Rust.
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

/// Joins texts with an empty line between them; empty texts are left out.
pub(crate) fn paragraphs(mut parts: Vec<String>) -> String {
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// Prints a module with a text inside it. `declaration` is that of an empty module.
///
/// # Errors
/// Fails if the tokens are no Rust.
pub(crate) fn module(declaration: TokenStream, inside: &str) -> Result<String, syn::Error> {
    let mut text = tokens(declaration)?;
    if let Some(head) = text.trim_end().strip_suffix('}') {
        text = format!("{head}\n");
    }
    // The one literal of several lines is a schema's JSON, where spaces at the beginning of a line
    // mean nothing; line ends inside other literals are written as `\n`.
    for line in inside.lines() {
        text.push_str(if line.is_empty() { "" } else { "    " });
        text.push_str(line);
        text.push('\n');
    }
    Ok(text + "}\n")
}
