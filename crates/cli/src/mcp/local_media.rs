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
        violations.extend(missing(&model, &input, &violations));
        (input, violations)
    })
}

/// Returns a violation for each text that is no URL and names no file, besides `known` ones.
fn missing(model: &ModelSchema, input: &Json, known: &[Violation]) -> Vec<Violation> {
    let is_at = |violation: &Violation, pointer: &str| violation.pointer == pointer;
    let faults = model.validate(input);
    let is_fault = |pointer: &str| {
        let mut certain = faults
            .iter()
            .filter(|it| it.certainty == Certainty::Certain);
        certain.any(|it| is_at(it, pointer)) && !known.iter().any(|it| is_at(it, pointer))
    };
    let folder = std::env::current_dir().unwrap_or_default();
    let violation = |pointer: String, path: &str| {
        let found = format!(
            "`{path}`, which is no file in the folder `{}`",
            folder.display()
        );
        let expected = "a public https:// URL, or the whole path of an image, a video or audio";
        Violation::new(
            pointer,
            Constraint::Media,
            Certainty::Certain,
            found,
            expected,
        )
    };
    let media = model.input.media_in(input).into_iter();
    media
        .filter_map(|found| match found.source {
            MediaSource::Url(text)
                if local_file::could_be_path(text) && is_fault(&found.pointer) =>
            {
                Some(violation(found.pointer, text))
            }
            _ => None,
        })
        .collect()
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
