//! Kinds of media.

/// Kind of media behind a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaKind {
    /// `image_uri`, `image_uris`
    Image,
    /// `video_uri`, `video_uris`
    Video,
    /// `audio_uri`, `audio_uris`
    Audio,
}

impl MediaKind {
    /// Returns the kind that a `format` names, or `None` for any other format.
    #[must_use]
    pub fn from_format(format: &str) -> Option<Self> {
        Some(match format {
            "image_uri" | "image_uris" => Self::Image,
            "video_uri" | "video_uris" => Self::Video,
            "audio_uri" | "audio_uris" => Self::Audio,
            _ => return None,
        })
    }

    /// Returns `image`, `video` or `audio`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }

    /// Returns the `format` of one URL of this kind.
    pub(crate) fn item_format(self) -> &'static str {
        match self {
            Self::Image => "image_uri",
            Self::Video => "video_uri",
            Self::Audio => "audio_uri",
        }
    }
}
