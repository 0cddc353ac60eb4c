//! The flag `--name`: a template for the names of saved files.

use runcomfy::schema::Json;

/// A template such as `{n}-{slug}-{id}.{ext}`.
#[derive(Clone, Debug)]
pub(crate) struct NameTemplate {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Placeholder(&'static str),
}

/// The values of the placeholders that all files of a job share.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameValues {
    request_id: String,
    model_id: String,
    /// The first words of the prompt.
    slug: Option<String>,
}

/// Names of the placeholders.
const PLACEHOLDERS: [&str; 6] = ["n", "slug", "id", "model", "name", "ext"];

/// Maximum number of characters of a slug.
const MAX_SLUG: usize = 40;

impl NameTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// If a placeholder is unknown or not closed, or the template is a path.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("expected a name such as {n}-{slug}.{ext}".to_owned());
        }
        if text.contains(['/', '\\']) {
            return Err("expected a name, not a path; --output-dir sets the folder".to_owned());
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| format!("found `{{{after}` without its `}}`"))?;
            let known = PLACEHOLDERS.iter().find(|known| **known == name);
            let known = known.ok_or_else(|| {
                let known = PLACEHOLDERS.map(|known| format!("{{{known}}}")).join(", ");
                format!("unknown placeholder `{{{name}}}`; there are {known}")
            })?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Placeholder(known));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self { parts })
    }

    /// Returns the name of a file by its index and by the name that the service gives it, whose extension
    /// is that of its bytes. A template without an extension gets that one.
    pub(crate) fn name(&self, values: &NameValues, index: usize, original: &str) -> String {
        let (stem, extension) = original.rsplit_once('.').unwrap_or((original, ""));
        let value = |placeholder: &str| match placeholder {
            "n" => (index + 1).to_string(),
            "slug" => values.slug.clone().unwrap_or_else(|| stem.to_owned()),
            "id" => values.request_id.clone(),
            "model" => values.model_id.replace('/', "-"),
            "name" => stem.to_owned(),
            _ => extension.to_owned(),
        };
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Placeholder(name) => value(name),
        });
        let name: String = parts.collect();
        // A file without an extension.
        let name = name.trim_end_matches('.');
        if extension.is_empty() || has_extension(name) {
            return name.to_owned();
        }
        format!("{name}.{extension}")
    }
}

/// Returns `true` if a name ends with a dot and a word such as `png`, which the number of a version is not.
fn has_extension(name: &str) -> bool {
    const MAX_EXTENSION: usize = 5;
    name.rsplit_once('.').is_some_and(|(stem, end)| {
        !stem.is_empty()
            && (1..=MAX_EXTENSION).contains(&end.len())
            && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && end.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

impl NameValues {
    /// Takes what is known of a job.
    pub(crate) fn new(request_id: &str, model_id: Option<&str>, input: Option<&Json>) -> Self {
        let prompt = input.and_then(|input| input.get("prompt")?.as_str());
        Self {
            request_id: request_id.to_owned(),
            model_id: model_id.unwrap_or("model").to_owned(),
            slug: prompt.map(slug).filter(|slug| !slug.is_empty()),
        }
    }
}

/// Returns the first words of a text in lower case, with dashes between them.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    let words = text.split(|c: char| !c.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        if slug.is_empty() {
            slug = word.chars().take(MAX_SLUG).collect();
        } else if slug.chars().count() + word.chars().count() < MAX_SLUG {
            slug = format!("{slug}-{word}");
        } else {
            break;
        }
    }
    slug
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_are_filled() {
        let input = json!({ "prompt": "A boat, in the FOG — 船!" });
        let values = NameValues::new("id-7", Some("a/b"), Some(&input));
        let name = |template: &str, original| {
            let template = NameTemplate::parse(template).unwrap();
            template.name(&values, 1, original)
        };
        let all = "{n}-{slug}-{id}-{model}-{name}.{ext}";
        let expected = "2-a-boat-in-the-fog-船-id-7-a-b-image.png";
        assert_eq!(name(all, "image.png"), expected);
        assert_eq!(name("x.{ext}", "image"), "x");
        assert_eq!(name("no-placeholder", "image.png"), "no-placeholder.png");
        assert_eq!(name("v1.5", "image.png"), "v1.5.png");
        assert_eq!(name("{name}", "image.png"), "image.png");
        assert_eq!(name("a.jpg", "image.png"), "a.jpg");
        let unknown = NameValues::new("id", None, None);
        let template = NameTemplate::parse("{slug}.{ext}").unwrap();
        assert_eq!(template.name(&unknown, 0, "a.b.png"), "a.b.png");
    }

    #[test]
    fn invalid_template_is_refused() {
        for text in ["{x}", "{n", "{}", "a/{n}", "..\\{n}", " ", "{N}"] {
            assert!(NameTemplate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn slug_is_short() {
        assert_eq!(slug(&"a".repeat(99)).len(), MAX_SLUG);
        let words = slug(&"word ".repeat(99));
        assert!(
            words.len() <= MAX_SLUG && words.ends_with("word"),
            "{words}"
        );
        assert_eq!(slug("…!"), "");
    }
}
