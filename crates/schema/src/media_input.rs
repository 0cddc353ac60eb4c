//! Media inputs of a value, each with its rules.

use std::fmt;

use crate::{Media, MediaKind, Path, Redacted, Rule, Schema, View};

/// One media input of a value, with the constraints that its schema sets.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MediaInput<'v, 's> {
    /// JSON pointer (RFC 6901) to the media input, such as `/image_urls/3`.
    pub pointer: String,
    /// URL, file or bytes.
    pub source: MediaSource<'v>,
    /// Expected kind, if the schema's `format` names one.
    pub kind: Option<MediaKind>,
    /// Rules that it must satisfy. Rules of an array apply to each element.
    pub rules: Vec<&'s Rule>,
}

/// Source of a media input. `Debug` prints URLs without their queries.
#[derive(Clone, Copy, PartialEq)]
pub enum MediaSource<'v> {
    /// URL, or any other text in its position.
    Url(&'v str),
    /// Local file or bytes.
    Local(&'v Media),
}

impl fmt::Debug for MediaSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "Url({:?})", Redacted(url).to_string()),
            Self::Local(media) => write!(f, "Local({media:?})"),
        }
    }
}

impl Schema {
    /// Returns every media input of a value: texts that a `format` or `validations` make one, and
    /// local files and bytes. Empty texts are none.
    ///
    /// ```
    /// # use runcomfy_schema::{MediaSource, ModelSchema};
    /// # use serde_json::json;
    /// # let document = json!({"properties": {"images": {"type": "array", "format": "image_uris",
    /// #     "validations": [{"validation_rule": "file_size_mb<=", "validation_value": 15,
    /// #     "validation_error": "At most 15 MB."}]}}});
    /// # let model = ModelSchema::parse(Some("a/b"), &[document]).0.unwrap();
    /// let input = json!({"images": ["https://example.com/a.png", "https://example.com/b.png"]});
    /// let media = model.input.media_in(&input);
    /// assert_eq!(media[1].pointer, "/images/1");
    /// assert_eq!(media[1].source, MediaSource::Url("https://example.com/b.png"));
    /// assert_eq!(media[1].rules[0].to_string(), "file_size_mb <= 15");
    /// ```
    #[must_use]
    pub fn media_in<'v>(&self, value: impl Into<View<'v>>) -> Vec<MediaInput<'v, '_>> {
        self.media_where(value, |_| true)
    }

    /// Returns those of [`media_in`](Self::media_in) that are `wanted`. Nothing is allocated for
    /// the others.
    #[must_use]
    pub fn media_where<'v>(
        &self,
        value: impl Into<View<'v>>,
        wanted: impl Fn(&MediaSource<'v>) -> bool,
    ) -> Vec<MediaInput<'v, '_>> {
        let mut found = Vec::new();
        let here = Place {
            schema: self,
            array: None,
        };
        walk(here, value.into(), Path::ROOT, &wanted, &mut found);
        found
    }
}

/// Constraints of a value: of its own schema, and of the arrays that it is an element of.
#[derive(Clone, Copy)]
struct Place<'a, 's> {
    schema: &'s Schema,
    array: Option<&'a Place<'a, 's>>,
}

impl<'s> Place<'_, 's> {
    fn kind(&self) -> Option<MediaKind> {
        let of_array = || self.array.and_then(Place::kind);
        self.schema.media().or_else(of_array)
    }

    /// Returns `true` if there is a constraint that only media have.
    fn is_medium(&self) -> bool {
        let of_array = || self.array.is_some_and(Place::is_medium);
        self.schema.media().is_some() || self.schema.rules().next().is_some() || of_array()
    }

    /// Returns the rules, from the outermost array inwards.
    fn rules(&self) -> Vec<&'s Rule> {
        let mut rules = self.array.map(Place::rules).unwrap_or_default();
        rules.extend(self.schema.rules());
        rules
    }

    fn about<'v>(&self, source: MediaSource<'v>, at: Path<'_>) -> MediaInput<'v, 's> {
        MediaInput {
            pointer: at.to_string(),
            source,
            kind: self.kind(),
            rules: self.rules(),
        }
    }
}

fn walk<'v, 's>(
    here: Place<'_, 's>,
    value: View<'v>,
    at: Path<'_>,
    wanted: &impl Fn(&MediaSource<'v>) -> bool,
    found: &mut Vec<MediaInput<'v, 's>>,
) {
    match value {
        View::Text(url) if !url.is_empty() => {
            let source = MediaSource::Url(url);
            if here.is_medium() && wanted(&source) {
                found.push(here.about(source, at));
            }
        }
        View::Media(media) => {
            let source = MediaSource::Local(media);
            if wanted(&source) {
                found.push(here.about(source, at));
            }
        }
        View::Array(list) => {
            let element = Place {
                schema: here.schema.items().unwrap_or(&ANYTHING),
                array: Some(&here),
            };
            for index in 0..list.count() {
                walk(
                    element,
                    list.element(index),
                    at.element(index),
                    wanted,
                    found,
                );
            }
        }
        View::Object(_) | View::Record(_) => {
            for property in here.schema.properties().unwrap_or_default() {
                if let Some(member) = value.member(&property.name) {
                    let (schema, array) = (&property.schema, None);
                    let at = at.member(&property.name);
                    walk(Place { schema, array }, member, at, wanted, found);
                }
            }
        }
        _ => {}
    }
}

/// Schema without constraints.
static ANYTHING: Schema = Schema {
    kind: crate::Kind::Any,
    keywords: crate::KeywordList::from_static(&[]),
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ModelSchema;

    #[test]
    fn media_can_be_left_out_by_what_they_are() {
        let document = json!({"properties": {"a": {"type": "array", "format": "image_uris"}}});
        let model = ModelSchema::parse(Some("a/b"), &[document]).0.unwrap();
        let input = json!({"a": ["https://a/1", "data:,x"]});
        let at_hand = |source: &MediaSource<'_>| matches!(source, MediaSource::Url(url) if url.starts_with("data:"));
        let media = model.input.media_where(&input, at_hand);
        let pointers: Vec<&str> = media.iter().map(|medium| medium.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a/1"]);
    }

    #[test]
    fn media_are_found_wherever_they_stand() {
        let rule = |rule: &str| json!([{"validation_rule": rule, "validation_value": 1, "validation_error": ""}]);
        let document = json!({"properties": {
            "one": {"type": "string", "format": "video_uri", "validations": rule("width_pixels>")},
            "many": {"type": "array", "format": "image_uris", "validations": rule("file_size_mb<")},
            "plain": {"type": "string", "validations": rule("height_pixels>")},
            "loras": {"type": "array", "items": {"type": "object", "properties": {
                "path": {"type": "string", "format": "audio_uri"}, "scale": {"type": "float"}}}},
            "prompt": {"type": "string"}}});
        let model = ModelSchema::parse(Some("a/b"), &[document]).0.unwrap();
        let input = json!({"one": "https://a/1", "many": ["https://a/2", "", 7, "x"],
            "plain": "https://a/3", "prompt": "https://a/4", "unknown": "https://a/5",
            "loras": [{"path": "https://a/6"}, {"scale": 1}]});
        let media = model.input.media_in(&input);
        let shown = |m: &MediaInput<'_, '_>| {
            let rules: Vec<_> = m
                .rules
                .iter()
                .map(|r| r.quantity.as_str().to_owned())
                .collect();
            let kind = m.kind.map_or("", MediaKind::as_str);
            format!("{} {kind} {}", m.pointer, rules.join(","))
        };
        let mut shown: Vec<String> = media.iter().map(shown).collect();
        shown.sort();
        assert_eq!(
            shown,
            [
                "/loras/0/path audio ",
                "/many/0 image file_size_mb",
                "/many/3 image file_size_mb",
                "/one video width_pixels",
                "/plain  height_pixels",
            ]
        );
    }
}
