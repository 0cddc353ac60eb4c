//! Holds the output of a finished job.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use runcomfy_schema::{Field, RedactedPaths};

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

    /// Returns every URL in the output, each once, in the order of the JSON.
    ///
    /// These are the URLs to download, also for models whose output has other members.
    #[must_use]
    pub fn urls(&self) -> Vec<&str> {
        let mut urls = Vec::new();
        collect(&self.value, &mut urls);
        urls
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

fn collect<'a>(value: &'a Value, urls: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => {
            let is_url = text.starts_with("https://") || text.starts_with("http://");
            if is_url && !urls.contains(&text.as_str()) {
                urls.push(text);
            }
        }
        Value::Array(list) => list.iter().for_each(|item| collect(item, urls)),
        Value::Object(map) => map.values().for_each(|item| collect(item, urls)),
        _ => {}
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
}
