//! `multipleOf` in exact decimals: slow, and right for every number of JSON.

use num_bigint::BigInt;
use serde_json::Value;

/// Returns `true` if a number is a whole multiple of a step.
pub(crate) fn is_multiple(number: &Value, step: &Value) -> bool {
    let (number, step) = (Decimal::from_json(number), Decimal::from_json(step));
    let exponent = number.exponent.min(step.exponent);
    (number.scaled(exponent) % step.scaled(exponent)) == BigInt::ZERO
}

/// The minimum of `i64` as a float, which also stands for the integers right below it.
pub(crate) const MIN_I64: f64 = -9_223_372_036_854_775_808.0;

/// `digits × 10^exponent`.
struct Decimal {
    digits: BigInt,
    exponent: i32,
}

impl Decimal {
    fn from_json(number: &Value) -> Self {
        let text = match number.as_f64() {
            // A whole float of 64 bits is the integer that it is in binary, not the one that its
            // shortest spelling names.
            Some(float)
                if number.is_f64()
                    && float.fract() == 0.0
                    && float > MIN_I64
                    && float < 18_446_744_073_709_551_616.0 =>
            {
                format!("{float:.0}")
            }
            _ => number.to_string(),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent: i32 = exponent.parse().expect("serde_json writes numbers");
        let decimals = i32::try_from(fraction.len()).expect("floats have few decimals");
        Self {
            digits: format!("{whole}{fraction}")
                .parse()
                .expect("serde_json writes numbers"),
            exponent: exponent - decimals,
        }
    }

    /// Returns the digits with this lower exponent.
    fn scaled(self, exponent: i32) -> BigInt {
        self.digits * BigInt::from(10).pow(self.exponent.abs_diff(exponent))
    }
}

#[test]
fn decimals_are_exact() {
    for (number, step, holds) in [
        ("0.3", "0.1", true),
        ("0.35", "0.1", false),
        ("1e300", "2", true),
        ("9007199254740993", "2", false),
        ("-64", "8", true),
        ("5e-324", "3", false),
        ("0", "0.7", true),
    ] {
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(
            is_multiple(&parse(number), &parse(step)),
            holds,
            "{number} / {step}"
        );
    }
}
