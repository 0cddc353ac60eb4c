//! Exact numbers of schemas and values.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

use crate::phrase::{Phrase, write_integer};

/// An exact number. Integers are not converted to a float, so `2^53 + 1` stays itself.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// Integer that fits 64 bits, signed or unsigned.
    Int(i128),
    /// Any other number. A typed input may have NaN and infinities.
    Float(f64),
}

/// Integers that the service's JSON can carry: those of 64 bits, signed or unsigned.
const INTEGERS: std::ops::RangeInclusive<i128> = (i64::MIN as i128)..=(u64::MAX as i128);

impl Number {
    /// Returns the number as an integer of 64 bits, or `None` if it is none. `1.0` is one, `1e300`
    /// is not.
    ///
    /// JSON Schema counts every whole number as an integer. Here it must also fit 64 bits, since
    /// no reader on the way is known to keep more.
    #[must_use]
    pub fn as_integer(self) -> Option<i128> {
        match self {
            Self::Int(integer) => INTEGERS.contains(&integer).then_some(integer),
            Self::Float(float) => whole(float),
        }
    }

    /// Returns the nearest float.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }

    /// Returns `true` if JSON can express the number: it is neither NaN nor infinite.
    #[must_use]
    pub fn is_finite(self) -> bool {
        match self {
            Self::Int(_) => true,
            Self::Float(float) => float.is_finite(),
        }
    }

    /// Returns `true` if the number is a whole multiple of `step`, in decimal: `0.3` is a multiple
    /// of `0.1`.
    #[must_use]
    pub fn is_multiple_of(self, step: Self) -> bool {
        match (Decimal::from_number(self), Decimal::from_number(step)) {
            (Some(number), Some(step)) => number.is_multiple_of(step),
            _ => false,
        }
    }

    /// Converts the number to JSON: whole numbers without a fraction, NaN and infinities as text.
    #[must_use]
    pub fn to_value(self) -> Value {
        if let Some(integer) = self.as_integer() {
            return match (i64::try_from(integer), u64::try_from(integer)) {
                (Ok(signed), _) => signed.into(),
                (_, Ok(unsigned)) => unsigned.into(),
                _ => unreachable!("INTEGERS holds i64 and u64 only"),
            };
        }
        serde_json::Number::from_f64(self.as_f64())
            .map_or_else(|| Value::String(self.to_string()), Value::Number)
    }
}

/// Returns the integer of 64 bits that a float is, or `None`. The float -2^63 is none: parsed JSON
/// gives it for the integers below, too, which do not fit 64 bits.
// Casts to 64 bits are the processor's own; those to 128 are functions. Both are exact here.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp
)]
fn whole(float: f64) -> Option<i128> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if -TWO_TO_63 < float && float < TWO_TO_63 {
        let integer = float as i64;
        (integer as f64 == float).then(|| integer.into())
    } else if (TWO_TO_63..2.0 * TWO_TO_63).contains(&float) {
        // So far from zero no float has a fraction.
        Some((float as u64).into())
    } else {
        None
    }
}

impl From<&serde_json::Number> for Number {
    fn from(number: &serde_json::Number) -> Self {
        if let Some(integer) = number.as_i128() {
            return Self::Int(integer);
        }
        let float = Self::Float(number.as_f64().unwrap_or(f64::NAN));
        // `1.0` and `1` are one number and must give one schema.
        float.as_integer().map_or(float, Self::Int)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (*self, *other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(&b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b),
            (Self::Int(a), Self::Float(b)) => cmp_mixed(a, b),
            (Self::Float(a), Self::Int(b)) => cmp_mixed(b, a).map(Ordering::reverse),
        }
    }
}

/// Compares exactly.
fn cmp_mixed(integer: i128, float: f64) -> Option<Ordering> {
    match i32::try_from(integer) {
        // An integer of 32 bits is the same number as a float.
        Ok(small) => f64::from(small).partial_cmp(&float),
        Err(_) => cmp_large(integer, float),
    }
}

/// Compares the float's whole part as an integer first, then its fraction.
#[cold]
fn cmp_large(integer: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    let floor = float.floor();
    // Saturating is right: whatever lies beyond i128 is beyond every integer of 64 bits too.
    #[allow(clippy::cast_possible_truncation)]
    let whole = floor as i128;
    Some(integer.cmp(&whole).then(if float > floor {
        Ordering::Less
    } else {
        Ordering::Equal
    }))
}

impl Phrase for Number {
    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        match (self.as_integer(), *self) {
            (Some(integer), _) | (None, Self::Int(integer)) => write_integer(integer, out),
            // Unlike `Display`, `Debug` does not spell out the 300 zeros of `1e300`.
            (None, Self::Float(float)) => write!(out, "{float:?}"),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// A finite number as `digits × 10^exponent`, from its shortest decimal spelling.
///
/// Bounds and steps are written in decimal, so `0.3 / 0.1` must be taken in decimal too: in
/// binary it is `2.9999999999999996`.
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    fn from_number(number: Number) -> Option<Self> {
        let float = match number {
            Number::Int(digits) => {
                return Some(Self {
                    digits,
                    exponent: 0,
                });
            }
            Number::Float(float) if float.is_finite() => float,
            Number::Float(_) => return None,
        };
        // `{:e}` prints the shortest digits that read back as the same float: "1.25e-3".
        let text = format!("{float:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let fraction = mantissa.split_once('.').map_or(0, |(_, f)| f.len());
        Some(Self {
            digits: mantissa.replace('.', "").parse().ok()?,
            exponent: exponent.parse::<i32>().ok()? - i32::try_from(fraction).ok()?,
        })
    }

    fn is_multiple_of(self, step: Self) -> bool {
        if step.digits == 0 {
            return false;
        }
        if self.digits == 0 {
            return true;
        }
        let shift = self.exponent - step.exponent;
        // number / step = digits * 10^shift / step.digits, computed modulo the divisor, so that
        // no power of ten overflows.
        let divisor = step.digits.unsigned_abs();
        if shift >= 0 {
            let mut rest = self.digits.unsigned_abs() % divisor;
            for _ in 0..shift {
                rest = times_ten(rest, divisor);
                if rest == 0 {
                    break;
                }
            }
            rest == 0
        } else {
            let scale = u32::try_from(-shift)
                .ok()
                .and_then(|s| 10u128.checked_pow(s));
            // A step more than 10^38 times coarser than the number's last digit never fits.
            let divisor = scale.and_then(|scale| divisor.checked_mul(scale));
            divisor.is_some_and(|divisor| self.digits.unsigned_abs().is_multiple_of(divisor))
        }
    }
}

/// Returns `10 * rest` modulo `divisor`. Both come from an `i128`, so twice either fits a `u128`,
/// and ten times may not.
fn times_ten(rest: u128, divisor: u128) -> u128 {
    let twice = |rest: u128| (rest + rest) % divisor;
    twice((twice(twice(rest)) + rest) % divisor)
}

#[cfg(test)]
mod tests {
    use super::Number::{self, Float, Int};

    #[test]
    fn whole_floats_are_integers_only_within_64_bits() {
        assert_eq!(Float(1.0).as_integer(), Some(1));
        assert_eq!(Float(-0.0).as_integer(), Some(0));
        assert_eq!(Float(1.5).as_integer(), None);
        assert_eq!(Float(1e300).as_integer(), None);
        // 2^63 and 2^64, and their neighbours among the floats.
        let (signed, unsigned) = (9_223_372_036_854_775_808.0, 18_446_744_073_709_551_616.0);
        for (float, integer) in [
            (signed - 1024.0, Some((1 << 63) - 1024)),
            (signed, Some(1 << 63)),
            (-signed + 1024.0, Some(i128::from(i64::MIN) + 1024)),
            (-signed, None),
            (-signed - 2048.0, None),
            (unsigned - 2048.0, Some((1 << 64) - 2048)),
            (unsigned, None),
        ] {
            assert_eq!(Float(float).as_integer(), integer, "{float}");
        }
        assert_eq!(Float(f64::NAN).as_integer(), None);
        assert_eq!(Float(f64::INFINITY).as_integer(), None);
        assert_eq!(
            Int(i128::from(u64::MAX)).as_integer(),
            Some(u64::MAX.into())
        );
        assert_eq!(Int(i128::from(u64::MAX) + 1).as_integer(), None);
    }

    #[test]
    fn json_beyond_64_bits_is_no_integer() {
        for (json, integer) in [
            ("-9223372036854775808", Some(i128::from(i64::MIN))),
            ("-9223372036854775809", None),
            ("18446744073709551615", Some(u64::MAX.into())),
            ("18446744073709551616", None),
        ] {
            let number: serde_json::Number = serde_json::from_str(json).unwrap();
            assert_eq!(Number::from(&number).as_integer(), integer, "{json}");
        }
    }

    #[test]
    fn order_is_exact_beyond_2_to_53() {
        let big = 9_007_199_254_740_993; // 2^53 + 1 rounds to 2^53 as a float
        assert!(Int(big) > Float(9_007_199_254_740_992.0));
        assert!(Int(big) < Float(9_007_199_254_740_994.0));
        assert!(Float(9_007_199_254_740_992.0) < Int(big));
        assert!(Int(-1) > Float(-1.5) && Int(-2) < Float(-1.5));
        assert!(Int(1) == Float(1.0) && Int(1) != Float(1.1));
        assert!(Int(i128::from(u64::MAX)) < Float(f64::INFINITY));
        assert_eq!(Int(0).partial_cmp(&Float(f64::NAN)), None);
    }

    #[test]
    fn multiples_are_decimal() {
        let multiple = |a: Number, b: Number| a.is_multiple_of(b);
        assert!(multiple(Float(0.3), Float(0.1)));
        assert!(multiple(Float(1e-7), Float(1e-9)));
        assert!(multiple(Float(1e300), Int(2)));
        assert!(multiple(Int(-64), Int(8)) && !multiple(Int(65), Int(8)));
        assert!(multiple(Int(1), Float(0.05)) && !multiple(Float(0.07), Float(0.05)));
        assert!(!multiple(Float(1e-300), Int(3)));
        assert!(!multiple(Int(1), Int(0)) && !multiple(Float(f64::NAN), Int(1)));
        assert!(!multiple(Int(1), Float(f64::INFINITY)) && !multiple(Float(f64::INFINITY), Int(1)));
        assert!(multiple(Int(0), Float(1e308)) && multiple(Float(-0.0), Float(1e-308)));
        assert!(multiple(Float(-0.3), Float(0.1)) && multiple(Float(0.3), Float(-0.1)));
        assert!(multiple(Float(4.35), Float(0.01)) && !multiple(Float(4.351), Float(0.01)));
    }

    #[test]
    fn multiples_are_right_at_the_ends_of_the_range() {
        let multiple = |a: Number, b: Number| a.is_multiple_of(b);
        assert!(multiple(Float(1e308), Float(1e-308)));
        assert!(!multiple(Float(1e308), Float(3e-308)));
        assert!(!multiple(Float(1e-308), Float(1e308)));
        assert!(multiple(Float(f64::MAX), Float(5e-324)));
        assert!(multiple(Int(i128::MIN), Int(i128::MIN)) && !multiple(Int(1), Int(i128::MIN)));
        // 10^40 is 2^40 * 5^40, so it is no multiple of 2^127, and 10^200 is.
        assert!(!multiple(Float(1e40), Int(i128::MIN)) && multiple(Float(1e200), Int(i128::MIN)));
        assert!(!multiple(Float(1e200), Int(i128::MAX)));
        assert!(multiple(Int(i128::MAX), Float(1e-300)) && !multiple(Int(7), Float(1e300)));
    }

    #[test]
    fn prints_whole_numbers_without_a_fraction() {
        assert_eq!(Float(15.0).to_string(), "15");
        assert_eq!(Float(4.7).to_string(), "4.7");
        assert_eq!(Float(-0.0).to_string(), "0");
        assert_eq!(Float(1e300).to_string(), "1e300");
        assert_eq!(Float(1e-7).to_string(), "1e-7");
        assert_eq!(Float(f64::NEG_INFINITY).to_string(), "-inf");
        assert_eq!(Int(i128::MAX).to_string(), i128::MAX.to_string());
        assert_eq!(Float(1.0).to_value(), 1);
        assert_eq!(Int(i128::from(u64::MAX)).to_value(), u64::MAX);
        assert_eq!(Float(f64::NAN).to_value(), "NaN");
    }
}
