//! FLAC: the first block, which describes the stream.

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    // The highest bit says that no other block follows.
    if span.u8(4)? & 0x7f != 0 {
        return Err(Stop::Odd("the FLAC does not begin with its description"));
    }
    // Twenty bits of rate, eight of channels and depth, thirty-six of samples.
    let bits = span.be64(18)?;
    let (rate, samples) = (bits >> 44, bits & ((1 << 36) - 1));
    if rate == 0 {
        return Err(Stop::Odd("the FLAC has no sample rate"));
    }
    if samples == 0 {
        facts.note("the FLAC does not tell its duration");
        return Ok(());
    }
    facts.duration_seconds = Some(samples as f64 / rate as f64);
    Ok(())
}
