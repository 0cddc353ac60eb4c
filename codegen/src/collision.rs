//! Names that come out as one identifier, as diagnostics.

use runcomfy_schema::{Location, Severity};

use crate::emit::{self, Collision};
use crate::id_tree::IdTree;
use crate::json::Documents;
use crate::model_source::Source;
use crate::{Diagnostic, parallel};

/// Returns every collision in these models and between them.
pub(crate) fn find(sources: &[Source]) -> Vec<Diagnostic> {
    let mut modules = IdTree::modules();
    let within = parallel::map(sources, within).into_iter().flatten();
    let between = sources.iter().filter_map(|s| between(&mut modules, s));
    within.chain(between).collect()
}

/// Returns the collisions of a model's properties and values.
pub(crate) fn within(source: &Source) -> Vec<Diagnostic> {
    let collisions = emit::collisions(&source.model).into_iter();
    collisions.map(|c| shown(source, &c)).collect()
}

/// Claims a model's modules, unless ids before it have them.
pub(crate) fn between(modules: &mut IdTree, source: &Source) -> Option<Diagnostic> {
    let clash = modules.claim(&source.model.id).err()?;
    let message = format!(
        "the ids `{}` and `{}` both become the module `{}`",
        clash.first, clash.second, clash.name
    );
    Some(diagnostic(source, "/model_id", &message))
}

/// Returns a collision with its position in the model's file.
pub(crate) fn shown(source: &Source, collision: &Collision) -> Diagnostic {
    diagnostic(source, &collision.pointer, &collision.message)
}

fn diagnostic(source: &Source, pointer: &str, message: &str) -> Diagnostic {
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
    let help = "rename one of them, or leave this model out";
    Diagnostic::new(
        Severity::Error,
        &source.path,
        &source.text,
        span,
        message,
        help,
    )
}
