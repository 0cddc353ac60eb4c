//! Reads JSON that a user hands over: from a file, a pipe or standard input.
//!
//! Schemas, inputs, fault files and token files are all read here, so that each of them is accepted or
//! refused for the same reasons.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::Path;

/// Maximum number of bytes of a JSON text: as many as the service accepts in a request. An endless
/// one, such as `/dev/zero`, must not fill the memory.
pub const MAX_JSON_BYTES: u64 = 64 << 20;

/// Reads all bytes of a JSON text.
///
/// # Errors
/// If reading fails, or there are more bytes than [`MAX_JSON_BYTES`].
pub fn read_json_bytes(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more shows that there are too many.
    reader.take(MAX_JSON_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_JSON_BYTES {
        return Err(invalid("it has more than 64 MiB, the maximum that is read"));
    }
    Ok(bytes)
}

/// Reads a JSON text without its byte order mark, which editors on Windows write.
///
/// # Errors
/// If reading fails, there are more bytes than [`MAX_JSON_BYTES`], or the text is not UTF-8. UTF-16
/// is named, since some shells redirect output in it.
pub fn read_json_text(reader: impl Read) -> io::Result<String> {
    decode_json_text(read_json_bytes(reader)?)
}

/// Decodes the bytes of a JSON text and removes its byte order mark.
///
/// # Errors
/// If the text is not UTF-8. UTF-16 is named, since some shells redirect output in it.
pub fn decode_json_text(bytes: Vec<u8>) -> io::Result<String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(invalid(
            "it is UTF-16, expected UTF-8; save it again as UTF-8",
        ));
    }
    let mut text =
        String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8; save it again as UTF-8"))?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Holds the values of a JSON text, and the keys that its objects have more than once.
///
/// ```
/// use runcomfy_schema::JsonDocuments;
///
/// let documents = JsonDocuments::parse(r#"{"seed": 1, "seed": 2}"#)?;
/// assert_eq!(documents.values, [serde_json::json!({"seed": 2})]);
/// assert_eq!(documents.repeated_keys[0].to_string(), "`/seed` appears more than once");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct JsonDocuments {
    /// Values, which may follow each other without a separator, as on a documentation page.
    pub values: Vec<Value>,
    /// Bytes of each value in the text, with the white space before it.
    pub ranges: Vec<Range<usize>>,
    /// Keys that their object has before, of which only the last counts.
    pub repeated_keys: Vec<RepeatedKey>,
}

/// Names a key that its object has more than once. `serde_json` keeps the last value and drops the
/// others silently.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepeatedKey {
    /// Index of the value in [`JsonDocuments::values`].
    pub document: usize,
    /// JSON pointer (RFC 6901) to the member.
    pub pointer: String,
}

impl JsonDocuments {
    /// Parses a text, which has no byte order mark.
    ///
    /// # Errors
    /// If the text is not JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut documents = Self::default();
        let mut stream = serde_json::Deserializer::from_str(text).into_iter();
        loop {
            let start = stream.byte_offset();
            let Some(parsed) = stream.next() else {
                return Ok(documents);
            };
            let Document { value, repeated } = parsed?;
            let document = documents.values.len();
            let keys = repeated.into_iter();
            let keys = keys.map(|pointer| RepeatedKey { document, pointer });
            documents.repeated_keys.extend(keys);
            documents.values.push(value);
            documents.ranges.push(start..stream.byte_offset());
        }
    }
}

impl fmt::Display for RepeatedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` appears more than once", self.pointer)
    }
}

/// One value, and the pointers to the keys that its objects have before.
struct Document {
    value: Value,
    repeated: Vec<String>,
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let mut repeated = Repeated::default();
        let root = Member {
            at: Path::ROOT,
            repeated: &mut repeated,
        };
        Ok(Self {
            value: root.deserialize(json)?,
            repeated: repeated.pointers,
        })
    }
}

/// The pointers to repeated keys, each once.
#[derive(Default)]
struct Repeated {
    pointers: Vec<String>,
    known: HashSet<String>,
}

impl Repeated {
    fn add(&mut self, at: Path<'_>) {
        let pointer = at.to_string();
        if self.known.insert(pointer.clone()) {
            self.pointers.push(pointer);
        }
    }
}

/// Reads the value at a path.
struct Member<'p, 'r> {
    at: Path<'p>,
    repeated: &'r mut Repeated,
}

impl<'de> DeserializeSeed<'de> for Member<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let at = self.at.member(&name);
            if members.contains_key(&name) {
                self.repeated.add(at);
            }
            let value = access.next_value_seed(Member {
                at,
                repeated: self.repeated,
            })?;
            members.insert(name, value);
        }
        Ok(members.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let element = Member {
                at: self.at.element(list.len()),
                repeated: self.repeated,
            };
            match access.next_element_seed(element)? {
                Some(value) => list.push(value),
                None => return Ok(list.into()),
            }
        }
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Value, E> {
        Ok(bool.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_text_is_refused() {
        let error = read_json_text(io::repeat(b' ')).unwrap_err();
        assert!(error.to_string().contains("64 MiB"), "{error}");
    }

    #[test]
    fn byte_order_mark_is_taken_and_utf16_named() {
        let read = |bytes: &[u8]| read_json_text(bytes).map_err(|error| error.to_string());
        assert_eq!(read(b"\xef\xbb\xbf{}"), Ok("{}".into()));
        assert_eq!(read(b"{}"), Ok("{}".into()));
        assert!(read(b"\xff\xfe{\0}\0").unwrap_err().contains("UTF-16"));
        assert!(read(b"\xfe\xff\0{\0}").unwrap_err().contains("UTF-16"));
        assert!(read(b"{\xff}").unwrap_err().contains("not UTF-8"));
    }
    #[test]
    fn repeated_keys_are_found_at_any_depth() {
        let text = r#"{"a": [{"b": 1, "c/d": 2, "b": 3, "b": 4}], "a": 0} {"x~": {}, "x~": {}}"#;
        let documents = JsonDocuments::parse(text).unwrap();
        assert_eq!(documents.values.len(), 2);
        let keys = documents.repeated_keys.iter();
        let keys: Vec<_> = keys.map(|key| (key.document, &*key.pointer)).collect();
        assert_eq!(keys, [(0, "/a/0/b"), (0, "/a"), (1, "/x~0")]);
        assert!(JsonDocuments::parse("{\"a\": }").is_err());
        assert_eq!(JsonDocuments::parse(" ").unwrap(), JsonDocuments::default());
    }
}
