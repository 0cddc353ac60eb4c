//! The command `runcomfy skill`: a folder of instructions for agents, made from the schemas of models.

mod folder;
mod guide;
mod markdown;
mod page;

use std::borrow::Cow;
use std::path::Path;

use clap::ArgMatches;
use runcomfy::schema::{is_invisible, matches_glob};
use serde_json::json;

use crate::failure::Failure;
use crate::format::Format;
use crate::model::{Model, PATTERNS, hint};
use crate::session::Session;
use crate::{shell_word, show};
use folder::{Difference, Folder};
use page::Page;

/// Writes the skill, or with `--check` compares it with what would be written.
///
/// # Errors
/// If no model matches, the catalogue cannot be queried, a file cannot be written, or, with `--check`, a
/// file differs.
pub(crate) async fn skill(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let out = matches.get_one::<String>("out").map_or("", String::as_str);
    let name = name(out)?;
    let patterns = patterns(matches);
    let (mut models, mut left_out) = if matches.get_flag("built-in") {
        (built_in(), Vec::new())
    } else {
        in_catalogue(matches).await?
    };
    check(&patterns, &models, &left_out)?;
    models.retain(|model| is_chosen(&patterns, &model.schema.id));
    models.sort_by(|a, b| a.schema.id.cmp(&b.schema.id));
    models.dedup_by(|a, b| a.schema.id == b.schema.id);
    left_out.retain(|(id, _)| is_chosen(&patterns, id));
    for (id, why) in &left_out {
        show::warn(&format!("`{id}` is left out: {why}"));
    }
    if models.is_empty() {
        let why = "found no model whose schema can be used; nothing was written";
        return Err(Failure::no_such_model("", "").with_message(why.to_owned()));
    }
    let pages = Page::of_all(&models);
    let mut files: Vec<(String, String)> = pages
        .iter()
        .map(|page| (page.file(), page.text()))
        .collect();
    // Last, so that a skill which is there names only files that exist.
    files.extend(guide::files(&name, &pages));
    let folder = Folder::read(Path::new(out), &files)?;
    if matches.get_flag("check") {
        let differences = folder.differences();
        if !differences.is_empty() {
            return Err(outdated(out, &differences, matches));
        }
    } else {
        folder.write()?;
    }
    let ids: Vec<&str> = left_out.iter().map(|(id, _)| id.as_str()).collect();
    let mut json = folder.to_json();
    json["models"] = json!(models.len());
    json["left_out"] = json!(ids);
    format.print(&json, || folder.to_text(models.len(), out));
    Ok(())
}

/// Returns the name of the skill, which is that of its folder.
fn name(out: &str) -> Result<String, Failure> {
    /// Of an agent's skill.
    const MAX_CHARS: usize = 64;
    let path = std::path::absolute(out).map_err(|error| {
        Failure::usage(format!("could not resolve the folder `{out}`: {error}"))
    })?;
    let name = path.file_name().map(|name| name.display().to_string());
    let name = name.unwrap_or_default();
    let is_plain = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-');
    let is_name = (1..=MAX_CHARS).contains(&name.len())
        && name.chars().all(is_plain)
        && name.split('-').all(|part| !part.is_empty());
    if is_name {
        return Ok(name);
    }
    Err(Failure::usage(format!(
        "found the folder `{name}`, whose name is that of the skill, expected at most {MAX_CHARS} of a to z, 0 to 9 and single hyphens, such as --out .claude/skills/runcomfy"
    )))
}

/// Returns the patterns of the models.
fn patterns(matches: &ArgMatches) -> Vec<&str> {
    let globs = matches.get_many::<String>("models").into_iter().flatten();
    globs.map(String::as_str).collect()
}

/// Returns `true` if an id matches a pattern, or if there are none.
fn is_chosen(patterns: &[&str], id: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches_glob(pattern, id))
}

/// Checks that every pattern matches a model. One that matches none is a slip that would lose models.
fn check(
    patterns: &[&str],
    models: &[Model],
    left_out: &[(String, String)],
) -> Result<(), Failure> {
    for pattern in patterns {
        let ids = models.iter().map(|model| &*model.schema.id);
        let mut ids = ids.chain(left_out.iter().map(|(id, _)| id.as_str()));
        if !ids.any(|id| matches_glob(pattern, id)) {
            let what = format!("no model matches `{pattern}`; {}", hint(pattern));
            return Err(Failure::no_such_model("", "")
                .with_message(what)
                .with_advice(PATTERNS));
        }
    }
    Ok(())
}

fn built_in() -> Vec<Model> {
    let model = |schema| Model {
        schema: Cow::Borrowed(schema),
        warnings: Vec::new(),
        entry: None,
    };
    runcomfy_models::ALL
        .iter()
        .map(|schema| model(schema))
        .collect()
}

/// Fetches the models of the catalogue, and the ids of those that are left out, each with the reason.
async fn in_catalogue(
    matches: &ArgMatches,
) -> Result<(Vec<Model>, Vec<(String, String)>), Failure> {
    let session = Session::service(matches).map_err(|failure| {
        if failure.is_about_token() {
            failure.and_advice("--built-in needs none either.")
        } else {
            failure
        }
    })?;
    let entries = session.client.catalogue().with_schemas().entries().await?;
    let (mut models, mut left_out) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = entry.model_id().to_owned();
        // It is part of commands, on lines of their own.
        if id.contains(is_invisible) {
            left_out.push((id, "its id has invisible characters".to_owned()));
            continue;
        }
        match Model::from_entry(entry) {
            Ok(model) => models.push(model),
            Err(why) => left_out.push((id, format!("its schema cannot be used: {why}"))),
        }
    }
    Ok((models, left_out))
}

fn outdated(out: &str, differences: &[Difference<'_>], matches: &ArgMatches) -> Failure {
    let mut words = vec!["runcomfy skill".to_owned()];
    let patterns = patterns(matches).into_iter();
    words.extend(patterns.map(|pattern| format!("--models {}", shell_word::quoted(pattern))));
    if matches.get_flag("built-in") {
        words.push("--built-in".to_owned());
    }
    words.push(format!("--out {}", shell_word::quoted(out)));
    let faults = differences.iter().map(|difference| {
        let fault = json!({ "file": difference.file, "difference": difference.what });
        (format!("{} {}", difference.file, difference.what), fault)
    });
    Failure::outdated(format!("the skill in `{out}` is outdated"))
        .with_faults(faults.collect())
        .with_advice(format!(
            "Nothing was written. Write it again: {}",
            words.join(" ")
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_the_folder_is_that_of_the_skill() {
        for (out, expected) in [
            ("runcomfy", Some("runcomfy")),
            ("a/b/runcomfy-4/", Some("runcomfy-4")),
            ("./skill", Some("skill")),
            ("Skill", None),
            ("a--b", None),
            ("-a", None),
            ("a_b", None),
            ("/", None),
            ("a/..", None),
        ] {
            assert_eq!(name(out).ok().as_deref(), expected, "{out}");
        }
        assert!(name(&"a".repeat(64)).is_ok());
        assert!(name(&"a".repeat(65)).is_err());
    }
}
