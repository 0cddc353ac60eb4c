//! Explanations of the codes of diagnostics.

use runcomfy_schema::Code;

/// The page `docs/diagnostics.md`, which a test keeps equal.
const PAGE: &str = include_str!("diagnostics.md");

/// Returns what a code means, what to do and an example, in Markdown. The case of `code` does not matter.
///
/// ```
/// let text = runcomfy_codegen::explain("RC0001").unwrap();
/// assert!(text.starts_with("RC0001: not JSON\n"));
/// assert_eq!(runcomfy_codegen::explain("RC9999"), None);
/// ```
#[must_use]
pub fn explain(code: &str) -> Option<&'static str> {
    let code = Code::ALL
        .iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(code))?;
    let mut sections = PAGE.split("\n## ").skip(1);
    sections.find(|section| section.starts_with(code.as_str()))
}
