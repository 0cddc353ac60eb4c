//! The lines of a text.

use std::io::{self, BufRead, Read};

use runcomfy::schema::{MAX_JSON_BYTES, decode_json_text};

/// Reads the next line with its end, as bytes; an empty one is the end of the text. `before` is the number of
/// lines before it.
///
/// # Errors
/// If it cannot be read, or is longer than any input may be.
pub(super) fn read_line(reader: &mut impl BufRead, before: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut limited = reader.take(MAX_JSON_BYTES + 1);
    limited.read_until(b'\n', &mut line)?;
    if line.len() as u64 > MAX_JSON_BYTES {
        let message = format!(
            "found a line of more than {} MiB behind {before} others, expected shorter ones; a picture belongs into a file that the line names",
            MAX_JSON_BYTES >> 20
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(line)
}

/// Decodes the first line of a file, without the byte order mark.
///
/// # Errors
/// If it is not UTF-8. UTF-16 is named.
pub(super) fn decode_first(line: Vec<u8>) -> io::Result<String> {
    decode_json_text(line)
}
