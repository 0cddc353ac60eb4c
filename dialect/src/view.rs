//! Values as the engine sees them, wherever they are kept.

use serde::Serialize;
use serde::ser::{Error as _, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};

use crate::{Literal, Number, Record};

/// A borrowed look at a value: free JSON and typed inputs alike. Making one allocates nothing.
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
    /// An array.
    Array(&'a dyn Elements),
    /// An object of free JSON.
    Object(&'a Map<String, Value>),
    /// A generated struct.
    Record(&'a dyn Record),
}

/// An array that can be looked at element by element.
pub trait Elements {
    /// The number of elements.
    fn count(&self) -> usize;
    /// The element at `index`, which is below [`count`](Self::count).
    fn element(&self, index: usize) -> View<'_>;
}

/// A type that a property of a generated struct can have.
pub trait Field: Sized {
    /// The value, or nothing where it is left out.
    fn view(&self) -> Option<View<'_>>;

    /// Takes the value over from JSON.
    ///
    /// # Errors
    /// Gives the value back when it is not of this type.
    fn read(value: Value) -> Result<Self, Value>;

    /// The value of a property that is left out, where it may be.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Field> Elements for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn element(&self, index: usize) -> View<'_> {
        self[index].view().unwrap_or(View::Null)
    }
}

impl<T: Field> Field for Option<T> {
    fn view(&self) -> Option<View<'_>> {
        self.as_ref().and_then(T::view)
    }

    fn read(value: Value) -> Result<Self, Value> {
        T::read(value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Field> Field for Vec<T> {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Array(self))
    }

    fn read(value: Value) -> Result<Self, Value> {
        match value {
            Value::Array(list) => list.into_iter().map(T::read).collect(),
            other => Err(other),
        }
    }
}

impl Field for bool {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Bool(*self))
    }

    fn read(value: Value) -> Result<Self, Value> {
        value.as_bool().ok_or(value)
    }
}

impl Field for String {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Text(self))
    }

    fn read(value: Value) -> Result<Self, Value> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        }
    }
}

impl Field for i64 {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Number(Number::Int((*self).into())))
    }

    fn read(value: Value) -> Result<Self, Value> {
        read_integer(value)
    }
}

impl Field for u64 {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Number(Number::Int((*self).into())))
    }

    fn read(value: Value) -> Result<Self, Value> {
        read_integer(value)
    }
}

fn read_integer<T: TryFrom<i128>>(value: Value) -> Result<T, Value> {
    let integer = value.as_number().and_then(|n| Number::from(n).as_integer());
    integer.and_then(|i| T::try_from(i).ok()).ok_or(value)
}

impl Field for f64 {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Number(Number::Float(*self)))
    }

    fn read(value: Value) -> Result<Self, Value> {
        value.as_f64().ok_or(value)
    }
}

impl Field for Value {
    fn view(&self) -> Option<View<'_>> {
        Some(self.into())
    }

    fn read(value: Value) -> Result<Self, Value> {
        Ok(value)
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
    /// The same value as free JSON; NaN and infinities, which JSON cannot say, become texts.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => bool.into(),
            Self::Number(number) => number.to_value(),
            Self::Text(text) => text.into(),
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

    /// Shows each member of an object in the order of the wire; nothing for other values.
    pub fn for_each_member(self, visit: &mut dyn FnMut(&str, View<'_>)) {
        match self {
            Self::Object(map) => {
                for (name, value) in map {
                    visit(name, value.into());
                }
            }
            Self::Record(record) => {
                for (index, property) in record.properties().iter().enumerate() {
                    if record.extra().contains_key(&*property.name) {
                        continue;
                    }
                    if let Some(view) = record.field(index) {
                        visit(&property.name, view);
                    }
                }
                for (name, value) in record.extra() {
                    visit(name, value.into());
                }
            }
            _ => {}
        }
    }

    /// The member `name` of an object.
    #[must_use]
    pub fn member(self, name: &str) -> Option<View<'a>> {
        match self {
            Self::Object(map) => map.get(name).map(View::from),
            Self::Record(record) => record.extra().get(name).map(View::from).or_else(|| {
                let index = record.properties().iter().position(|p| &*p.name == name)?;
                record.field(index)
            }),
            _ => None,
        }
    }

    /// Whether it is the same JSON value as `literal`; numbers by value, so `1` is `1.0`.
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

    /// Its JSON type with an article, for error texts.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) | Self::Record(_) => "an object",
        }
    }
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(bool),
            Self::Number(number) => serialize_number(number, serializer),
            Self::Text(text) => serializer.serialize_str(text),
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

/// Whole numbers are written without a fraction, as the service's own pages write them.
fn serialize_number<S: Serializer>(number: Number, serializer: S) -> Result<S::Ok, S::Error> {
    if !number.is_finite() {
        return Err(S::Error::custom(format!(
            "{number} cannot be written as JSON; expected a finite number"
        )));
    }
    number.to_value().serialize(serializer)
}
