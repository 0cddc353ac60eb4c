//! Reads FLAC: the first block, which describes the stream.

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    // The highest bit means that no other block follows.
    if span.u8(4)? & 0x7f != 0 {
        return Err(Stop::Unreadable(
            "the FLAC does not begin with its stream info",
        ));
    }
    // 20 bits of rate, 8 of channels and depth, 36 of samples.
    let bits = span.be64(18)?;
    let (rate, samples) = (bits >> 44, bits & ((1 << 36) - 1));
    if rate == 0 {
        return Err(Stop::Unreadable("the FLAC has no sample rate"));
    }
    if samples == 0 {
        facts.note("the FLAC's header has no duration");
        return Ok(());
    }
    facts.duration_seconds = Some(samples as f64 / rate as f64);
    Ok(())
}
