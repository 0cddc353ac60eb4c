//! The generator's front door.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use quote::quote;
use runcomfy_schema::{ModelSchema, Severity};

use crate::files::MARK;
use crate::module::{Module, ModuleFile};
use crate::source::{self, Source};
use crate::{Diagnostic, Error, Generated, collision, doc, emit, feature, parallel, print};

/// Where schemas are read from, where the code goes, and how it is laid out.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    schemas: PathBuf,
    out_dir: Option<PathBuf>,
    support: String,
    layout: Layout,
    models: Vec<String>,
    manifest: Option<PathBuf>,
}

/// How the generated code is spread over files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// `models.rs` with nested modules, for `OUT_DIR` and `runcomfy::include_models!()`.
    OneFile,
    /// `lib.rs` and a file for each module, for a crate that is committed and reviewed.
    Tree,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// Reads `schemas/`, writes one file to `OUT_DIR`, for code that depends on `runcomfy`.
    pub fn new() -> Self {
        Self {
            schemas: "schemas".into(),
            out_dir: None,
            support: "::runcomfy".into(),
            layout: Layout::OneFile,
            models: Vec::new(),
            manifest: None,
        }
    }

    /// The folder with the schema files; the path of a file below it is the model's id.
    pub fn schemas(mut self, folder: impl Into<PathBuf>) -> Self {
        self.schemas = folder.into();
        self
    }

    /// The folder for the generated files, instead of the environment's `OUT_DIR`.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// The Rust path of the crate that generated code leans on, where it is not `::runcomfy`.
    pub fn support(mut self, path: impl Into<String>) -> Self {
        self.support = path.into();
        self
    }

    /// Only models whose ids fit the pattern; may be called again for more. `*` stands for any part
    /// of a segment, `**` for anything, `?` for one character: `bytedance/**`, `*/*/edit`. Without
    /// it, all.
    pub fn models(mut self, pattern: impl Into<String>) -> Self {
        self.models.push(pattern.into());
        self
    }

    /// The manifest whose features choose among the models of a [`Layout::Tree`]: `all`, and one
    /// for each vendor and family. They go between two marked lines, which it must have.
    pub fn manifest(mut self, path: impl Into<PathBuf>) -> Self {
        self.manifest = Some(path.into());
        self
    }

    /// One file or a tree of them.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Only reads the schemas, in the order of their ids.
    ///
    /// # Errors
    /// When the folder cannot be read, or a schema file is faulty: names that collide count, too,
    /// so that what can be read can be generated.
    pub fn read(&self) -> Result<Vec<ModelSchema>, Error> {
        let (sources, _) = source::read_all(&self.schemas, &self.models)?.checked()?;
        Ok(source::models(sources))
    }

    /// As [`read`](Self::read), without the models that are faulty, and with the errors of these:
    /// for a state that is there only to be compared with.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn read_sound(&self) -> Result<(Vec<ModelSchema>, Vec<Diagnostic>), Error> {
        let (sources, errors) = source::read_all(&self.schemas, &self.models)?.sound();
        Ok((source::models(sources), errors))
    }

    /// Makes everything in memory; nothing is written yet.
    ///
    /// # Errors
    /// When what was asked for cannot be ([`Error::is_usage`]), the folder cannot be read, or a
    /// schema file is faulty: then with everything that is wrong in all of them.
    pub fn generate(&self) -> Result<Generated, Error> {
        let support = self.support_path()?;
        let (sources, warnings) = source::read_all(&self.schemas, &self.models)?.checked()?;
        let root = assemble(&sources, &self.support)?;
        let manifest = match &self.manifest {
            Some(path) => Some((
                path.clone(),
                feature::manifest(path, &read_text(path)?, &root.features())?,
            )),
            None => None,
        };
        let files = match self.layout {
            Layout::OneFile => one_file(&root, &support),
            Layout::Tree => tree(root, &support, self.manifest.is_some()),
        }
        .map_err(|e| Error::internal("modules", &e))?;
        let out_dir = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => env::var_os("OUT_DIR")
                .map(PathBuf::from)
                .ok_or_else(no_out_dir)?,
        };
        Ok(Generated {
            out_dir,
            files,
            manifest,
            owns_folder: self.layout == Layout::Tree,
            warnings,
        })
    }

    /// Everything that a `build.rs` has to do: generates, writes what differs, shows findings
    /// through cargo, and has cargo run it again when a schema changes. Faulty schemas fail the
    /// build.
    pub fn build_script(&self) {
        println!("cargo::rerun-if-changed={}", self.schemas.display());
        let write = |generated: Generated| generated.write().map(|changes| (generated, changes));
        match self.generate().and_then(write) {
            Ok((generated, changes)) => {
                // In a tree the warnings belong to the change that brings the schema in; cargo
                // would repeat them at every build for as long as the schema stands.
                let repeats = self.layout == Layout::Tree && changes.is_empty();
                for warning in generated.warnings().iter().filter(|_| !repeats) {
                    println!("cargo::warning={}", warning.headline());
                }
            }
            Err(error) => fail(&error),
        }
    }

    /// As [`build_script`](Self::build_script), for a crate whose generated code is committed:
    /// where `CI` is set or `RUNCOMFY_CODEGEN=check`, nothing is written and code that is out of
    /// step fails the build; `RUNCOMFY_CODEGEN=write` writes even in CI.
    pub fn build_script_in_tree(&self) {
        println!("cargo::rerun-if-env-changed=CI");
        println!("cargo::rerun-if-env-changed=RUNCOMFY_CODEGEN");
        let check = match env::var("RUNCOMFY_CODEGEN").as_deref() {
            Ok("check") => true,
            Ok("write") => false,
            _ => env::var("CI").is_ok_and(|ci| !ci.is_empty() && ci != "false" && ci != "0"),
        };
        if !check {
            return self.build_script();
        }
        println!("cargo::rerun-if-changed={}", self.schemas.display());
        match self.generate().and_then(|generated| generated.check()) {
            Ok(changes) if changes.is_empty() => {}
            Ok(changes) => fail_build(&format!(
                "the generated bindings are out of step with {}:\n{changes}\nrun `RUNCOMFY_CODEGEN=write cargo build` and commit the result",
                self.schemas.display()
            )),
            Err(error) => fail(&error),
        }
    }

    fn support_path(&self) -> Result<syn::Path, Error> {
        syn::parse_str(&self.support).map_err(|e| Error::support(&self.support, &e))
    }
}

/// Fails the build: errors whole, warnings as the one line that cargo shows well.
fn fail(error: &Error) {
    let (errors, warnings): (Vec<_>, Vec<_>) = error
        .diagnostics()
        .iter()
        .partition(|d| d.severity == Severity::Error);
    for warning in warnings {
        println!("cargo::warning={}", warning.headline());
    }
    for diagnostic in errors {
        fail_build(&format!("{diagnostic}\n\n"));
    }
    fail_build(&error.summary());
}

/// One `cargo::error` a line keeps carets under what they point at.
fn fail_build(message: &str) {
    for line in message.lines() {
        println!("cargo::error={line}");
    }
}

fn no_out_dir() -> Error {
    let missing = std::io::Error::other(
        "the variable is not set; set it by running from a build.rs, or name a folder",
    );
    Error::io("find", Path::new("OUT_DIR"), missing)
}

fn assemble<'a>(sources: &'a [Source], support: &str) -> Result<Module<'a>, Error> {
    let made = parallel::map(sources, |source| {
        // Tokens stay on the thread that made them, and the path is made of them.
        let support = syn::parse_str(support)?;
        Ok(emit::model(&source.model, &support))
    });
    let mut root = Module::default();
    let mut faults = Vec::new();
    for (source, made) in sources.iter().zip(made) {
        match made.map_err(|e: syn::Error| Error::internal(&source.path, &e))? {
            Ok(text) => root.insert(source, text),
            Err(fault) => faults.push(collision::shown(source, &fault)),
        }
    }
    if faults.is_empty() {
        return Ok(root);
    }
    Diagnostic::sort(&mut faults);
    Err(Error::schemas(faults))
}

fn one_file(
    root: &Module<'_>,
    support: &syn::Path,
) -> Result<BTreeMap<String, String>, syn::Error> {
    let registry = print::tokens(root.registry(support, false))?;
    let text = print::paragraphs(vec![root.inline()?, registry]);
    Ok(BTreeMap::from([(
        "models.rs".to_owned(),
        marked(None, &text),
    )]))
}

fn read_text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))
}

fn tree(
    root: Module<'_>,
    support: &syn::Path,
    gated: bool,
) -> Result<BTreeMap<String, String>, syn::Error> {
    let mut files = BTreeMap::new();
    let docs = doc::inner(&[
        "Typed inputs, enums and schemas for RunComfy's models, made from their schemas."
            .to_owned(),
        String::new(),
        "One module per segment of a model's id; in it `Input` is what the model takes.".to_owned(),
        "[`ALL`] and [`find`] give the schemas to callers that only have JSON.".to_owned(),
    ]);
    let (vendors, registry) = (root.vendors(gated), root.registry(support, gated));
    // A vendor that comes with this very build has a feature that cargo, which has read the manifest
    // before, does not know yet.
    let allow = gated.then(|| quote!(#![allow(unexpected_cfgs)]));
    let lib = print::tokens(quote!(#docs #allow #vendors #registry))?;
    files.insert("lib.rs".to_owned(), marked(None, &lib));
    for ModuleFile { path, from, text } in root.files(gated)? {
        files.insert(path, marked(from, &text));
    }
    Ok(files)
}

/// The text below the line that says where it comes from.
fn marked(from: Option<&str>, text: &str) -> String {
    let from = from.map(|path| format!(" from {path}")).unwrap_or_default();
    format!("{MARK}{from}; do not edit.\n\n{text}")
}
