//! Borrowed views of values: free JSON and typed inputs.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{Error as _, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};

use crate::phrase::{Plural, Quoted, words};
use crate::{Extra, Literal, Media, Number, Reader, Schema};

/// A borrowed view of a value, of free JSON or of a typed input. Creating one allocates nothing.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(&'a str),
    /// A local file or bytes, which become a string when the client attaches them.
    Media(&'a Media),
    /// An array.
    Array(&'a dyn Elements),
    /// An object of free JSON.
    Object(&'a Map<String, Value>),
    /// A generated struct.
    Record(&'a dyn Record),
}

/// An array whose elements can be viewed.
pub trait Elements: Sync {
    /// Returns the number of elements.
    fn count(&self) -> usize;
    /// Returns the element at `index`, which is below [`count`](Self::count).
    fn element(&self, index: usize) -> View<'_>;
}

/// A type that a field of a generated struct can have.
pub trait Field: Sync {
    /// Returns the value, or `None` if it is left out.
    fn view(&self) -> Option<View<'_>>;

    /// Converts a JSON value to this type.
    ///
    /// # Errors
    /// The value, if it is not of this type.
    fn read(value: Value) -> Result<Self, Value>
    where
        Self: Sized;

    /// Returns `true` if a property of this type may be left out. It is then
    /// [`blank`](Self::blank).
    #[must_use]
    fn is_optional() -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Returns the value of a field that could not be read.
    #[must_use]
    fn blank() -> Self
    where
        Self: Sized;
}

/// JSON name and value of a [`Record`]'s field.
pub type NamedField<'a> = (&'static str, &'a dyn Field);

/// A generated struct: its schema, and its fields by their JSON names.
///
/// The macro that generated code calls implements it from one list of JSON names and fields; nothing
/// else has to.
pub trait Record: Sync {
    /// Returns the object's schema.
    fn schema() -> &'static Schema
    where
        Self: Sized;

    /// Calls `visit` once with all fields, in the order of the schema's properties.
    fn fields<'a>(&'a self, visit: &mut dyn FnMut(&[NamedField<'a>]));

    /// Returns the members beyond the properties.
    fn extra(&self) -> &Extra;

    /// Takes every field from the reader by its JSON name, and after the last field the members
    /// that are left. The reader keeps the first member that does not fit its field.
    fn read(reader: &mut Reader) -> Self
    where
        Self: Sized;
}

impl<'a> dyn Record + 'a {
    /// Returns the value of the field with this JSON name, if there is one and it is set.
    fn field(&'a self, name: &str) -> Option<View<'a>> {
        let mut field = None;
        self.fields(&mut |fields| {
            let mut found = fields.iter().filter(|(known, _)| *known == name);
            field = found.next().and_then(|(_, value)| value.view());
        });
        field
    }
}

impl<'a> From<&'a Value> for View<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Number(number) => Self::Number(number.into()),
            Value::String(text) => Self::Text(text),
            Value::Array(list) => Self::Array(list),
            Value::Object(map) => Self::Object(map),
        }
    }
}

impl<'a> View<'a> {
    /// Converts the value to free JSON. What JSON cannot express (NaN, infinities, local files and
    /// bytes) becomes a text about it.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => bool.into(),
            Self::Number(number) => number.to_value(),
            Self::Text(text) => text.into(),
            Self::Media(media) => media.to_string().into(),
            Self::Array(list) => (0..list.count())
                .map(|i| list.element(i).to_value())
                .collect(),
            Self::Object(map) => Value::Object(map.clone()),
            Self::Record(_) => {
                let mut map = Map::new();
                self.for_each_member(&mut |name, view| {
                    map.insert(name.to_owned(), view.to_value());
                });
                Value::Object(map)
            }
        }
    }

    /// Calls `visit` for each member of an object, in the order of the JSON; for other values not
    /// at all.
    pub fn for_each_member(self, visit: &mut dyn FnMut(&str, View<'_>)) {
        match self {
            Self::Object(map) => {
                for (name, value) in map {
                    visit(name, value.into());
                }
            }
            Self::Record(record) => {
                let extra = record.extra();
                record.fields(&mut |fields| {
                    for (name, field) in fields {
                        if let Some(view) = field.view()
                            && !extra.contains_key(*name)
                        {
                            visit(name, view);
                        }
                    }
                });
                for (name, value) in extra {
                    visit(name, value.into());
                }
            }
            _ => {}
        }
    }

    /// Returns the member `name` of an object.
    #[must_use]
    pub fn member(self, name: &str) -> Option<View<'a>> {
        match self {
            Self::Object(map) => find(map, name).map(View::from),
            Self::Record(record) => match record.extra().get(name) {
                Some(value) => Some(value.into()),
                None => record.field(name),
            },
            _ => None,
        }
    }

    /// Returns `true` if the value is the same JSON value as `literal`. Numbers are compared by
    /// value, so `1` is `1.0`.
    #[must_use]
    pub fn is(self, literal: &Literal) -> bool {
        match (self, literal) {
            (Self::Null, Literal::Null) => true,
            (Self::Bool(a), Literal::Bool(b)) => a == *b,
            (Self::Number(a), Literal::Number(b)) => a == *b,
            (Self::Text(a), Literal::Text(b)) => *a == **b,
            (Self::Array(a), Literal::Array(b)) => {
                a.count() == b.len() && b.iter().enumerate().all(|(i, b)| a.element(i).is(b))
            }
            (Self::Object(_) | Self::Record(_), Literal::Object(members)) => {
                let mut count = 0;
                self.for_each_member(&mut |_, _| count += 1);
                count == members.len()
                    && members
                        .iter()
                        .all(|(name, b)| self.member(name).is_some_and(|a| a.is(b)))
            }
            _ => false,
        }
    }

    /// Returns `true` if the value is one of these.
    pub(crate) fn is_among(&self, literals: &[Literal]) -> bool {
        match self {
            // As good as every enum is one of strings.
            Self::Text(text) => literals
                .iter()
                .any(|literal| matches!(literal, Literal::Text(known) if is_same(known, text))),
            other => literals.iter().any(|literal| other.is(literal)),
        }
    }

    /// Returns the value for a violation: long strings are cut, and collections are counted.
    pub(crate) fn shown(self) -> Value {
        match self {
            Self::Text(text) => cut(text).into(),
            Self::Media(_) | Self::Array(_) | Self::Object(_) | Self::Record(_) => {
                self.in_words().into()
            }
            other => other.to_value(),
        }
    }

    /// Returns the value in words for a violation, with strings in quotes.
    pub(crate) fn in_words(self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Bool(bool) => bool.to_string(),
            Self::Number(number) => words(number),
            Self::Text(text) => words(Quoted(&cut(text))),
            Self::Media(media) => media.to_string(),
            Self::Array(list) => {
                format!("an array of {}", Plural(list.count() as u64, "element"))
            }
            Self::Object(_) | Self::Record(_) => {
                let mut count = 0;
                self.for_each_member(&mut |_, _| count += 1);
                format!("an object of {}", Plural(count, "member"))
            }
        }
    }

    /// Returns the value's JSON type with an article, such as `a string`.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Media(_) => "a medium",
            Self::Array(_) => "an array",
            Self::Object(_) | Self::Record(_) => "an object",
        }
    }
}

/// Cuts a text for a violation; a `data:` URI may have megabytes.
fn cut(text: &str) -> Cow<'_, str> {
    /// Maximum length in characters, enough to recognise a value by. A text has at most one
    /// character for each byte.
    const MAX_SHOWN: usize = 200;
    if text.len() <= MAX_SHOWN {
        return text.into();
    }
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// Returns the member `name` of an object.
pub(crate) fn find<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    /// Number of members up to which comparing names takes less time than hashing one.
    const FEW: usize = 16;
    if map.len() > FEW {
        return map.get(name);
    }
    let mut members = map.iter();
    members.find_map(|(known, value)| is_same(known, name).then_some(value))
}

/// Returns `true` if both texts are the same. Nearly all names and members of enums have at most 16
/// bytes, and comparing those takes less time than calling the function that compares any.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    fn ends<const N: usize>(text: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
        Some((text.first_chunk()?, text.last_chunk()?))
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    a.len() == b.len()
        && match a.len() {
            4..8 => ends::<4>(a) == ends::<4>(b),
            8..=16 => ends::<8>(a) == ends::<8>(b),
            _ => a == b,
        }
}

/// Compares with a JSON value. Numbers are compared by value, so `1` is `1.0`.
impl PartialEq<Value> for Literal {
    fn eq(&self, other: &Value) -> bool {
        View::from(other).is(self)
    }
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(bool),
            Self::Number(number) => serialize_number(number, serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Media(media) => Err(S::Error::custom(format_args!(
                "found {media}, which a client attaches when it submits; give a URL to write the input as JSON"
            ))),
            Self::Array(list) => {
                let mut seq = serializer.serialize_seq(Some(list.count()))?;
                for index in 0..list.count() {
                    seq.serialize_element(&list.element(index))?;
                }
                seq.end()
            }
            Self::Object(map) => map.serialize(serializer),
            Self::Record(_) => {
                let mut map = serializer.serialize_map(None)?;
                let mut outcome = Ok(());
                self.for_each_member(&mut |name, view| {
                    if outcome.is_ok() {
                        outcome = map.serialize_entry(name, &view);
                    }
                });
                outcome?;
                map.end()
            }
        }
    }
}

/// Serializes whole numbers without a fraction, as the service's own pages write them.
fn serialize_number<S: Serializer>(number: Number, serializer: S) -> Result<S::Ok, S::Error> {
    if !number.is_finite() {
        return Err(S::Error::custom(format!(
            "{number} cannot be written as JSON; expected a finite number"
        )));
    }
    number.to_value().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equality_is_by_value() {
        let equal = |value: Value, literal: Value| View::from(&value).is(&Literal::from(&literal));
        for value in [
            json!(null),
            json!(true),
            json!(9_007_199_254_740_993_i64),
            json!("1"),
            json!([1, [2]]),
            json!({"a": {"b": 1}, "c": []}),
        ] {
            assert!(equal(value.clone(), value.clone()), "{value}");
        }
        for (a, b) in [
            (json!(1.0), json!(1)),
            (json!({"a": 1, "b": 2}), json!({"b": 2.0, "a": 1})),
        ] {
            assert!(equal(a.clone(), b.clone()), "{a} and {b}");
        }
        for (a, b) in [
            (json!(1), json!("1")),
            (json!(0), json!(false)),
            (json!(null), json!([])),
            (
                json!(9_007_199_254_740_993_i64),
                json!(9_007_199_254_740_992_i64),
            ),
            (json!([1]), json!([1, 2])),
            (json!({"a": 1}), json!({"a": 1, "b": 2})),
            (json!({"a": 1, "b": 2}), json!({"a": 1})),
            (json!({"a": 1}), json!({"b": 1})),
        ] {
            assert!(!equal(a.clone(), b.clone()), "{a} and {b}");
        }
    }

    #[test]
    fn fields_take_their_own_type_only() {
        fn read<T: Field>(value: Value) -> bool {
            let kept = value.clone();
            match T::read(value) {
                Ok(field) => field.view().is_some(),
                Err(value) => {
                    assert_eq!(value, kept, "a value that does not fit is given back");
                    false
                }
            }
        }
        assert!(read::<bool>(json!(true)) && !read::<bool>(json!(1)));
        assert!(read::<String>(json!("")) && !read::<String>(json!(null)));
        assert!(read::<i64>(json!(i64::MIN)) && read::<i64>(json!(-3.0)));
        assert!(
            !read::<i64>(json!(u64::MAX)) && !read::<i64>(json!(1.5)) && !read::<i64>(json!("1"))
        );
        assert!(read::<u64>(json!(u64::MAX)) && read::<u64>(json!(1e18)));
        assert!(!read::<u64>(json!(-1)) && !read::<u64>(json!(1e300)));
        assert!(read::<f64>(json!(1)) && read::<f64>(json!(1e300)) && !read::<f64>(json!("1")));
        assert!(read::<Vec<i64>>(json!([1, 2.0])) && !read::<Vec<i64>>(json!(1)));
        assert!(read::<Option<i64>>(json!(1)) && !read::<Option<i64>>(json!(null)));
        assert!(read::<Value>(json!({"a": null})));
        assert_eq!(
            (Option::<i64>::is_optional(), Option::blank()),
            (true, None::<i64>)
        );
        assert_eq!((i64::is_optional(), i64::blank()), (false, 0));
    }

    #[test]
    fn values_are_shown_short_and_in_words() {
        for (value, shown, words) in [
            (json!(null), json!(null), "null"),
            (json!(1.0), json!(1), "1"),
            (json!(1e300), json!(1e300), "1e300"),
            (json!("a\"b"), json!("a\"b"), r#""a\"b""#),
            (
                json!([1]),
                json!("an array of 1 element"),
                "an array of 1 element",
            ),
            (
                json!({}),
                json!("an object of 0 members"),
                "an object of 0 members",
            ),
        ] {
            assert_eq!(View::from(&value).shown(), shown);
            assert_eq!(View::from(&value).in_words(), words);
        }
        let long = "日".repeat(201);
        let cut = format!("{}…", "日".repeat(200));
        assert_eq!(View::Text(&long).shown(), json!(cut));
        assert_eq!(View::Text(&long[3..]).shown(), json!(long[3..]));
    }

    #[test]
    fn numbers_are_written_as_they_are_meant() {
        let written = |number| serde_json::to_string(&View::Number(number)).ok();
        assert_eq!(written(Number::Float(2.0)).as_deref(), Some("2"));
        assert_eq!(written(Number::Float(0.7)).as_deref(), Some("0.7"));
        assert_eq!(
            written(Number::Int(u64::MAX.into())),
            Some(u64::MAX.to_string())
        );
        assert_eq!(written(Number::Float(f64::NAN)), None);
        assert_eq!(
            View::Number(Number::Float(f64::NAN)).to_value(),
            json!("NaN")
        );
    }
}
