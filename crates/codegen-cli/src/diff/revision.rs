//! Schemas of a git revision, read without a checkout.

use std::io::{self, Write};
use std::path::{Component, Path};
use std::process::{Command, Stdio};

use runcomfy_codegen::Diagnostic;
use runcomfy_codegen::diagnostic::escape_invisible;
use runcomfy_codegen::settings::Settings;
use runcomfy_codegen::source::{self, Parsed, SchemaBytes};
use runcomfy_schema::ModelSchema;

use crate::Error;

/// Reads the schemas of a folder at a git revision (`HEAD~1`, `v1.2`, a hash). The working tree is not
/// touched.
///
/// The settings choose among the models. It needs the command `git`, and a working directory inside the
/// repository. `schemas` is relative to the working directory.
///
/// # Errors
/// - There is no such revision, it has no such folder, or git cannot be run: the message has what git
///   prints.
/// - A schema is invalid, or names collide ([`Error::diagnostics`]): the error has every diagnostic of
///   every file. [`valid_models_at_revision`] leaves these models out.
pub fn models_at_revision(
    revision: &str,
    schemas: &Path,
    settings: &Settings,
) -> Result<Vec<ModelSchema>, Error> {
    let (sources, _) = read(revision, schemas, settings)?.checked_by(settings)?;
    Ok(source::models(sources))
}

/// Reads the schemas as [`models_at_revision`] does, without the invalid ones. Returns the models, and
/// the errors of those that are left out.
///
/// Use it for the old side of a comparison: a revision cannot be fixed any more.
///
/// # Errors
/// Fails if there is no such revision, it has no such folder, or git cannot be run: the message has
/// what git prints.
pub fn valid_models_at_revision(
    revision: &str,
    schemas: &Path,
    settings: &Settings,
) -> Result<(Vec<ModelSchema>, Vec<Diagnostic>), Error> {
    let settings = &settings.without_denial();
    let (sources, errors) = read(revision, schemas, settings)?.valid_with(settings);
    Ok((source::models(sources), errors))
}

fn read(revision: &str, schemas: &Path, settings: &Settings) -> Result<Parsed, Error> {
    let git = |doing: &'static str, shown: &str, arguments: &[&str], input: Vec<u8>| {
        run(arguments, input).map_err(|e| Error::io(doing, Path::new(shown), e))
    };
    let folder = git_path(schemas).map_err(|e| Error::io("find in git", schemas, e))?;
    let commit = format!("{revision}^{{commit}}");
    let verify = ["rev-parse", "--verify", "--end-of-options", &commit];
    let commit = git(
        "find the folder or git revision",
        revision,
        &verify,
        Vec::new(),
    )?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();

    let shown = format!("{revision}:{folder}");
    let tree = format!("{commit}:./{folder}");
    let list = ["ls-tree", "-r", "-z", "--full-tree", &tree];
    let list = git("list", &shown, &list, Vec::new())?;
    let mut files = files(&list);
    files.retain(|file| settings.takes(&file.id));
    let requests: String = files.iter().flat_map(|f| [&*f.hash, "\n"]).collect();
    let blobs = git("read", &shown, &["cat-file", "--batch"], requests.into())?;
    let blobs = split(&blobs).ok_or_else(|| {
        let unexpected =
            io::Error::other("git printed something else than `cat-file --batch` does");
        Error::io("read", Path::new(&shown), unexpected)
    })?;
    let files = files.into_iter().zip(blobs).map(|(file, blob)| {
        let path = escape_invisible(&format!("{shown}/{}.json", file.id));
        SchemaBytes {
            id: file.id,
            path,
            bytes: blob.to_vec(),
        }
    });
    Ok(source::parse_all(&files.collect::<Vec<_>>()))
}

/// Returns the path of a folder below the working directory, with forward slashes.
fn git_path(folder: &Path) -> io::Result<String> {
    let here = std::env::current_dir()?;
    let below = folder.strip_prefix(&here).unwrap_or(folder);
    let mut steps = Vec::new();
    for step in below.components() {
        match step {
            Component::CurDir => {}
            Component::ParentDir => steps.push(".."),
            Component::Normal(name) => {
                steps.push(name.to_str().ok_or(io::ErrorKind::InvalidFilename)?);
            }
            Component::RootDir | Component::Prefix(_) => {
                let why = "the folder is outside of the working directory; give a relative path";
                return Err(io::Error::other(why));
            }
        }
    }
    Ok(steps.join("/"))
}

fn run(arguments: &[&str], input: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut child = Command::new("git")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| io::Error::new(e.kind(), format!("could not run `git`: {e}")))?;
    let stdin = child.stdin.take();
    // On a thread of its own, since git stops reading while nobody reads its output.
    let feeder = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let output = child.wait_with_output()?;
    // If git ended early, its standard error says why.
    let _ = feeder.join();
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("git printed: {}", message.trim())))
}

/// Names a schema file in git.
struct File {
    hash: String,
    /// Model id: the path below the folder, less the ending.
    id: String,
}

/// Parses the list of files, each `mode SP type SP hash TAB path NUL`, and returns the schema files.
fn files(list: &[u8]) -> Vec<File> {
    let entry = |entry: &[u8]| {
        // A name that is not UTF-8 is no model id.
        let (facts, path) = std::str::from_utf8(entry).ok()?.split_once('\t')?;
        let [mode, _, hash] = *facts.split(' ').collect::<Vec<_>>() else {
            return None;
        };
        let id = path.strip_suffix(".json")?;
        let hidden = path.split('/').any(|name| name.starts_with('.'));
        // Links and submodules have other modes.
        (mode.starts_with("100") && !hidden).then(|| File {
            hash: hash.to_owned(),
            id: id.to_owned(),
        })
    };
    let mut files: Vec<File> = list.split(|b| *b == 0).filter_map(entry).collect();
    files.sort_by(|a, b| a.id.cmp(&b.id));
    files
}

/// Splits contents, each `hash SP type SP size LF contents LF`.
fn split(mut output: &[u8]) -> Option<Vec<&[u8]>> {
    let mut blobs = Vec::new();
    while !output.is_empty() {
        let end = output.iter().position(|b| *b == b'\n')?;
        let head = std::str::from_utf8(&output[..end]).ok()?;
        let size: usize = head.rsplit_once(" blob ")?.1.parse().ok()?;
        let start = end + 1;
        blobs.push(output.get(start..start + size)?);
        output = output.get(start + size + 1..)?;
    }
    Some(blobs)
}
