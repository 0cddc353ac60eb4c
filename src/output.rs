//! Holds the output of a finished job.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use runcomfy_schema::{Field, Path, RedactedPaths};

/// The output of a finished job: a JSON object with the URLs of the generated media.
///
/// The service documents the members `image` and `video` (one URL each), `images` and `videos`
/// (arrays of URLs); `audio` and `audios` are read, too. Other members and a bare URL or array are accepted too. The JSON is kept
/// unchanged, and serializes as it was received.
///
/// ```
/// # use runcomfy::Output;
/// let output: Output = serde_json::from_str(
///     r#"{"image": "https://a.example/1.png", "images": ["https://a.example/1.png"], "seed": 7}"#,
/// )?;
/// assert_eq!(output.image(), Some("https://a.example/1.png"));
/// assert_eq!(output.urls(), ["https://a.example/1.png"]);
/// assert_eq!(output.get("seed").and_then(|seed| seed.as_i64()), Some(7));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Output {
    value: Value,
}

/// Prints URLs without their queries, which may be signed, and of their paths, which name the account,
/// only the last segments.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Output({})", RedactedPaths(&self.value.to_string()))
    }
}

impl Output {
    /// Returns the URL in `image`, if there is one.
    #[must_use]
    pub fn image(&self) -> Option<&str> {
        self.get("image")?.as_str()
    }

    /// Returns the URLs in `images`.
    #[must_use]
    pub fn images(&self) -> Vec<&str> {
        self.list("images")
    }

    /// Returns the URL in `video`, if there is one.
    #[must_use]
    pub fn video(&self) -> Option<&str> {
        self.get("video")?.as_str()
    }

    /// Returns the URLs in `videos`.
    #[must_use]
    pub fn videos(&self) -> Vec<&str> {
        self.list("videos")
    }

    /// Returns the URL in `audio`, if there is one.
    #[must_use]
    pub fn audio(&self) -> Option<&str> {
        self.get("audio")?.as_str()
    }

    /// Returns the URLs in `audios`.
    #[must_use]
    pub fn audios(&self) -> Vec<&str> {
        self.list("audios")
    }

    /// Returns the member with this JSON name, of any type.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.value.get(name)
    }

    /// Returns the member with this JSON name as a type of your choice, if it is of this type: `i64`, `f64`,
    /// `bool`, `String`, or a `Vec` of one of them.
    ///
    /// ```
    /// # use runcomfy::Output;
    /// let output: Output = serde_json::from_str(r#"{"seed": 7, "tags": ["a"]}"#)?;
    /// assert_eq!(output.read("seed"), Some(7_i64));
    /// assert_eq!(output.read("tags"), Some(vec!["a".to_owned()]));
    /// assert_eq!(output.read::<bool>("seed"), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn read<T: Field>(&self, name: &str) -> Option<T> {
        T::read(self.get(name)?.clone()).ok()
    }

    /// Returns every URL in the output, each once, in the order of the JSON: those of `https`, of `http`,
    /// and `data:` URIs, which contain their file.
    ///
    /// These are the URLs to download, also for models whose output has other members.
    #[must_use]
    pub fn urls(&self) -> Vec<&str> {
        let links = self.links();
        links.into_iter().map(|link| link.url).collect()
    }

    /// Returns the URLs as [`urls`](Self::urls) does, with their places.
    pub(crate) fn links(&self) -> Vec<Link<'_>> {
        let mut links = Links::default();
        links.collect(&self.value, &Path::ROOT, &mut Vec::new());
        links.found
    }

    /// Returns `true` if the output contains nothing but `null`, empty texts, arrays and objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        is_empty(&self.value)
    }

    /// Returns the whole output as received.
    #[must_use]
    pub fn as_value(&self) -> &Value {
        &self.value
    }

    fn list(&self, name: &str) -> Vec<&str> {
        let list = self.get(name).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }
}

/// Returns `true` if a value contains nothing but `null`, empty texts, arrays and objects.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.iter().all(is_empty),
        Value::Object(map) => map.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A URL in an output, and its places there.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "client"),
    expect(dead_code, reason = "only downloads read the places")
)]
pub(crate) struct Link<'a> {
    pub(crate) url: &'a str,
    /// JSON pointer of its first place.
    pub(crate) pointer: String,
    /// The names of the members around each of its places, the outermost one first.
    pub(crate) places: Vec<Vec<&'a str>>,
}

/// The links of an output, each URL once.
#[derive(Default)]
struct Links<'a> {
    found: Vec<Link<'a>>,
    indices: HashMap<&'a str, usize>,
}

impl<'a> Links<'a> {
    fn collect(&mut self, value: &'a Value, path: &Path<'_>, names: &mut Vec<&'a str>) {
        match value {
            Value::String(text) if is_url(text) => self.add(text, path, names),
            Value::Array(list) => {
                for (index, item) in list.iter().enumerate() {
                    self.collect(item, &path.element(index), names);
                }
            }
            Value::Object(map) => {
                for (name, item) in map {
                    names.push(name);
                    self.collect(item, &path.member(name), names);
                    names.pop();
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, url: &'a str, path: &Path<'_>, names: &[&'a str]) {
        match self.indices.entry(url) {
            Entry::Occupied(known) => self.found[*known.get()].places.push(names.to_vec()),
            Entry::Vacant(free) => {
                free.insert(self.found.len());
                self.found.push(Link {
                    url,
                    pointer: path.to_string(),
                    places: vec![names.to_vec()],
                });
            }
        }
    }
}

fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://") || is_data_uri(text)
}

/// Returns `true` for a `data:` URI, also for one whose data are broken. Prose may begin with the same
/// word, but without a media type after it.
fn is_data_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_at_checked(5) else {
        return false;
    };
    if !scheme.eq_ignore_ascii_case("data:") {
        return false;
    }
    let (head, has_data) = match rest.split_once(',') {
        Some((head, _)) => (head, true),
        None => (rest, false),
    };
    let media_type = head.split(';').next().unwrap_or_default();
    let is_token = |text: &str| {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c);
        !text.is_empty() && text.chars().all(is_safe)
    };
    match media_type.split_once('/') {
        Some((kind, subtype)) => is_token(kind) && is_token(subtype),
        None => media_type.is_empty() && (has_data || head.starts_with(";base64")),
    }
}

/// Implements what a model's own type of output has from the [`Output`] in it; called by generated code.
#[doc(hidden)]
#[macro_export]
macro_rules! output_type {
    ($name:ident) => {
        impl ::std::ops::Deref for $name {
            type Target = $crate::Output;
            #[inline]
            fn deref(&self) -> &$crate::Output {
                &self.0
            }
        }
        impl ::std::convert::From<$crate::Output> for $name {
            #[inline]
            fn from(output: $crate::Output) -> Self {
                Self(output)
            }
        }
        impl ::std::convert::From<$name> for $crate::Output {
            #[inline]
            fn from(output: $name) -> Self {
                output.0
            }
        }
        impl ::std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }
        impl $crate::__private::serde::Serialize for $name {
            #[inline]
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::__private::serde::Serialize::serialize(&self.0, serializer)
            }
        }
        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            #[inline]
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::__private::serde::Deserialize::deserialize(deserializer).map(Self)
            }
        }
    };
}

impl From<Value> for Output {
    fn from(value: Value) -> Self {
        Self { value }
    }
}

impl Serialize for Output {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Output {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn output_is_empty_where_no_member_says_anything() {
        for empty in [json!(null), json!({"images": [], "video": {"url": " "}})] {
            assert!(Output::from(empty).is_empty());
        }
        for full in [json!(0), json!(false), json!({"images": [null, "u"]})] {
            assert!(!Output::from(full).is_empty());
        }
    }

    #[test]
    fn each_kind_of_media_has_its_members() {
        let output = Output::from(
            json!({"audio": "https://a.example/1", "audios": ["https://a.example/2", 3]}),
        );
        assert_eq!(output.audio(), Some("https://a.example/1"));
        assert_eq!(output.audios(), ["https://a.example/2"]);
        assert_eq!((output.image(), output.videos()), (None, vec![]));
    }

    #[test]
    fn urls_are_found_in_every_form() {
        for (value, urls) in [
            (
                json!("https://a.example/1.png"),
                vec!["https://a.example/1.png"],
            ),
            (
                json!(["https://a.example/1", "https://a.example/2"]),
                vec!["https://a.example/1", "https://a.example/2"],
            ),
            (
                json!({"image": "https://a.example/1", "images": ["https://a.example/1", "https://a.example/2"]}),
                vec!["https://a.example/1", "https://a.example/2"],
            ),
            (
                json!({"audio": {"url": "https://a.example/1.mp3"}, "seed": 1}),
                vec!["https://a.example/1.mp3"],
            ),
            (
                json!({"image": "data:image/png;base64,AAEC", "text": "data:,a%20b"}),
                vec!["data:image/png;base64,AAEC", "data:,a%20b"],
            ),
            (json!({"text": "no address"}), vec![]),
            (json!(null), vec![]),
        ] {
            assert_eq!(Output::from(value.clone()).urls(), urls, "{value}");
            assert_eq!(
                serde_json::to_value(Output::from(value.clone())).unwrap(),
                value
            );
        }
    }

    #[test]
    fn data_uri_is_told_from_prose() {
        for uri in [
            "data:image/png;base64,AAEC",
            "DATA:image/svg+xml,%3Csvg/%3E",
            "data:text/plain; charset=utf-8,x",
            "data:;base64,AAEC",
            "data:,",
            // Broken, and yet no prose.
            "data:image/png;base64",
            "data:image/png;base64,@",
        ] {
            assert!(is_data_uri(uri), "{uri}");
        }
        for text in [
            "data: five boats, two of them red",
            "data:five",
            "data:",
            "database/png,x",
            "data:a b/c,d",
            "dáta:,",
        ] {
            assert!(!is_data_uri(text), "{text}");
        }
    }

    #[test]
    fn link_knows_all_of_its_places() {
        let value =
            json!({"image": "https://a.example/1", "meta/x": [{"url": "https://a.example/1"}]});
        let output = Output::from(value);
        let links = output.links();
        assert_eq!((links.len(), &*links[0].pointer), (1, "/image"));
        assert_eq!(links[0].places, [vec!["image"], vec!["meta/x", "url"]]);
    }
}
