//! How much a [`Reader`](crate::Reader) may ask for.

/// How much a [`Reader`](crate::Reader) may ask for before it says "cannot tell".
///
/// ```
/// use runcomfy_media::{Limits, Reader, Step};
///
/// let mut reader = Reader::with_limits(Limits::default().first(1_000).requests(2));
/// assert_eq!(reader.step(), Step::Read(0..1_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) first: u64,
    pub(crate) requests: u32,
    pub(crate) bytes: u64,
}

/// The bytes that a new TCP connection delivers in its first round trip: ten segments of 1,460,
/// less the reply's head.
const FIRST_ROUND_TRIP: u64 = 14_336;

impl Limits {
    /// For bytes that cost nothing but a copy: files and memory. A photograph's extended XMP can
    /// be megabytes long.
    pub(crate) fn local() -> Self {
        Self {
            first: FIRST_ROUND_TRIP,
            requests: 64,
            bytes: 8 << 20,
        }
    }

    /// The length of the first read in bytes; 14,336 unless set.
    #[must_use]
    pub fn first(mut self, bytes: u64) -> Self {
        self.first = bytes;
        self
    }

    /// How many answers are taken; 6 unless set.
    #[must_use]
    pub fn requests(mut self, requests: u32) -> Self {
        self.requests = requests;
        self
    }

    /// How many bytes are asked for in all; 524,288 unless set.
    #[must_use]
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }
}

/// What a medium behind a URL is worth: six requests and 512 KB.
impl Default for Limits {
    fn default() -> Self {
        Self {
            first: FIRST_ROUND_TRIP,
            requests: 6,
            bytes: 512 << 10,
        }
    }
}
