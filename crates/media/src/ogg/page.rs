//! Reads a page of Ogg.

use crate::span::Span;
use crate::sparse::Stop;

/// Length of a page's header without its table of segments.
const HEADER: u64 = 27;
/// Maximum length of a page: its header, 255 segments, and 255 bytes in each.
pub(super) const MAX_PAGE: u64 = HEADER + 255 + 255 * 255;

/// Flag of a page that begins in the middle of a packet.
const CONTINUED: u8 = 1;
/// Flag of the first page of a stream.
const FIRST: u8 = 2;
/// Flag of the last page of a stream.
const LAST: u8 = 4;

/// One page.
pub(super) struct Page<'a> {
    flags: u8,
    /// Number of samples that were played at its end, if a packet ends on it.
    pub(super) position: Option<u64>,
    pub(super) stream: u32,
    /// Number of the page in its stream.
    pub(super) number: u32,
    /// Length of each segment, and the number of them.
    table: [u8; 255],
    segments: usize,
    pub(super) body: Span<'a>,
    pub(super) start: u64,
    /// Position after the page.
    pub(super) end: u64,
}

/// A packet, or the part of one that is on a page.
pub(super) struct Packet<'a> {
    pub(super) body: Span<'a>,
    /// `true` if it began on a page before.
    pub(super) is_continued: bool,
    /// `true` if it ends on this page.
    pub(super) is_complete: bool,
}

impl<'a> Page<'a> {
    /// Parses the page at `at`.
    pub(super) fn at(span: Span<'a>, at: u64) -> Result<Self, Stop> {
        let [b'O', b'g', b'g', b'S', 0, flags] = span.array(at)? else {
            return Err(Stop::Unreadable("an Ogg page is not followed by another"));
        };
        let segments = usize::from(span.u8(at + HEADER - 1)?);
        let mut table = [0; 255];
        span.copy(at + HEADER, &mut table[..segments])?;
        let length: u64 = table.iter().map(|segment| u64::from(*segment)).sum();
        let body = at + HEADER + segments as u64;
        Ok(Self {
            flags,
            position: Some(span.le64(at + 6)?).filter(|position| *position != u64::MAX),
            stream: span.le32(at + 14)?,
            number: span.le32(at + 18)?,
            table,
            segments,
            body: span.part(body, length),
            start: at,
            end: body + length,
        })
    }

    pub(super) fn is_first(&self) -> bool {
        self.flags & FIRST != 0
    }

    /// Returns `true` if it is the last page of its stream and has the position of its end.
    pub(super) fn is_last(&self) -> bool {
        self.flags & LAST != 0 && self.position.is_some()
    }

    pub(super) fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Returns its packets. A packet ends with the first segment that is not full.
    pub(super) fn packets(&self) -> impl Iterator<Item = Packet<'a>> {
        let (mut index, mut at) = (0, 0);
        std::iter::from_fn(move || {
            if index == self.segments {
                return None;
            }
            let is_continued = index == 0 && self.flags & CONTINUED != 0;
            let (start, mut is_complete) = (at, false);
            while index < self.segments && !is_complete {
                let segment = self.table[index];
                at += u64::from(segment);
                index += 1;
                is_complete = segment < u8::MAX;
            }
            let body = self.body.part(start, at - start);
            Some(Packet {
                body,
                is_continued,
                is_complete,
            })
        })
    }
}

/// Returns the first page that begins in `span` and is followed by another.
pub(super) fn first_in(span: Span<'_>) -> Result<Option<Page<'_>>, Stop> {
    // All bytes are requested in one read.
    span.part(0, span.known_len().unwrap_or_default())
        .require()?;
    for at in 0..span.len() {
        if span.u8(at) != Ok(b'O') {
            continue;
        }
        if let Ok(page) = Page::at(span, at)
            && Page::at(span, page.end).is_ok()
        {
            return Ok(Some(page));
        }
    }
    Ok(None)
}

/// Returns the lengths of the longest page and of the mean one from `at`, as far as the pages' headers
/// are available.
pub(super) fn lengths(span: Span<'_>, start: u64) -> (u64, u64) {
    let (mut at, mut longest, mut count) = (start, 0, 0);
    while let Ok(page) = Page::at(span, at) {
        longest = longest.max(page.len());
        count += 1;
        at = page.end;
    }
    (longest, (at - start) / count.max(1))
}

/// Returns up to two pages, the last of which ends exactly at `end`, if they begin at `start` or later.
pub(super) fn last_pages(span: Span<'_>, start: u64, end: u64) -> Result<Vec<Page<'_>>, Stop> {
    // All bytes are requested in one read.
    span.part(start, end - start).require()?;
    let mut found = Vec::new();
    let mut end = end;
    let mut at = end.saturating_sub(HEADER);
    while at > start && found.len() < 2 {
        at -= 1;
        if span.u8(at)? != b'O' {
            continue;
        }
        match Page::at(span, at) {
            Ok(page) if page.end == end => {
                end = at;
                at = at.saturating_sub(HEADER - 1);
                found.insert(0, page);
            }
            Ok(_) | Err(Stop::End | Stop::Unreadable(_)) => {}
            Err(stop) => return Err(stop),
        }
    }
    Ok(found)
}
