//! What a schema allows, in words.

use std::fmt::Display;

use crate::{Kind, Schema};

impl Schema {
    /// One phrase: `a number in 0..1`, `one of "16:9", "1:1"`, `an array of 1..10 image URLs`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.choices() {
            Some(choices) => one_of(choices),
            None => self.describe_limits(),
        }
    }

    /// The same without the members of `enum`, for a member that breaks another keyword. As in the
    /// engine, keywords that speak of another type say nothing.
    pub(crate) fn describe_limits(&self) -> String {
        match self.kind {
            Kind::String => format!("{}{}", self.describe_text(), self.describe_length()),
            Kind::Integer => format!("an integer{}", self.describe_range()),
            Kind::Number => format!("a number{}", self.describe_range()),
            Kind::Boolean => "true or false".into(),
            Kind::Array => {
                let noun = self.describe_element();
                let elements = counted(self.count(), &noun);
                let elements = elements.unwrap_or_else(|| format!("{noun}s"));
                format!("an array of {elements}")
            }
            Kind::Object => "an object".into(),
            Kind::Any => {
                let count = counted(self.count(), "element");
                let count = count.map_or(String::new(), |count| format!(" of {count}"));
                let (range, length) = (self.describe_range(), self.describe_length());
                format!("a value{range}{length}{count}")
            }
        }
    }

    fn describe_text(&self) -> String {
        match self.media() {
            Some(kind) => with_article(&format!("{} URL", kind.as_str())),
            None => "a string".into(),
        }
    }

    /// One element of an array, without an article.
    fn describe_element(&self) -> String {
        match (self.media(), self.items().map(|items| items.kind)) {
            (Some(kind), _) => format!("{} URL", kind.as_str()),
            (None, None | Some(Kind::Any)) => "value".into(),
            (None, Some(kind)) => kind.as_str().into(),
        }
    }

    fn describe_range(&self) -> String {
        let range = self.bounds().after_noun();
        match self.step() {
            Some(step) => format!("{range}, a multiple of {step}"),
            None => range,
        }
    }

    fn describe_length(&self) -> String {
        counted(self.length(), "character").map_or(String::new(), |length| format!(" of {length}"))
    }
}

/// `exactly 1 character`, `at most 800 characters`, `1..10 image URLs`; nothing where any number
/// will do.
fn counted((least, most): (Option<u64>, Option<u64>), noun: &str) -> Option<String> {
    Some(match (least.filter(|least| *least > 0), most) {
        (None, None) => return None,
        (Some(least), None) => format!("at least {}", plural(least, noun)),
        (None, Some(most)) => format!("at most {}", plural(most, noun)),
        (Some(least), Some(most)) if least == most => format!("exactly {}", plural(most, noun)),
        (Some(least), Some(most)) => format!("{least}..{}", plural(most, noun)),
    })
}

/// `1 element`, `2 elements`.
pub(crate) fn plural(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// `one of "16:9", "1:1"`, or the only one.
pub(crate) fn one_of(choices: &[impl Display]) -> String {
    let list: Vec<String> = choices.iter().map(ToString::to_string).collect();
    match &*list {
        [] => "nothing".into(),
        [only] => only.clone(),
        list => format!("one of {}", list.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use crate::ModelSchema;
    use serde_json::{Value, json};

    fn describe(schema: &Value) -> String {
        let document = json!({"properties": {"x": schema}});
        let (model, problems) = ModelSchema::parse(Some("a/b"), &[document]);
        let model = model.unwrap_or_else(|| panic!("{problems:?}"));
        model.input.properties().unwrap()[0].schema.describe()
    }

    #[test]
    fn reads_as_english() {
        for (schema, words) in [
            (json!({}), "a value"),
            (json!({"type": "boolean"}), "true or false"),
            (json!({"type": "integer"}), "an integer"),
            (
                json!({"type": "integer", "minimum": 1}),
                "an integer at least 1",
            ),
            (
                json!({"type": "float", "minimum": 0, "maximum": 1}),
                "a number in 0..1",
            ),
            (
                json!({"type": "integer", "maximum": 64, "multipleOf": 8}),
                "an integer at most 64, a multiple of 8",
            ),
            (json!({"type": "string"}), "a string"),
            (json!({"type": "string", "minLength": 0}), "a string"),
            (
                json!({"type": "string", "maxLength": 1}),
                "a string of at most 1 character",
            ),
            (
                json!({"type": "string", "minLength": 1, "maxLength": 800}),
                "a string of 1..800 characters",
            ),
            (
                json!({"type": "string", "minLength": 2, "maxLength": 2}),
                "a string of exactly 2 characters",
            ),
            (
                json!({"type": "string", "format": "image_uri"}),
                "an image URL",
            ),
            (
                json!({"type": "string", "format": "video_uri"}),
                "a video URL",
            ),
            (
                json!({"type": "string", "format": "audio_uri"}),
                "an audio URL",
            ),
            (json!({"type": "array"}), "an array of values"),
            (
                json!({"type": "array", "items": {"type": "object"}}),
                "an array of objects",
            ),
            (
                json!({"type": "array", "items": {"type": "float"}}),
                "an array of numbers",
            ),
            (
                json!({"type": "array", "format": "image_uris", "minItems": 1, "maxItems": 1}),
                "an array of exactly 1 image URL",
            ),
            (
                json!({"type": "array", "format": "video_uris", "minItems": 1, "maxItems": 3}),
                "an array of 1..3 video URLs",
            ),
            (json!({"type": "object"}), "an object"),
            (
                json!({"type": "string", "enum": ["16:9", "1:1"]}),
                r#"one of "16:9", "1:1""#,
            ),
            (json!({"type": "integer", "enum": [5]}), "5"),
            // Keywords of other types say nothing.
            (
                json!({"type": "string", "minimum": 5, "maxItems": 3}),
                "a string",
            ),
            (json!({"type": "integer", "maxLength": 5}), "an integer"),
        ] {
            assert_eq!(describe(&schema), words, "{schema}");
        }
    }
}
