//! Repeated measurements of one thing.

/// Several measurements of one quantity.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds a measurement.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Returns the number of measurements.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the middle one, or the mean of the two in the middle; NaN without any.
    #[must_use]
    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        match (sorted.len() / 2, sorted.len() % 2) {
            (0, 0) => f64::NAN,
            (middle, 1) => sorted[middle],
            (middle, _) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    /// Returns the smallest and the largest; NaN without any.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let sorted = self.sorted();
        let end = |value: Option<&f64>| value.copied().unwrap_or(f64::NAN);
        (end(sorted.first()), end(sorted.last()))
    }

    /// Returns the measurements in another unit.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        self.0.iter().map(|value| value * factor).collect()
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// Returns the ratios of `over` to `under`. Measurements of the same round are divided by each other, so
/// that what slowed down the whole machine for a while cancels out; where one of the two was
/// measured in fewer rounds, these alone count.
#[must_use]
pub fn ratios(over: &Samples, under: &Samples) -> Samples {
    over.0.iter().zip(&under.0).map(|(a, b)| a / b).collect()
}

/// Returns the differences of `over` and `under`, round by round as for [`ratios`].
#[must_use]
pub fn differences(over: &Samples, under: &Samples) -> Samples {
    over.0.iter().zip(&under.0).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ranges() {
        for (values, median, range) in [
            (vec![3.0], 3.0, (3.0, 3.0)),
            (vec![9.0, 1.0], 5.0, (1.0, 9.0)),
            (vec![2.0, 100.0, 1.0], 2.0, (1.0, 100.0)),
            (vec![4.0, 1.0, 3.0, 2.0], 2.5, (1.0, 4.0)),
        ] {
            let samples: Samples = values.into_iter().collect();
            assert_eq!((samples.median(), samples.range()), (median, range));
        }
        assert!(Samples::default().median().is_nan());
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let (over, under) = ([8.0, 40.0, 9.0], [4.0, 10.0]);
        let ratios = ratios(&over.into_iter().collect(), &under.into_iter().collect());
        assert_eq!((ratios.count(), ratios.range()), (2, (2.0, 4.0)));
        let more = differences(&over.into_iter().collect(), &under.into_iter().collect());
        assert_eq!((more.count(), more.range()), (2, (4.0, 30.0)));
    }
}
