//! Reads BMP: its header in all three generations.

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

/// Length of OS/2's first header, which has dimensions of 16 bits.
const CORE: u8 = 12;

/// Returns `true` if a known header follows `BM`, two letters that text may begin with too.
pub(crate) fn is_header(head: &[u8; 16]) -> bool {
    matches!(head[14], CORE | 16 | 40 | 52 | 56 | 64 | 108 | 124) && head[15] == 0
}

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let (width, height) = if span.u8(14)? == CORE {
        (u32::from(span.le16(18)?), u32::from(span.le16(20)?))
    } else {
        let (width, height) = (span.le32(18)?.cast_signed(), span.le32(22)?.cast_signed());
        // A negative height means that the first row is the top one.
        (
            u32::try_from(width).unwrap_or_default(),
            height.unsigned_abs(),
        )
    };
    if width == 0 || height == 0 {
        return Err(Stop::Unreadable(
            "the BMP's header has impossible dimensions",
        ));
    }
    facts.width = Some(width);
    facts.height = Some(height);
    facts.orientation = Some(1);
    Ok(())
}
