//! The builder that a `build.rs` or a program calls.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use quote::quote;
use runcomfy_schema::naming::ModuleNames;
use runcomfy_schema::{ModelSchema, Severity};

use crate::emit::ExampleHome;
use crate::module::{Context, Module, ModuleFile};
use crate::options::{self, Options, Target};
use crate::settings::Settings;
use crate::source::{self, Source};
use crate::{
    Diagnostic, Error, Generated, collision, doc, emit, feature, mark, parallel, print, reported,
};

/// Configures the generator: where schemas are, where the code goes and how it is laid out.
///
/// In a `build.rs`, with the schemas in `schemas/` and the code in `OUT_DIR`:
///
/// ```no_run
/// fn main() {
///     runcomfy_codegen::Builder::new().build_script();
/// }
/// ```
///
/// In a `build.rs` of a crate whose code is committed and reviewed:
///
/// ```no_run
/// use runcomfy_codegen::{Builder, Layout};
///
/// fn main() {
///     Builder::new()
///         .schemas("schemas")
///         .out_dir("src/models")
///         .layout(Layout::Tree)
///         .build_script_in_tree();
/// }
/// ```
///
/// In a program:
///
/// ```no_run
/// # fn main() -> Result<(), runcomfy_codegen::Error> {
/// let generated = runcomfy_codegen::Builder::new().out_dir("src").generate()?;
/// println!("{}", generated.write()?);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    schemas: PathBuf,
    out_dir: Option<PathBuf>,
    support: String,
    layout: Layout,
    manifest: Option<PathBuf>,
    settings: Option<PathBuf>,
    options: Options,
}

/// Layout of the generated code in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// One file `models.rs` with nested modules, for `OUT_DIR` and `runcomfy::include_models!()`.
    #[default]
    OneFile,
    /// A file `lib.rs` and one for each module, for a crate that is committed and reviewed. The
    /// output folder belongs to the generator: stale files of its own are removed.
    Tree,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// Starts with the defaults: reads `schemas/`, writes one file to `OUT_DIR`, for code that depends
    /// on `runcomfy`.
    pub fn new() -> Self {
        Self {
            schemas: "schemas".into(),
            out_dir: None,
            support: "::runcomfy".into(),
            layout: Layout::OneFile,
            manifest: None,
            settings: None,
            options: Options::default(),
        }
    }

    /// Sets the folder of the schema files. Default: `schemas`, below the working directory, which
    /// in a `build.rs` is the package's folder.
    ///
    /// The path of a file below it is the model's id: `schemas/acme/stamp/edit.json` is the model
    /// `acme/stamp/edit`. Files that do not end in `.json` and hidden ones are not read.
    pub fn schemas(mut self, folder: impl Into<PathBuf>) -> Self {
        self.schemas = folder.into();
        self
    }

    /// Sets the folder of the generated files. Default: the environment's `OUT_DIR`, which cargo sets
    /// for a `build.rs`.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Sets the Rust path of the crate that generated code uses. Default: `::runcomfy`.
    ///
    /// A crate that re-exports `runcomfy` names it here, such as `::acme::runcomfy`. A path that is
    /// not Rust makes [`generate`](Self::generate) fail.
    pub fn support(mut self, path: impl Into<String>) -> Self {
        self.support = path.into();
        self
    }

    /// Adds a pattern: only models whose ids match one of the patterns are read. Default: all models.
    ///
    /// `*` matches any part of a segment, `**` anything, `?` one character. A pattern that matches no
    /// model makes [`generate`](Self::generate) and [`read`](Self::read) fail.
    ///
    /// ```
    /// let builder = runcomfy_codegen::Builder::new()
    ///     .models("bytedance/**")
    ///     .models("*/*/edit");
    /// ```
    pub fn models(mut self, pattern: impl Into<String>) -> Self {
        self.options.models.push(pattern.into());
        self
    }

    /// Adds a pattern: models whose ids match it are not read. Default: none.
    ///
    /// A pattern that matches no model makes [`generate`](Self::generate) and [`read`](Self::read)
    /// fail.
    pub fn exclude(mut self, pattern: impl Into<String>) -> Self {
        self.options.exclude.push(pattern.into());
        self
    }

    /// Names the module of a model or of a part of an id, the field of a property, or the variant of a
    /// member of an enum.
    ///
    /// A property is written as a pattern of models, `#`, and the JSON pointer to its value, with `*`
    /// for the elements of an array; a member of its enum with `=` and the exact value after it. What is
    /// sent is always the exact JSON name or value. A target that is nowhere makes [`generate`](Self::generate) fail.
    ///
    /// ```
    /// let builder = runcomfy_codegen::Builder::new()
    ///     .rename("acme/stamp-2.5", "stamp")
    ///     .rename("acme/**#/promptImage", "image")
    ///     .rename("acme/**#/loras/*/path", "file")
    ///     .rename("acme/**#/mode=C#", "CSharp");
    /// ```
    pub fn rename(mut self, target: impl Into<String>, name: impl Into<String>) -> Self {
        let rename = (Target::new(target), name.into());
        self.options.rename.push(rename);
        self
    }

    /// Gives a property a type of your own, in place of the generated one.
    ///
    /// The type implements `runcomfy::schema::Field` and `Clone`. The property is written as for
    /// [`rename`](Self::rename); a target that is nowhere makes [`generate`](Self::generate) fail.
    ///
    /// ```
    /// let builder = runcomfy_codegen::Builder::new().replace("acme/**#/seed", "crate::Seed");
    /// ```
    pub fn replace(mut self, target: impl Into<String>, rust_type: impl Into<String>) -> Self {
        let replace = (Target::new(target), rust_type.into());
        self.options.replace.push(replace);
        self
    }

    /// Derives a trait for generated types: a pattern of models, `#`, and a pattern of type names.
    ///
    /// ```
    /// let builder = runcomfy_codegen::Builder::new().derive("acme/**#Input", "acme_macros::Form");
    /// ```
    pub fn derive(self, types: impl Into<String>, path: impl AsRef<str>) -> Self {
        self.attribute(types, options::derive(path.as_ref()))
    }

    /// Adds an attribute, without `#[` and `]`, to generated types, which are written as for
    /// [`derive`](Self::derive).
    ///
    /// ```
    /// let builder = runcomfy_codegen::Builder::new().attribute("acme/**#*", "allow(dead_code)");
    /// ```
    pub fn attribute(mut self, types: impl Into<String>, attribute: impl Into<String>) -> Self {
        let attribute = (Target::new(types), attribute.into());
        self.options.attributes.push(attribute);
        self
    }

    /// Sets a text that every generated Rust file has as a comment below its first line. Default:
    /// none.
    pub fn header(mut self, text: impl Into<String>) -> Self {
        self.options.header = text.into();
        self
    }

    /// Leaves out the warnings with a code, such as `RC0031`, about the models that match a pattern.
    pub fn allow(mut self, code: impl Into<String>, models: impl Into<String>) -> Self {
        self.options.allow.push((code.into(), models.into()));
        self
    }

    /// Makes every warning that is not [allowed](Self::allow) an error.
    pub fn deny_warnings(mut self) -> Self {
        self.options.deny_warnings = true;
        self
    }

    /// Puts `#[deprecated]` on the setters of properties that the service has deprecated. Default: only
    /// their documentation says so, which breaks no build that denies warnings.
    pub fn deprecated_attribute(mut self) -> Self {
        self.options.deprecated_attribute = true;
        self
    }

    /// Sets the file of settings. Default: `runcomfy-codegen.toml` in the working directory, which in
    /// a `build.rs` is the package's folder, if it exists.
    ///
    /// The file has the settings of this builder that shape the code; the builder's calls decide
    /// where both set the same.
    pub fn settings(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings = Some(file.into());
        self
    }

    /// Sets the `Cargo.toml` whose features choose among the models of a [`Layout::Tree`]. Default:
    /// none, and every model is compiled.
    ///
    /// The features are `all`, which is the default feature, and one for each vendor and family of
    /// models. They are written between two marked lines of the manifest; where it lacks them, the
    /// error prints them.
    pub fn manifest(mut self, path: impl Into<PathBuf>) -> Self {
        self.manifest = Some(path.into());
        self
    }

    /// Sets the layout of the code in files. Default: [`Layout::OneFile`].
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Reads the schemas and generates nothing. Returns the models in the order of their ids.
    ///
    /// # Errors
    /// - The folder or a file in it cannot be read: check [`schemas`](Self::schemas).
    /// - A pattern matches no model ([`Error::is_usage`]): check [`models`](Self::models).
    /// - A schema is invalid, or two names become the same identifier, so that it could not be
    ///   generated ([`Error::diagnostics`]): fix the files.
    pub fn read(&self) -> Result<Vec<ModelSchema>, Error> {
        let settings = self.read_settings()?;
        let (sources, _) = source::read_all(&self.schemas, &settings)?.checked_by(&settings)?;
        Ok(source::models(sources))
    }

    /// Generates all code in memory, and writes nothing.
    ///
    /// # Errors
    /// - A setting is wrong ([`Error::is_usage`]): a pattern matches no model, the manifest lacks the
    ///   lines for the features, or the support path is not Rust.
    /// - The folder of schemas, a file in it or the manifest cannot be read; or no output folder is
    ///   set, by [`out_dir`](Self::out_dir) or by the environment.
    /// - A schema is invalid, or names collide ([`Error::diagnostics`]): the error has every
    ///   diagnostic of every file.
    pub fn generate(&self) -> Result<Generated, Error> {
        let support = self.support_path()?;
        let settings = self.read_settings()?;
        let (sources, warnings) =
            source::read_all(&self.schemas, &settings)?.checked_by(&settings)?;
        let options = settings.options;
        options.check_targets(&source::models(sources.clone()))?;
        let names = collision::module_names(&sources, &options);
        let root = assemble(&sources, &names, &self.support, &options)?;
        let manifest = match &self.manifest {
            Some(path) => Some((
                path.clone(),
                feature::manifest(path, &read_text(path)?, &root.features())?,
            )),
            None => None,
        };
        let package = manifest
            .as_ref()
            .and_then(|(_, text)| feature::package(text));
        let context = Context {
            support: &emit::path_text(&support),
            home: package.map_or(ExampleHome::Module, ExampleHome::Crate),
            gated: self.layout == Layout::Tree && manifest.is_some(),
            names: &names,
            folder: &self.folder_name(),
        };
        let files = match self.layout {
            Layout::OneFile => one_file(&root, &support, &context, &options.header_lines()),
            Layout::Tree => tree(&root, &support, &context, &options.header_lines()),
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
            model_count: sources.len(),
            files,
            manifest,
            owns_folder: self.layout == Layout::Tree,
            warnings,
        })
    }

    /// Does all that a `build.rs` has to do: generates the code, writes the files that differ, and has
    /// cargo run the script again when a schema changes.
    ///
    /// Diagnostics and errors are printed for cargo, which shows them. An invalid schema, or a file that
    /// cannot be read or written, fails the build and leaves the output as it was.
    ///
    /// ```no_run
    /// // build.rs
    /// fn main() {
    ///     runcomfy_codegen::Builder::new().models("acme/**").build_script();
    /// }
    /// ```
    pub fn build_script(&self) {
        self.watch();
        let write = |generated: Generated| generated.write().map(|changes| (generated, changes));
        match self.generate().and_then(write) {
            Ok((generated, changes)) => {
                // In a tree the warnings belong to the change that adds the schema; cargo would
                // repeat them at every build for as long as the schema is there.
                let repeats = self.layout == Layout::Tree && changes.is_empty();
                if !repeats {
                    let out_dir = env::var_os("OUT_DIR").map(PathBuf::from);
                    reported::show(generated.warnings(), out_dir.as_deref());
                }
            }
            Err(error) => fail(&error),
        }
    }

    /// Does what [`build_script`](Self::build_script) does, for a crate whose generated code is
    /// committed; in CI it only compares.
    ///
    /// Where the environment has `RUNCOMFY_CODEGEN=check`, or `CI` is set and neither empty nor `false`
    /// nor `0`, nothing is written, and code that is out of date with the schemas fails the build with
    /// the list of files. `RUNCOMFY_CODEGEN=write` writes in CI, too.
    ///
    /// ```no_run
    /// // build.rs
    /// use runcomfy_codegen::{Builder, Layout};
    ///
    /// fn main() {
    ///     Builder::new()
    ///         .out_dir("generated/src")
    ///         .layout(Layout::Tree)
    ///         .manifest("generated/Cargo.toml")
    ///         .build_script_in_tree();
    /// }
    /// ```
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
        self.watch();
        match self.generate().and_then(|generated| generated.check()) {
            Ok(changes) if changes.is_empty() => {}
            Ok(changes) => fail_build(&format!(
                "the generated bindings are out of date with {}:\n{changes}\nrun `RUNCOMFY_CODEGEN=write cargo build` and commit the result",
                self.schemas.display()
            )),
            Err(error) => fail(&error),
        }
    }

    /// Has cargo run the script again when a schema or a setting changes.
    fn watch(&self) {
        println!("cargo::rerun-if-changed={}", self.schemas.display());
        if let Some(file) = self.settings_file() {
            println!("cargo::rerun-if-changed={}", file.display());
        }
    }

    fn settings_file(&self) -> Option<PathBuf> {
        let default = || Some(PathBuf::from(options::FILE)).filter(|file| file.is_file());
        self.settings.clone().or_else(default)
    }

    /// Returns the settings of the file and of the builder's calls, for tools that read schemas by
    /// themselves. **Unstable:** see [`Settings`].
    ///
    /// # Errors
    /// Fails if the file of settings cannot be read, or if a setting is wrong ([`Error::is_usage`]).
    pub fn read_settings(&self) -> Result<Settings, Error> {
        let mut options = match self.settings_file() {
            Some(file) => Options::read(&file)?,
            None => Options::default(),
        };
        options.extend(&self.options);
        options.check()?;
        Ok(Settings { options })
    }

    /// Returns the name of the schemas' folder, which is the same on every machine.
    fn folder_name(&self) -> String {
        let name = self.schemas.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn support_path(&self) -> Result<syn::Path, Error> {
        syn::parse_str(&self.support).map_err(|e| Error::support(&self.support, &e))
    }
}

/// Fails the build. Errors are printed whole, warnings as the one line that cargo prints well.
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

/// Prints one `cargo::error` for each line, which keeps carets below the column they point at.
fn fail_build(message: &str) {
    for line in message.lines() {
        println!("cargo::error={line}");
    }
}

fn no_out_dir() -> Error {
    let missing = std::io::Error::other(
        "the environment has no such variable; call this from a `build.rs`, or set an output folder",
    );
    Error::io("find", Path::new("OUT_DIR"), missing)
}

fn assemble<'a>(
    sources: &'a [Source],
    names: &ModuleNames,
    support: &str,
    options: &Options,
) -> Result<Module<'a>, Error> {
    let results = parallel::map(sources, |source| {
        // Tokens stay on the thread that made them, and the path is made of them.
        let support = syn::parse_str(support)?;
        Ok(emit::model(&source.model, &support, options))
    });
    let mut root = Module::default();
    let mut collisions = Vec::new();
    for (source, result) in sources.iter().zip(results) {
        match result.map_err(|e: syn::Error| Error::internal(&source.path, &e))? {
            Ok(text) => root.insert(source, text, names),
            Err(collision) => collisions.push(collision::shown(source, &collision)),
        }
    }
    if collisions.is_empty() {
        return Ok(root);
    }
    Diagnostic::sort(&mut collisions);
    Err(Error::schemas(collisions))
}

fn one_file(
    root: &Module<'_>,
    support: &syn::Path,
    context: &Context<'_>,
    header: &str,
) -> Result<BTreeMap<String, String>, syn::Error> {
    let registry = print::tokens(root.registry(support, false))?;
    let text = print::paragraphs(vec![root.inline(context)?, registry]);
    let path = "models.rs".to_owned();
    let text = mark::add(&path, None, &format!("{header}{text}"));
    Ok(BTreeMap::from([(path, text)]))
}

fn read_text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))
}

fn tree(
    root: &Module<'_>,
    support: &syn::Path,
    context: &Context<'_>,
    header: &str,
) -> Result<BTreeMap<String, String>, syn::Error> {
    let mut files = BTreeMap::new();
    let docs = doc::inner(&root.crate_doc(context));
    let vendors = root.vendors(context.gated);
    let registry = root.registry(support, context.gated);
    // The crate's documentation names RunComfy. A vendor that comes with this very build has a feature
    // that cargo, which has read the manifest before, does not know yet.
    let allow = if context.gated {
        quote!(#![allow(clippy::doc_markdown, unexpected_cfgs)])
    } else {
        quote!(#![allow(clippy::doc_markdown)])
    };
    let lib = print::tokens(quote!(#docs #allow #vendors #registry))?;
    files.insert(
        "lib.rs".to_owned(),
        mark::add("lib.rs", None, &format!("{header}{lib}")),
    );
    for ModuleFile { path, from, text } in root.files(context)? {
        let header = if mark::is_json(&path) { "" } else { header };
        let text = mark::add(&path, from.as_deref(), &format!("{header}{text}"));
        files.insert(path, text);
    }
    Ok(files)
}
