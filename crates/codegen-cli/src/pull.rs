//! The live catalogue as schema files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use runcomfy_codegen::diagnostic::{escape_invisible, truncate};
use runcomfy_codegen::plan::IdTree;
use runcomfy_codegen::settings::{Settings, matches_any};
use runcomfy_codegen::source::{self, SchemaBytes, Source};
use runcomfy_codegen::{Change, Changes, Diagnostic, files};
use runcomfy_schema::ModelSchema;
use serde_json::Value;

use crate::schema_file::{SchemaFile, reason_against_id};
use crate::{Diff, Error, diff_with};

/// Plans what a folder of schemas becomes when it takes over the catalogue's entries. Nothing is
/// written before [`apply`](Self::apply).
///
/// ```no_run
/// use runcomfy_codegen_cli::Pull;
///
/// # fn main() -> Result<(), runcomfy_codegen_cli::Error> {
/// # let entries: Vec<serde_json::Value> = Vec::new();
/// // `entries` as the catalogue lists them: objects with `model_id` and `input_schema`.
/// let pull = Pull::plan("schemas".as_ref(), &entries, &[], false)?;
/// println!("{}\n{}", pull.diff(), pull.changes());
/// pull.apply()?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Pull {
    schemas: PathBuf,
    files: Vec<SchemaFile>,
    changes: Changes,
    diff: Diff,
    skipped: Vec<Skipped>,
    unlisted: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}

/// Describes an entry of the catalogue that is skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Model id of the entry, with invisible characters escaped; `an entry of the catalogue` if it
    /// has none.
    pub model_id: String,
    /// Reason why the entry is skipped.
    pub why: String,
    /// `true` if the entry is invalid, `false` if it is no model with an input.
    pub is_error: bool,
}

/// Keys of an entry that describe the model itself. The others (names, prices, categories) describe
/// its sale, change often and make no difference to the bindings.
const KEPT: [&str; 3] = ["kind", "input_schema", "output_schema"];

impl Pull {
    /// Compares the catalogue's entries with a folder, which need not exist.
    ///
    /// With patterns, as of [`Builder::models`](runcomfy_codegen::Builder::models), only models whose
    /// ids match one of them count, on both sides. With `prune`, the files of models that the
    /// catalogue does not list are to be removed.
    ///
    /// An entry with an invalid schema is skipped, and its file stays as it is, so that one schema
    /// does not keep all others from being generated.
    ///
    /// # Errors
    /// - There is no entry: the catalogue cannot be right, try later.
    /// - A pattern matches no id of the catalogue ([`Error::is_usage`]): fix the pattern.
    /// - The folder or a file in it cannot be read.
    pub fn plan(
        schemas: &Path,
        entries: &[Value],
        patterns: &[String],
        prune: bool,
    ) -> Result<Self, Error> {
        Self::plan_with(schemas, entries, patterns, prune, &Settings::default())
    }

    /// Compares as [`plan`](Self::plan) does. The settings also choose among the models, on both sides,
    /// name them, and silence or deny warnings: a denied one is an error of its entry.
    ///
    /// # Errors
    /// Fails as [`plan`](Self::plan) does.
    pub fn plan_with(
        schemas: &Path,
        entries: &[Value],
        patterns: &[String],
        prune: bool,
        settings: &Settings,
    ) -> Result<Self, Error> {
        if entries.is_empty() {
            return Err(Error::empty_catalogue());
        }
        let mut skipped = Vec::new();
        source::check_patterns(patterns, &entries.iter().filter_map(id_of))?;
        let is_chosen = |id: &str| matches_any(patterns, id) && settings.takes(id);
        let chosen = choose(entries, &is_chosen, &mut skipped);
        let present = read_present(schemas, &is_chosen, settings)?;

        let listed: HashSet<&str> = entries.iter().filter_map(id_of).collect();
        let unlisted = present.keys().filter(|id| !listed.contains(id.as_str()));
        let unlisted: Vec<String> = unlisted.cloned().collect();
        let is_pruned = |id: &str| prune && unlisted.iter().any(|unlisted| unlisted == id);
        let held = source::list(schemas).unwrap_or_default().files.into_iter();
        let held = held.map(|(id, _)| id).filter(|id| !is_pruned(id));
        let (taken, new, diagnostics) = parse(schemas, chosen, held, settings, &mut skipped);

        let old: Vec<ModelSchema> = present
            .values()
            .filter_map(|(_, model)| model.clone())
            .collect();
        let taken_ids: HashSet<&str> = taken.iter().map(|file| &*file.model_id).collect();
        let kept = old
            .iter()
            .filter(|m| !taken_ids.contains(&*m.id) && !is_pruned(&m.id));
        let now: Vec<ModelSchema> = kept.cloned().chain(new).collect();

        // Parsing skips more entries, which belong between those that were skipped before.
        let order: HashMap<String, usize> = entries.iter().map(shown_id).zip(0..).collect();
        skipped.sort_by_key(|skipped| order.get(&skipped.model_id).copied());

        let mut changes = Vec::new();
        for file in &taken {
            changes.extend(file.change(schemas)?);
        }
        if prune {
            changes.extend(
                unlisted
                    .iter()
                    .map(|id| Change::Removed(present[id].0.clone())),
            );
        }
        Ok(Self {
            schemas: schemas.to_owned(),
            diff: diff_with(&old, &now, settings),
            files: taken,
            changes: changes.into(),
            skipped,
            unlisted,
            diagnostics,
        })
    }

    /// Returns what the new schemas change for callers.
    #[must_use]
    pub fn diff(&self) -> &Diff {
        &self.diff
    }

    /// Returns the files that [`apply`](Self::apply) writes or removes.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Returns the entries that are skipped, in the order of the catalogue.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Returns the errors in the schemas of skipped entries.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Returns the ids of models that have a file and that the catalogue does not list.
    #[must_use]
    pub fn unlisted(&self) -> &[String] {
        &self.unlisted
    }

    /// Writes the files that differ, each whole or not at all, and removes those that are pruned.
    /// Files that have the same JSON already are not written.
    ///
    /// # Errors
    /// Fails when a file cannot be written or removed; those before it are done. Fix the cause and
    /// pull again.
    pub fn apply(&self) -> Result<(), Error> {
        for file in &self.files {
            file.write(&self.schemas)?;
        }
        for change in self.changes.as_slice() {
            if let Change::Removed(path) = change {
                files::remove(path, &self.schemas)?;
            }
        }
        Ok(())
    }
}

fn id_of(entry: &Value) -> Option<&str> {
    entry["model_id"].as_str().filter(|id| !id.is_empty())
}

fn shown_id(entry: &Value) -> String {
    escape_invisible(id_of(entry).unwrap_or("an entry of the catalogue"))
}

/// Returns the entries that can become files.
fn choose(
    entries: &[Value],
    is_chosen: &impl Fn(&str) -> bool,
    skipped: &mut Vec<Skipped>,
) -> Vec<SchemaFile> {
    let mut files = Vec::new();
    for entry in entries {
        let id = id_of(entry).unwrap_or_default();
        if !is_chosen(id) {
            continue;
        }
        let mut skip = |why: String, is_error| {
            skipped.push(Skipped {
                model_id: shown_id(entry),
                why,
                is_error,
            });
        };
        if id.is_empty() {
            skip(no_id(entry), true);
        } else if let Some(why) = reason_against_id(id) {
            skip(why, true);
        } else if entry["input_schema"].is_null() {
            skip("it has no input schema".to_owned(), false);
        } else {
            let members = KEPT.into_iter().map(|key| (key, entry[key].clone()));
            files.push(SchemaFile::new(
                id,
                members.filter(|(_, value)| !value.is_null()),
            ));
        }
    }
    files
}

fn no_id(entry: &Value) -> String {
    let start = escape_invisible(&truncate(&entry.to_string(), 80));
    format!("it has no text `model_id`: {start}")
}

/// Files of the folder by model id, each with its model if it is valid.
type Present = BTreeMap<String, (PathBuf, Option<ModelSchema>)>;

fn read_present(
    schemas: &Path,
    is_chosen: &impl Fn(&str) -> bool,
    settings: &Settings,
) -> Result<Present, Error> {
    if !schemas.exists() {
        return Ok(Present::new());
    }
    let mut files = source::list(schemas)?.files;
    files.retain(|(id, _)| is_chosen(id));
    let texts = source::read_bytes(&files)?;
    let files = files.into_iter();
    let mut present: Present = files.map(|(id, path)| (id, (path, None))).collect();
    // An invalid file has no model to compare with, and may be just the one to be replaced.
    let (valid, _) = source::parse_all(&texts).valid_with(&settings.without_denial());
    for Source { model, .. } in valid {
        if let Some((_, slot)) = present.get_mut(&*model.id) {
            *slot = Some(model);
        }
    }
    Ok(present)
}

type Taken = (Vec<SchemaFile>, Vec<ModelSchema>, Vec<Diagnostic>);

/// Keeps the files whose schemas have no errors, and returns them with their models. Together with
/// those that are `held` they fit into one folder on every system, and can be generated.
fn parse(
    schemas: &Path,
    files: Vec<SchemaFile>,
    held: impl Iterator<Item = String>,
    settings: &Settings,
    skipped: &mut Vec<Skipped>,
) -> Taken {
    let mut paths = IdTree::files();
    for id in held {
        // Where two of these collide, `generate` reports it.
        let _ = paths.claim(&id);
    }
    let (mut taken, mut models, mut diagnostics) = (Vec::new(), Vec::new(), Vec::new());
    let bytes = |file: &SchemaFile| SchemaBytes {
        id: file.model_id.clone(),
        path: file.path(schemas).display().to_string(),
        bytes: file.text().into_bytes(),
    };
    let parsed = source::parse_each(&files.iter().map(bytes).collect::<Vec<_>>());
    for (file, parsed) in files.into_iter().zip(parsed) {
        let (mut sources, errors) = parsed.valid_with(settings);
        let why = match sources.pop() {
            None => "its schema is invalid".to_owned(),
            Some(source) => {
                if let Err(clash) = paths.claim(&file.model_id) {
                    format!("its file would have the path of `{}`", clash.first)
                } else {
                    models.push(source.model);
                    taken.push(file);
                    continue;
                }
            }
        };
        diagnostics.extend(errors);
        skipped.push(Skipped {
            model_id: file.model_id,
            why,
            is_error: true,
        });
    }
    (taken, models, diagnostics)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::Bindings;
    use serde_json::json;

    fn entry(id: &str, maximum: u32) -> Value {
        json!({"model_id": id, "base_price_usd": 0.1, "input_schema": {
            "properties": {"scale": {"type": "float", "maximum": maximum}}}})
    }

    fn names(pull: &Pull) -> Vec<String> {
        let changes = pull.changes();
        let name = |c: &Change| {
            let path = c.path().strip_prefix(&pull.schemas).unwrap();
            let sign = match c {
                Change::Added(_) => '+',
                Change::Removed(_) => '-',
                _ => '~',
            };
            format!("{sign}{}", path.display())
        };
        changes.as_slice().iter().map(name).collect()
    }

    #[test]
    fn folder_follows_the_catalogue() {
        let folder = tempfile::tempdir().unwrap();
        let schemas = folder.path().join("schemas");
        let plan = |entries: &[Value], prune| Pull::plan(&schemas, entries, &[], prune).unwrap();
        let first = plan(&[entry("a/one", 1), entry("a/b/two", 2)], false);
        assert_eq!(names(&first), ["+a/b/two.json", "+a/one.json"]);
        assert!(!schemas.exists(), "planning writes nothing");
        first.apply().unwrap();
        let text = fs::read_to_string(schemas.join("a/one.json")).unwrap();
        assert!(!text.contains("base_price_usd"), "{text}");
        assert_eq!(
            names(&plan(&[entry("a/one", 1), entry("a/b/two", 2)], true)),
            [""; 0]
        );

        // Another order of keys is no change, another bound is; an unlisted model is kept unless pruned.
        let compact: Value = serde_json::from_str(&text).unwrap();
        fs::write(schemas.join("a/one.json"), compact.to_string()).unwrap();
        let second = plan(&[entry("a/one", 1), entry("c/three", 3)], false);
        assert_eq!(names(&second), ["+c/three.json"]);
        assert_eq!(second.unlisted(), ["a/b/two"]);
        assert!(!second.diff().is_breaking(Bindings::OwnCrate));
        let pruned = plan(&[entry("a/one", 5), entry("c/three", 3)], true);
        assert_eq!(
            names(&pruned),
            ["-a/b/two.json", "~a/one.json", "+c/three.json"]
        );
        assert!(
            pruned.diff().is_breaking(Bindings::Dependency),
            "a model is gone"
        );
        pruned.apply().unwrap();
        assert!(!schemas.join("a/b").exists());
    }

    #[test]
    fn entries_that_cannot_be_files_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let invalid = json!({"model_id": "a/invalid", "input_schema": {"properties": 5}});
        let workflow = json!({"model_id": "a/flow", "kind": "workflow"});
        let entries = [
            entry("../out/side", 1),
            entry("/etc/passwd", 1),
            entry("a/..", 1),
            entry("alone", 1),
            entry("a/ok.json/edit", 1),
            entry(&format!("a/{}", "x".repeat(300)), 1),
            entry("a/NUL/x", 1),
            entry("a/ok", 1),
            entry("a/Same", 1),
            entry("a/same", 1),
            workflow,
            invalid,
        ];
        let pull = Pull::plan(folder.path(), &entries, &[], false).unwrap();
        assert_eq!(names(&pull), ["+a/Same.json", "+a/ok.json"]);
        pull.apply().unwrap();
        let skipped = pull.skipped().iter();
        let skipped: Vec<_> = skipped.map(|s| (&*s.model_id, s.is_error)).collect();
        assert_eq!(
            skipped,
            [
                ("../out/side", true),
                ("/etc/passwd", true),
                ("a/..", true),
                ("alone", true),
                ("a/ok.json/edit", true),
                (&format!("a/{}", "x".repeat(300)), true),
                ("a/NUL/x", true),
                ("a/same", true),
                ("a/flow", false),
                ("a/invalid", true)
            ]
        );
        assert_eq!(pull.diagnostics().len(), 1);
    }

    /// Whatever the catalogue lists, the entries that were taken can be generated.
    #[test]
    fn colliding_entries_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let collide = json!({"model_id": "acme/collide", "input_schema": {
            "properties": {"promptImage": {}, "prompt_image": {}}}});
        let entries = [
            entry("acme/stamp-2", 1),
            entry("acme/good", 1),
            collide,
            entry("acme/stamp_2", 1),
            entry("Acme/x", 1),
            entry("acme/twoWords/a", 1),
            entry("acme/twowords/a", 1),
        ];
        let plan = |entries: &[Value], prune| {
            let pull = Pull::plan(folder.path(), entries, &[], prune).unwrap();
            pull.apply().unwrap();
            runcomfy_codegen::Builder::new()
                .schemas(folder.path())
                .read()
                .unwrap();
            pull
        };
        let pull = plan(&entries, false);
        let skipped: Vec<&str> = pull.skipped().iter().map(|s| &*s.model_id).collect();
        assert_eq!(skipped, ["acme/collide", "Acme/x", "acme/twowords/a"]);
        let messages: Vec<&str> = pull.diagnostics().iter().map(|f| &*f.message).collect();
        assert_eq!(
            messages,
            [
                "the properties `promptImage` and `prompt_image` both become the field `prompt_image`",
            ]
        );

        // The model with a file stays, whatever the order, until it is unlisted and pruned.
        let turned = [entry("acme/Stamp-2", 1), entry("acme/stamp-2", 1)];
        assert_eq!(plan(&turned, false).skipped()[0].model_id, "acme/Stamp-2");
        let renamed = [entry("acme/Stamp-2", 1)];
        assert_eq!(plan(&renamed, false).skipped().len(), 1);
        assert_eq!(plan(&renamed, true).skipped(), []);
        let listing = source::list(folder.path()).unwrap();
        assert_eq!(listing.files.len(), 1);
    }

    #[test]
    fn empty_catalogue_and_wrong_pattern_remove_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b.json"), "{\"properties\": {}}").unwrap();
        let plan = |entries: &[Value], pattern: &str| {
            let patterns = [pattern.to_owned()];
            let error = Pull::plan(folder.path(), entries, &patterns, true).unwrap_err();
            error.to_string()
        };
        assert!(plan(&[], "**").contains("empty"));
        assert!(plan(&[entry("a/b", 1)], "x/**").contains("no model id matches"));
    }
}
