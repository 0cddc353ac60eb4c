//! Skips the tags of audio files, which describe the audio and are none: ID3, APE and Lyrics3.

use crate::span::Span;
use crate::sparse::Stop;

/// Length of an ID3 tag's header, and of its footer.
const ID3: u64 = 10;
/// Length of an ID3 tag of the first version, which is always at the end.
const OLD_ID3: u64 = 128;
/// Length of an APE tag's header, and of its footer.
const APE: u64 = 32;
/// Length of the end of a Lyrics3 tag: six digits and nine letters.
const LYRICS: u64 = 15;
/// Maximum length of a Lyrics3 tag of the first version, which does not store its length.
const MAX_OLD_LYRICS: u64 = 5_200;
/// Maximum number of tags in a row.
const MAX_TAGS: usize = 8;

/// Returns the length of all tags at the start of `span`. With cover art it can have megabytes.
pub(crate) fn leading(span: Span<'_>) -> Result<u64, Stop> {
    let mut at = 0;
    for _ in 0..MAX_TAGS {
        let Some(length) = first(span.from(at))? else {
            break;
        };
        at += length;
    }
    Ok(at)
}

/// Returns the length of the tag at the start of `span`, if there is one.
pub(crate) fn first(span: Span<'_>) -> Result<Option<u64>, Stop> {
    match &span.head::<8>()? {
        [b'I', b'D', b'3', 2..=4, ..] => {
            let footer = if span.u8(5)? & 0x10 == 0 { 0 } else { ID3 };
            let length =
                synchsafe(span.array(6)?).ok_or(Stop::Unreadable("its ID3 tag has no length"))?;
            Ok(Some(ID3 + length + footer))
        }
        b"APETAGEX" => Ok(Some(APE + u64::from(span.le32(12)?))),
        _ => Ok(None),
    }
}

/// Returns the length of `length` bytes of audio without the tags at their end.
pub(crate) fn without_trailing(span: Span<'_>, length: u64) -> Result<u64, Stop> {
    let mut end = length;
    for _ in 0..MAX_TAGS {
        match last(span, end)?.and_then(|tag| end.checked_sub(tag)) {
            Some(rest) => end = rest,
            None => break,
        }
    }
    Ok(end)
}

/// Returns the length of the tag before `end`, if there is one.
fn last(span: Span<'_>, end: u64) -> Result<Option<u64>, Stop> {
    // The name of an APE tag has the same letters.
    if is_at(span, end, OLD_ID3, b"TAG")? && !is_at(span, end, OLD_ID3 + 3, b"APETAGEX")? {
        return Ok(Some(OLD_ID3));
    }
    if is_at(span, end, APE, b"APETAGEX")? {
        // The highest of its flags: the tag has a header too.
        let header = if span.le32(end - 12)? >> 31 == 0 {
            0
        } else {
            APE
        };
        return Ok(Some(u64::from(span.le32(end - 20)?) + header));
    }
    if is_at(span, end, ID3, b"3DI")? {
        return Ok(synchsafe(span.array(end - 4)?).map(|length| 2 * ID3 + length));
    }
    if is_at(span, end, 9, b"LYRICS200")? {
        let Some(start) = end.checked_sub(LYRICS) else {
            return Ok(None);
        };
        let digits: [u8; 6] = span.array(start)?;
        let digits = std::str::from_utf8(&digits).ok();
        let length = digits.and_then(|digits| digits.parse::<u64>().ok());
        return Ok(length.map(|length| LYRICS + length));
    }
    if is_at(span, end, 9, b"LYRICSEND")? {
        for length in 20..MAX_OLD_LYRICS.min(end) {
            if is_at(span, end, length, b"LYRICSBEGIN")? {
                return Ok(Some(length));
            }
        }
    }
    Ok(None)
}

/// Returns `true` if `text` begins `before` bytes before `end`.
fn is_at<const N: usize>(
    span: Span<'_>,
    end: u64,
    before: u64,
    text: &[u8; N],
) -> Result<bool, Stop> {
    let Some(start) = end.checked_sub(before) else {
        return Ok(false);
    };
    span.array::<N>(start).map(|found| found == *text)
}

/// Returns the number of four bytes with seven bits each.
fn synchsafe(bytes: [u8; 4]) -> Option<u64> {
    let number = |sum, byte: &u8| sum << 7 | u64::from(*byte);
    let is_valid = bytes.iter().all(|byte| byte & 0x80 == 0);
    is_valid.then(|| bytes.iter().fold(0, number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sparse::Sparse;

    #[test]
    fn name_of_an_ape_tag_is_no_id3_tag() {
        let mut file = b"audio".to_vec();
        file.extend(*b"APETAGEX\xd0\x07\0\0\x20\0\0\0");
        file.extend([0; 16]);
        file.extend([b'a'; 84]);
        file.extend(*b"000084LYRICS200");
        assert_eq!(&file[file.len() - 128..][..3], b"TAG");
        let mut source = Sparse::default();
        source.put(0, &file);
        source.end = Some(file.len() as u64);
        let end = without_trailing(Span::whole(&source), file.len() as u64);
        assert_eq!(end.ok(), Some(5));
    }
}
