//! The public face of generated code, read from the code itself.

use std::collections::BTreeSet;

use quote::{ToTokens, quote};
use runcomfy_codegen::Builder;
use serde_json::Value;
use syn::{ImplItem, Item, Visibility};

/// Returns every public item, field, variant, method and trait of a model's module, or `None` if no code
/// is generated.
pub(crate) fn from_schema(document: &Value) -> Option<BTreeSet<String>> {
    let mut face = BTreeSet::new();
    let code = code(document)?;
    items(&syn::parse_file(&code).unwrap().items, &mut face);
    assert!(!face.is_empty());
    Some(face)
}

/// Returns the code of the model `acme/stamp` in one file, or `None` if none is generated.
pub(crate) fn code(document: &Value) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("acme")).unwrap();
    let file = folder.path().join("acme/stamp.json");
    std::fs::write(file, document.to_string()).unwrap();
    let generated = Builder::new()
        .schemas(folder.path())
        .out_dir("unused")
        .generate()
        .ok()?;
    let (_, text) = generated.files().next().unwrap();
    Some(text.to_owned())
}

/// Returns the `Default` that the macro of an enum implements: `choice!(Mode = Fast { … })`.
fn default_of(called: &syn::Macro) -> Option<String> {
    let is_choice = called.path.segments.last()?.ident == "choice";
    let text = called.tokens.to_string();
    let (name, rest) = text.split_once(' ')?;
    (is_choice && rest.starts_with('=')).then(|| format!("impl Default for {name}"))
}

fn items(list: &[Item], face: &mut BTreeSet<String>) {
    for item in list {
        match item {
            Item::Mod(module) => items(&module.content.as_ref().unwrap().1, face),
            Item::Struct(item) => {
                for field in &item.fields {
                    let (name, kind) = (&field.ident, &field.ty);
                    face.insert(format!("{}: {}", item.ident, quote!(#name: #kind)));
                }
            }
            Item::Enum(item) => {
                for variant in &item.variants {
                    face.insert(format!("{}::{}", item.ident, variant.ident));
                }
            }
            Item::Macro(item) => face.extend(default_of(&item.mac)),
            Item::Impl(item) => {
                let target = item.self_ty.to_token_stream();
                if let Some((path, _)) = &item.trait_ {
                    face.insert(format!("impl {} for {target}", path.to_token_stream()));
                }
                for member in &item.items {
                    if let ImplItem::Fn(method) = member
                        && matches!(method.vis, Visibility::Public(_))
                    {
                        face.insert(format!("{target}: {}", method.sig.to_token_stream()));
                    }
                }
            }
            _ => {}
        }
    }
}
