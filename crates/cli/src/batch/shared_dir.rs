//! Local files of jobs on many machines: those of a folder that all workers see.

use std::path::{self, Component, Path, PathBuf};

use runcomfy::schema::{Json, ModelSchema};
use runcomfy_batch::{Claimed, Prepared, Unprepared};
use serde_json::json;

use crate::failure::Failure;
use crate::local_file;

/// Name of the only member of the object that stands for a file in the input of a job in the store.
const FILE: &str = "shared_file";

/// A folder that all workers of a batch see, each perhaps by another path.
#[derive(Clone, Debug)]
pub(crate) struct SharedDir(PathBuf);

impl SharedDir {
    /// Returns the folder at a path.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn new(path: &str) -> Result<Self, Failure> {
        if !Path::new(path).is_dir() {
            return Err(Failure::unreadable(format!(
                "found no folder {path}, expected the folder that all workers share; nothing was submitted. Mount it, or correct --shared-dir"
            )));
        }
        let absolute = absolute(path).map_err(|error| {
            Failure::unreadable(format!("could not find the folder {path}: {error}"))
        })?;
        Ok(Self(absolute))
    }

    /// Returns the path of a file within the folder, with `/` on every system.
    fn relative(&self, file: &str) -> Option<String> {
        let file = absolute(file).ok()?;
        let inside = file.strip_prefix(&self.0).ok()?;
        let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
        parts.map(|parts| parts.join("/"))
    }

    /// Returns the file at a path within the folder, unless the path leads out of it.
    fn locate(&self, inside: &str) -> Option<PathBuf> {
        let inside = Path::new(inside);
        let stays = |part: Component<'_>| matches!(part, Component::Normal(_));
        (!inside.as_os_str().is_empty() && inside.components().all(stays))
            .then(|| self.0.join(inside))
    }
}

/// Replaces the local files of an input as the store keeps them: by their paths within the shared folder.
/// Returns the faults: JSON pointers with messages.
pub(crate) fn share(
    model: &ModelSchema,
    input: &mut Json,
    shared: Option<&SharedDir>,
) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    // They may exist no longer, after their job was submitted: its id stays.
    for (pointer, text) in local_file::possible_paths(model, input) {
        let inside = shared.map(|shared| shared.relative(&text));
        match (inside, input.pointer_mut(&pointer)) {
            (Some(Some(inside)), Some(value)) => *value = json!({ FILE: inside }),
            (Some(_), _) => faults.push((
                pointer,
                format!("found the file `{text}`, expected one in the folder of --shared-dir, or a URL"),
            )),
            (None, _) => faults.push((
                pointer,
                format!("found the file `{text}` of this machine, expected a URL, since other machines work on the batch; with --shared-dir DIR all workers read it from a folder that they share"),
            )),
        }
    }
    faults
}

/// Returns what attaches the files of the shared folder.
pub(crate) fn prepare(shared: Option<SharedDir>) -> impl Fn(Claimed) -> Prepared + Send + Sync {
    move |job| {
        let shared = shared.clone();
        Box::pin(async move {
            let mut input = job.input;
            let mut files = Vec::new();
            find(&input, &mut String::new(), &mut files);
            if files.is_empty() {
                return Ok(input);
            }
            let Some(shared) = shared else {
                return Err(Unprepared::Process(format!(
                    "job {} has the file `{}` of the folder that workers share, and this one has none; start it with --shared-dir DIR",
                    job.n, files[0].1
                )));
            };
            let mut located = Vec::new();
            for (pointer, inside) in files {
                let file = shared
                    .locate(&inside)
                    .and_then(|file| file.to_str().map(str::to_owned));
                let file = file.ok_or_else(|| {
                    Unprepared::Job(format!(
                        "the path `{inside}` leads out of the shared folder"
                    ))
                })?;
                located.push((pointer, file));
            }
            let files = local_file::attach_at(&mut input, located).await;
            let faults: Vec<String> = files.violations.iter().map(ToString::to_string).collect();
            if faults.is_empty() {
                Ok(input)
            } else {
                Err(Unprepared::Job(faults.join("; ")))
            }
        })
    }
}

/// Finds the objects that stand for files, with their JSON pointers.
fn find(value: &Json, pointer: &mut String, found: &mut Vec<(String, String)>) {
    let length = pointer.len();
    match value {
        Json::Object(members) => {
            if let (1, Some(Json::String(inside))) = (members.len(), members.get(FILE)) {
                return found.push((pointer.clone(), inside.clone()));
            }
            for (name, member) in members {
                *pointer += "/";
                *pointer += &name.replace('~', "~0").replace('/', "~1");
                find(member, pointer, found);
                pointer.truncate(length);
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                *pointer += &format!("/{index}");
                find(item, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// Returns an absolute path without `.` and `..`. Nothing needs to exist.
fn absolute(path: impl AsRef<Path>) -> std::io::Result<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path::absolute(path)?.components() {
        match part {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_within_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::create_dir(path("shots")).unwrap();
        let shared = SharedDir::new(&path("shots/../shots")).unwrap();
        for (file, inside) in [
            ("shots/a.png", Some("a.png")),
            ("shots/./b/../c d.png", Some("c d.png")),
            ("shots2/a.png", None),
            ("shots/../a.png", None),
        ] {
            assert_eq!(shared.relative(&path(file)).as_deref(), inside, "{file}");
        }
        for inside in ["../a.png", "a/../../b", "/etc/passwd", ""] {
            assert_eq!(shared.locate(inside), None, "{inside}");
        }
        assert_eq!(shared.locate("b/a.png"), Some(shared.0.join("b/a.png")));
    }

    #[test]
    fn object_of_one_member_stands_for_a_file() {
        let input = json!({
            "a/b": [{ "shared_file": "x.png" }, { "shared_file": "y", "z": 1 }],
            "prompt": "shared_file",
            "shared_file": 3,
        });
        let mut found = Vec::new();
        find(&input, &mut String::new(), &mut found);
        assert_eq!(found, [("/a~1b/0".to_owned(), "x.png".to_owned())]);
    }
}
