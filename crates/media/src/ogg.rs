//! Ogg: the codec from the first page, the duration from the last.

use runcomfy_schema::MediaKind;

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

/// A page's header without its table of segments.
const HEADER: u64 = 27;
/// The longest page: its header, 255 segments, and 255 bytes in each.
const LONGEST: u64 = HEADER + 255 + 255 * 255;
/// Most programs' pages are shorter than this.
const TAIL: u64 = 12 << 10;

const BEGINS: u8 = 2;
const ENDS: u8 = 4;

/// One page.
struct Page<'a> {
    flags: u8,
    /// How many samples have been played at its end.
    position: u64,
    stream: u32,
    body: Span<'a>,
    /// The place behind it.
    end: u64,
}

/// What the first packet says of a sound.
struct Sound {
    stream: u32,
    rate: u32,
    /// Samples at the start that are not played.
    skip: u64,
}

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let sound = Sound::find(span, facts)?;
    let Some(length) = span.known_len() else {
        facts.note("its duration stands at its end, and its size is not known");
        return Ok(());
    };
    let mut last = None;
    for tail in [TAIL, LONGEST] {
        if last.is_none() {
            last = last_page(span, length.saturating_sub(tail), length)?;
        }
    }
    match last {
        Some(page) if page.stream == sound.stream && page.ends() => {
            let samples = page.position.saturating_sub(sound.skip);
            facts.duration_seconds = Some(samples as f64 / f64::from(sound.rate));
        }
        // Cut off, or one stream after another.
        _ => facts.note("it does not end with the end of its first stream"),
    }
    Ok(())
}

impl Sound {
    /// The one stream of sound; all streams begin before any of them goes on.
    fn find(span: Span<'_>, facts: &mut Facts) -> Result<Self, Stop> {
        let mut found = None;
        let mut at = 0;
        loop {
            let page = Page::at(span, at)?;
            if page.flags & BEGINS == 0 {
                break;
            }
            let sound = match &page.body.head()? {
                b"\x01vorbis\0" => Some(("vorbis", page.body.le32(12)?, 0)),
                // Opus counts as if it had 48,000 samples a second, whatever went in.
                b"OpusHead" => Some(("opus", 48_000, page.body.le16(10)?.into())),
                // An index of the streams, not one of them.
                b"fishead\0" => None,
                _ => return Err(Stop::Odd("Ogg with a stream that is not read")),
            };
            if let Some((codec, rate, skip)) = sound {
                if found.is_some() || rate == 0 {
                    return Err(Stop::Odd("Ogg with streams that are not read"));
                }
                let stream = page.stream;
                found = Some((codec, Self { stream, rate, skip }));
            }
            at = page.end;
        }
        let Some((codec, sound)) = found else {
            return Err(Stop::Odd("Ogg without a stream that is read"));
        };
        facts.kind = Some(MediaKind::Audio);
        facts.codec = Some(codec);
        Ok(sound)
    }
}

impl<'a> Page<'a> {
    /// Whether it is the last of its stream, and tells the position of its end.
    fn ends(&self) -> bool {
        self.flags & ENDS != 0 && self.position != u64::MAX
    }

    fn at(span: Span<'a>, at: u64) -> Result<Self, Stop> {
        let [b'O', b'g', b'g', b'S', 0, flags] = span.array(at)? else {
            return Err(Stop::Odd("an Ogg page is not followed by another"));
        };
        let count = span.u8(at + HEADER - 1)?;
        let mut table = [0; 255];
        let table = &mut table[..usize::from(count)];
        span.copy(at + HEADER, table)?;
        let length: u64 = table.iter().map(|segment| u64::from(*segment)).sum();
        let start = at + HEADER + u64::from(count);
        Ok(Self {
            flags,
            position: span.le64(at + 6)?,
            stream: span.le32(at + 14)?,
            body: span.part(start, length),
            end: start + length,
        })
    }
}

/// The page that ends exactly at `end`, if it begins at `start` or behind it.
fn last_page(span: Span<'_>, start: u64, end: u64) -> Result<Option<Page<'_>>, Stop> {
    // One read for all of it.
    span.part(start, end - start).need()?;
    for at in (start..end.saturating_sub(HEADER)).rev() {
        if span.u8(at)? != b'O' {
            continue;
        }
        match Page::at(span, at) {
            Ok(page) if page.end == end => return Ok(Some(page)),
            Ok(_) | Err(Stop::End | Stop::Odd(_)) => {}
            Err(stop) => return Err(stop),
        }
    }
    Ok(None)
}
