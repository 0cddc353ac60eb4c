//! Reads Ogg: the codec from the first page, the duration from the positions of its pages.

use runcomfy_schema::MediaKind;

use crate::Facts;
use crate::span::Span;
use crate::sparse::Stop;
use crate::witness::agree;

mod packet;
mod page;

use packet::Clock;
use page::{MAX_PAGE, Page};

/// Length that two pages of most programs do not exceed.
const USUAL_PAGES: u64 = 24 << 10;
/// Positions in hundredths of the file at which more pages are read, if those at both ends are too short
/// for its length.
const PARTS: [u32; 3] = [50, 38, 76];
/// Maximum distance of the number of a page from the number at an even distribution, as a part of the
/// number of all pages. Pages are longer where there is more to hear.
const MAX_SKEW: f64 = 0.3;

const BY_LAST: &str = "by the position of its last page";
const BY_HEADER: &str = "by its header";
const BY_PACKETS: &str = "by its packets";

pub(crate) fn read(span: Span<'_>, facts: &mut Facts) -> Result<(), Stop> {
    let audio = Audio::find(span, facts)?;
    let Some(length) = span.known_len() else {
        facts.note("its duration is at its end, and its size is unknown");
        return Ok(());
    };
    if span.is_affordable() {
        span.part(0, length).require()?;
        audio.walk(length, facts);
        return Ok(());
    }
    audio.sample(length, facts)
}

/// The only audio stream.
struct Audio<'a> {
    stream: u32,
    clock: Clock,
    /// Position after the first pages of all streams.
    start: u64,
    span: Span<'a>,
}

impl<'a> Audio<'a> {
    /// Finds the only audio stream. All streams begin before any of them continues.
    fn find(span: Span<'a>, facts: &mut Facts) -> Result<Self, Stop> {
        let mut found = None;
        let mut at = 0;
        loop {
            let page = Page::at(span, at)?;
            if !page.is_first() {
                break;
            }
            // An index of the streams is not a stream.
            if page.body.head()? != *b"fishead\0" {
                let Some(clock) = Clock::parse(page.body)? else {
                    return Err(Stop::Unreadable("an Ogg stream with an unsupported codec"));
                };
                if found.is_some() || clock.rate == 0 {
                    return Err(Stop::Unreadable("Ogg with unsupported streams"));
                }
                found = Some((page.stream, clock));
            }
            at = page.end;
        }
        let Some((stream, clock)) = found else {
            return Err(Stop::Unreadable("Ogg without a supported stream"));
        };
        facts.kind = Some(MediaKind::Audio);
        facts.codec = Some(clock.codec);
        Ok(Self {
            stream,
            clock,
            start: at,
            span,
        })
    }

    /// Reads all pages, and reports the duration if their positions and their packets agree.
    fn walk(&self, length: u64, facts: &mut Facts) {
        let mut at = self.start;
        let mut pages = Pages::new(&self.clock);
        let mut last = None;
        while at < length {
            let page = match Page::at(self.span, at) {
                Ok(page) if page.end <= length => page,
                _ => break,
            };
            at = page.end;
            if page.is_first() {
                facts.note("one stream follows another in it, and only one has a known duration");
                return;
            }
            if page.stream == self.stream {
                if !pages.add(&page) {
                    facts.note("its pages are not in their order, as in joined files");
                    return;
                }
                last = Some(page);
            }
        }
        match last {
            Some(page) if at == length && page.is_last() => pages.report(facts),
            _ => facts.note(CUT),
        }
    }

    /// Reads the first pages and the last ones, and reports the duration if they agree.
    fn sample(&self, length: u64, facts: &mut Facts) -> Result<(), Stop> {
        let mut pages = Pages::new(&self.clock);
        let first = self.first_pages(&mut pages)?;
        // The last pages are about as long as the first one.
        let usual = (3 * first).clamp(USUAL_PAGES, 2 * MAX_PAGE);
        let mut tail = Vec::new();
        for reach in [usual, 2 * MAX_PAGE] {
            if tail.len() < 2 {
                tail = page::last_pages(self.span, length.saturating_sub(reach), length)?;
            }
        }
        let [.., before, last] = &*tail else {
            facts.note(CUT);
            return Ok(());
        };
        if last.stream != self.stream || before.stream != self.stream || !last.is_last() {
            facts.note(CUT);
            return Ok(());
        }
        let longest = before.len().max(last.len());
        if last.number != before.number.wrapping_add(1)
            || self.is_joined(length, &pages, last, longest)?
        {
            facts.note("its pages are not in their order, as in joined files");
            return Ok(());
        }
        pages.skip_to(before, last);
        pages.report(facts);
        Ok(())
    }

    /// Reads the pages up to the first one with audio, as far as they are available, and returns the
    /// length of that one.
    fn first_pages(&self, pages: &mut Pages<'_>) -> Result<u64, Stop> {
        let mut at = self.start;
        loop {
            let page = match Page::at(self.span, at) {
                Ok(page) => page,
                // Cover art may precede the audio; it is not worth many reads.
                Err(Stop::Hole(hole)) if at < USUAL_PAGES => return Err(Stop::Hole(hole)),
                Err(_) => return Ok(0),
            };
            if page.stream == self.stream && !pages.add(&page) {
                return Ok(0);
            }
            if pages.has_begun() {
                return Ok(page.len());
            }
            at = page.end;
        }
    }

    /// Returns `true` if there are more bytes than the number of pages explains: in joined files the
    /// numbers begin again. Pages differ in length where they are a second long each, so where the
    /// first ones are short, the number of a later one decides.
    fn is_joined(
        &self,
        length: u64,
        pages: &Pages<'_>,
        last: &Page<'_>,
        longest: u64,
    ) -> Result<bool, Stop> {
        let (first, start) = pages.first.unwrap_or((0, self.start));
        let count = u64::from(last.number.saturating_sub(first)) + 1;
        let mean = (length - start) / count;
        let reach = mean.saturating_mul(3).clamp(USUAL_PAGES, 2 * MAX_PAGE);
        let explains = |length: u64| mean.saturating_mul(4) <= 5 * length;
        let (longest_at_start, usual) = page::lengths(self.span, start);
        let mut longest = longest.max(longest_at_start);
        let mut is_even = explains(usual);
        for part in PARTS {
            if is_even && explains(longest) {
                return Ok(false);
            }
            let sample = self.span.part(length / 100 * u64::from(part), reach);
            let Some(page) = page::first_in(sample)? else {
                continue;
            };
            let number = f64::from(page.number) - f64::from(first);
            if page.stream != self.stream
                || (number / count as f64 - f64::from(part) / 100.0).abs() > MAX_SKEW
            {
                return Ok(true);
            }
            is_even = true;
            longest = longest.max(page::lengths(sample, page.start).0);
        }
        Ok(!explains(longest))
    }
}

const CUT: &str = "it does not end with the end of its first stream";

/// The positions of the pages of a stream, and the samples of their packets.
struct Pages<'c> {
    clock: &'c Clock,
    /// Number and position of the first page with audio.
    first: Option<(u32, u64)>,
    /// Number of the last page.
    number: Option<u32>,
    /// Number of packets of the header that are still to come.
    headers: u32,
    /// Number of samples of all packets.
    samples: u64,
    /// Number of samples of the packets before the last page.
    before: u64,
    /// Block of the last packet, and its samples if it continues on the next page.
    block: u64,
    unfinished: u64,
    /// Position of the first page with audio, less its samples. Audio that was cut out of a longer
    /// recording does not begin at 0.
    offset: Option<i64>,
    /// Position of the last page.
    position: u64,
    /// `true` if the position of a page contradicts the samples before it.
    contradicts: bool,
}

impl<'c> Pages<'c> {
    fn new(clock: &'c Clock) -> Self {
        Self {
            clock,
            first: None,
            number: None,
            headers: clock.headers,
            samples: 0,
            before: 0,
            block: 0,
            unfinished: 0,
            offset: None,
            position: 0,
            contradicts: false,
        }
    }

    fn has_begun(&self) -> bool {
        self.offset.is_some()
    }

    /// Adds a page. Returns `false` if it is not the next one.
    fn add(&mut self, page: &Page<'_>) -> bool {
        if self
            .number
            .is_some_and(|number| page.number != number.wrapping_add(1))
        {
            return false;
        }
        self.number = Some(page.number);
        let samples = self.samples;
        let mut has_audio = false;
        for packet in page.packets() {
            if self.headers > 0 {
                self.headers -= u32::from(packet.is_complete);
                continue;
            }
            has_audio = true;
            if !packet.is_continued {
                self.unfinished = self.clock.samples(packet.body, &mut self.block);
            }
            if packet.is_complete {
                self.samples += std::mem::take(&mut self.unfinished);
            }
        }
        if has_audio {
            self.first.get_or_insert((page.number, page.start));
        }
        if let Some(position) = page.position.filter(|_| has_audio) {
            self.before = samples;
            self.position = position;
            let ahead = position
                .cast_signed()
                .saturating_sub(self.samples.cast_signed());
            // The samples of packets that are not available are an estimate.
            let is_whole = page.body.require().is_ok();
            let begins = if is_whole { ahead } else { ahead.max(0) };
            let offset = *self.offset.get_or_insert(begins);
            let is_behind = if is_whole {
                ahead < offset.saturating_sub(self.tolerance()) && !page.is_last()
            } else {
                position.saturating_mul(4) < self.samples
            };
            self.contradicts |= is_behind || ahead > offset.saturating_add(self.tolerance());
        }
        true
    }

    /// Continues with the last two pages of a stream.
    fn skip_to(&mut self, before: &Page<'_>, last: &Page<'_>) {
        if self.number == Some(last.number) {
            return;
        }
        if self.number != Some(before.number) {
            let (offset, contradicts) = (self.offset, self.contradicts);
            (self.number, self.headers, self.block) = (None, 0, 0);
            self.add(before);
            // The packets in between were not read.
            (self.offset, self.contradicts) = (offset, contradicts);
            let position = before.position.unwrap_or_default().cast_signed();
            let samples = position.saturating_sub(offset.unwrap_or_default());
            self.samples = u64::try_from(samples).unwrap_or_default();
        }
        self.add(last);
    }

    /// Number of samples by which a position may be off: a block, or rounding.
    fn tolerance(&self) -> i64 {
        i64::from(self.clock.rate / 10)
    }

    /// Reports the duration, if the positions and the packets agree.
    fn report(&self, facts: &mut Facts) {
        let clock = self.clock;
        let played = |samples: u64| clock.seconds(samples.saturating_sub(clock.skip));
        let by_last = played(self.position);
        if let Some(total) = clock.total {
            facts.confirm_duration((clock.seconds(total), BY_HEADER), (by_last, BY_LAST));
            return;
        }
        let by_packets = played(self.samples);
        let offset = self.offset.unwrap_or_default();
        let trimmed = clock.seconds(self.samples.saturating_sub(self.before)) + 0.1;
        let begins = offset <= self.tolerance();
        // The last page may end before its packets do, and only it.
        let ends = (0.0..=trimmed).contains(&(by_packets - by_last)) || agree(by_last, by_packets);
        if begins && ends && !self.contradicts {
            facts.duration_seconds = Some(by_last);
        } else if begins || self.contradicts {
            facts.confirm_duration((by_last, BY_LAST), (by_packets, BY_PACKETS));
        } else {
            let less = self
                .position
                .saturating_sub(u64::try_from(offset).unwrap_or_default());
            facts.confirm_duration(
                (by_last, BY_LAST),
                (played(less), "less that of its first page"),
            );
        }
    }
}
