//! Pages that a browser saved as one file (MHTML, RFC 2557), with the page's pictures beside it.

use super::error::PageError;
use super::offsets::Decoded;
use runcomfy_codegen::Position;

/// Number of levels in which multipart messages may contain others.
const MAX_DEPTH: usize = 4;

/// Returns `true` if a text begins with the headers of a MIME message.
pub(super) fn is_mhtml(text: &str) -> bool {
    let (headers, _) = headers(text, 0);
    let begins = text.split(':').next().is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    });
    begins && headers.iter().any(|(name, _)| name == "mime-version")
}

/// Returns the HTML of every part that has some.
///
/// # Errors
/// Fails if a part is encoded in a way that is not known, or is not UTF-8.
pub(super) fn html(text: &str) -> Result<Decoded, PageError> {
    let mut out = Decoded::default();
    part(text, 0..text.len(), 0, &mut out)?;
    Ok(out)
}

type Headers = Vec<(String, String)>;

/// Returns the headers of a part with names in lower case, and the offset of its body.
fn headers(text: &str, from: usize) -> (Headers, usize) {
    let mut headers: Headers = Vec::new();
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        at += line.len();
        let bare = line.trim_end();
        if bare.is_empty() {
            break;
        }
        if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), headers.last_mut()) {
            *value += bare;
        } else if let Some((name, value)) = bare.split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        } else {
            break;
        }
    }
    (headers, at)
}

fn part(
    text: &str,
    range: std::ops::Range<usize>,
    depth: usize,
    out: &mut Decoded,
) -> Result<(), PageError> {
    let (headers, body) = headers(&text[..range.end], range.start);
    let get = |wanted: &str| {
        let found = headers.iter().find(|(name, _)| name == wanted);
        found.map_or("", |(_, value)| value.as_str())
    };
    let kind = get("content-type");
    let is = |name: &str| {
        kind.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    if is("multipart/") && depth < MAX_DEPTH {
        let boundary = format!("--{}", parameter(kind, "boundary"));
        let mut begin = None;
        let mut at = body;
        for line in text[body..range.end].split_inclusive('\n') {
            let after = line.trim_end().strip_prefix(&*boundary);
            if after.is_some_and(|after| after.is_empty() || after == "--") {
                if let Some(begin) = begin {
                    part(text, begin..at, depth + 1, out)?;
                }
                begin = Some(at + line.len());
            }
            at += line.len();
        }
        return match begin {
            // The file is cut off; what is there may be enough, or end inside a schema.
            Some(begin) if begin < range.end => part(text, begin..range.end, depth + 1, out),
            _ => Ok(()),
        };
    }
    if is("text/html") {
        decode(text, body..range.end, get("content-transfer-encoding"), out)?;
        out.text.push('\n');
    }
    Ok(())
}

fn parameter<'a>(header: &'a str, name: &str) -> &'a str {
    let mut parameters = header.split(';').map(str::trim);
    let value = parameters.find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then_some(value)
    });
    value.unwrap_or_default().trim().trim_matches('"')
}

fn decode(
    text: &str,
    body: std::ops::Range<usize>,
    encoding: &str,
    out: &mut Decoded,
) -> Result<(), PageError> {
    let decoded = match encoding.trim().to_ascii_lowercase().as_str() {
        "quoted-printable" => quoted_printable(&text.as_bytes()[body.clone()]),
        "base64" => base64(&text.as_bytes()[body.clone()]),
        "" | "7bit" | "8bit" | "binary" => {
            out.push(&text[body.clone()], body.start);
            return Ok(());
        }
        other => {
            let message = format!(
                "the page is encoded as `{other}`, expected quoted-printable or base64; save it as HTML"
            );
            return Err(error(text, body.start, message));
        }
    };
    let (bytes, origins) = decoded;
    let decoded = match std::str::from_utf8(&bytes) {
        Ok(decoded) => decoded,
        Err(fault) => {
            let at = fault.valid_up_to();
            let message = format!(
                "found the byte 0x{:02X}, which is not UTF-8; save the page as HTML in UTF-8",
                bytes.get(at).copied().unwrap_or_default()
            );
            let origin = origins.get(at).copied().unwrap_or_default();
            return Err(error(text, body.start + origin, message));
        }
    };
    let mut start = 0;
    for (i, pair) in origins.windows(2).enumerate() {
        // Between two characters only: a character of several bytes has one place.
        if pair[1] != pair[0] + 1 && decoded.is_char_boundary(i + 1) {
            out.push(&decoded[start..=i], body.start + origins[start]);
            start = i + 1;
        }
    }
    if let Some(origin) = origins.get(start) {
        out.push(&decoded[start..], body.start + origin);
    }
    Ok(())
}

fn error(text: &str, offset: usize, message: String) -> PageError {
    PageError {
        position: Some(Position::in_text(text, offset)),
        message,
    }
}

/// Bytes, and for each the offset at which it is encoded.
type Bytes = (Vec<u8>, Vec<usize>);

fn quoted_printable(text: &[u8]) -> Bytes {
    let (mut bytes, mut origins) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let rest = &text[at + 1..];
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let (decoded, length) = match (byte, rest) {
            (b'=', [b'\r', b'\n', ..]) => (None, 3),
            (b'=', [b'\n', ..]) => (None, 2),
            (b'=', [high, low, ..]) if hex(&[*high, *low]).is_some() => (hex(&[*high, *low]), 3),
            _ => (Some(byte), 1),
        };
        if let Some(decoded) = decoded {
            bytes.push(decoded);
            origins.push(at);
        }
        at += length;
    }
    (bytes, origins)
}

fn base64(text: &[u8]) -> Bytes {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut origins) = (Vec::new(), Vec::new());
    let (mut bits, mut count) = (0_u32, 0);
    for (at, byte) in text.iter().enumerate() {
        let value = ALPHABET
            .iter()
            .zip(0_u32..)
            .find(|(letter, _)| *letter == byte);
        let Some((_, value)) = value else { continue };
        bits = (bits << 6) | value;
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., low] = (bits >> count).to_be_bytes();
            bytes.push(low);
            origins.push(at);
        }
    }
    (bytes, origins)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "From: <Saved by Blink>\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\tboundary=\"-b-\"\r\n\r\n\r\n\
        ---b-\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        <p>=C3=97 =3D a=\r\nb</p>\r\n---b-\r\nContent-Type: image/png\r\n\
        Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n---b-\r\nContent-Type: TEXT/HTML;charset=utf-8\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nPGk+w5c8L2k+\r\n---b---\r\n";

    #[test]
    fn every_html_part_is_decoded_with_its_place() {
        assert!(is_mhtml(PAGE) && !is_mhtml("curl: x\n\nMIME-Version: 1.0"));
        let html = html(PAGE).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(html.text, "<p>× = ab</p>\r\n\n<i>×</i>\n");
        for (found, saved) in [("×", "=C3=97"), ("= a", "=3D a"), ("b</p>", "b</p>")] {
            let offset = html.text.find(found).unwrap();
            assert!(PAGE[html.on_page(offset)..].starts_with(saved), "{found}");
        }
    }

    #[test]
    fn undecodable_part_is_an_error_with_its_place() {
        let error = html(&PAGE.replace("=C3=97", "=D7")).err().unwrap();
        assert_eq!(
            error.to_string(),
            "13:4: found the byte 0xD7, which is not UTF-8; save the page as HTML in UTF-8"
        );
        let error = html(&PAGE.replace("quoted-printable", "x-uu"))
            .err()
            .unwrap();
        assert!(error.message.contains("`x-uu`"), "{error}");
    }
}
