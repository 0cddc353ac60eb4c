//! `SKILL.md`: what an agent reads first.

use std::collections::BTreeSet;

use serde_json::json;

use super::folder::MARKER;
use super::page::Page;

const GUIDE: &str = include_str!("guide.md");

const HEAD: &str = "| model | needs | price | about |\n|---|---|---|---|";

/// Number of models up to which they are listed in `SKILL.md` itself, which agents read whole.
const MAX_LISTED: usize = 40;

/// Returns the names and texts of `SKILL.md` and, where it would be long, of the list of models.
pub(super) fn files(name: &str, pages: &[Page<'_>]) -> Vec<(String, String)> {
    let table = |folder| {
        let lines = pages.iter().map(|page| page.line(folder));
        let lines: Vec<String> = std::iter::once(HEAD.to_owned()).chain(lines).collect();
        lines.join("\n")
    };
    let head = format!(
        "---\nname: {name}\ndescription: {}\n---\n\n{MARKER}\n",
        json!(description(pages))
    );
    if pages.len() <= MAX_LISTED {
        let guide = GUIDE.replace("{where}", "[below](#models)");
        let text = format!("{head}\n{guide}\n## Models\n\n{}\n", table("references/"));
        return vec![("SKILL.md".to_owned(), text)];
    }
    let guide = GUIDE.replace("{where}", "of [the list](references/models.md)");
    vec![
        (
            "references/models.md".to_owned(),
            format!("{MARKER}\n\n# Models\n\n{}\n", table("")),
        ),
        ("SKILL.md".to_owned(), format!("{head}\n{guide}")),
    ]
}

/// Returns the text by which an agent chooses the skill.
fn description(pages: &[Page<'_>]) -> String {
    /// A skill may have 1024.
    const MAX_CHARS: usize = 900;
    let mut text = "Runs models of RunComfy that make images, videos and audio, with the command `runcomfy`: \
         inputs are checked before they cost anything, and no job is paid twice. Use it to make or edit \
         images, videos or audio with RunComfy or with one of its models:"
        .to_owned();
    let families: BTreeSet<&str> = pages.iter().map(|page| family(page.id())).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " -_./".contains(c);
    let plain = families
        .into_iter()
        .filter(|family| family.chars().all(is_plain));
    for (index, family) in plain.enumerate() {
        if text.len() + family.len() > MAX_CHARS {
            text += " and others";
            break;
        }
        text += if index == 0 { " " } else { ", " };
        text += family;
    }
    text + "."
}

/// Returns the vendor and the family of a model id: its first two segments.
fn family(id: &str) -> &str {
    let end = id
        .match_indices('/')
        .nth(1)
        .map_or(id.len(), |(end, _)| end);
    &id[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use runcomfy::schema::ModelSchema;
    use std::borrow::Cow;

    fn model(id: &str) -> Model {
        let (schema, _) = ModelSchema::parse(Some(id), &[json!({"properties": {}})]);
        Model {
            schema: Cow::Owned(schema.unwrap()),
            warnings: Vec::new(),
            entry: None,
        }
    }

    #[test]
    fn guide_of_many_models_stays_short() {
        let ids = (100..600).map(|n| format!("vendor/family-{n}/edit"));
        let models: Vec<Model> = ids.map(|id| model(&id)).collect();
        for (count, files_expected) in [(40, 1), (41, 2), (500, 2)] {
            let pages = Page::of_all(&models[..count]);
            let files = files("runcomfy", &pages);
            assert_eq!(files.len(), files_expected);
            let (name, text) = files.last().unwrap();
            assert_eq!(name, "SKILL.md");
            assert!(text.len() < 12_000, "{}", text.len());
            assert!(description(&pages).len() < 1024);
            let list = &files[0].1;
            assert_eq!(list.matches("| [`vendor/").count(), count);
        }
    }

    #[test]
    fn description_names_only_plain_families() {
        let models = ["a/b/c", "a/b/d", "x\": y/z", "e/\u{202e}f"].map(model);
        let text = description(&Page::of_all(&models));
        assert!(text.ends_with("models: a/b."), "{text}");
    }
}
