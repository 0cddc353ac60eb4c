//! Types that fields of generated structs have.

use serde_json::Value;

use crate::{Elements, Field, Media, Number, View};

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

    fn is_optional() -> bool {
        true
    }

    fn blank() -> Self {
        None
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

    fn blank() -> Self {
        Self::new()
    }
}

impl Field for bool {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Bool(*self))
    }

    fn read(value: Value) -> Result<Self, Value> {
        value.as_bool().ok_or(value)
    }

    fn blank() -> Self {
        Self::default()
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

    fn blank() -> Self {
        Self::default()
    }
}

impl Field for i64 {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Number(Number::Int((*self).into())))
    }

    fn read(value: Value) -> Result<Self, Value> {
        read_integer(value)
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl Field for u64 {
    fn view(&self) -> Option<View<'_>> {
        Some(View::Number(Number::Int((*self).into())))
    }

    fn read(value: Value) -> Result<Self, Value> {
        read_integer(value)
    }

    fn blank() -> Self {
        Self::default()
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

    fn blank() -> Self {
        Self::default()
    }
}

impl Field for Value {
    fn view(&self) -> Option<View<'_>> {
        Some(self.into())
    }

    fn read(value: Value) -> Result<Self, Value> {
        Ok(value)
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl Field for Media {
    fn view(&self) -> Option<View<'_>> {
        Some(match self {
            Self::Url(url) => View::Text(url),
            other => View::Media(other),
        })
    }

    fn read(value: Value) -> Result<Self, Value> {
        String::read(value).map(Self::url)
    }

    fn blank() -> Self {
        Self::url("")
    }
}
