//! How a picture is to be turned, as EXIF counts it.

/// A turn or a mirroring of a picture: where its axes go. A point `(x, y)`, with y downwards, goes
/// to `(x·a + y·c, x·b + y·d)`.
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

/// As stored.
pub(crate) const NONE: Turn = turn(1, 0, 0, 1);
pub(crate) const MIRRORED_LEFT_RIGHT: Turn = turn(-1, 0, 0, 1);
pub(crate) const MIRRORED_TOP_BOTTOM: Turn = turn(1, 0, 0, -1);
/// By 0 to 3 quarters, against the clock.
pub(crate) const QUARTERS: [Turn; 4] = [
    NONE,
    turn(0, -1, 1, 0),
    turn(-1, 0, 0, -1),
    turn(0, 1, -1, 0),
];

/// What EXIF's 1 to 8 mean.
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
    /// From a matrix of any scale; `None` where it does more than turn, mirror and stretch.
    pub(crate) fn of_matrix(a: i32, b: i32, c: i32, d: i32) -> Option<Self> {
        let sign = |of: i32| match of.signum() {
            1 => 1,
            -1 => -1,
            _ => 0,
        };
        let turn = turn(sign(a), sign(b), sign(c), sign(d));
        EXIF.contains(&turn).then_some(turn)
    }

    /// First this, then the other.
    pub(crate) fn then(self, next: Self) -> Self {
        turn(
            self.a * next.a + self.b * next.c,
            self.a * next.b + self.b * next.d,
            self.c * next.a + self.d * next.c,
            self.c * next.b + self.d * next.d,
        )
    }

    /// EXIF's number for it.
    pub(crate) fn exif(self) -> u8 {
        let place = EXIF.iter().zip(1..).find(|(turn, _)| **turn == self);
        place.map_or(1, |(_, number)| number)
    }
}

/// Whether this EXIF orientation swaps width and height.
pub(crate) fn swaps(exif: u8) -> bool {
    exif >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_turns_follow_from_two() {
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
        // Against the clock by one quarter is EXIF's 8; four quarters are none.
        assert_eq!(QUARTERS[1].exif(), 8);
        let once = QUARTERS[1];
        assert_eq!(once.then(once).then(once).then(once), NONE);
        assert_eq!(
            once.then(once),
            MIRRORED_LEFT_RIGHT.then(MIRRORED_TOP_BOTTOM)
        );
    }

    #[test]
    fn a_matrix_that_shears_is_no_turn() {
        let one = 1 << 16;
        assert_eq!(Turn::of_matrix(0, one, -one, 0).map(Turn::exif), Some(6));
        assert_eq!(Turn::of_matrix(2 * one, 0, 0, one), Some(NONE));
        assert_eq!(Turn::of_matrix(one, one, -one, one), None);
        assert_eq!(Turn::of_matrix(0, 0, 0, 0), None);
    }
}
