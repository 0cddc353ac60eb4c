//! Workflow commands that GitHub shows as annotations.

use runcomfy_codegen::Diagnostic;

/// Returns a workflow command for each diagnostic, with its line and column.
///
/// GitHub shows ten annotations of a level for each step; the log of the step has all of them.
///
/// ```
/// use runcomfy_codegen::Builder;
/// use runcomfy_codegen_cli::annotations;
///
/// # let folder = tempfile::tempdir()?;
/// # std::fs::create_dir(folder.path().join("acme"))?;
/// # std::fs::write(folder.path().join("acme/stamp.json"), "{\"properties\": {\"n\": {\"minimum\": \"0\"}}}")?;
/// // acme/stamp.json: {"properties": {"n": {"minimum": "0"}}}
/// let error = Builder::new().schemas(folder.path()).read().unwrap_err();
/// let text = annotations(error.diagnostics());
/// assert!(text.contains("acme/stamp.json,line=1,col=34,title=RC0012::found"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn annotations(diagnostics: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let (line, column) = (diagnostic.position.line, diagnostic.position.column);
        let place = format!(",line={line},col={column}");
        let message = format!("{}\n{}", diagnostic.message, diagnostic.help);
        let (level, title) = (diagnostic.severity.as_str(), diagnostic.code.as_str());
        annotation(level, &diagnostic.path, &place, title, &message)
    };
    diagnostics.iter().map(line).collect()
}

/// Returns one workflow command. `place` has further properties, each after a comma.
pub(crate) fn annotation(
    level: &str,
    file: &str,
    place: &str,
    title: &str,
    message: &str,
) -> String {
    let (file, title) = (property(file), property(title));
    format!(
        "::{level} file={file}{place},title={title}::{}\n",
        data(message)
    )
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
