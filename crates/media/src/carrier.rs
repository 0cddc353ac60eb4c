//! Places in a file where an image may have its orientation.

use crate::facts::Facts;

/// The content of a place where an image may have its orientation, such as EXIF data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// The place is not there, or has no orientation.
    #[default]
    Absent,
    /// An EXIF orientation, `1..=8`.
    Turned(u8),
    /// The place is there and cannot be read, so the orientation is unknown.
    Unreadable,
}

impl Carrier {
    /// Returns this one, or the next if this one has no orientation. Every viewer prefers EXIF data
    /// to XMP.
    pub(crate) fn or(self, next: Self) -> Self {
        if self == Self::Absent { next } else { self }
    }

    /// Reports the orientation after every place was read; 1 if none has it, as in every viewer.
    pub(crate) fn report(self, facts: &mut Facts) {
        match self {
            Self::Absent => facts.orientation = Some(1),
            Self::Turned(exif) => facts.orientation = Some(exif),
            Self::Unreadable => {
                facts.note("its EXIF data or XMP cannot be read, so its orientation is unknown");
            }
        }
    }
}
