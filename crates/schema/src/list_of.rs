//! Arguments that become arrays.

/// A list of values of one type: an array, a `Vec` or any other iterator.
///
/// Setters of generated structs take it. It is implemented for everything that it can be; its own trait
/// tells the compiler what to say about anything else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of `{T}`",
    label = "expected an array, a `Vec` or another iterator of `{T}`",
    note = "a single value is a list of one: `[value]`",
    note = "a text becomes a member of an enum with `.parse()?`"
)]
pub trait ListOf<T> {
    /// Collects the values.
    fn into_list(self) -> Vec<T>;
}

#[diagnostic::do_not_recommend]
impl<T, I: IntoIterator<Item = T>> ListOf<T> for I {
    #[inline]
    fn into_list(self) -> Vec<T> {
        self.into_iter().collect()
    }
}

/// A list of values that convert to one type: an array, a `Vec` or any other iterator.
///
/// Setters of generated structs take it. It is implemented for everything that it can be; its own trait
/// tells the compiler what to say about anything else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of values that convert to `{T}`",
    label = "expected an array, a `Vec` or another iterator",
    note = "a single value is a list of one: `[value]`"
)]
pub trait IntoListOf<T> {
    /// Converts and collects the values.
    fn into_list(self) -> Vec<T>;
}

#[diagnostic::do_not_recommend]
impl<T, I: IntoIterator<Item: Into<T>>> IntoListOf<T> for I {
    #[inline]
    fn into_list(self) -> Vec<T> {
        self.into_iter().map(Into::into).collect()
    }
}
