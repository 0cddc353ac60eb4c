//! Encodes FLAC whose frames have checksums and no audio.

/// The first block of a stream.
#[derive(Clone, Copy)]
pub(crate) struct StreamInfo {
    /// Minimum and maximum number of samples in a frame.
    pub(crate) blocks: (u16, u16),
    /// Minimum and maximum length of a frame in bytes.
    pub(crate) lengths: (u16, u16),
    pub(crate) rate: u32,
    pub(crate) samples: u64,
}

impl StreamInfo {
    /// Encodes the block, and other blocks of these kinds.
    pub(crate) fn encode(&self, others: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let mut body = [self.blocks.0, self.blocks.1]
            .map(u16::to_be_bytes)
            .concat();
        for length in [self.lengths.0, self.lengths.1] {
            body.push(0);
            body.extend(length.to_be_bytes());
        }
        // 20 bits of rate, 3 of channels, 5 of depth, 36 of samples.
        body.extend((u64::from(self.rate) << 44 | 1 << 41 | 15 << 36 | self.samples).to_be_bytes());
        body.resize(34, 0);
        let mut bytes = b"fLaC".to_vec();
        let blocks = [(0, body)];
        for (index, (kind, body)) in blocks.iter().chain(others).enumerate() {
            let last = if index == others.len() { 0x80 } else { 0 };
            bytes.push(kind | last);
            bytes.extend(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
            bytes.extend(body);
        }
        bytes
    }
}

/// A frame: its number, which is that of its first sample if blocks differ, and its content.
pub(crate) struct Frame {
    pub(crate) is_variable: bool,
    pub(crate) number: u64,
    pub(crate) samples: u16,
    /// Code of its sample rate, and the bytes that follow for some codes.
    pub(crate) rate: (u8, Vec<u8>),
    pub(crate) content: Vec<u8>,
}

impl Frame {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xf8 | u8::from(self.is_variable)];
        // A block of any length follows in two bytes.
        bytes.extend([7 << 4 | self.rate.0, 0x18]);
        bytes.extend(number(self.number));
        bytes.extend((self.samples - 1).to_be_bytes());
        bytes.extend(&self.rate.1);
        bytes.push(u8::try_from(crc(&bytes, 8, 0x07)).unwrap());
        bytes.extend(&self.content);
        bytes.extend(crc(&bytes, 16, 0x8005).to_be_bytes());
        bytes
    }
}

/// Encodes a number as UTF-8 would, if it had so many characters.
fn number(number: u64) -> Vec<u8> {
    if number < 0x80 {
        return vec![number.to_le_bytes()[0]];
    }
    let length = (2..=7)
        .find(|length| number < 1 << (5 * length + 1))
        .unwrap();
    let last = (0..length - 1).map(|index| 0x80 | (number >> (6 * index) & 0x3f).to_le_bytes()[0]);
    let mut bytes: Vec<u8> = last.collect();
    let ones = !(0xff_u16 >> length);
    bytes.push(ones.to_le_bytes()[0] | (number >> (6 * (length - 1))).to_le_bytes()[0]);
    bytes.reverse();
    bytes
}

/// Divides as long division does, bit by bit.
fn crc(bytes: &[u8], width: u32, polynomial: u16) -> u16 {
    let mut rest = 0_u32;
    for byte in bytes {
        for bit in (0..8).rev() {
            let top = rest >> (width - 1) & 1;
            rest = rest << 1 & ((1 << width) - 1);
            if top != u32::from(byte >> bit & 1) {
                rest ^= u32::from(polynomial);
            }
        }
    }
    u16::try_from(rest).unwrap()
}
