//! The tree of modules that model ids span.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use crate::source::Source;
use crate::{doc, emit, name};

/// A module: perhaps a model itself, perhaps with modules below it.
#[derive(Default)]
pub(crate) struct Module<'a> {
    /// The id or the part of one that leads here.
    id: String,
    model: Option<(&'a Source, TokenStream)>,
    children: BTreeMap<String, Module<'a>>,
}

/// Two segments of model ids that come out as one module.
pub(crate) struct Clash {
    pub(crate) message: String,
}

impl<'a> Module<'a> {
    /// Files a model under its id.
    pub(crate) fn insert(&mut self, source: &'a Source, items: TokenStream) -> Result<(), Clash> {
        let mut module = self;
        let mut id = String::new();
        for segment in source.model.id.split('/') {
            if !id.is_empty() {
                id.push('/');
            }
            id.push_str(segment);
            let name = name::module(segment);
            let child = module.children.entry(name.clone()).or_default();
            if !child.id.is_empty() && child.id != id {
                let message = format!(
                    "the ids `{}` and `{id}` both become the module `{name}`",
                    child.id
                );
                return Err(Clash { message });
            }
            child.id.clone_from(&id);
            module = child;
        }
        module.model = Some((source, items));
        Ok(())
    }

    /// Every module as a file of its own: the path below the output folder, the schema file, and
    /// the tokens.
    pub(crate) fn files(&self) -> Vec<(String, Option<&'a str>, TokenStream)> {
        let mut files = Vec::new();
        for (name, child) in &self.children {
            child.collect(name, &mut files);
        }
        files
    }

    fn collect(&self, path: &str, files: &mut Vec<(String, Option<&'a str>, TokenStream)>) {
        let docs = doc::inner(&self.doc());
        let children = self.children.keys().map(|name| {
            let name = name::ident(name);
            quote!(pub mod #name;)
        });
        let items = self.model.as_ref().map(|(_, items)| items);
        let tokens = quote!(#docs #(#children)* #items);
        let from = self.model.as_ref().map(|(source, _)| source.path.as_str());
        files.push((format!("{path}.rs"), from, tokens));
        for (name, child) in &self.children {
            child.collect(&format!("{path}/{name}"), files);
        }
    }

    /// The same modules inside one file.
    pub(crate) fn inline(&self) -> TokenStream {
        let children = self.children.iter().map(|(name, child)| {
            let (name, docs, inside) =
                (name::ident(name), doc::outer(&child.doc()), child.inline());
            quote!(#docs pub mod #name { #inside })
        });
        let items = self.model.as_ref().map(|(_, items)| items);
        quote!(#(#children)* #items)
    }

    /// The modules of vendors, as declarations in the crate's root.
    pub(crate) fn vendors(&self) -> TokenStream {
        // `cargo fmt` formats otherwise than the generator and must not follow these.
        let names = self.children.keys().map(|name| name::ident(name));
        quote!(#(#[rustfmt::skip] pub mod #names;)*)
    }

    fn doc(&self) -> Vec<String> {
        match &self.model {
            Some((source, _)) => emit::module_doc(&source.model),
            None => vec![format!("Models of {}.", doc::code(&self.id))],
        }
    }

    /// `ALL` and `find`.
    pub(crate) fn registry(&self, support: &Path) -> TokenStream {
        let mut all = Vec::new();
        self.paths(&quote!(self), &mut all);
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        let paths = all.into_iter().map(|(_, path)| path);
        quote! {
            /// The schemas of all models, in the order of their ids.
            pub static ALL: &[&#support::ModelSchema] = &[#(&#paths::SCHEMA),*];

            /// The schema of the model with this id, for callers that only have JSON.
            #[must_use]
            pub fn find(id: &str) -> Option<&'static #support::ModelSchema> {
                let place = ALL.binary_search_by(|model| (*model.id).cmp(id)).ok()?;
                Some(ALL[place])
            }
        }
    }

    fn paths(&self, path: &TokenStream, all: &mut Vec<(String, TokenStream)>) {
        if self.model.is_some() {
            all.push((self.id.clone(), path.clone()));
        }
        for (name, child) in &self.children {
            let name = name::ident(name);
            child.paths(&quote!(#path::#name), all);
        }
    }
}
