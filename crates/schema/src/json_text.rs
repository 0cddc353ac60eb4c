//! Reads JSON that a user hands over: from a file, a pipe or standard input.

use std::io::{self, Read};

/// Maximum number of bytes of a JSON text: as many as the service accepts in a request. An endless
/// one, such as `/dev/zero`, must not fill the memory.
pub const MAX_JSON_BYTES: u64 = 64 << 20;

/// Reads all bytes of a JSON text.
///
/// # Errors
/// If reading fails, or there are more bytes than [`MAX_JSON_BYTES`].
pub fn read_json_bytes(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more shows that there are too many.
    reader.take(MAX_JSON_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_JSON_BYTES {
        return Err(invalid("it has more than 64 MiB, the maximum that is read"));
    }
    Ok(bytes)
}

/// Reads a JSON text without its byte order mark, which editors on Windows write.
///
/// # Errors
/// If reading fails, there are more bytes than [`MAX_JSON_BYTES`], or the text is not UTF-8. UTF-16
/// is named, since some shells redirect output in it.
pub fn read_json_text(reader: impl Read) -> io::Result<String> {
    let bytes = read_json_bytes(reader)?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(invalid(
            "it is UTF-16, expected UTF-8; save it again as UTF-8",
        ));
    }
    let mut text =
        String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8; save it again as UTF-8"))?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_text_is_refused() {
        let error = read_json_text(io::repeat(b' ')).unwrap_err();
        assert!(error.to_string().contains("64 MiB"), "{error}");
    }

    #[test]
    fn byte_order_mark_is_taken_and_utf16_named() {
        let read = |bytes: &[u8]| read_json_text(bytes).map_err(|error| error.to_string());
        assert_eq!(read(b"\xef\xbb\xbf{}"), Ok("{}".into()));
        assert_eq!(read(b"{}"), Ok("{}".into()));
        assert!(read(b"\xff\xfe{\0}\0").unwrap_err().contains("UTF-16"));
        assert!(read(b"\xfe\xff\0{\0}").unwrap_err().contains("UTF-16"));
        assert!(read(b"{\xff}").unwrap_err().contains("not UTF-8"));
    }
}
