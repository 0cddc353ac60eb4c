//! A layer of a text: the text itself, or what comes out where its digits are decoded.

use std::collections::HashSet;
use std::ops::Range;

/// Stands between two runs. UTF-8 has no such byte.
pub(super) const GAP: u8 = 0xff;

/// Stands for a character that no secret has. UTF-8 has no such byte.
pub(super) const OTHER: u8 = 0xfe;

/// Number of characters from which a text is erased. A shorter one is too likely part of ordinary
/// words: a token `a` would leave nothing of any text.
pub(super) const MIN_CHARS: usize = 8;

/// Minimum number of characters in a row that are kept of a decoded text: words are digits too.
pub(super) const MIN_RUN: usize = MIN_CHARS;

/// The part of the text that spells a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    /// Returns the least span with both in it, in whatever order they are.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A layer that is read.
#[derive(Clone, Copy)]
pub(super) enum Layer<'a> {
    /// The text itself.
    Text(&'a str),
    /// The texts that the digits of a layer above are.
    Decoded(&'a Decoded),
    /// A layer with its escapes resolved.
    Reading(&'a Reading<'a>),
}

impl<'a> Layer<'a> {
    pub(super) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Decoded(decoded) => &decoded.bytes,
            Self::Reading(reading) => &reading.bytes,
        }
    }

    pub(super) fn span(self, at: usize) -> Span {
        match self {
            Self::Text(_) => span(at, at + 1),
            Self::Decoded(decoded) => decoded.spans[at],
            Self::Reading(reading) => reading.layer.span_of(reading.origin(at)),
        }
    }

    /// Returns the span of a range that is not empty.
    pub(super) fn span_of(self, range: Range<usize>) -> Span {
        self.span(range.start).with(self.span(range.end - 1))
    }

    /// Returns `false` for a range that is in the layer of which this is a reading, with the same
    /// neighbours; it needs no second look.
    pub(super) fn is_new(self, range: Range<usize>) -> bool {
        match self {
            Self::Reading(reading) => reading.is_new(range),
            Self::Text(_) | Self::Decoded(_) => true,
        }
    }
}

fn span(start: usize, end: usize) -> Span {
    // A text that is searched at once is shorter than 4 GB.
    let place = |at| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: place(start),
        end: place(end),
    }
}

/// Characters of ASCII, one a byte, and where each comes from.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Decoded {
    fn push(&mut self, byte: u8, span: Span) {
        self.bytes.push(byte);
        self.spans.push(span);
    }

    fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
        self.spans.truncate(length);
    }
}

/// A layer with its escapes resolved.
pub(super) struct Reading<'a> {
    layer: Layer<'a>,
    pub(super) bytes: Vec<u8>,
    /// In order, and each up to the next.
    pieces: Vec<Piece>,
    /// The ranges of the layer that spell letters and digits in escapes of escapes.
    pub(super) hidden: Vec<Range<usize>>,
}

/// Number of letters and digits in escapes of escapes that are a secret, whatever they spell.
const MIN_HIDDEN: usize = 4;

/// Maximum number of bytes between two of them: others of the same secret may be spelled otherwise.
const MAX_BETWEEN: usize = 64;

/// Maximum number of bytes of the same secret on each side of them.
const MAX_AROUND: usize = 512;

/// Returns a range with what may belong to the same secret on both sides of it, up to its last letter or digit.
fn around(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=\\%&#;".contains(byte);
    let before = bytes[..range.start].iter().rev().take(MAX_AROUND);
    let behind = bytes[range.end..].iter().take(MAX_AROUND);
    let start = range.start - before.take_while(|byte| is_part(byte)).count();
    let behind = behind.take_while(|byte| is_part(byte)).enumerate();
    let last = behind
        .filter(|(_, byte)| byte.is_ascii_alphanumeric())
        .last();
    start..range.end + last.map_or(0, |(at, _)| at + 1)
}

/// Bytes of a reading.
struct Piece {
    /// Start in the reading.
    at: usize,
    /// The range of the layer that spells it: each byte one of them, or all bytes all of it.
    origin: Range<usize>,
    is_same: bool,
}

impl<'a> Reading<'a> {
    pub(super) fn new(layer: Layer<'a>) -> Self {
        Self {
            layer,
            bytes: Vec::with_capacity(layer.bytes().len()),
            pieces: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// Adds a range of the layer as it is.
    pub(super) fn copy(&mut self, origin: Range<usize>) {
        self.start(true, origin.clone());
        self.bytes.extend_from_slice(&self.layer.bytes()[origin]);
    }

    /// Adds a byte that a range of the layer spells.
    pub(super) fn push(&mut self, byte: u8, origin: Range<usize>) {
        if origin.len() == 1 && self.layer.bytes()[origin.start] == byte {
            self.copy(origin);
        } else {
            self.start(false, origin);
            self.bytes.push(byte);
        }
    }

    fn start(&mut self, is_same: bool, origin: Range<usize>) {
        let goes_on =
            |last: &&mut Piece| is_same && last.is_same && last.origin.end == origin.start;
        match self.pieces.last_mut().filter(goes_on) {
            Some(last) => last.origin.end = origin.end,
            None => self.pieces.push(Piece {
                at: self.bytes.len(),
                origin,
                is_same,
            }),
        }
    }

    /// Returns the places of the text with several letters and digits in escapes of escapes near each other.
    /// No usual text has those, and they can be read in too many ways to look for a secret in each.
    pub(super) fn hidden_texts(&self) -> impl Iterator<Item = Span> {
        let is_near = |a: &Range<usize>, b: &Range<usize>| b.start <= a.end + MAX_BETWEEN;
        let groups = self.hidden.chunk_by(is_near);
        let groups = groups.filter(|group| group.len() >= MIN_HIDDEN);
        groups.map(|group| {
            let range = group[0].start..group[group.len() - 1].end;
            self.layer.span_of(around(self.layer.bytes(), range))
        })
    }

    /// Returns `true` if the reading differs from its layer.
    pub(super) fn is_changed(&self) -> bool {
        self.bytes != self.layer.bytes()
    }

    fn piece(&self, at: usize) -> usize {
        self.pieces.partition_point(|piece| piece.at <= at) - 1
    }

    /// Returns the range of the layer that spells a byte.
    fn origin(&self, at: usize) -> Range<usize> {
        let piece = &self.pieces[self.piece(at)];
        if piece.is_same {
            let start = piece.origin.start + (at - piece.at);
            start..start + 1
        } else {
            piece.origin.clone()
        }
    }

    fn is_new(&self, range: Range<usize>) -> bool {
        let first = self.piece(range.start);
        let before = range
            .start
            .checked_sub(1)
            .map_or(first, |at| self.piece(at));
        let next = self.pieces.get(before + 1).map(|next| next.at);
        !self.pieces[before].is_same || next.is_some_and(|next| next <= range.end)
    }
}

/// Collects decoded bytes in runs of text, and forgets those that are too short, or known.
pub(super) struct Runs {
    decoded: Decoded,
    /// Start of the current run.
    start: usize,
    max_bytes: usize,
    known: HashSet<(Span, Vec<u8>)>,
}

impl Runs {
    /// Creates a collector that takes so many bytes, which bounds the time of further layers.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            decoded: Decoded::default(),
            start: 0,
            max_bytes,
            known: HashSet::new(),
        }
    }

    /// Adds a byte; one that no text contains ends the run.
    #[inline]
    pub(super) fn push(&mut self, byte: u8, span: Span) {
        if is_text(byte) {
            self.decoded.push(byte, span);
        } else {
            self.end();
        }
    }

    /// Ends the current run.
    pub(super) fn end(&mut self) {
        let length = self.decoded.bytes.len() - self.start;
        let is_kept = length >= MIN_RUN && self.decoded.bytes.len() < self.max_bytes && {
            let run = &self.decoded.bytes[self.start..];
            let spans = &self.decoded.spans[self.start..];
            let span = spans[0].with(spans[length - 1]);
            self.known.insert((span, run.to_owned()))
        };
        if is_kept {
            let last = self.decoded.spans[self.decoded.spans.len() - 1];
            self.decoded.push(GAP, last);
        } else {
            self.decoded.truncate(self.start);
        }
        self.start = self.decoded.bytes.len();
    }

    /// Returns all runs, with a gap behind each.
    pub(super) fn finish(mut self) -> Decoded {
        self.end();
        self.decoded
    }
}

/// Returns `true` for a byte of an ASCII text, in UTF-16 and UTF-32 too.
#[inline]
pub(super) fn is_text(byte: u8) -> bool {
    const TEXT: [bool; 256] = {
        let mut text = [false; 256];
        let mut byte = b' ';
        while byte <= b'~' {
            text[byte as usize] = true;
            byte += 1;
        }
        text[0] = true;
        // Begins the colour of a terminal.
        text[0x1b] = true;
        text[b'\t' as usize] = true;
        text[b'\n' as usize] = true;
        text[b'\r' as usize] = true;
        text
    };
    TEXT[usize::from(byte)]
}
