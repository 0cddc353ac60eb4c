//! Computes orientations, as EXIF numbers them.

/// A rotation or reflection of an image. It maps a point `(x, y)`, with y downwards, to
/// `(x·a + y·c, x·b + y·d)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    a: i8,
    b: i8,
    c: i8,
    d: i8,
}

const fn turn(a: i8, b: i8, c: i8, d: i8) -> Turn {
    Turn { a, b, c, d }
}

/// The identity: the image is shown as stored.
pub(crate) const NONE: Turn = turn(1, 0, 0, 1);
pub(crate) const MIRRORED_LEFT_RIGHT: Turn = turn(-1, 0, 0, 1);
pub(crate) const MIRRORED_TOP_BOTTOM: Turn = turn(1, 0, 0, -1);
/// Rotations by 0, 90, 180 and 270 degrees counterclockwise.
pub(crate) const QUARTERS: [Turn; 4] = [
    NONE,
    turn(0, -1, 1, 0),
    turn(-1, 0, 0, -1),
    turn(0, 1, -1, 0),
];

/// Turns of the EXIF orientations `1..=8`.
const EXIF: [Turn; 8] = [
    NONE,
    MIRRORED_LEFT_RIGHT,
    QUARTERS[2],
    MIRRORED_TOP_BOTTOM,
    turn(0, 1, 1, 0),
    QUARTERS[3],
    turn(0, -1, -1, 0),
    QUARTERS[1],
];

impl Turn {
    /// Converts a matrix of any scale. Returns `None` if it does more than rotate, reflect and stretch.
    pub(crate) fn from_matrix(a: i32, b: i32, c: i32, d: i32) -> Option<Self> {
        let sign = |number: i32| match number.signum() {
            1 => 1,
            -1 => -1,
            _ => 0,
        };
        let turn = turn(sign(a), sign(b), sign(c), sign(d));
        EXIF.contains(&turn).then_some(turn)
    }

    /// Returns the turn that applies this one first and `next` second.
    pub(crate) fn then(self, next: Self) -> Self {
        turn(
            self.a * next.a + self.b * next.c,
            self.a * next.b + self.b * next.d,
            self.c * next.a + self.d * next.c,
            self.c * next.b + self.d * next.d,
        )
    }

    /// Returns the EXIF orientation.
    pub(crate) fn exif(self) -> u8 {
        let found = EXIF.iter().zip(1..).find(|(turn, _)| **turn == self);
        found.map_or(1, |(_, number)| number)
    }
}

/// Returns `true` if this EXIF orientation swaps width and height.
pub(crate) fn swaps(exif: u8) -> bool {
    exif >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_turns_are_products_of_two() {
        let mut seen = Vec::new();
        for quarters in QUARTERS {
            for mirror in [NONE, MIRRORED_LEFT_RIGHT] {
                let turn = quarters.then(mirror);
                assert_eq!(swaps(turn.exif()), turn.a == 0, "{turn:?}");
                seen.push(turn.exif());
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8]);
        // 90 degrees counterclockwise is EXIF's 8; four times 90 degrees is the identity.
        assert_eq!(QUARTERS[1].exif(), 8);
        let once = QUARTERS[1];
        assert_eq!(once.then(once).then(once).then(once), NONE);
        assert_eq!(
            once.then(once),
            MIRRORED_LEFT_RIGHT.then(MIRRORED_TOP_BOTTOM)
        );
    }

    #[test]
    fn matrix_that_shears_is_no_turn() {
        let one = 1 << 16;
        assert_eq!(Turn::from_matrix(0, one, -one, 0).map(Turn::exif), Some(6));
        assert_eq!(Turn::from_matrix(2 * one, 0, 0, one), Some(NONE));
        assert_eq!(Turn::from_matrix(one, one, -one, one), None);
        assert_eq!(Turn::from_matrix(0, 0, 0, 0), None);
    }
}
