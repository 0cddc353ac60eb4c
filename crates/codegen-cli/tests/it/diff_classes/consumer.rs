//! Code that uses everything which bindings offer, made from the bindings themselves.

use std::fmt::Write as _;

use quote::{ToTokens, quote};
use runcomfy_codegen_cli::Bindings;
use syn::{Fields, FnArg, ImplItem, Item, ItemImpl, ItemStruct, Pat, ReceiverKind, Visibility};

/// Returns a module that uses every item of the model's module at `path`, as the bindings allow it.
///
/// A crate of its own may name types completely: every variant of an enum, every field of a struct.
pub(crate) fn code(bindings: &str, path: &str, way: Bindings) -> String {
    let mut out = Consumer {
        code: "#![allow(unused, unreachable_patterns, clippy::all)]\n".to_owned(),
        uses: 0,
        way,
    };
    let file = syn::parse_file(bindings).unwrap();
    let items = model(&file.items).expect("it has the module of the model");
    for item in items {
        let name = match item {
            Item::Struct(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Const(item) if matches!(item.vis, Visibility::Public(_)) => &item.ident,
            _ => continue,
        };
        writeln!(out.code, "use {path}::{name};").unwrap();
    }
    for item in items {
        out.item(item);
    }
    assert!(out.uses > 3, "{}", out.code);
    out.code
}

/// Returns the items of the module that has the `Input`.
fn model(items: &[Item]) -> Option<&[Item]> {
    let is_input = |item: &Item| matches!(item, Item::Struct(item) if item.ident == "Input");
    if items.iter().any(is_input) {
        return Some(items);
    }
    items.iter().find_map(|item| match item {
        Item::Mod(module) => model(&module.content.as_ref()?.1),
        _ => None,
    })
}

struct Consumer {
    code: String,
    /// Number of functions so far.
    uses: usize,
    way: Bindings,
}

impl Consumer {
    /// Adds a function; `rest` follows its name.
    fn function(&mut self, rest: &str) {
        self.uses += 1;
        let number = self.uses;
        writeln!(self.code, "pub fn use_{number}{rest}").unwrap();
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Struct(item) => {
                self.derived(&item.ident, &item.attrs);
                self.structure(item);
            }
            Item::Enum(item) => {
                self.derived(&item.ident, &item.attrs);
                let name = &item.ident;
                let variants = item.variants.iter().map(|v| format!("{name}::{}", v.ident));
                let variants: Vec<String> = variants.collect();
                self.function(&format!("() {{ let _ = [{}]; }}", variants.join(", ")));
                let arms = variants.join(" => 1, ");
                self.function(&format!(
                    "(x: {name}) -> i32 {{ match x {{ {arms} => 1, _ => 0 }} }}"
                ));
                if self.way == Bindings::OwnCrate {
                    self.function(&format!(
                        "(x: {name}) -> i32 {{ match x {{ {arms} => 1 }} }}"
                    ));
                }
            }
            Item::Const(item) if matches!(item.vis, Visibility::Public(_)) => {
                let (name, kind) = (&item.ident, item.ty.to_token_stream());
                self.function(&format!("() {{ let _: {kind} = {name}; }}"));
            }
            Item::Impl(item) => self.implementation(item),
            _ => {}
        }
    }

    /// Uses the traits that a type derives.
    fn derived(&mut self, name: &syn::Ident, attributes: &[syn::Attribute]) {
        for attribute in attributes.iter().filter(|a| a.path().is_ident("derive")) {
            let parse = syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated;
            for path in attribute.parse_args_with(parse).unwrap() {
                self.has_trait(&path, &name.to_string());
            }
        }
    }

    fn has_trait(&mut self, path: &syn::Path, target: &str) {
        let name = path.segments.last().unwrap().ident.to_string();
        let path = match &*name {
            "Hash" => "::std::hash::Hash".to_owned(),
            _ => path.to_token_stream().to_string(),
        };
        self.function(&format!(
            "() {{ fn is<T: {path}>() {{}} is::<{target}>(); }}"
        ));
    }

    fn structure(&mut self, item: &ItemStruct) {
        let Fields::Named(fields) = &item.fields else {
            return;
        };
        let name = &item.ident;
        let (parameters, arguments, bounds) = item.generics.split_for_impl();
        let kind = quote!(#name #arguments);
        let names: Vec<_> = fields
            .named
            .iter()
            .map(|f| f.ident.as_ref().unwrap())
            .collect();
        let types: Vec<_> = fields.named.iter().map(|f| &f.ty).collect();
        let copies: Vec<_> = (0..names.len())
            .map(|i| quote::format_ident!("x{i}"))
            .collect();
        let read = quote! { #parameters (x: #kind) #bounds {
            let #name { #(#names: #copies,)* .. } = x;
            #(let _: #types = #copies;)*
        } };
        self.function(&read.to_string());
        let write = quote! { #parameters (mut x: #kind, #(#copies: #types),*) #bounds {
            #(x.#names = #copies;)*
        } };
        self.function(&write.to_string());
        let is_open = item
            .attrs
            .iter()
            .any(|a| a.path().is_ident("non_exhaustive"));
        if self.way == Bindings::OwnCrate || !is_open {
            let pattern = quote! { #parameters (x: #kind) #bounds {
                let #name { #(#names: #copies),* } = x;
            } };
            self.function(&pattern.to_string());
            let literal = quote! { #parameters (#(#copies: #types),*) -> #kind #bounds {
                #name { #(#names: #copies),* }
            } };
            self.function(&literal.to_string());
        }
    }

    fn implementation(&mut self, item: &ItemImpl) {
        if !item.generics.params.is_empty() {
            return;
        }
        let target = item.self_ty.to_token_stream().to_string();
        if let Some((path, _)) = &item.trait_ {
            self.has_trait(path, &target);
            return;
        }
        for member in &item.items {
            match member {
                ImplItem::Fn(method) if matches!(method.vis, Visibility::Public(_)) => {
                    self.method(&target, &method.sig);
                }
                ImplItem::Const(item) if matches!(item.vis, Visibility::Public(_)) => {
                    let (name, kind) = (&item.ident, item.ty.to_token_stream());
                    self.function(&format!("() {{ let _: {kind} = {target}::{name}; }}"));
                }
                _ => {}
            }
        }
    }

    /// Forwards to a method from a function of the same signature.
    fn method(&mut self, target: &str, signature: &syn::Signature) {
        let (parameters, _, bounds) = signature.generics.split_for_impl();
        let mut taken = Vec::new();
        let mut given = Vec::new();
        for input in &signature.inputs {
            match input {
                FnArg::Receiver(receiver) => {
                    let by = match &receiver.kind {
                        ReceiverKind::Reference(_, _, Some(_)) => "&mut ",
                        ReceiverKind::Reference(..) => "&",
                        _ => "",
                    };
                    taken.push(format!("this: {by}{target}"));
                    given.push("this".to_owned());
                }
                FnArg::Typed(input) => {
                    let Pat::Ident(name) = &*input.pat else {
                        panic!("an argument has a name");
                    };
                    let (name, kind) = (&name.ident, input.ty.to_token_stream());
                    taken.push(format!("{name}: {kind}"));
                    given.push(name.to_string());
                }
            }
        }
        let (taken, given) = (taken.join(", "), given.join(", "));
        let output = signature.output.to_token_stream();
        let name = &signature.ident;
        let text = format!(
            "{}({taken}) {output} {} {{ <{target}>::{name}({given}) }}",
            parameters.to_token_stream(),
            bounds.to_token_stream(),
        );
        let own = |word: &str| {
            if word == "Self" {
                target.to_owned()
            } else {
                word.to_owned()
            }
        };
        let text: Vec<String> = text.split(' ').map(own).collect();
        self.function(&text.join(" "));
    }
}
