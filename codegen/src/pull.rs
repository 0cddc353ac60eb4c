//! From the live catalogue to schema files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use runcomfy_schema::ModelSchema;
use serde_json::Value;

use crate::diagnostic::harmless;
use crate::id_tree::IdTree;
use crate::schema_file::{SchemaFile, fault_of_id};
use crate::source::{self, Source};
use crate::{
    Change, Changes, Diagnostic, Diff, Error, collision, diff, doc, files, glob, parallel,
};

/// What a folder of schemas becomes when the catalogue's entries are taken into it. Nothing is
/// written before [`apply`](Self::apply).
#[derive(Debug)]
pub struct Pull {
    schemas: PathBuf,
    files: Vec<SchemaFile>,
    changes: Vec<Change>,
    diff: Diff,
    skipped: Vec<Skipped>,
    gone: Vec<String>,
    findings: Vec<Diagnostic>,
}

/// An entry of the catalogue that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The model's id, as the catalogue has it, with control characters spelt out; where it has
    /// none, words for that.
    pub model_id: String,
    /// Why it is not taken.
    pub why: String,
    /// Whether the entry is faulty; else it is no model with an input.
    pub is_fault: bool,
}

/// What an entry says about the model itself. The rest (names, prices, categories) is about its
/// sale, changes often and makes no difference to the bindings.
const KEPT: [&str; 3] = ["kind", "input_schema", "output_schema"];

impl Pull {
    /// Compares the entries with the folder, which need not be there. With patterns only the
    /// models whose ids fit one of them are looked at, on both sides; with `prune` the files of
    /// models that the catalogue does not have will be removed.
    ///
    /// An entry whose schema is faulty is not taken, and its file stays as it is: one bad schema
    /// must not keep all others from being generated.
    ///
    /// # Errors
    /// When there is not one entry, no id fits a pattern, or the folder cannot be read.
    pub fn plan(
        schemas: &Path,
        entries: &[Value],
        patterns: &[String],
        prune: bool,
    ) -> Result<Self, Error> {
        let mut skipped = Vec::new();
        let chosen = choose(entries, patterns, &mut skipped)?;
        let there = there(schemas, patterns)?;

        let in_catalogue: HashSet<&str> = entries.iter().filter_map(id_of).collect();
        let gone = there
            .keys()
            .filter(|id| !in_catalogue.contains(id.as_str()));
        let gone: Vec<String> = gone.cloned().collect();
        let leaves = |id: &str| prune && gone.iter().any(|gone| gone == id);
        let held = source::list(schemas).unwrap_or_default().files.into_iter();
        let held = held.map(|(id, _)| id).filter(|id| !leaves(id));
        let (taken, new, findings) = parse(schemas, chosen, held, &mut skipped);

        let old: Vec<ModelSchema> = there
            .values()
            .filter_map(|(_, model)| model.clone())
            .collect();
        let taken_ids: HashSet<&str> = taken.iter().map(|file| &*file.model_id).collect();
        let kept = old
            .iter()
            .filter(|m| !taken_ids.contains(&*m.id) && !leaves(&m.id));
        let now: Vec<ModelSchema> = kept.cloned().chain(new).collect();

        // What is found later belongs between what was found before.
        let order: HashMap<String, usize> = entries.iter().map(shown_id).zip(0..).collect();
        skipped.sort_by_key(|skipped| order.get(&skipped.model_id).copied());

        let mut changes = Vec::new();
        for file in &taken {
            changes.extend(file.change(schemas)?);
        }
        if prune {
            changes.extend(gone.iter().map(|id| Change::Removed(there[id].0.clone())));
        }
        changes.sort_by(|a, b| a.path().cmp(b.path()));
        Ok(Self {
            schemas: schemas.to_owned(),
            diff: diff(&old, &now),
            files: taken,
            changes,
            skipped,
            gone,
            findings,
        })
    }

    /// What the new schemas change for callers.
    #[must_use]
    pub fn diff(&self) -> &Diff {
        &self.diff
    }

    /// The files that will be written or removed.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.changes.clone())
    }

    /// Entries that are not taken, in the order of the catalogue.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Errors in the schemas of entries that are not taken.
    #[must_use]
    pub fn findings(&self) -> &[Diagnostic] {
        &self.findings
    }

    /// Models that have a file, and that the catalogue does not have.
    #[must_use]
    pub fn gone(&self) -> &[String] {
        &self.gone
    }

    /// Brings the folder in step, file by file: each is replaced whole, and those that say the same
    /// already are left alone.
    ///
    /// # Errors
    /// When a file cannot be written or removed; those before it are done.
    pub fn apply(&self) -> Result<(), Error> {
        for file in &self.files {
            file.write(&self.schemas)?;
        }
        for change in &self.changes {
            if let Change::Removed(path) = change {
                fs::remove_file(path).map_err(|e| Error::io("remove", path, e))?;
                files::remove_empty_parents(path, &self.schemas);
            }
        }
        Ok(())
    }
}

fn id_of(entry: &Value) -> Option<&str> {
    entry["model_id"].as_str().filter(|id| !id.is_empty())
}

fn shown_id(entry: &Value) -> String {
    harmless(id_of(entry).unwrap_or("an entry of the catalogue"))
}

fn is_wanted(id: &str, patterns: &[String]) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| glob::fits(pattern, id))
}

/// The entries that can become files.
fn choose(
    entries: &[Value],
    patterns: &[String],
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<SchemaFile>, Error> {
    if entries.is_empty() {
        return Err(Error::empty_catalogue());
    }
    for pattern in patterns {
        if !entries
            .iter()
            .filter_map(id_of)
            .any(|id| glob::fits(pattern, id))
        {
            return Err(Error::nothing_fits(pattern));
        }
    }
    let mut files = Vec::new();
    for entry in entries {
        let id = id_of(entry).unwrap_or_default();
        if !is_wanted(id, patterns) {
            continue;
        }
        let mut skip = |why: String, is_fault| {
            skipped.push(Skipped {
                model_id: shown_id(entry),
                why,
                is_fault,
            });
        };
        if id.is_empty() {
            skip(no_id(entry), true);
        } else if let Some(why) = fault_of_id(id) {
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
    Ok(files)
}

fn no_id(entry: &Value) -> String {
    let start = harmless(&doc::cut(&entry.to_string(), 80));
    format!("it has no text `model_id`: {start}")
}

/// The files of the folder by model id, each with its model where it is one.
type There = BTreeMap<String, (PathBuf, Option<ModelSchema>)>;

fn there(schemas: &Path, patterns: &[String]) -> Result<There, Error> {
    if !schemas.exists() {
        return Ok(There::new());
    }
    let files = source::list(schemas)?.files;
    let wanted = files.into_iter().filter(|(id, _)| is_wanted(id, patterns));
    let mut there = There::new();
    let mut texts = Vec::new();
    for (id, path) in wanted {
        let bytes = fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
        texts.push((id.clone(), path.display().to_string(), bytes));
        there.insert(id, (path, None));
    }
    // A faulty file has no model to compare with, and may be just the one to be replaced.
    let (sound, _) = source::parse_all(&texts).sound();
    for Source { model, .. } in sound {
        if let Some((_, place)) = there.get_mut(&*model.id) {
            *place = Some(model);
        }
    }
    Ok(there)
}

type Parsed = (Vec<SchemaFile>, Vec<ModelSchema>, Vec<Diagnostic>);

/// Keeps the files whose schemas have no errors, and gives their models. With those that are
/// `held` they can stand in one folder, on every system, and be generated.
fn parse(
    schemas: &Path,
    files: Vec<SchemaFile>,
    held: impl Iterator<Item = String>,
    skipped: &mut Vec<Skipped>,
) -> Parsed {
    let (mut modules, mut paths) = (IdTree::modules(), IdTree::files());
    for id in held {
        // Where two of these collide, `generate` says so.
        let _ = (modules.claim(&id), paths.claim(&id));
    }
    let (mut taken, mut models, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    let parsed = parallel::map(&files, |file| {
        let shown = file.path(schemas).display().to_string();
        let text = (file.model_id.clone(), shown, file.text().into_bytes());
        source::parse_all(&[text]).sound()
    });
    for (file, (mut sources, mut errors)) in files.into_iter().zip(parsed) {
        let why = match sources.pop() {
            None => "its schema is faulty".to_owned(),
            Some(source) => {
                if let Err(clash) = paths.claim(&file.model_id) {
                    format!("its path would be that of `{}`", clash.first)
                } else if let Some(clash) = collision::between(&mut modules, &source) {
                    errors.push(clash);
                    "its module is that of another model".to_owned()
                } else {
                    models.push(source.model);
                    taken.push(file);
                    continue;
                }
            }
        };
        findings.extend(errors);
        skipped.push(Skipped {
            model_id: file.model_id,
            why,
            is_fault: true,
        });
    }
    (taken, models, findings)
}

#[cfg(test)]
mod tests {
    use super::*;
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
                Change::Modified(..) => '~',
            };
            format!("{sign}{}", path.display())
        };
        changes.0.iter().map(name).collect()
    }

    #[test]
    fn a_folder_follows_the_catalogue() {
        let folder = tempfile::tempdir().unwrap();
        let schemas = folder.path().join("schemas");
        let plan = |entries: &[Value], prune| Pull::plan(&schemas, entries, &[], prune).unwrap();
        let first = plan(&[entry("a/one", 1), entry("a/b/two", 2)], false);
        assert_eq!(names(&first), ["+a/b/two.json", "+a/one.json"]);
        assert!(!schemas.exists(), "nothing is written by planning");
        first.apply().unwrap();
        let text = fs::read_to_string(schemas.join("a/one.json")).unwrap();
        assert!(!text.contains("base_price_usd"), "{text}");
        assert_eq!(
            names(&plan(&[entry("a/one", 1), entry("a/b/two", 2)], true)),
            [""; 0]
        );

        // Another order of keys is no change, another bound is; what is gone is kept until asked.
        let compact: Value = serde_json::from_str(&text).unwrap();
        fs::write(schemas.join("a/one.json"), compact.to_string()).unwrap();
        let second = plan(&[entry("a/one", 1), entry("c/three", 3)], false);
        assert_eq!(names(&second), ["+c/three.json"]);
        assert_eq!(second.gone(), ["a/b/two"]);
        assert!(!second.diff().is_breaking());
        let pruned = plan(&[entry("a/one", 5), entry("c/three", 3)], true);
        assert_eq!(
            names(&pruned),
            ["-a/b/two.json", "~a/one.json", "+c/three.json"]
        );
        assert!(pruned.diff().is_breaking(), "a model is gone");
        pruned.apply().unwrap();
        assert!(!schemas.join("a/b").exists());
    }

    #[test]
    fn what_cannot_be_a_file_is_left_out_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let faulty = json!({"model_id": "a/faulty", "input_schema": {"properties": 5}});
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
            faulty,
        ];
        let pull = Pull::plan(folder.path(), &entries, &[], false).unwrap();
        assert_eq!(names(&pull), ["+a/Same.json", "+a/ok.json"]);
        pull.apply().unwrap();
        let skipped = pull.skipped().iter();
        let skipped: Vec<_> = skipped.map(|s| (&*s.model_id, s.is_fault)).collect();
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
                ("a/faulty", true)
            ]
        );
        assert_eq!(pull.findings().len(), 1);
    }

    /// Whatever the catalogue holds, what was taken can be generated.
    #[test]
    fn names_that_collide_are_left_out_and_the_rest_can_be_generated() {
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
            crate::Builder::new().schemas(folder.path()).read().unwrap();
            pull
        };
        let pull = plan(&entries, false);
        let skipped: Vec<&str> = pull.skipped().iter().map(|s| &*s.model_id).collect();
        assert_eq!(
            skipped,
            ["acme/collide", "acme/stamp_2", "Acme/x", "acme/twowords/a"]
        );
        let findings: Vec<&str> = pull.findings().iter().map(|f| &*f.message).collect();
        assert_eq!(
            findings,
            [
                "the properties `promptImage` and `prompt_image` both become the field `prompt_image`",
                "the ids `acme/stamp-2` and `acme/stamp_2` both become the module `stamp_2`",
            ]
        );

        // Who is there stays, whatever the order, until the catalogue has it no more.
        let turned = [entry("acme/stamp_2", 1), entry("acme/stamp-2", 1)];
        assert_eq!(plan(&turned, false).skipped()[0].model_id, "acme/stamp_2");
        let renamed = [entry("acme/stamp_2", 1)];
        assert_eq!(plan(&renamed, false).skipped().len(), 1);
        assert_eq!(plan(&renamed, true).skipped(), []);
        let there = source::list(folder.path()).unwrap();
        assert_eq!(there.files.len(), 1);
    }

    #[test]
    fn an_empty_catalogue_or_a_slip_in_a_pattern_removes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b.json"), "{\"properties\": {}}").unwrap();
        let plan = |entries: &[Value], pattern: &str| {
            let patterns = [pattern.to_owned()];
            let error = Pull::plan(folder.path(), entries, &patterns, true).unwrap_err();
            error.to_string()
        };
        assert!(plan(&[], "**").contains("empty"));
        assert!(plan(&[entry("a/b", 1)], "x/**").contains("no model's id fits"));
    }
}
