//! Reads Ogg: the codec from the first page, the duration from the last.

use runcomfy_schema::MediaKind;

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;

/// Length of a page's header without its table of segments.
const HEADER: u64 = 27;
/// Maximum length of a page: its header, 255 segments, and 255 bytes in each.
const MAX_PAGE: u64 = HEADER + 255 + 255 * 255;
/// Length that the pages of most programs do not exceed.
const USUAL_PAGE: u64 = 12 << 10;

/// Flag of the first page of a stream.
const FIRST: u8 = 2;
/// Flag of the last page of a stream.
const LAST: u8 = 4;

/// One page.
struct Page<'a> {
    flags: u8,
    /// Number of samples that were played at its end.
    position: u64,
    stream: u32,
    body: Span<'a>,
    /// Position after the page.
    end: u64,
}

/// The first packet of an audio stream.
struct Audio {
    stream: u32,
    rate: u32,
    /// Number of samples at the start that are not played.
    skip: u64,
}

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let audio = Audio::find(span, facts)?;
    let Some(length) = span.known_len() else {
        facts.note("its duration is at its end, and its size is unknown");
        return Ok(());
    };
    let mut last = None;
    for tail in [USUAL_PAGE, MAX_PAGE] {
        if last.is_none() {
            last = last_page(span, length.saturating_sub(tail), length)?;
        }
    }
    match last {
        Some(page) if page.stream == audio.stream && page.is_last() => {
            let samples = page.position.saturating_sub(audio.skip);
            facts.duration_seconds = Some(samples as f64 / f64::from(audio.rate));
        }
        // The file is cut off, or has one stream after another.
        _ => facts.note("it does not end with the end of its first stream"),
    }
    Ok(())
}

impl Audio {
    /// Finds the only audio stream. All streams begin before any of them continues.
    fn find(span: Span<'_>, facts: &mut Facts) -> Result<Self, Stop> {
        let mut found = None;
        let mut at = 0;
        loop {
            let page = Page::at(span, at)?;
            if page.flags & FIRST == 0 {
                break;
            }
            let audio = match &page.body.head()? {
                b"\x01vorbis\0" => Some(("vorbis", page.body.le32(12)?, 0)),
                // Opus counts 48,000 samples per second, whatever its input had.
                b"OpusHead" => Some(("opus", 48_000, page.body.le16(10)?.into())),
                // An index of the streams, not a stream.
                b"fishead\0" => None,
                _ => return Err(Stop::Unreadable("an Ogg stream with an unsupported codec")),
            };
            if let Some((codec, rate, skip)) = audio {
                if found.is_some() || rate == 0 {
                    return Err(Stop::Unreadable("Ogg with unsupported streams"));
                }
                let stream = page.stream;
                found = Some((codec, Self { stream, rate, skip }));
            }
            at = page.end;
        }
        let Some((codec, audio)) = found else {
            return Err(Stop::Unreadable("Ogg without a supported stream"));
        };
        facts.kind = Some(MediaKind::Audio);
        facts.codec = Some(codec);
        Ok(audio)
    }
}

impl<'a> Page<'a> {
    /// Returns `true` if it is the last page of its stream and has the position of its end.
    fn is_last(&self) -> bool {
        self.flags & LAST != 0 && self.position != u64::MAX
    }

    fn at(span: Span<'a>, at: u64) -> Result<Self, Stop> {
        let [b'O', b'g', b'g', b'S', 0, flags] = span.array(at)? else {
            return Err(Stop::Unreadable("an Ogg page is not followed by another"));
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

/// Returns the page that ends exactly at `end`, if it begins at `start` or later.
fn last_page(span: Span<'_>, start: u64, end: u64) -> Result<Option<Page<'_>>, Stop> {
    // All bytes are requested in one read.
    span.part(start, end - start).require()?;
    for at in (start..end.saturating_sub(HEADER)).rev() {
        if span.u8(at)? != b'O' {
            continue;
        }
        match Page::at(span, at) {
            Ok(page) if page.end == end => return Ok(Some(page)),
            Ok(_) | Err(Stop::End | Stop::Unreadable(_)) => {}
            Err(stop) => return Err(stop),
        }
    }
    Ok(None)
}
