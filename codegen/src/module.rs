//! The tree of modules that model ids span.

use std::collections::{BTreeMap, HashSet};

use proc_macro2::TokenStream;
use quote::quote;
use runcomfy_schema::naming::ModuleNames;
use syn::Path;

use crate::diagnostic::escape_invisible;
use crate::emit::{self, Code, ExampleHome, Home};
use crate::source::Source;
use crate::{doc, feature, name, parallel, print};

/// Allows what schemas alone decide, so that no model breaks a build that denies warnings: how many
/// properties and which names, spelt-out ones
/// among them. One attribute for each vendor, since every one costs compile time.
fn allow() -> TokenStream {
    quote! {
        #[allow(
            clippy::doc_markdown,
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
            clippy::unreadable_literal,
            clippy::upper_case_acronyms,
            clippy::wrong_self_convention,
            bindings_with_variant_name,
            non_camel_case_types,
            non_snake_case,
        )]
    }
}

/// A module: perhaps a model itself, perhaps with modules below it.
#[derive(Default)]
pub(crate) struct Module<'a> {
    /// The id or the part of one that leads here.
    id: String,
    /// Its schema file, and the code made of it.
    model: Option<(&'a Source, Code)>,
    children: BTreeMap<String, Module<'a>>,
}

/// A file of a module: its code, or the JSON of its schema.
pub(crate) struct ModuleFile {
    /// Its path below the output folder.
    pub(crate) path: String,
    /// The schema file that it was made from, if it is a model's.
    pub(crate) from: Option<String>,
    pub(crate) text: String,
}

/// Settings that all modules of a crate share.
pub(crate) struct Context<'c> {
    /// Path of the crate that generated code depends on, as it is written in source code.
    pub(crate) support: &'c str,
    /// Crate in which programs find the modules.
    pub(crate) home: ExampleHome,
    /// `true` if features choose among the modules.
    pub(crate) gated: bool,
    /// Names of the modules.
    pub(crate) names: &'c ModuleNames,
    /// Folder of the schema files, without what leads to it: that differs between machines.
    pub(crate) folder: &'c str,
}

impl Context<'_> {
    /// Returns the path of a model's schema file, from the folder of the schema files on.
    fn origin(&self, id: &str) -> String {
        let slash = if self.folder.is_empty() { "" } else { "/" };
        escape_invisible(&format!("{}{slash}{id}.json", self.folder))
    }

    /// Returns the identifiers of the modules that lead to a model.
    fn path(&self, id: &str) -> Vec<String> {
        let names = self.names.path(id).into_iter();
        names.map(|n| name::ident(&n).to_string()).collect()
    }
}

impl<'a> Module<'a> {
    /// Files a model under its id, whose modules are no others'.
    pub(crate) fn insert(&mut self, source: &'a Source, code: Code, names: &ModuleNames) {
        let mut module = self;
        let mut id = String::new();
        for segment in source.model.id.split('/') {
            if !id.is_empty() {
                id.push('/');
            }
            id.push_str(segment);
            module = module.children.entry(names.name(&id)).or_default();
            module.id.clone_from(&id);
        }
        module.model = Some((source, code));
    }

    /// Returns the files of all modules, which are printed on all processors.
    pub(crate) fn files(&self, context: &Context<'_>) -> Result<Vec<ModuleFile>, syn::Error> {
        let mut modules = Vec::new();
        self.collect_below("", &mut modules);
        let files = parallel::map(&modules, |(path, module)| module.own_files(path, context));
        let files: Result<Vec<_>, _> = files.into_iter().collect();
        Ok(files?.into_iter().flatten().collect())
    }

    /// Collects the modules below this one, each with its path.
    fn collect_below<'m>(&'m self, path: &str, modules: &mut Vec<(String, &'m Self)>) {
        for (name, child) in &self.children {
            let path = format!("{path}{name}");
            child.collect_below(&format!("{path}/"), modules);
            modules.push((path, child));
        }
    }

    /// Returns every feature, in the order of the modules: for each vendor its own, then its families'.
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

    /// Returns the file of the module and, of a model, that of its schema.
    fn own_files(&self, path: &str, context: &Context<'_>) -> Result<Vec<ModuleFile>, syn::Error> {
        let mut files = Vec::new();
        let docs = doc::inner(&self.doc(context));
        let gated_here = context.gated && !path.contains('/');
        let children = self.children.keys().map(|name| {
            let gate = gated_here
                .then(|| feature::gate([feature::vendor(path), feature::family(path, name)]));
            let name = name::ident(name);
            quote!(#gate pub mod #name;)
        });
        let mut parts = vec![print::tokens(quote!(#docs #(#children)*))?];
        let from = self
            .model
            .as_ref()
            .map(|(source, _)| context.origin(&source.model.id));
        if let Some((_, code)) = &self.model {
            let file_name = path.rsplit('/').next().unwrap_or(path);
            let home = format!("{file_name}.json");
            let schema = emit::schema_item(Home::File(&home), context.support);
            parts.extend([code.items.clone(), schema]);
            files.push(ModuleFile {
                path: format!("{path}.json"),
                from: from.clone(),
                text: code.json.clone(),
            });
        }
        files.push(ModuleFile {
            path: format!("{path}.rs"),
            from,
            text: print::paragraphs(parts),
        });
        Ok(files)
    }

    /// Returns the same modules inside one file.
    pub(crate) fn inline(&self, context: &Context<'_>) -> Result<String, syn::Error> {
        self.inline_with(&allow(), context)
    }

    fn inline_with(
        &self,
        allow: &TokenStream,
        context: &Context<'_>,
    ) -> Result<String, syn::Error> {
        let mut parts = Vec::new();
        for (name, child) in &self.children {
            let (name, docs) = (name::ident(name), doc::outer(&child.doc(context)));
            parts.push(print::module(
                quote!(#docs #allow pub mod #name {}),
                &child.inline_with(&TokenStream::new(), context)?,
            )?);
        }
        if let Some((_, code)) = &self.model {
            let home = Home::Inline(code.json.trim_end());
            let schema = emit::schema_item(home, context.support);
            parts.extend([code.items.clone(), schema]);
        }
        Ok(print::paragraphs(parts))
    }

    /// Returns the modules of vendors, as declarations in the crate's root.
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

    /// Returns the doc comment of a crate of these modules, for people who see it for the first time.
    pub(crate) fn crate_doc(&self, context: &Context<'_>) -> Vec<String> {
        let mut lines = vec![
            "Typed inputs, enums and schemas of RunComfy's models, generated from their schemas."
                .to_owned(),
            String::new(),
        ];
        let mut paragraph = |text: &str, indent: &str| {
            lines.extend(doc::wrap(text, doc::MODULE_WIDTH, indent));
        };
        // Of the models only an id, so that a change of a schema does not reach this file.
        if let Some(id) = self.first_id() {
            let path = context.path(id);
            let example = format!(
                "Each segment of a model's id is a module: the model {} is the module `{}`. A model's module has",
                doc::code(id),
                path.join("::")
            );
            paragraph(&example, "");
        }
        for item in [
            "",
            "- `Input`, which the model takes. `Input::new` takes the required property or, where there are several, a `Required` that names each; every other property has a setter. `validate` checks an input against the schema and returns all violations at once; the client does so before each submit.",
            "- an enum for each property with a fixed set of texts, which are in its `ALL`. Numbers have a constant, such as `Input::SCALE`.",
            "- `ID`, the model's id, and `SCHEMA`, its schema as data.",
            "- an example at its head.",
            "",
            "Programs that have only JSON find the schemas in [`ALL`] and with [`find`].",
        ] {
            paragraph(item, "  ");
        }
        if context.gated {
            lines.extend([String::new(), "# Features".to_owned(), String::new()]);
            let features = "The feature `all` is on by default and compiles every model. Turn the default features off to compile only some models: there is a feature for each vendor and, named after the first two segments of the ids, for each family of models.";
            lines.extend(doc::wrap(features, doc::MODULE_WIDTH, ""));
        }
        lines
    }

    fn first_id(&self) -> Option<&str> {
        let below = || self.children.values().find_map(Module::first_id);
        self.model.as_ref().map_or_else(below, |_| Some(&self.id))
    }

    fn doc(&self, context: &Context<'_>) -> Vec<String> {
        match &self.model {
            Some((source, code)) => {
                let path = context.path(&source.model.id);
                emit::module_doc(&source.model, code.example.as_ref(), &context.home, &path)
            }
            None => vec![format!("Models of {}.", doc::code(&self.id))],
        }
    }

    /// Returns `ALL` and `find`; with features, for those models that are compiled.
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
            /// Schemas of all models, in the order of their ids.
            #skip
            pub static ALL: &[&#support::schema::SchemaText] = &[#(#all),*];

            /// Returns the schema of the model with this id, for callers that have only JSON.
            #[must_use]
            pub fn find(id: &str) -> Option<&'static #support::schema::ModelSchema> {
                let index = ALL.binary_search_by(|model| model.id().cmp(id)).ok()?;
                Some(ALL[index])
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
