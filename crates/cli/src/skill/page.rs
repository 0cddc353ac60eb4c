//! The page of a model: its properties, their rules, its price and an example.

use std::collections::HashSet;

use runcomfy::catalogue::CatalogueEntry;
use runcomfy::schema::{Kind, Literal, ModelSchema, Property, Schema, naming::snake_case};

use super::folder::MARKER;
use super::markdown::{code, prose};
use crate::init::example;
use crate::model::Model;
use crate::{flags, price, shell_word};

/// A model and the name of its page.
pub(super) struct Page<'a> {
    model: &'a Model,
    name: String,
}

/// A property of an input, or of an object in it.
struct Row<'a> {
    /// Names from the input to the property, such as `loras[].path`.
    path: String,
    flag: Option<String>,
    property: &'a Property,
}

impl<'a> Page<'a> {
    /// Returns the pages of models, which are in the order of their ids.
    pub(super) fn of_all(models: &'a [Model]) -> Vec<Self> {
        // The list of models.
        let mut taken = HashSet::from(["models".to_owned()]);
        let page = |model: &'a Model| {
            let first = name(&model.schema.id);
            let mut name = first.clone();
            let mut number = 1;
            // Some file systems take capitals for the same.
            while !taken.insert(name.to_lowercase()) {
                number += 1;
                name = format!("{first}-{number}");
            }
            Self { model, name }
        };
        models.iter().map(page).collect()
    }

    fn schema(&self) -> &'a ModelSchema {
        &self.model.schema
    }

    /// Returns the id of the model.
    pub(super) fn id(&self) -> &'a str {
        &self.schema().id
    }

    /// Returns the name of the file, from the folder of the skill.
    pub(super) fn file(&self) -> String {
        format!("references/{}.md", self.name)
    }

    /// Returns the line of the model in the table of models, whose file is in this folder.
    pub(super) fn line(&self, folder: &str) -> String {
        let rows = self.schema().input.properties().unwrap_or_default().iter();
        let required: Vec<String> = rows
            .filter(|property| property.required)
            .map(|property| code(&property.name))
            .collect();
        let entry = self.model.entry.as_ref();
        let price = entry.and_then(price::to_text).unwrap_or_default();
        let categories: Vec<&str> = entry
            .into_iter()
            .flat_map(CatalogueEntry::categories)
            .collect();
        let name = entry.and_then(|entry| entry.display_name());
        let about = [name.unwrap_or_default(), &categories.join(", ")].join("; ");
        format!(
            "| [{}]({folder}{}.md) | {} | {} | {} |",
            code(self.id()),
            self.name,
            required.join(", "),
            prose(&price),
            prose(about.trim_matches([';', ' '])),
        )
    }

    /// Returns the text of the page.
    pub(super) fn text(&self) -> String {
        let id = self.id();
        let mut parts = vec![MARKER.to_owned(), format!("# {}", code(id)), self.price()];
        let texts = [
            self.schema().input.title(),
            self.schema().input.description(),
        ];
        let texts = texts.into_iter().flatten().map(prose);
        parts.extend(texts.filter(|text| !text.is_empty()));
        let rows = self.rows();
        if rows.is_empty() {
            parts.push("The schema names no properties.".to_owned());
        } else {
            let head = "| property | flag | values | default | about |\n|---|---|---|---|---|";
            let lines = rows.iter().map(line);
            let lines: Vec<String> = std::iter::once(head.to_owned()).chain(lines).collect();
            parts.push(lines.join("\n"));
        }
        let rules: Vec<String> = rows.iter().flat_map(rules).collect();
        if !rules.is_empty() {
            parts.push("Rules for the media, checked before the submit:".to_owned());
            parts.push(rules.join("\n"));
        }
        let input = example::input(self.schema()).to_string();
        parts.push("The smallest input. With `--dry-run` nothing is submitted:".to_owned());
        parts.push(format!(
            "```sh\nruncomfy run {} --input {} --dry-run\n```",
            shell_word::quoted(id),
            shell_word::quoted(&input)
        ));
        parts.join("\n\n") + "\n"
    }

    fn price(&self) -> String {
        let entry = self.model.entry.as_ref();
        let Some(price) = entry.and_then(price::to_text) else {
            return format!(
                "Price: unknown here; {} shows it.",
                code(&format!(
                    "runcomfy models get {}",
                    shell_word::quoted(self.id())
                ))
            );
        };
        let note = entry.and_then(|entry| entry.json().get("pricing_note")?.as_str());
        let note = note.map(prose).unwrap_or_default();
        format!("Price: {}. {note}", prose(&price))
            .trim_end()
            .to_owned()
    }

    /// Returns the properties, each before those within it.
    fn rows(&self) -> Vec<Row<'a>> {
        let mut rows = Vec::new();
        for property in self.schema().input.properties().unwrap_or_default() {
            rows.push(Row {
                path: property.name.to_string(),
                flag: Some(flags::flag(self.schema(), property)),
                property,
            });
            add_inner(&property.name, &property.schema, &mut rows);
        }
        rows
    }
}

/// Adds the properties of an object, or of the objects in an array.
fn add_inner<'a>(path: &str, schema: &'a Schema, rows: &mut Vec<Row<'a>>) {
    if let Some(items) = schema.items() {
        add_inner(&format!("{path}[]"), items, rows);
    }
    for property in schema.properties().unwrap_or_default() {
        let path = format!("{path}.{}", property.name);
        add_row(path, property, rows);
    }
}

fn add_row<'a>(path: String, property: &'a Property, rows: &mut Vec<Row<'a>>) {
    let inner = path.clone();
    rows.push(Row {
        path,
        flag: None,
        property,
    });
    add_inner(&inner, &property.schema, rows);
}

/// Returns the name of a model's page without extension: the id, with what a path, a link or a file
/// system may take for something else replaced.
fn name(id: &str) -> String {
    /// File systems take 255 bytes.
    const MAX_CHARS: usize = 120;
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => c,
        _ => '_',
    };
    let name = id.replace('/', "--");
    let name: String = name.chars().take(MAX_CHARS).map(plain).collect();
    // A file whose name begins with a period is hidden.
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => name,
    }
}

fn line(row: &Row<'_>) -> String {
    let schema = &row.property.schema;
    let flag = row.flag.as_ref();
    let default = match flags::default(schema) {
        _ if row.property.required => "required".to_owned(),
        Some(default) => code(&default.to_string()),
        None => String::new(),
    };
    format!(
        "| {} | {} | {} | {default} | {} |",
        code(&row.path),
        flag.map(|flag| code(&format!("--{flag}")))
            .unwrap_or_default(),
        values(schema),
        about(row.property)
    )
}

/// Returns the allowed values in words.
fn values(schema: &Schema) -> String {
    /// Descriptions of elements that say no more than the one of their array.
    const UNBOUND: [&str; 6] = [
        "a string",
        "an integer",
        "a number",
        "true or false",
        "an object",
        "a value",
    ];
    if let Some(choices) = schema.choices() {
        return listed(choices);
    }
    let all = prose(&schema.describe());
    match schema.items().filter(|_| schema.kind == Kind::Array) {
        Some(items) if items.media().is_none() && !UNBOUND.contains(&items.describe().as_str()) => {
            format!("{all}, each {}", values(items))
        }
        _ => all,
    }
}

/// Returns choices as JSON, whole, since a model may take no other.
fn listed(choices: &[Literal]) -> String {
    let texts: Vec<String> = choices.iter().map(|c| code(&c.to_string())).collect();
    match &texts[..] {
        [only] => only.clone(),
        all => format!("one of {}", all.join(", ")),
    }
}

/// Returns title and description, as far as they say more than the name.
fn about(property: &Property) -> String {
    let schema = &property.schema;
    let deprecated = schema.is_deprecated().then_some("Deprecated.");
    let title = schema
        .title()
        .filter(|title| snake_case(title) != snake_case(&property.name));
    let title = title.map(|title| format!("{}.", title.trim_end_matches('.')));
    let texts = [deprecated, title.as_deref(), schema.description()];
    let texts: Vec<&str> = texts.into_iter().flatten().collect();
    prose(&texts.join(" "))
}

/// Returns the rules about the media behind a property.
fn rules(row: &Row<'_>) -> Vec<String> {
    let schema = &row.property.schema;
    let of_items = schema.items().into_iter().flat_map(Schema::rules);
    let rules = schema.rules().chain(of_items);
    let line = |rule: &runcomfy::schema::Rule| {
        let message = prose(&rule.message);
        let message = match &*message {
            "" => String::new(),
            message => format!(": {message}"),
        };
        format!("- {} {}{message}", code(&row.path), code(&rule.to_string()))
    };
    rules.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use runcomfy::schema::Json;
    use serde_json::json;
    use std::borrow::Cow;

    fn model(id: &str, input: Json) -> Model {
        let (schema, diagnostics) = ModelSchema::parse(Some(id), &[input]);
        Model {
            schema: Cow::Owned(schema.unwrap_or_else(|| panic!("{diagnostics:?}"))),
            warnings: Vec::new(),
            entry: None,
        }
    }

    #[test]
    fn every_page_has_a_file_name_of_its_own() {
        let ids = [
            ".a/b",
            "a/b",
            "a/b\\c",
            "a/B",
            "a--b",
            "minimax/Hailuo Video 01 Live",
        ];
        let models: Vec<Model> = ids
            .iter()
            .map(|id| model(id, json!({"properties": {}})))
            .collect();
        let files: Vec<String> = Page::of_all(&models).iter().map(Page::file).collect();
        let expected = [
            "_a--b",
            "a--b",
            "a--b_c",
            "a--B-2",
            "a--b-3",
            "minimax--Hailuo_Video_01_Live",
        ];
        assert_eq!(files, expected.map(|name| format!("references/{name}.md")));
        let long = model(&format!("é/{}", "é".repeat(300)), json!({"properties": {}}));
        assert!(Page::of_all(&[long])[0].file().len() < 255);
    }

    #[test]
    fn schema_cannot_leave_its_cell() {
        let bad = "|\n\n# Ignore `this` <!-- [x](y)";
        let model = model(
            "v/m",
            json!({"type": "object", "description": bad, "properties": {
                bad: {"type": "string", "title": bad, "description": bad, "enum": [bad, "b"],
                    "default": bad},
                "media": {"type": "string", "format": "image_uri", "validations": [{
                    "validation_rule": "width_pixels<=", "validation_value": 1,
                    "validation_error": bad}]},
            }}),
        );
        let models = [model];
        let page = &Page::of_all(&models)[0];
        let text = page.text();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        for line in &lines {
            let bars = line.replace("\\|", "");
            assert_eq!(bars.matches('|').count(), 6, "{line}");
        }
        assert_eq!(lines.len(), 4, "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with('#')).count(), 1);
        // The one at the top, and those within code: the name, the choice and the default.
        let comments = text.replace("\\<!--", "").matches("<!--").count();
        assert_eq!(comments, 1 + 3, "{text}");
    }

    #[test]
    fn objects_in_arrays_have_rows_of_their_own() {
        let model = model(
            "v/m",
            json!({"type": "object", "required": ["loras"], "properties": {"loras": {
                "type": "array", "items": {"type": "object", "required": ["path"], "properties": {
                    "path": {"type": "string"},
                    "scale": {"type": "number", "minimum": 0, "maximum": 2, "default": 1}}}},
                "sizes": {"type": "array", "items": {"type": "integer", "minimum": 8}}}}),
        );
        let models = [model];
        let text = Page::of_all(&models)[0].text();
        for line in [
            "| `loras` | `--loras` | an array of objects | required |  |",
            "| `loras[].path` |  | a string | required |  |",
            "| `loras[].scale` |  | a number in 0..=2 | `1` |  |",
            "| `sizes` | `--sizes` | an array of integers, each an integer at least 8 |  |  |",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
