//! The tree of modules that model ids span.

use std::collections::{BTreeMap, HashSet};

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use crate::emit;
use crate::source::Source;
use crate::{doc, feature, name, print};

/// What schemas alone decide, so that no model breaks a build that denies warnings: how many
/// properties and which names. One attribute for each vendor, since every one costs compile time.
fn allow() -> TokenStream {
    quote! {
        #[allow(
            clippy::enum_variant_names,
            clippy::fn_params_excessive_bools,
            clippy::iter_not_returning_iterator,
            clippy::many_single_char_names,
            clippy::module_inception,
            clippy::self_named_constructors,
            clippy::should_implement_trait,
            clippy::similar_names,
            clippy::struct_excessive_bools,
            clippy::struct_field_names,
            clippy::too_many_arguments,
            clippy::too_many_lines,
            clippy::upper_case_acronyms,
            clippy::wrong_self_convention,
        )]
    }
}

/// A module: perhaps a model itself, perhaps with modules below it.
#[derive(Default)]
pub(crate) struct Module<'a> {
    /// The id or the part of one that leads here.
    id: String,
    /// Its schema file, and the text made of it.
    model: Option<(&'a Source, String)>,
    children: BTreeMap<String, Module<'a>>,
}

/// A module's file.
pub(crate) struct ModuleFile<'a> {
    /// Its path below the output folder.
    pub(crate) path: String,
    /// The schema file that it was made from, if it is a model's.
    pub(crate) from: Option<&'a str>,
    pub(crate) text: String,
}

impl<'a> Module<'a> {
    /// Files a model under its id, whose modules are no others'.
    pub(crate) fn insert(&mut self, source: &'a Source, text: String) {
        let mut module = self;
        let mut id = String::new();
        for segment in source.model.id.split('/') {
            if !id.is_empty() {
                id.push('/');
            }
            id.push_str(segment);
            module = module.children.entry(name::module(segment)).or_default();
            module.id.clone_from(&id);
        }
        module.model = Some((source, text));
    }

    /// Every module as a file of its own.
    pub(crate) fn files(mut self, gated: bool) -> Result<Vec<ModuleFile<'a>>, syn::Error> {
        let mut files = Vec::new();
        for (name, child) in &mut self.children {
            child.collect(name, gated, &mut files)?;
        }
        Ok(files)
    }

    /// Every feature, in the order of the modules: for each vendor its own, then its families'.
    pub(crate) fn features(&self) -> Vec<String> {
        let mut features = Vec::new();
        for (vendor, module) in &self.children {
            features.push(feature::vendor(vendor));
            features.extend(module.families(vendor));
        }
        // A family may have the name of a vendor.
        let mut seen = HashSet::new();
        features.retain(|feature| seen.insert(feature.clone()));
        features
    }

    fn families(&self, vendor: &str) -> impl Iterator<Item = String> {
        self.children
            .keys()
            .map(move |family| feature::family(vendor, family))
    }

    fn collect(
        &mut self,
        path: &str,
        gated: bool,
        files: &mut Vec<ModuleFile<'a>>,
    ) -> Result<(), syn::Error> {
        let docs = doc::inner(&self.doc());
        let gated_here = gated && !path.contains('/');
        let children = self.children.keys().map(|name| {
            let gate = gated_here
                .then(|| feature::gate([feature::vendor(path), feature::family(path, name)]));
            let name = name::ident(name);
            quote!(#gate pub mod #name;)
        });
        let head = print::tokens(quote!(#docs #(#children)*))?;
        let (from, text) = match self.model.take() {
            Some((source, text)) => (Some(source.path.as_str()), text),
            None => (None, String::new()),
        };
        files.push(ModuleFile {
            path: format!("{path}.rs"),
            from,
            text: print::paragraphs(vec![head, text]),
        });
        for (name, child) in &mut self.children {
            child.collect(&format!("{path}/{name}"), gated, files)?;
        }
        Ok(())
    }

    /// The same modules inside one file.
    pub(crate) fn inline(&self) -> Result<String, syn::Error> {
        self.inline_with(&allow())
    }

    fn inline_with(&self, allow: &TokenStream) -> Result<String, syn::Error> {
        let mut parts = Vec::new();
        for (name, child) in &self.children {
            let (name, docs) = (name::ident(name), doc::outer(&child.doc()));
            parts.push(print::module(
                quote!(#docs #allow pub mod #name {}),
                &child.inline_with(&TokenStream::new())?,
            )?);
        }
        parts.extend(self.model.as_ref().map(|(_, text)| text.clone()));
        Ok(print::paragraphs(parts))
    }

    /// The modules of vendors, as declarations in the crate's root.
    pub(crate) fn vendors(&self, gated: bool) -> TokenStream {
        // `cargo fmt` formats otherwise than the generator and must not follow these.
        let vendors = self.children.iter().map(|(name, module)| {
            let gate = gated.then(|| {
                feature::gate(
                    [feature::vendor(name)]
                        .into_iter()
                        .chain(module.families(name)),
                )
            });
            let (allow, name) = (allow(), name::ident(name));
            quote!(#gate #allow #[rustfmt::skip] pub mod #name;)
        });
        quote!(#(#vendors)*)
    }

    fn doc(&self) -> Vec<String> {
        match &self.model {
            Some((source, _)) => emit::module_doc(&source.model),
            None => vec![format!("Models of {}.", doc::code(&self.id))],
        }
    }

    /// `ALL` and `find`; with features, of those models that are compiled.
    pub(crate) fn registry(&self, support: &Path, gated: bool) -> TokenStream {
        let mut all = Vec::new();
        for (vendor, module) in &self.children {
            let name = name::ident(vendor);
            for (family, module) in &module.children {
                let gate = gated.then(|| {
                    feature::gate([feature::vendor(vendor), feature::family(vendor, family)])
                });
                let family = name::ident(family);
                module.paths(
                    &quote!(self::#name::#family),
                    &gate.unwrap_or_default(),
                    &mut all,
                );
            }
        }
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        let all = all.into_iter().map(|(_, entry)| entry);
        // `cargo fmt` breaks the gates' lines elsewhere than the generator.
        let skip = gated.then(|| quote!(#[rustfmt::skip]));
        quote! {
            /// The schemas of all models, in the order of their ids.
            #skip
            pub static ALL: &[&#support::schema::SchemaText] = &[#(#all),*];

            /// The schema of the model with this id, for callers that only have JSON.
            #[must_use]
            pub fn find(id: &str) -> Option<&'static #support::schema::ModelSchema> {
                let place = ALL.binary_search_by(|model| model.id().cmp(id)).ok()?;
                Some(ALL[place])
            }
        }
    }

    fn paths(&self, path: &TokenStream, gate: &TokenStream, all: &mut Vec<(String, TokenStream)>) {
        if self.model.is_some() {
            all.push((self.id.clone(), quote!(#gate &#path::SCHEMA)));
        }
        for (name, child) in &self.children {
            let name = name::ident(name);
            child.paths(&quote!(#path::#name), gate, all);
        }
    }
}
