//! Where a drawing takes its choices from.

/// A source of choices. One that has run dry may answer 0 forever: every drawing then ends.
pub trait Dice {
    /// A number below `sides`; 0 where `sides` is 0.
    fn below(&mut self, sides: usize) -> usize;

    /// Any 64 bits.
    fn bits(&mut self) -> u64;
}

impl Dice for fastrand::Rng {
    fn below(&mut self, sides: usize) -> usize {
        self.usize(0..sides.max(1))
    }

    fn bits(&mut self) -> u64 {
        self.u64(..)
    }
}

impl dyn Dice + '_ {
    /// One of a list that has at least one element.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// True once in `many` times. A source that has run dry says no.
    pub fn once_in(&mut self, many: usize) -> bool {
        self.below(many) + 1 == many
    }

    /// A number between the two, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let sides = high.abs_diff(low).saturating_add(1);
        let above = self.below(usize::try_from(sides).unwrap_or(usize::MAX));
        low.saturating_add_unsigned(above as u64)
    }
}
