//! Sums of money.

use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A sum of US dollars, exact to the millionth, never negative.
///
/// A price, an estimate or a cost is at most [`MAX`](Self::MAX). serde writes and reads it as a number
/// of dollars.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u64);

/// Error of parsing a text that is no sum of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMoney(());

const MICROS: u64 = 1_000_000;

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// The largest sum that is read or converted: a billion dollars. A larger number is a mistake.
    pub const MAX: Self = Self(1_000_000_000 * MICROS);

    /// Converts a number of micro-dollars.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Returns the number of micro-dollars.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Converts a number of dollars to the nearest micro-dollar, and what is more than nothing to at
    /// least one. Returns `None` for what is no sum: negative, not finite, above [`MAX`](Self::MAX).
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked"
    )]
    pub fn from_usd(usd: f64) -> Option<Self> {
        if !(0.0..=Self::MAX.to_usd()).contains(&usd) {
            return None;
        }
        let micros = (usd * MICROS as f64).round() as u64;
        Some(Self(if usd > 0.0 { micros.max(1) } else { micros }))
    }

    /// Returns the number of dollars.
    #[must_use]
    pub const fn to_usd(self) -> f64 {
        self.0 as f64 / MICROS as f64
    }

    /// Returns the sum of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns the difference, or nothing where `other` is more.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = self.plus(other);
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::ZERO, Self::plus)
    }
}

/// Prints dollars with at least two decimals, such as `$0.30` and `$0.0425`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:06}", self.0 % MICROS);
        let (cents, rest) = decimals.split_at(2);
        let rest = rest.trim_end_matches('0');
        f.pad(&format!("${}.{cents}{rest}", self.0 / MICROS))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Money {
    type Err = InvalidMoney;

    /// Parses dollars with at most six decimals, such as `5`, `0.10` and `$0.0425`.
    fn from_str(text: &str) -> Result<Self, InvalidMoney> {
        let text = text.strip_prefix('$').unwrap_or(text);
        let (dollars, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str, max: usize| {
            (1..=max).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        };
        if !digits(dollars, 10) || !digits(decimals, 6) {
            return Err(InvalidMoney(()));
        }
        let number = |digits: &str| digits.parse::<u64>().map_err(|_| InvalidMoney(()));
        let micros = number(dollars)? * MICROS + number(&format!("{decimals:0<6}"))?;
        let money = Self(micros);
        (money <= Self::MAX)
            .then_some(money)
            .ok_or(InvalidMoney(()))
    }
}

impl fmt::Display for InvalidMoney {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected a sum in US dollars from 0 to 1000000000 with at most six decimals, such as 0.10",
        )
    }
}

impl std::error::Error for InvalidMoney {}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.to_usd())
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let usd = f64::deserialize(deserializer)?;
        Self::from_usd(usd).ok_or_else(|| serde::de::Error::custom(InvalidMoney(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_and_printed_exactly() {
        for (text, micros, printed) in [
            ("5", 5_000_000, "$5.00"),
            ("$0.1", 100_000, "$0.10"),
            ("0.0425", 42_500, "$0.0425"),
            ("0.000001", 1, "$0.000001"),
            ("1000000000", 1_000_000_000_000_000, "$1000000000.00"),
        ] {
            let money: Money = text.parse().unwrap();
            assert_eq!(money.micros(), micros, "{text}");
            assert_eq!(money.to_string(), printed);
            assert_eq!(Money::from_usd(money.to_usd()), Some(money), "{text}");
        }
        for text in [
            "",
            "$",
            ".5",
            "5.",
            "-1",
            "1e3",
            "0.0000001",
            "1000000000.01",
            "٣",
            "1 ",
            "NaN",
        ] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
    }

    #[test]
    fn floating_point_noise_is_rounded_off() {
        assert_eq!(Money::from_usd(0.1 + 0.2).unwrap().micros(), 300_000);
        assert_eq!(Money::from_usd(1e-9).unwrap().micros(), 1);
        assert_eq!(Money::from_usd(0.0), Some(Money::ZERO));
        for usd in [-0.01, f64::NAN, f64::INFINITY, 1e9 + 1.0] {
            assert_eq!(Money::from_usd(usd), None, "{usd}");
        }
    }

    #[test]
    fn sums_never_wrap() {
        let max = Money::from_micros(u64::MAX);
        assert_eq!(max.plus(Money::MAX), max);
        assert_eq!(Money::ZERO.minus(Money::MAX), Money::ZERO);
        let sums = [Money::from_micros(1), Money::from_micros(2)];
        assert_eq!(sums.into_iter().sum::<Money>().micros(), 3);
        assert_eq!(format!("{:>8}|", Money::from_micros(40_000)), "   $0.04|");
    }
}
