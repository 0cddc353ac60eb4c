//! Local files in the inputs of agents.

use std::sync::Arc;

use runcomfy::Violation;
use runcomfy::schema::{Certainty, Constraint, Json, MediaSource, ModelSchema};
use runcomfy_mcp::Attached;

use crate::local_file::{self, STDIN};

/// Replaces the paths of images, videos and audio by their bytes. Other files are never sent, and standard
/// input belongs to the protocol.
pub(super) fn attach(model: Arc<ModelSchema>, mut input: Json) -> Attached {
    Box::pin(async move {
        let on_stdin = on_stdin(&model, &input);
        if !on_stdin.is_empty() {
            return (input, on_stdin);
        }
        let mut violations = local_file::attach(&model, &mut input).await.violations;
        violations.extend(local_file::missing(&model, &input, &violations));
        (input, violations)
    })
}

fn on_stdin(model: &ModelSchema, input: &Json) -> Vec<Violation> {
    let media = model.input.media_in(input).into_iter();
    let named = media.filter(|found| matches!(found.source, MediaSource::Url(STDIN)));
    let violation = |pointer: String| {
        let certain = Certainty::Certain;
        let expected = "a public https:// URL or the path of a file";
        Violation::new(pointer, Constraint::Media, certain, "`-`", expected)
    };
    named.map(|found| violation(found.pointer)).collect()
}
