//! An output as a text for people.

use runcomfy::Output;

/// Returns the URLs of an output, or the output if it has none.
pub(crate) fn output_text(output: &Output) -> String {
    match &output.urls()[..] {
        [] => output.as_value().to_string(),
        urls => urls.join("\n"),
    }
}
