//! Names that come out as one identifier, as diagnostics.

use std::collections::HashSet;

use runcomfy_schema::naming::{ModuleClash, ModuleNames};
use runcomfy_schema::{Code, Location, Severity};

use crate::emit::{self, Collision};
use crate::json::Documents;
use crate::model_source::Source;
use crate::options::Options;
use crate::{Diagnostic, parallel};

/// Returns every collision in these models and between them.
pub(crate) fn find(sources: &[Source], options: &Options) -> Vec<Diagnostic> {
    let within = parallel::map(sources, |source| within(source, options));
    let within = within.into_iter().flatten();
    let names = module_names(sources, options);
    let clashes = names.clashes().iter();
    within
        .chain(clashes.flat_map(|clash| between(&names, clash, sources)))
        .collect()
}

/// Returns the names of the modules of these models.
pub(crate) fn module_names(sources: &[Source], options: &Options) -> ModuleNames {
    let ids = sources.iter().map(|source| &*source.model.id);
    ModuleNames::with_given(ids, options.modules())
}

/// Returns the collisions of a model's properties and values.
fn within(source: &Source, options: &Options) -> Vec<Diagnostic> {
    let collisions = emit::collisions(&source.model, options).into_iter();
    collisions.map(|c| shown(source, &c)).collect()
}

/// Returns a diagnostic for each of the parts of ids but the first, about its first model: a warning, or
/// an error if two parts have the same name by a user's choice, since only one module can have it.
fn between(names: &ModuleNames, clash: &ModuleClash, sources: &[Source]) -> Vec<Diagnostic> {
    let renamed = |part: &String| format!("`{part}` becomes `{}`", names.name(part));
    let all: Vec<String> = clash.parts.iter().map(renamed).collect();
    let message = format!(
        "these ids would all be the module `{}`: {}",
        clash.module,
        all.join(", ")
    );
    let first_of = |part: &String| {
        let below = format!("{part}/");
        let belongs = |s: &&Source| *s.model.id == **part || s.model.id.starts_with(&below);
        sources.iter().find(belongs)
    };
    let found = clash.parts.iter().skip(1).filter_map(first_of);
    let chosen: HashSet<String> = clash.parts.iter().map(|part| names.name(part)).collect();
    let severity = if chosen.len() < clash.parts.len() {
        Severity::Error
    } else {
        Severity::Warning
    };
    let shown = |source: &Source| {
        let help = "rename one of them in `runcomfy-codegen.toml`, or leave it out";
        let kind = (severity, Code::ModuleNames);
        diagnostic(source, kind, "/model_id", &message, help)
    };
    found.map(shown).collect()
}

/// Returns a collision with its position in the model's file.
pub(crate) fn shown(source: &Source, collision: &Collision) -> Diagnostic {
    let help = match collision.code {
        Code::PropertyNames => {
            "rename one of them in `runcomfy-codegen.toml`, or leave this model out"
        }
        _ => "nothing to do, unless the names should be others",
    };
    let kind = (collision.severity(), collision.code);
    diagnostic(source, kind, &collision.pointer, &collision.message, help)
}

fn diagnostic(
    source: &Source,
    kind: (Severity, Code),
    pointer: &str,
    message: &str,
    help: &str,
) -> Diagnostic {
    let documents = Documents::parse(&source.text).ok();
    let span = documents.map_or(0..0, |documents| {
        let entry = documents
            .values
            .first()
            .is_some_and(|v| v.get("input_schema").is_some());
        let base = if entry && pointer != "/model_id" {
            "/input_schema"
        } else {
            ""
        };
        documents.locate(0, &format!("{base}{pointer}"), Location::Key)
    });
    Diagnostic::new(kind, &source.path, &source.text, span, message, help)
}
