//! Schemas as they stood at a git revision, read without a checkout.

use std::io::{self, Write};
use std::path::{Component, Path};
use std::process::{Command, Stdio};

use runcomfy_codegen::Diagnostic;
use runcomfy_codegen::diagnostic::escape_invisible;
use runcomfy_codegen::source::{self, Parsed, SchemaBytes};
use runcomfy_schema::ModelSchema;

use crate::Error;

/// Reads the schemas in a folder as it stood at a git revision (`HEAD~1`, `v1.2`, a hash), without
/// touching the working tree. Needs the command `git`, and a working directory inside the
/// repository.
///
/// # Errors
/// When there is no such revision, it has no such folder, or git cannot be run: its own words are
/// in the message. When a schema file is faulty: with everything that is wrong in all of them.
pub fn models_at_revision(revision: &str, schemas: &Path) -> Result<Vec<ModelSchema>, Error> {
    let (sources, _) = read(revision, schemas)?.checked()?;
    Ok(source::models(sources))
}

/// As [`models_at_revision`], without the models that are faulty there, and with the errors of
/// these: a revision cannot be mended any more.
///
/// # Errors
/// When there is no such revision, it has no such folder, or git cannot be run.
pub fn valid_models_at_revision(
    revision: &str,
    schemas: &Path,
) -> Result<(Vec<ModelSchema>, Vec<Diagnostic>), Error> {
    let (sources, errors) = read(revision, schemas)?.valid();
    Ok((source::models(sources), errors))
}

fn read(revision: &str, schemas: &Path) -> Result<Parsed, Error> {
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
    let files = files(&list);
    let requests: String = files.iter().flat_map(|f| [&*f.hash, "\n"]).collect();
    let blobs = git("read", &shown, &["cat-file", "--batch"], requests.into())?;
    let blobs = split(&blobs).ok_or_else(|| {
        let odd = io::Error::other("git's answer is not what `cat-file --batch` gives");
        Error::io("read", Path::new(&shown), odd)
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

/// Below the working directory, with forward slashes.
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
    // On a thread of its own: git stops reading while nobody reads its answers.
    let feeder = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let output = child.wait_with_output()?;
    // When git ended early its own words say why.
    let _ = feeder.join();
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("git says: {}", words.trim())))
}

/// A schema file in git.
struct File {
    hash: String,
    /// The model's id: the path below the folder, less the ending.
    id: String,
}

/// The files that count, of `mode SP type SP hash TAB path NUL` each.
fn files(list: &[u8]) -> Vec<File> {
    let entry = |entry: &[u8]| {
        // A name that is no UTF-8 is no model's id.
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

/// The contents, of `hash SP type SP size LF contents LF` each.
fn split(mut answer: &[u8]) -> Option<Vec<&[u8]>> {
    let mut blobs = Vec::new();
    while !answer.is_empty() {
        let end = answer.iter().position(|b| *b == b'\n')?;
        let head = std::str::from_utf8(&answer[..end]).ok()?;
        let size: usize = head.rsplit_once(" blob ")?.1.parse().ok()?;
        let start = end + 1;
        blobs.push(answer.get(start..start + size)?);
        answer = answer.get(start + size + 1..)?;
    }
    Some(blobs)
}
