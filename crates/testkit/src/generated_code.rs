//! Promises about generated code that no schema can break: texts of a schema stay texts.

use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path};

use proc_macro2::{Group, TokenStream, TokenTree};
use runcomfy_codegen::{Builder, Error, Generated, Layout};
use syn::{Expr, FnArg, ImplItem, Item, Pat};

use crate::arbitrary::hostile::SchemaFile;

/// Attributes that the generator writes.
const ATTRIBUTES: [&str; 7] = [
    "doc",
    "derive",
    "non_exhaustive",
    "must_use",
    "inline",
    "allow",
    "rustfmt",
];

/// Macros that generated code calls.
const MACROS: [&str; 3] = ["record", "choice", "output_type"];

/// Empties a folder and writes the files below it, except those that the file system refuses.
///
/// # Errors
/// Returns the file system's error where the folder itself cannot be emptied or made.
pub fn write(files: &[SchemaFile], folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for file in files {
        let path = folder.join(&file.path);
        let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
        // `a.json` may be a folder already, and a name may be too long.
        let _ = parent.and_then(|()| fs::write(&path, &file.text));
    }
    Ok(())
}

/// Generates code from a folder in both layouts and checks the promises.
///
/// Returns `true` if there is code. A folder with errors has diagnostics instead, which must print.
///
/// # Errors
/// Returns a description of the broken promise.
pub fn check(folder: &Path) -> Result<bool, String> {
    let generate = |layout| {
        let builder = Builder::new().schemas(folder).out_dir("out");
        builder.layout(layout).generate()
    };
    match generate(Layout::Tree) {
        Ok(generated) => {
            generated.warnings().iter().try_for_each(diagnostic)?;
            code(&generated)?;
        }
        Err(error) => return refusal(&error).map(|()| false),
    }
    // The diagnostics are the same.
    let one_file = generate(Layout::OneFile).map_err(|error| error.to_string())?;
    code(&one_file).map(|()| true)
}

/// Checks an error of the generator: it has diagnostics, and none is a fault of its own.
fn refusal(error: &Error) -> Result<(), String> {
    if error.diagnostics().is_empty() {
        return Err(format!("refused without a diagnostic: {error}"));
    }
    let is_own = |diagnostic: &&runcomfy_codegen::Diagnostic| {
        diagnostic.message.contains("fault of the generator")
    };
    if let Some(own) = error.diagnostics().iter().find(is_own) {
        return Err(own.headline());
    }
    error.diagnostics().iter().try_for_each(diagnostic)
}

/// Checks that a diagnostic's headline is one line, since cargo reads the output of a build script
/// line by line, and that no part of it reorders or hides text in a terminal.
fn diagnostic(diagnostic: &runcomfy_codegen::Diagnostic) -> Result<(), String> {
    let headline = diagnostic.headline();
    if let Some(c) = headline
        .chars()
        .find(|c| c.is_control() || is_invisible(*c))
    {
        return Err(format!("a headline contains {c:?}: {headline:?}"));
    }
    let shown = diagnostic.to_string();
    let unseen = |c: &char| (c.is_control() && *c != '\n') || is_invisible(*c);
    if let Some(c) = shown.chars().find(unseen) {
        return Err(format!("a diagnostic contains {c:?}: {shown:?}"));
    }
    let line = diagnostic.to_json()["line"].as_u64();
    match line {
        Some(1..) => Ok(()),
        _ => Err(format!("a diagnostic without a line: {headline:?}")),
    }
}

fn code(generated: &Generated) -> Result<(), String> {
    let mut paths = HashSet::new();
    for (path, text) in generated.files() {
        file_name(path)?;
        if !paths.insert(path.to_lowercase()) {
            return Err(format!("two files are {path:?} where case is ignored"));
        }
        let check = if Path::new(path).extension().is_some_and(|e| e == "json") {
            json
        } else {
            source
        };
        check(text).map_err(|why| format!("{path}: {why}"))?;
    }
    Ok(())
}

/// Checks that a path stays below its folder, and that every file system accepts it.
fn file_name(path: &str) -> Result<(), String> {
    let normal = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let plain = |c: char| c.is_alphanumeric() || "_/.".contains(c);
    if !normal || path.contains("..") || !path.chars().all(plain) {
        return Err(format!(
            "the file name {path:?} leaves its folder or is not portable"
        ));
    }
    let reserved = |name: &str| {
        let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        ["con", "prn", "aux", "nul"].contains(&name)
            || (name.len() == 4 && (name.starts_with("com") || name.starts_with("lpt")))
                && name.ends_with(|c: char| c.is_ascii_digit())
    };
    match path.split('/').find(|name| reserved(name)) {
        Some(name) => Err(format!("the file name {path:?} has the reserved {name:?}")),
        None => Ok(()),
    }
}

/// Checks the schema beside a module: a JSON object of characters that can be seen.
fn json(text: &str) -> Result<(), String> {
    visible(text)?;
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(other) => Err(format!("not an object: {other}")),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

fn visible(text: &str) -> Result<(), String> {
    let unseen = |c: &char| (c.is_control() && *c != '\n') || is_invisible(*c);
    match text.chars().find(unseen) {
        Some(c) => Err(format!("the code contains {c:?}")),
        None => Ok(()),
    }
}

fn source(text: &str) -> Result<(), String> {
    visible(text)?;
    let tokens: TokenStream = text.parse().map_err(|error| format!("not Rust: {error}"))?;
    let file: syn::File =
        syn::parse2(tokens.clone()).map_err(|error| format!("not Rust: {error}"))?;
    attributes(tokens)?;
    comments(text)?;
    scope(&file.items)
}

/// Checks that there are only attributes of the generator, and no reserved word as a name.
fn attributes(tokens: TokenStream) -> Result<(), String> {
    let mut after_hash = false;
    for token in tokens {
        // Reserved since edition 2024, but no keyword to syn.
        if matches!(&token, TokenTree::Ident(ident) if ident == "gen") {
            return Err("an identifier is the reserved word `gen`".into());
        }
        if let TokenTree::Group(group) = &token {
            if after_hash && !is_known(group) {
                return Err(format!("an attribute from a schema: #[{group}]"));
            }
            attributes(group.stream())?;
        }
        // `#!` before an inner attribute's brackets.
        after_hash = match &token {
            TokenTree::Punct(punct) => {
                punct.as_char() == '#' || (after_hash && punct.as_char() == '!')
            }
            _ => false,
        };
    }
    Ok(())
}

fn is_known(attribute: &Group) -> bool {
    match attribute.stream().into_iter().next() {
        Some(TokenTree::Ident(name)) => ATTRIBUTES.iter().any(|known| name == known),
        _ => false,
    }
}

/// Checks that no doc comment has a code block, which rustdoc would compile and run, but the example
/// that the generator writes as text.
fn comments(text: &str) -> Result<(), String> {
    let mut in_example = false;
    for line in text.lines().map(str::trim_start) {
        let comment = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"));
        match comment {
            Some(" ```text") if !in_example => in_example = true,
            Some(" ```") if in_example => in_example = false,
            Some(comment) if comment.contains("```") && comment.trim_start().starts_with('`') => {
                return Err(format!("a code block in a comment: {line:?}"));
            }
            Some(comment) if comment.starts_with("     ") && !in_example => {
                return Err(format!("a code block in a comment: {line:?}"));
            }
            None if in_example => return Err(format!("an example without an end: {line:?}")),
            _ => {}
        }
    }
    Ok(())
}

/// Checks the items of one scope: only those that the generator makes, each name once.
fn scope<'a>(items: impl IntoIterator<Item = &'a Item>) -> Result<(), String> {
    let items: Vec<&Item> = items.into_iter().collect();
    let mut types = HashSet::new();
    let mut values = HashSet::new();
    for item in &items {
        let (names, name) = match item {
            Item::Struct(item) => (&mut types, &item.ident),
            Item::Enum(item) => (&mut types, &item.ident),
            Item::Mod(item) => (&mut types, &item.ident),
            Item::Static(item) => (&mut values, &item.ident),
            Item::Const(item) if item.ident == "ID" => (&mut values, &item.ident),
            Item::Fn(item) => (&mut values, &item.sig.ident),
            Item::Impl(_) | Item::Macro(_) => {
                inside(item)?;
                continue;
            }
            _ => return Err("an item of a kind that the generator does not make".into()),
        };
        if !names.insert(name.to_string()) {
            return Err(format!("two items are called `{name}`"));
        }
        inside(item)?;
    }
    shadows(&items, &types)
}

/// Checks that no type shadows a trait that is implemented beside it, and no variant the constant
/// that every enum has.
fn shadows(items: &[&Item], types: &HashSet<String>) -> Result<(), String> {
    for item in items {
        let trait_ = match item {
            Item::Impl(item) => item.trait_.as_ref().and_then(|(path, _)| path.get_ident()),
            Item::Enum(item) if item.variants.iter().any(|variant| variant.ident == "ALL") => {
                return Err("`ALL` is a variant and a constant".into());
            }
            _ => None,
        };
        if trait_.is_some_and(|name| types.contains(&name.to_string())) {
            return Err("a type shadows a trait".into());
        }
    }
    Ok(())
}

fn inside(item: &Item) -> Result<(), String> {
    let named = |fields: &syn::Fields| {
        let names = fields.iter().filter_map(|field| field.ident.as_ref());
        names.map(ToString::to_string).collect::<Vec<_>>()
    };
    match item {
        Item::Struct(item) => once("field", named(&item.fields)),
        Item::Enum(item) => once("variant", item.variants.iter().map(|v| v.ident.to_string())),
        Item::Mod(item) => match &item.content {
            // The generator documents what it writes.
            Some(_) if item.attrs.is_empty() => Err(format!("a module `{}`", item.ident)),
            Some((_, items)) => scope(items),
            None => Ok(()),
        },
        Item::Static(item) => value(&item.expr),
        Item::Impl(item) => {
            let functions = item.items.iter().filter_map(|item| match item {
                ImplItem::Fn(function) => Some(&function.sig),
                _ => None,
            });
            for signature in functions.clone() {
                // Values of one type that are told apart by their order alone get swapped.
                if signature.ident == "new" && signature.inputs.len() > 1 {
                    return Err("`new` takes arguments without names".into());
                }
                once("argument", signature.inputs.iter().filter_map(argument))?;
            }
            let constants = item.items.iter().filter_map(|item| match item {
                ImplItem::Const(constant) => Some(constant.ident.to_string()),
                _ => None,
            });
            once("constant", constants)?;
            once(
                "function",
                functions.map(|signature| signature.ident.to_string()),
            )
        }
        Item::Macro(item) => {
            let name = item.mac.path.segments.last().map(|s| s.ident.to_string());
            let name = name.unwrap_or_default();
            if MACROS.contains(&name.as_str()) {
                Ok(())
            } else {
                Err(format!("a call of the macro `{name}`"))
            }
        }
        Item::Fn(item) if item.sig.ident == "find" => Ok(()),
        Item::Fn(item) => Err(format!("a function `{}`", item.sig.ident)),
        _ => Ok(()),
    }
}

fn argument(argument: &FnArg) -> Option<String> {
    match argument {
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(pat) => Some(pat.ident.to_string()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}

/// Checks that the value of a static has no statements.
fn value(expression: &Expr) -> Result<(), String> {
    match expression {
        Expr::Block(_) => Err("statements in a value".into()),
        _ => Ok(()),
    }
}

fn once(what: &str, names: impl IntoIterator<Item = String>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in names {
        if seen.contains(&name) {
            return Err(format!("two {what}s are called `{name}`"));
        }
        seen.insert(name);
    }
    Ok(())
}

/// Returns `true` for characters that reorder or hide text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}')
}
