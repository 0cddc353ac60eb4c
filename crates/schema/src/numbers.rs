//! Numbers that a property takes, as constants of generated code.

/// Numbers that a property takes: what generated code knows at compile time.
///
/// A numeric property has one as a constant of its struct, such as `Input::SCALE`. Everything else
/// about a property is in its [`Schema`](crate::Schema).
///
/// ```
/// # use runcomfy_schema::Numbers;
/// const SCALE: Numbers<f64> = Numbers {
///     minimum: Some(0.0),
///     maximum: Some(1.0),
///     default: Some(0.5),
///     members: &[],
/// };
/// let chosen = 7.0_f64.min(SCALE.maximum.unwrap_or(f64::MAX));
/// assert_eq!(chosen, 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbers<T: 'static> {
    /// Smallest number, unless there is none: that of a `float` above an exclusive bound.
    pub minimum: Option<T>,
    /// Largest number, unless there is none: that of a `float` below an exclusive bound.
    pub maximum: Option<T>,
    /// Number that the service applies if the property is left out.
    pub default: Option<T>,
    /// The only allowed numbers, in the order of the schema. Empty without an `enum`.
    pub members: &'static [T],
}
