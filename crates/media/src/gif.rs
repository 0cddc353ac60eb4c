//! GIF: the logical screen, on which all frames lie.

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let (width, height) = (span.le16(6)?, span.le16(8)?);
    if width == 0 || height == 0 {
        return Err(Stop::Odd("the GIF leaves its sides to its frames"));
    }
    facts.width = Some(width.into());
    facts.height = Some(height.into());
    facts.orientation = Some(1);
    Ok(())
}
