//! The contents of one model's module, for the macro `runcomfy_macros::model!`.
//!
//! **Unstable:** this module exists for `runcomfy-macros`. It may change in any release.

use std::fs;
use std::path::{Component, Path, PathBuf};

use runcomfy_schema::read_json_bytes;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Token};

use crate::diagnostic::escape_invisible;
use crate::emit::{self, Home};
use crate::options::{self, Options};
use crate::source::{self, SchemaBytes};
use crate::{Diagnostic, Error, collision, print};

/// Folder whose files are named by their models' ids, as in the builder's default.
const FOLDER: &str = "schemas";

/// Holds the code that a call of the macro becomes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Expansion {
    /// Items of the model's module.
    pub code: String,
    /// Warnings about the schema.
    pub warnings: Vec<Diagnostic>,
    /// Files that the code is made from: the schema and, if there is one, the file of settings.
    pub files: Vec<PathBuf>,
}

impl Expansion {
    /// Generates the contents of one model's module.
    ///
    /// `package` is the folder of the `Cargo.toml`, `arguments` the source text between the
    /// parentheses of the macro.
    ///
    /// # Errors
    /// - The arguments are not those of the macro, or the path does not give the model's id
    ///   ([`Error::is_usage`]).
    /// - The schema or the file of settings cannot be read, or a setting is wrong.
    /// - The schema is invalid, or names collide ([`Error::diagnostics`]).
    pub fn new(package: &Path, arguments: &str) -> Result<Self, Error> {
        let arguments: Arguments =
            syn::parse_str(arguments).map_err(|e| Error::arguments(&e.to_string()))?;
        let id = arguments.model_id()?;
        let file = package.join(&arguments.path);
        let settings = Some(package.join(options::FILE)).filter(|path| path.is_file());
        let options = settings
            .as_deref()
            .map_or_else(|| Ok(Options::default()), Options::read)?;
        options.check()?;
        let bytes = fs::File::open(&file).and_then(read_json_bytes);
        let schema = SchemaBytes {
            path: escape_invisible(&arguments.path.replace('\\', "/")),
            bytes: bytes.map_err(|e| Error::io("read", &file, e))?,
            id,
        };
        let (code, warnings) = module(schema, &options)?;
        Ok(Self {
            code,
            warnings,
            files: [file].into_iter().chain(settings).collect(),
        })
    }
}

/// Returns the items of a model's module, and the warnings about its schema.
fn module(schema: SchemaBytes, options: &Options) -> Result<(String, Vec<Diagnostic>), Error> {
    let support = syn::parse_str("::runcomfy").map_err(|e| Error::internal(&schema.path, &e))?;
    let (sources, warnings) = source::parse_all(&[schema]).checked_with(options)?;
    let warnings = options.judge(warnings)?;
    let mut parts = Vec::new();
    for source in &sources {
        let model = &source.model;
        options
            .of_one(&model.id)
            .check_targets(std::slice::from_ref(model))?;
        let code = emit::model(model, &support, options)
            .map_err(|fault| Error::schemas(vec![collision::shown(source, &fault)]))?;
        let home = Home::Inline(code.json.trim_end());
        let schema = emit::schema_item(home, &emit::path_text(&support));
        parts.extend([code.items, schema]);
    }
    Ok((print::paragraphs(parts), warnings))
}

/// Arguments of the macro: the path of a schema file and, perhaps, the model's id.
struct Arguments {
    path: String,
    id: Option<String>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path = input.parse::<LitStr>()?.value();
        let mut id = None;
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let name: Ident = input.parse()?;
            if name != "id" {
                return Err(syn::Error::new(name.span(), "expected `id = \"…\"`"));
            }
            input.parse::<Token![=]>()?;
            id = Some(input.parse::<LitStr>()?.value());
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { path, id })
    }
}

impl Arguments {
    /// Returns the id that is given or, as the builder does, the path below the folder `schemas`.
    fn model_id(&self) -> Result<String, Error> {
        let below_folder = || {
            let mut parts = Path::new(&self.path).components();
            parts.find(|part| *part == Component::Normal(FOLDER.as_ref()))?;
            let parts = parts.map(|part| part.as_os_str().to_str());
            let path = parts.collect::<Option<Vec<_>>>()?.join("/");
            path.strip_suffix(".json").map(str::to_owned)
        };
        self.id.clone().or_else(below_folder).ok_or_else(|| {
            Error::arguments(&format!(
                "`{}` is not a `.json` file below a folder `{FOLDER}`, so its path does not give the model's id; write the id: `model!({:?}, id = \"vendor/model\")`",
                self.path, self.path
            ))
        })
    }
}
