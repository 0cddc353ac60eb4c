//! Reads models from a folder of schema files.

use std::path::{Path, PathBuf};
use std::{fs, io};

use runcomfy_schema::{Diagnostic, JsonDocuments, ModelSchema, Severity, read_json_text};

/// Reads every `.json` file below `folder`, in the order of their paths. The path of a file below
/// the folder, without `.json`, is the model's id. Returns the models, and what is not checked.
pub(crate) fn read(folder: &Path) -> io::Result<(Vec<ModelSchema>, Vec<String>)> {
    let mut files = Vec::new();
    find(folder, &mut files).map_err(|error| {
        let name = folder.display();
        let why = format!("could not read the folder of schemas `{name}`: {error}");
        io::Error::new(error.kind(), why)
    })?;
    files.sort_unstable();
    let mut warnings = Vec::new();
    let models = files.iter().map(|file| model(folder, file, &mut warnings));
    Ok((models.collect::<io::Result<_>>()?, warnings))
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            find(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    Ok(())
}

fn model(folder: &Path, file: &Path, warnings: &mut Vec<String>) -> io::Result<ModelSchema> {
    let text = fs::File::open(file).and_then(read_json_text);
    let text = text.map_err(|error| about(file, error.kind(), &error.to_string()))?;
    // A file may hold the output schema after the input schema, as a documentation page does.
    let invalid = |why: &str| about(file, io::ErrorKind::InvalidData, why);
    let documents = JsonDocuments::parse(&text);
    let documents = documents.map_err(|error| invalid(&format!("this is not JSON: {error}")))?;
    let repeated = documents.repeated_keys.iter();
    warnings.extend(repeated.map(|key| format!("{}: {key}; the last one counts", file.display())));
    let id = id(folder, file);
    let (model, diagnostics) = ModelSchema::parse_lenient(id.as_deref(), &documents.values);
    let model = model.ok_or_else(|| invalid(&reasons(&diagnostics)))?;
    let texts = diagnostics.iter().map(to_text);
    warnings.extend(texts.map(|text| format!("in the schema {}: {text}", file.display())));
    Ok(model)
}

/// Returns `vendor/family/task` for `<folder>/vendor/family/task.json`.
fn id(folder: &Path, file: &Path) -> Option<String> {
    let path = file.strip_prefix(folder).ok()?.with_extension("");
    let names: Option<Vec<&str>> = path.iter().map(|name| name.to_str()).collect();
    Some(names?.join("/"))
}

fn reasons(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.map(to_text).collect::<Vec<_>>().join("\n")
}

fn to_text(diagnostic: &Diagnostic) -> String {
    format!(
        "{}: {}; {}",
        diagnostic.pointer, diagnostic.message, diagnostic.help
    )
}

fn about(path: &Path, kind: io::ErrorKind, why: &str) -> io::Error {
    io::Error::new(kind, format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_the_path_below_the_folder() {
        let id = |file: &str| id(Path::new("/s"), Path::new(file)).unwrap();
        assert_eq!(
            id("/s/wan-ai/wan-3.0/text-to-video.json"),
            "wan-ai/wan-3.0/text-to-video"
        );
        assert_eq!(id("/s/a/wan-3.0.json"), "a/wan-3.0");
    }
}
