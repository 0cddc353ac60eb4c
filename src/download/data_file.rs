//! Reads a file out of a `data:` URI.

use runcomfy_media::DataUri;

use super::file_link::FileLink;
use crate::error::{Error, ErrorKind};

/// A file that an output contains.
#[derive(Debug)]
pub(super) struct DataFile {
    pub(super) bytes: Vec<u8>,
    pub(super) media_type: Option<String>,
    /// The name of the file, with the extension of the media type.
    pub(super) name: String,
}

/// File extensions of media types whose subtype is none.
const EXTENSIONS: [(&str, &str); 12] = [
    ("text/plain", "txt"),
    ("text/markdown", "md"),
    ("application/x-subrip", "srt"),
    ("image/jpeg", "jpg"),
    ("image/svg+xml", "svg"),
    ("audio/mpeg", "mp3"),
    ("audio/mp4", "m4a"),
    ("video/quicktime", "mov"),
    ("video/x-matroska", "mkv"),
    ("model/gltf-binary", "glb"),
    ("model/gltf+json", "gltf"),
    ("application/octet-stream", "bin"),
];

impl DataFile {
    /// Reads a `data:` URI; `None` for another link.
    ///
    /// # Errors
    /// If the URI is broken, or contains nothing.
    pub(super) fn parse(link: &FileLink<'_>) -> Option<Result<Self, Error>> {
        let scheme = link.url.get(..5)?;
        if !scheme.eq_ignore_ascii_case("data:") {
            return None;
        }
        let broken = |why: &str| {
            let place = match &link.pointer {
                Some(pointer) if pointer.is_empty() => String::new(),
                Some(pointer) => format!(" at `{pointer}`"),
                None => String::new(),
            };
            let message = format!(
                "the output's `data:` URI{place} {why}; no file was saved for it; the JSON of the output has it"
            );
            Error::new(ErrorKind::UnexpectedOutput, message)
        };
        let Some(uri) = DataUri::parse(link.url) else {
            return Some(Err(broken("has no comma before its data")));
        };
        Some(match uri.lenient_bytes() {
            None => Err(broken("has data that are not base64")),
            Some(bytes) if bytes.is_empty() => Err(broken("is empty")),
            Some(bytes) => Ok(Self {
                bytes,
                media_type: uri.media_type().map(str::to_owned),
                name: format!("{}.{}", link.stem, extension(uri.media_type())),
            }),
        })
    }
}

/// Returns the file extension of a media type: that of a table, or the subtype if it looks like one.
fn extension(media_type: Option<&str>) -> String {
    // RFC 2397 says so.
    let media_type = media_type.unwrap_or("text/plain").to_ascii_lowercase();
    let known = EXTENSIONS.iter().find(|(known, _)| *known == media_type);
    if let Some((_, extension)) = known {
        return (*extension).to_owned();
    }
    let subtype = media_type.rsplit('/').next().unwrap_or_default();
    let subtype = subtype.strip_prefix("x-").unwrap_or(subtype);
    let is_extension =
        (2..=4).contains(&subtype.len()) && subtype.bytes().all(|c| c.is_ascii_alphanumeric());
    if is_extension { subtype } else { "bin" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Option<Result<DataFile, Error>> {
        DataFile::parse(&FileLink {
            url,
            pointer: Some("/images/0".to_owned()),
            expected: None,
            stem: "image".to_owned(),
        })
    }

    #[test]
    fn media_type_names_the_file() {
        for (head, name) in [
            ("", "image.txt"),
            (";base64", "image.txt"),
            ("image/png;base64", "image.png"),
            ("audio/x-wav;base64", "image.wav"),
            ("model/gltf-binary;base64", "image.glb"),
            ("application/json;base64", "image.json"),
            ("application/vnd.ms-excel;base64", "image.bin"),
            ("a/../../b;base64", "image.bin"),
        ] {
            let file = parse(&format!("data:{head},AAEC")).unwrap().unwrap();
            assert_eq!(file.name, name, "{head}");
        }
    }

    #[test]
    fn broken_uri_is_named_by_its_pointer() {
        for broken in ["data:image/png;base64", "data:image/png;base64,@", "data:,"] {
            let error = parse(broken).unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedOutput, "{broken}");
            assert!(error.to_string().contains("`/images/0`"), "{error}");
        }
        assert!(parse("https://a.example/data:,x").is_none());
    }
}
