//! Reads GIF: the logical screen, which contains all frames.

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let (width, height) = (span.le16(6)?, span.le16(8)?);
    if width == 0 || height == 0 {
        return Err(Stop::Unreadable(
            "the GIF's header has no dimensions, only its frames have",
        ));
    }
    facts.width = Some(width.into());
    facts.height = Some(height.into());
    facts.orientation = Some(1);
    Ok(())
}
