//! The source of an arbitrary value's choices.

/// A source of choices. One that is exhausted may return 0 forever: every value then ends.
pub trait Entropy {
    /// Returns a number below `bound`, or 0 where `bound` is 0.
    fn below(&mut self, bound: usize) -> usize;

    /// Returns any 64 bits.
    fn bits(&mut self) -> u64;
}

impl Entropy for fastrand::Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.usize(0..bound.max(1))
    }

    fn bits(&mut self) -> u64 {
        self.u64(..)
    }
}

impl dyn Entropy + '_ {
    /// Returns an element of a list that has at least one.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// Returns `true` once in `many` times; an exhausted source returns `false`.
    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) + 1 == many
    }

    /// Returns a number in `min..=max`.
    pub fn between(&mut self, min: i64, max: i64) -> i64 {
        let bound = max.abs_diff(min).saturating_add(1);
        let above = self.below(usize::try_from(bound).unwrap_or(usize::MAX));
        min.saturating_add_unsigned(above as u64)
    }
}
