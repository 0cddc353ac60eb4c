//! Maps formats to media types.

use runcomfy_schema::MediaKind;

use crate::Facts;

impl Facts {
    /// Returns the media type (RFC 6838), such as `image/jpeg`, or `None` if the format is unknown.
    #[must_use]
    pub fn media_type(&self) -> Option<&'static str> {
        let is_audio = self.kind == Some(MediaKind::Audio);
        Some(match self.format? {
            "jpeg" => "image/jpeg",
            "png" => "image/png",
            "gif" => "image/gif",
            "webp" => "image/webp",
            "avif" => "image/avif",
            "heic" => "image/heic",
            "bmp" => "image/bmp",
            "tiff" => "image/tiff",
            "m4a" => "audio/mp4",
            "mp4" if is_audio => "audio/mp4",
            "mp4" => "video/mp4",
            "mov" => "video/quicktime",
            "webm" if is_audio => "audio/webm",
            "webm" => "video/webm",
            "mkv" if is_audio => "audio/x-matroska",
            "mkv" => "video/x-matroska",
            "mp3" => "audio/mpeg",
            "wav" => "audio/wav",
            "flac" => "audio/flac",
            "ogg" => "audio/ogg",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_type_follows_format_and_kind() {
        let gif = Facts::from_bytes(b"GIF89a\x40\x01\xf0\x00\x00\x00\x00;");
        assert_eq!(gif.media_type(), Some("image/gif"));
        let mut facts = Facts::default();
        assert_eq!(facts.media_type(), None);
        facts.format = Some("webm");
        assert_eq!(facts.media_type(), Some("video/webm"));
        facts.kind = Some(MediaKind::Audio);
        assert_eq!(facts.media_type(), Some("audio/webm"));
    }
}
