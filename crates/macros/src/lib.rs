#![doc = include_str!("../README.md")]

mod items;

use proc_macro::{Span, TokenStream, TokenTree};

use items::Items;

/// Generates the contents of one model's module: its `Input`, enums, `ID` and `SCHEMA`.
///
/// The path of the schema file is relative to the package's folder. Below a folder `schemas` it gives
/// the model's id, as for `runcomfy_codegen::Builder`; for a file elsewhere the id is the second
/// argument: `model!("assets/stamp.json", id = "acme/stamp")`.
///
/// The settings of a file `runcomfy-codegen.toml` in the package's folder apply, apart from `models`
/// and `exclude`: a call names its file. The crate depends on `runcomfy`. A changed file of either
/// kind compiles the crate again.
///
/// ```
/// mod stamp {
///     runcomfy_macros::model!("schemas/acme/stamp.json");
/// }
/// use stamp::{Input, Size};
///
/// let input = Input::new("A boat").size(Size::V16_9).strength(0.7);
/// assert!(input.validate().is_empty());
/// ```
///
/// # Compile errors
/// A file that cannot be read and an invalid schema do not compile; the message has the file's line
/// and what to write instead:
///
/// ```compile_fail
/// mod stamp {
///     runcomfy_macros::model!("schemas/acme/no_such_file.json");
/// }
/// ```
///
/// A warning about a schema is a warning of the lint `deprecated`, the one lint that a macro can
/// trigger. It names the diagnostic's code, which the setting `[allow]` silences.
#[proc_macro]
pub fn model(arguments: TokenStream) -> TokenStream {
    let span = arguments
        .clone()
        .into_iter()
        .next()
        .map_or_else(Span::call_site, |first| first.span());
    let items = Items::new(arguments.to_string());
    let mut expansion = parsed(&items.code);
    expansion.extend(spanned(parsed(&items.messages), span));
    expansion
}

/// Returns the tokens of code, or the compile error that says why it has none.
fn parsed(code: &str) -> TokenStream {
    code.parse().unwrap_or_else(|error| {
        let message =
            format!("the generated code is not Rust, which is a bug in the generator: {error}");
        parsed(&items::compile_error(&message))
    })
}

/// Returns the tokens as if they were written at the place of `span`.
fn spanned(tokens: TokenStream, span: Span) -> TokenStream {
    let set = |mut tree: TokenTree| {
        if let TokenTree::Group(group) = &mut tree {
            let inside = spanned(group.stream(), span);
            *group = proc_macro::Group::new(group.delimiter(), inside);
        }
        tree.set_span(span);
        tree
    };
    tokens.into_iter().map(set).collect()
}
