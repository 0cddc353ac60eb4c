//! Phrases for the values that a schema allows.

use std::fmt::{self, Display, Formatter, Write};

use serde_json::Value;

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

impl Display for Limits<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            Kind::String => {
                self.write_text(f)?;
                self.write_length(f)
            }
            Kind::Integer => {
                f.write_str("an integer")?;
                self.write_range(f)
            }
            Kind::Number => {
                f.write_str("a number")?;
                self.write_range(f)
            }
            Kind::Boolean => f.write_str("true or false"),
            Kind::Array => {
                let noun = self.element();
                match Counted::new(self.0.count(), noun) {
                    Some(elements) => write!(f, "an array of {elements}"),
                    None => write!(f, "an array of {noun}s"),
                }
            }
            Kind::Object => f.write_str("an object"),
            Kind::Any => {
                f.write_str("a value")?;
                self.write_range(f)?;
                self.write_length(f)?;
                write_of(Counted::new(self.0.count(), "element"), f)
            }
        }
    }
}

impl Limits<'_> {
    fn write_text(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.media() {
            Some(kind) => {
                let noun = url(kind);
                let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
                write!(f, "{} {noun}", if vowel { "an" } else { "a" })
            }
            None => f.write_str("a string"),
        }
    }

    fn write_range(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.bounds().after_noun())?;
        match self.0.step() {
            Some(step) => write!(f, ", a multiple of {step}"),
            None => Ok(()),
        }
    }

    fn write_length(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_of(Counted::new(self.0.length(), "character"), f)
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

fn write_of(counted: Option<Counted<'_>>, f: &mut Formatter<'_>) -> fmt::Result {
    match counted {
        Some(counted) => write!(f, " of {counted}"),
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

impl Display for Counted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { least, most, noun } = *self;
        match most {
            None => write!(f, "at least {}", Plural(least, noun)),
            Some(most) if least == 0 => write!(f, "at most {}", Plural(most, noun)),
            Some(most) if least == most => write!(f, "exactly {}", Plural(most, noun)),
            Some(most) => write!(f, "{least} to {}", Plural(most, noun)),
        }
    }
}

/// `1 element`, `2 elements`.
pub(crate) struct Plural<'a>(pub(crate) u64, pub(crate) &'a str);

impl Display for Plural<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(count, noun) = *self;
        write!(f, "{count} {noun}{}", if count == 1 { "" } else { "s" })
    }
}

/// A text as in JSON, in quotes and escaped.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Few texts have anything that JSON escapes; those are left to serde_json.
        let escaped = |b| matches!(b, b'"' | b'\\' | ..b' ');
        if self.0.bytes().fold(false, |any, b| any | escaped(b)) {
            return Value::from(self.0).fmt(f);
        }
        f.write_str("\"")?;
        f.write_str(self.0)?;
        f.write_str("\"")
    }
}

/// Converts a phrase to a string as `to_string` does, with one allocation for most phrases.
pub(crate) fn words(phrase: impl Display) -> String {
    const ROOM: usize = 64;
    let mut words = String::with_capacity(ROOM);
    append(&mut words, phrase);
    words
}

/// Returns `one of "16:9", "1:1"`, or the only one.
pub(crate) fn one_of<T: Display>(choices: impl IntoIterator<Item = T, IntoIter: Clone>) -> String {
    const ROOM_FOR_EACH: usize = 24;
    let choices = choices.into_iter();
    let mut words = String::with_capacity(choices.size_hint().0 * ROOM_FOR_EACH);
    append(&mut words, OneOf(choices));
    words
}

struct OneOf<I>(I);

impl<I: Iterator<Item: Display> + Clone> Display for OneOf<I> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut choices = self.0.clone();
        let Some(first) = choices.next() else {
            return f.write_str("nothing");
        };
        let mut others = choices.peekable();
        if others.peek().is_some() {
            f.write_str("one of ")?;
        }
        first.fmt(f)?;
        for choice in others {
            f.write_str(", ")?;
            choice.fmt(f)?;
        }
        Ok(())
    }
}

fn append(words: &mut String, phrase: impl Display) {
    // A string takes whatever is written to it.
    let _ = write!(words, "{phrase}");
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
