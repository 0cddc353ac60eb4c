//! Limits the reads of a [`Reader`](crate::Reader).

/// Limits on the reads of a [`Reader`](crate::Reader), after which missing facts stay unknown.
///
/// The defaults suit media behind URLs: 6 reads and 512 KiB.
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
    /// Length in bytes up to which a whole file may be read to confirm a fact.
    pub(crate) affordable: u64,
}

/// Number of bytes that a new TCP connection delivers in its first round trip: ten segments of 1,460
/// bytes, less the response's head.
const FIRST_ROUND_TRIP: u64 = 14_336;

impl Limits {
    /// Returns limits for local files and memory, where a read is only a copy. The extended XMP of a
    /// photo can have megabytes, and audio is read to its end to confirm its duration.
    pub(crate) fn local() -> Self {
        Self {
            first: FIRST_ROUND_TRIP,
            requests: 64,
            bytes: 16 << 20,
            affordable: 8 << 20,
        }
    }

    /// Sets the length of the first read in bytes. Default: 14,336.
    #[must_use]
    pub fn first(mut self, bytes: u64) -> Self {
        self.first = bytes;
        self
    }

    /// Sets the maximum number of reads. Default: 6.
    #[must_use]
    pub fn requests(mut self, requests: u32) -> Self {
        self.requests = requests;
        self
    }

    /// Sets the maximum number of bytes of all reads. Default: 524,288.
    #[must_use]
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first: FIRST_ROUND_TRIP,
            requests: 6,
            bytes: 512 << 10,
            affordable: 0,
        }
    }
}
