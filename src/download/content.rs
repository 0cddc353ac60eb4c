//! Finds out what the bytes of a file are, whatever its name says.

use std::fs::File;
use std::io::{self, Read, Seek};

use runcomfy_media::Facts;
use runcomfy_schema::MediaKind;
use serde::de::IgnoredAny;

/// Number of bytes by which text and other data are distinguished.
const HEAD_BYTES: u64 = 8 << 10;

/// Maximum size of a text that is parsed to tell JSON from other text; a longer one is JSON if it begins
/// like it.
const MAX_PARSED_BYTES: u64 = 4 << 20;

/// File extensions, the usual one first.
pub(super) type Extensions = &'static [&'static str];

/// The content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Media that are known by their bytes; also a drawing or a playlist, which are text.
    Media(Extensions),
    /// Text that is no media.
    Text(Other),
    /// An archive or a document.
    Archive(Other),
    /// Other bytes. They may be media of a format that is not known here.
    Unknown,
}

/// The kind of a file that is no media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Other {
    /// Words such as `an HTML page`.
    pub(super) words: &'static str,
    pub(super) extensions: Extensions,
}

const HTML: Other = Other {
    words: "an HTML page",
    extensions: &["html", "htm", "xhtml"],
};
const JSON: Other = Other {
    words: "JSON",
    extensions: &["json"],
};
const XML: Other = Other {
    words: "XML",
    extensions: &["xml"],
};
const PLAIN: Other = Other {
    words: "plain text",
    extensions: &["txt"],
};

/// The first bytes of archives and documents.
const ARCHIVES: [(&[u8], Other); 6] = [
    (
        b"PK\x03\x04",
        Other {
            words: "a ZIP archive",
            extensions: &["zip"],
        },
    ),
    (
        b"PK\x05\x06",
        Other {
            words: "an empty ZIP archive",
            extensions: &["zip"],
        },
    ),
    (
        b"\x1f\x8b",
        Other {
            words: "gzip data",
            extensions: &["gz", "tgz"],
        },
    ),
    (
        b"%PDF-",
        Other {
            words: "a PDF document",
            extensions: &["pdf"],
        },
    ),
    (
        b"7z\xbc\xaf\x27\x1c",
        Other {
            words: "a 7z archive",
            extensions: &["7z"],
        },
    ),
    (
        b"Rar!\x1a\x07",
        Other {
            words: "a RAR archive",
            extensions: &["rar"],
        },
    ),
];

/// The names of tags with which an HTML page begins that has no `<!doctype html>` and no `<html>`.
const HTML_TAGS: [&str; 20] = [
    "html", "head", "body", "title", "meta", "link", "script", "style", "div", "p", "h1", "h2",
    "h3", "center", "table", "a", "br", "pre", "iframe", "noscript",
];

impl Content {
    /// Reads the content of a file, from its start.
    pub(super) fn read(mut file: &File, facts: &Facts) -> io::Result<Self> {
        if let Some(extensions) = media(facts) {
            return Ok(Self::Media(extensions));
        }
        file.rewind()?;
        let mut bytes = Vec::new();
        file.take(HEAD_BYTES).read_to_end(&mut bytes)?;
        if let Some((_, other)) = ARCHIVES.iter().find(|(magic, _)| bytes.starts_with(magic)) {
            return Ok(Self::Archive(*other));
        }
        let Some(text) = text(&bytes) else {
            return Ok(Self::Unknown);
        };
        if facts.size_bytes.is_some_and(|size| size > MAX_PARSED_BYTES) {
            return Ok(of_text(&text, |_| true));
        }
        if !bytes.starts_with(b"{") && !bytes.starts_with(b"[") {
            return Ok(of_text(&text, |text| is_json(text.as_bytes())));
        }
        file.take(MAX_PARSED_BYTES).read_to_end(&mut bytes)?;
        Ok(of_text(&text, |_| is_json(&bytes)))
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

/// Returns the extensions of media by their facts.
fn media(facts: &Facts) -> Option<Extensions> {
    let is_audio = facts.kind == Some(MediaKind::Audio);
    Some(match facts.format? {
        "jpeg" => &["jpg", "jpeg", "jpe", "jfif"],
        "png" => &["png", "apng"],
        "gif" => &["gif"],
        "webp" => &["webp"],
        "avif" => &["avif", "avifs"],
        "heic" => &["heic", "heif", "hif"],
        "heif" => &["heif", "heic", "hif"],
        "bmp" => &["bmp", "dib"],
        "tiff" => &["tiff", "tif"],
        "mp4" if is_audio => &["m4a", "mp4", "m4b"],
        "mp4" => &["mp4", "m4v", "3gp", "3g2", "f4v", "cmfv"],
        "mov" => &["mov", "qt"],
        "m4a" => &["m4a", "m4b", "mp4"],
        "webm" if is_audio => &["webm", "weba"],
        "webm" => &["webm"],
        "mkv" if is_audio => &["mka", "mkv"],
        "mkv" => &["mkv", "mk3d"],
        "mp3" => &["mp3", "mpga", "mp2"],
        "wav" => &["wav", "wave", "bwf"],
        "flac" => &["flac"],
        "ogg" if is_audio => &["ogg", "oga", "opus", "spx"],
        "ogg" => &["ogv", "ogg"],
        _ => return None,
    })
}

/// Returns the text that bytes begin with; `None` for bytes that are no text.
fn text(head: &[u8]) -> Option<String> {
    let text = match head {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        bytes => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            String::from_utf8_lossy(bytes).into_owned()
        }
    };
    // A page may have any other encoding, so one in eight characters may be unreadable.
    let strange = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER);
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    let is_text = strange.count() <= 1 + text.len() / 24 && !text.contains(is_control);
    (is_text && !text.is_empty()).then_some(text)
}

fn utf16(bytes: &[u8], read: impl Fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    String::from_utf16_lossy(&units.collect::<Vec<_>>())
}

fn of_text(text: &str, is_json: impl Fn(&str) -> bool) -> Content {
    let text = text.trim();
    if text.starts_with("#EXTM3U") {
        return Content::Media(&["m3u8", "m3u"]);
    }
    match first_tag(text).as_deref() {
        Some("svg") => return Content::Media(&["svg"]),
        Some("mpd") => return Content::Media(&["mpd"]),
        Some(tag) if HTML_TAGS.contains(&tag) => return Content::Text(HTML),
        Some(_) => return Content::Text(XML),
        None => {}
    }
    let begins_like_json = text.starts_with(['{', '[', '"']) || text == "null";
    if begins_like_json && is_json(text) {
        return Content::Text(JSON);
    }
    Content::Text(PLAIN)
}

/// Returns the name of the first tag in lower case, without a prefix; `html` and `svg` by a declaration
/// of their type too.
fn first_tag(text: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start().strip_prefix('<')?;
        let end = match rest.as_bytes() {
            [b'?', ..] => "?>",
            [b'!', b'-', b'-', ..] => "-->",
            [b'!', ..] => ">",
            _ => break,
        };
        let (declaration, after) = rest.split_once(end)?;
        let declaration = declaration.to_ascii_lowercase();
        if let Some(name) = declaration.strip_prefix("!doctype") {
            let name = name.split_whitespace().next();
            return name.map(str::to_owned);
        }
        rest = after;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
    let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
    let name = name.rsplit(':').next().unwrap_or_default();
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        .then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn content(bytes: &[u8]) -> Content {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Content::read(&file, &Facts::from_bytes(bytes)).unwrap()
    }

    #[test]
    fn text_is_named_by_what_it_is() {
        for (text, expected) in [
            ("<!DOCTYPE html><title>Sorry</title>", Content::Text(HTML)),
            ("\u{feff}\n <!-- x --> <HTML lang=en>", Content::Text(HTML)),
            (
                "<?xml version='1.0'?><html xmlns='x'/>",
                Content::Text(HTML),
            ),
            ("<h1>503</h1>", Content::Text(HTML)),
            (
                "<?xml version='1.0'?><Error><Code>x</Code></Error>",
                Content::Text(XML),
            ),
            ("<svg xmlns='x'></svg>", Content::Media(&["svg"])),
            ("<?xml version='1.0'?>\n<svg/>", Content::Media(&["svg"])),
            ("<!DOCTYPE svg PUBLIC 'x'><svg/>", Content::Media(&["svg"])),
            (
                "#EXTM3U\n#EXT-X-VERSION:3",
                Content::Media(&["m3u8", "m3u"]),
            ),
            ("{\"error\": 1}", Content::Text(JSON)),
            (" [1, 2]\n", Content::Text(JSON)),
            ("[ERROR] no such file", Content::Text(PLAIN)),
            ("{oops", Content::Text(PLAIN)),
            ("Too many requests", Content::Text(PLAIN)),
            ("<3", Content::Text(PLAIN)),
            ("7", Content::Text(PLAIN)),
            (" \n", Content::Text(PLAIN)),
            ("Zugriff verweigert für 船", Content::Text(PLAIN)),
        ] {
            assert_eq!(content(text.as_bytes()), expected, "{text}");
        }
        let latin = b"<html><body>Zugriff f\xfcr dich verweigert</body></html>";
        assert_eq!(content(latin), Content::Text(HTML));
        let wide: Vec<u8> = "\u{feff}<html>Sorry</html>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(content(&wide), Content::Text(HTML));
    }

    #[test]
    fn other_bytes_are_no_text() {
        assert_eq!(content(b"glTF\x02\0\0\0"), Content::Unknown);
        assert_eq!(content(b"P6\n2 2\n255\n\x00\x01\x02"), Content::Unknown);
        assert_eq!(content(b""), Content::Unknown);
        let random: Vec<u8> = (0..=255).rev().collect();
        assert_eq!(content(&random), Content::Unknown);
        let zip = content(b"PK\x03\x04\0\0");
        assert!(matches!(
            zip,
            Content::Archive(Other {
                extensions: ["zip"],
                ..
            })
        ));
        let gif = content(b"GIF89a\x40\x01\xf0\x00\x00\x00\x00;");
        assert_eq!(gif, Content::Media(&["gif"]));
    }
}
