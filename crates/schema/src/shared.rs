//! Data that is either compiled in or made at run time.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A `&'static T` that is compiled in, or a reference-counted `T` that was parsed. Cloning it is
/// cheap.
pub enum Shared<T: ?Sized + 'static> {
    /// Reference to a `static`.
    Static(&'static T),
    /// Data made at run time, freed with its last owner.
    Counted(Arc<T>),
}

/// A text of a schema.
pub type Text = Shared<str>;

/// A list of a schema.
pub type List<T> = Shared<[T]>;

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Static(data) => Self::Static(data),
            Self::Counted(data) => Self::Counted(Arc::clone(data)),
        }
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Static(data) => data,
            Self::Counted(data) => data,
        }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Counted(text.into())
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(list: Vec<T>) -> Self {
        Self::Counted(list.into())
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Counted(items.into_iter().collect())
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self::Counted(Arc::new(value))
    }
}
