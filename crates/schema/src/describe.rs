//! Phrases for the values that a schema allows.

use std::fmt::{self, Write};

use crate::phrase::{Phrase, Plural, one_of, words, write_integer};
use crate::{Kind, MediaKind, Schema};

impl Schema {
    /// Returns the allowed values in words: `a number in 0..=1`, `one of "16:9", "1:1"`, `an array
    /// of 1 to 10 image URLs`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.choices() {
            Some(choices) => one_of(choices),
            None => self.describe_limits(),
        }
    }

    /// Returns the allowed values in words, without the members of `enum`, for a member that
    /// violates another keyword. As in the engine, keywords of another type have no effect.
    pub(crate) fn describe_limits(&self) -> String {
        words(Limits(self))
    }
}

/// The values that a schema allows, without the members of `enum`.
struct Limits<'a>(&'a Schema);

impl Phrase for Limits<'_> {
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        match self.0.kind {
            Kind::String => {
                self.write_text(out)?;
                self.write_length(out)
            }
            Kind::Integer => {
                out.write_str("an integer")?;
                self.write_range(out)
            }
            Kind::Number => {
                out.write_str("a number")?;
                self.write_range(out)
            }
            Kind::Boolean => out.write_str("true or false"),
            Kind::Array => {
                out.write_str("an array of ")?;
                let noun = self.element();
                match Counted::new(self.0.count(), noun) {
                    Some(elements) => elements.write(out),
                    None => {
                        out.write_str(noun)?;
                        out.write_str("s")
                    }
                }
            }
            Kind::Object => out.write_str("an object"),
            Kind::Any => {
                out.write_str("a value")?;
                self.write_range(out)?;
                self.write_length(out)?;
                write_of(Counted::new(self.0.count(), "element"), out)
            }
        }
    }
}

impl Limits<'_> {
    fn write_text(&self, out: &mut impl Write) -> fmt::Result {
        match self.0.media() {
            Some(kind) => {
                let noun = url(kind);
                let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
                out.write_str(if vowel { "an " } else { "a " })?;
                out.write_str(noun)
            }
            None => out.write_str("a string"),
        }
    }

    fn write_range(&self, out: &mut impl Write) -> fmt::Result {
        self.0.bounds().after_noun().write(out)?;
        match self.0.step() {
            Some(step) => {
                out.write_str(", a multiple of ")?;
                step.write(out)
            }
            None => Ok(()),
        }
    }

    fn write_length(&self, out: &mut impl Write) -> fmt::Result {
        write_of(Counted::new(self.0.length(), "character"), out)
    }

    /// Returns the noun for one element of an array, without an article.
    fn element(&self) -> &'static str {
        match (self.0.media(), self.0.items().map(|items| items.kind)) {
            (Some(kind), _) => url(kind),
            (None, None | Some(Kind::Any)) => "value",
            (None, Some(kind)) => kind.as_str(),
        }
    }
}

fn url(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image URL",
        MediaKind::Video => "video URL",
        MediaKind::Audio => "audio URL",
    }
}

fn write_of(counted: Option<Counted<'_>>, out: &mut impl Write) -> fmt::Result {
    match counted {
        Some(counted) => {
            out.write_str(" of ")?;
            counted.write(out)
        }
        None => Ok(()),
    }
}

/// `exactly 1 character`, `at most 800 characters`, `1 to 10 image URLs`.
struct Counted<'a> {
    least: u64,
    most: Option<u64>,
    noun: &'a str,
}

impl<'a> Counted<'a> {
    /// Returns `None` if any number is allowed.
    fn new((least, most): (Option<u64>, Option<u64>), noun: &'a str) -> Option<Self> {
        let least = least.unwrap_or(0);
        let limited = least > 0 || most.is_some();
        limited.then_some(Self { least, most, noun })
    }
}

impl Phrase for Counted<'_> {
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        let Self { least, most, noun } = *self;
        match most {
            None => out.write_str("at least ")?,
            Some(_) if least == 0 => out.write_str("at most ")?,
            Some(most) if least == most => out.write_str("exactly ")?,
            Some(_) => {
                write_integer(least.into(), out)?;
                out.write_str(" to ")?;
            }
        }
        Plural(most.unwrap_or(least), noun).write(out)
    }
}

#[cfg(test)]
mod tests {
    use crate::ModelSchema;
    use serde_json::{Value, json};

    fn describe(schema: &Value) -> String {
        let document = json!({"properties": {"x": schema}});
        let (model, diagnostics) = ModelSchema::parse(Some("a/b"), &[document]);
        let model = model.unwrap_or_else(|| panic!("{diagnostics:?}"));
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
                "a number in 0..=1",
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
                "a string of 1 to 800 characters",
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
                "an array of 1 to 3 video URLs",
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
