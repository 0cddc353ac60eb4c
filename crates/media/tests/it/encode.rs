//! Encodes the headers of media, and only the data that is needed to read them.

pub(crate) mod flac;

/// Returns the length as big-endian bytes.
fn be32(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap().to_be_bytes()
}

fn le32(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap().to_le_bytes()
}

/// Encodes a JPEG with these segments before its frame.
pub(crate) fn jpeg(segments: &[(u8, Vec<u8>)], frame: u8, width: u16, height: u16) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let [w0, w1] = width.to_be_bytes();
    let [h0, h1] = height.to_be_bytes();
    let frame = (frame, vec![8, h0, h1, w0, w1, 1, 1, 0x11, 0]);
    let scan = (0xda, vec![1, 1, 0, 0, 63, 0]);
    for (marker, body) in segments.iter().chain([&frame, &scan]) {
        let length = u16::try_from(body.len() + 2).unwrap();
        bytes.extend([0xff, *marker]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(body);
    }
    bytes.extend([0x12, 0x34, 0xff, 0xd9]);
    bytes
}

/// Encodes a segment of a JPEG with this orientation in EXIF data.
pub(crate) fn exif(orientation: u16, little: bool) -> (u8, Vec<u8>) {
    let directory = tiff(little, 8, &[(274, 3, u32::from(orientation))]);
    (0xe1, [b"Exif\0\0", &*directory].concat())
}

/// Encodes a TIFF whose directory, at `start`, has these entries: tag, type (3 or 4), value.
pub(crate) fn tiff(little: bool, start: usize, entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let two = |n: u16| {
        if little {
            n.to_le_bytes()
        } else {
            n.to_be_bytes()
        }
    };
    let four = |n: u32| {
        if little {
            n.to_le_bytes()
        } else {
            n.to_be_bytes()
        }
    };
    let mut bytes = if little { b"II*\0" } else { b"MM\0*" }.to_vec();
    bytes.extend(four(u32::try_from(start).unwrap()));
    bytes.resize(start, 0);
    bytes.extend(two(u16::try_from(entries.len()).unwrap()));
    for (tag, kind, value) in entries {
        bytes.extend([two(*tag), two(*kind)].concat());
        bytes.extend(four(1));
        if *kind == 3 {
            bytes.extend(two(u16::try_from(*value).unwrap()));
            bytes.extend([0; 2]);
        } else {
            bytes.extend(four(*value));
        }
    }
    bytes.extend(four(0));
    bytes
}

/// Encodes a PNG with these chunks between its header and its pixels.
pub(crate) fn png(width: u32, height: u32, chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let all = [(*b"IHDR", header)];
    let pixels = [(*b"IDAT", vec![0; 20]), (*b"IEND", vec![])];
    for (kind, body) in all.iter().chain(chunks).chain(&pixels) {
        bytes.extend(be32(body.len()));
        bytes.extend(kind);
        bytes.extend(body);
        let start = bytes.len() - body.len() - 4;
        bytes.extend(crc32(&bytes[start..]).to_be_bytes());
    }
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

/// Encodes a BMP with OS/2's first header.
pub(crate) fn core_bmp(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = b"BM\0\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0".to_vec();
    bytes.extend([width.to_le_bytes(), height.to_le_bytes(), [1, 0], [24, 0]].concat());
    bytes
}

/// Encodes a BMP with Windows' header; a negative height puts its first row on top.
pub(crate) fn bmp(width: i32, height: i32) -> Vec<u8> {
    let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bytes.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    bytes.extend([1, 0, 24, 0]);
    bytes.resize(54, 0);
    bytes
}

/// Encodes RIFF, or RF64, with these chunks.
pub(crate) fn riff(magic: [u8; 4], form: [u8; 4], chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = form.to_vec();
    for (kind, content) in chunks {
        body.extend(kind);
        body.extend(le32(content.len()));
        body.extend(content);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [&magic[..], &le32(body.len()), &body].concat()
}

/// Encodes the format of a WAV: 8,000 samples per second of two bytes each.
pub(crate) fn wav_format(extensible: bool) -> Vec<u8> {
    let tag: u16 = if extensible { 0xfffe } else { 1 };
    let mut bytes = [tag.to_le_bytes(), 1_u16.to_le_bytes()].concat();
    bytes.extend([8_000_u32.to_le_bytes(), 16_000_u32.to_le_bytes()].concat());
    bytes.extend([2, 0, 16, 0]);
    if extensible {
        bytes.extend([22, 0, 16, 0, 4, 0, 0, 0]);
        bytes.extend(*b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
    }
    bytes
}

/// Encodes a WAV whose last chunk has an unknown length, or stores it elsewhere.
pub(crate) fn open_wav(magic: [u8; 4], before: &[([u8; 4], Vec<u8>)], data: usize) -> Vec<u8> {
    let mut bytes = riff(magic, *b"WAVE", before);
    bytes.extend(*b"data\xff\xff\xff\xff");
    bytes.resize(bytes.len() + data, 0);
    bytes
}

/// Encodes an extended WebP: its flags, its dimensions, then these chunks.
pub(crate) fn webp(flags: u8, width: u32, height: u32, chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut header = vec![flags, 0, 0, 0];
    header.extend(&(width - 1).to_le_bytes()[..3]);
    header.extend(&(height - 1).to_le_bytes()[..3]);
    let mut all = vec![(*b"VP8X", header)];
    all.extend(chunks.iter().cloned());
    riff(*b"RIFF", *b"WEBP", &all)
}

/// Encodes a box of an ISO media file.
pub(crate) fn part(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    [&be32(body.len() + 8), &kind[..], body].concat()
}

/// Encodes a box that contains others.
pub(crate) fn parts(kind: [u8; 4], inside: &[Vec<u8>]) -> Vec<u8> {
    part(kind, &inside.concat())
}

/// Encodes `ftyp` of MP4, then the header of an `mdat` of this length.
pub(crate) fn mdat_first(length: u64) -> Vec<u8> {
    let mut bytes = part(*b"ftyp", b"isom\0\0\x02\0isomavc1");
    bytes.extend(*b"\0\0\0\x01mdat");
    bytes.extend(length.to_be_bytes());
    bytes
}

/// Encodes the matrix of 0 to 3 rotations by 90 degrees clockwise.
pub(crate) fn matrix(quarters: usize) -> Vec<u8> {
    let one = 1 << 16;
    let [a, b, c, d] = [
        [one, 0, 0, one],
        [0, one, -one, 0],
        [-one, 0, 0, -one],
        [0, -one, one, 0],
    ][quarters];
    let numbers: [i32; 9] = [a, b, 0, c, d, 0, 0, 0, 1 << 30];
    numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect()
}

/// Encodes `mvhd` with 1,000 units per second.
pub(crate) fn movie_header(duration: u32, matrix: &[u8]) -> Vec<u8> {
    let mut body = vec![0; 12];
    body.extend(1_000_u32.to_be_bytes());
    body.extend(duration.to_be_bytes());
    body.resize(36, 0);
    body.extend(matrix);
    body.resize(100, 0);
    part(*b"mvhd", &body)
}

/// Encodes `mvhd` in its longer version, with 1,000 units per second.
pub(crate) fn long_movie_header(duration: u64) -> Vec<u8> {
    let mut body = vec![1];
    body.resize(20, 0);
    body.extend(1_000_u32.to_be_bytes());
    body.extend(duration.to_be_bytes());
    body.resize(48, 0);
    body.extend(matrix(0));
    body.resize(112, 0);
    part(*b"mvhd", &body)
}

/// Encodes a video track of 640 × 360 at 25 frames per second, or an audio track, of 60 seconds and with
/// a last table of this length.
pub(crate) fn track(video: bool, matrix: &[u8], table: usize) -> Vec<u8> {
    let mut header = vec![0; 20];
    header.extend(60_000_u32.to_be_bytes());
    header.resize(40, 0);
    header.extend(matrix);
    header.resize(84, 0);
    let mut clock = vec![0; 12];
    clock.extend(12_800_u32.to_be_bytes());
    clock.extend((60 * 12_800_u32).to_be_bytes());
    clock.resize(24, 0);
    let handler = if video {
        b"\0\0\0\0\0\0\0\0vide"
    } else {
        b"\0\0\0\0\0\0\0\0soun"
    };
    let entry = if video {
        let mut entry = vec![0; 24];
        entry.extend([640_u16.to_be_bytes(), 360_u16.to_be_bytes()].concat());
        entry.resize(78, 0);
        part(*b"avc1", &entry)
    } else {
        part(*b"Opus", &[0; 28])
    };
    let times = [0_u32, 1, 1_500, 512].map(u32::to_be_bytes).concat();
    let tables = parts(
        *b"stbl",
        &[
            part(*b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &*entry].concat()),
            part(*b"stts", &times),
            part(*b"stsz", &vec![0; table]),
        ],
    );
    let media = [
        part(*b"mdhd", &clock),
        part(*b"hdlr", handler),
        parts(*b"minf", &[tables]),
    ];
    parts(
        *b"trak",
        &[part(*b"tkhd", &header), parts(*b"mdia", &media)],
    )
}

/// Encodes an index of segments of these durations, with 1,000 units per second.
pub(crate) fn segments(durations: &[u32]) -> Vec<u8> {
    let mut body = vec![0; 8];
    body.extend(1_000_u32.to_be_bytes());
    body.resize(22, 0);
    body.extend(u16::try_from(durations.len()).unwrap().to_be_bytes());
    for duration in durations {
        body.extend([[0; 4], duration.to_be_bytes(), [0; 4]].concat());
    }
    part(*b"sidx", &body)
}

/// Encodes a page of Ogg: its flags, its position, its stream, its number and these packets.
pub(crate) fn ogg_page(
    flags: u8,
    position: u64,
    stream: u32,
    number: u32,
    packets: &[Vec<u8>],
) -> Vec<u8> {
    let mut bytes = b"OggS\0".to_vec();
    bytes.push(flags);
    bytes.extend(position.to_le_bytes());
    bytes.extend([stream.to_le_bytes(), number.to_le_bytes(), [0; 4]].concat());
    let mut table = Vec::new();
    for packet in packets {
        table.extend(vec![255; packet.len() / 255]);
        table.push(u8::try_from(packet.len() % 255).unwrap());
    }
    bytes.push(u8::try_from(table.len()).unwrap());
    bytes.extend(table);
    bytes.extend(packets.concat());
    bytes
}

/// Encodes the two pages of an Opus stream's header.
pub(crate) fn opus_header(stream: u32, skip: u16) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(skip.to_le_bytes());
    head.extend([0x80, 0xbb, 0, 0, 0, 0, 0]);
    let tags = b"OpusTags\0\0\0\0\0\0\0\0".to_vec();
    [
        ogg_page(2, 0, stream, 0, &[head]),
        ogg_page(0, 0, stream, 1, &[tags]),
    ]
    .concat()
}

/// Encodes a second of Opus: 50 packets of 20 milliseconds.
pub(crate) fn opus_second() -> Vec<Vec<u8>> {
    let mut packet = vec![31 << 3];
    packet.resize(80, 0);
    vec![packet; 50]
}

/// Encodes an ID3 tag with an image of this length.
pub(crate) fn id3(length: usize) -> Vec<u8> {
    let seven = |shift: usize| u8::try_from(length >> shift & 0x7f).unwrap();
    let mut bytes = b"ID3\x04\0\0".to_vec();
    bytes.extend([seven(21), seven(14), seven(7), seven(0)]);
    bytes.extend(*b"APIC");
    bytes.resize(10 + length, 0xff);
    bytes
}

/// Encodes MP3 frames of 24 milliseconds: 48,000 samples and 128 kilobits per second.
pub(crate) fn mp3_frames(count: usize) -> Vec<u8> {
    let mut frame = vec![0xff, 0xfb, 0x94, 0x00];
    frame.resize(384, 0);
    frame.repeat(count)
}
