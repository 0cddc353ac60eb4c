//! Holds the facts of one media file.

use std::borrow::Cow;

use runcomfy_schema::MediaKind;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::orientation;

/// The facts of one media file: an image, a video or audio. A fact is `None` if it is unknown.
///
/// It serializes with the names of its fields as keys, without unknown facts.
///
/// ```
/// use runcomfy_media::Facts;
///
/// let facts = Facts::from_bytes(b"PK\x03\x04, whatever its name says");
/// assert_eq!(facts.size_bytes, Some(28));
/// assert_eq!((facts.kind, facts.width), (None, None));
/// assert_eq!(facts.unknown.as_deref(), Some("not media but a ZIP archive"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Facts {
    /// Size of the whole file in bytes.
    pub size_bytes: Option<u64>,
    /// Kind of the media: image, video or audio.
    pub kind: Option<MediaKind>,
    /// Name of the format or container: `jpeg`, `png`, `gif`, `webp`, `avif`, `heic`, `bmp`, `tiff`, `mp4`, `mov`,
    /// `webm`, `mkv`, `mp3`, `wav`, `flac`, `ogg`, `m4a`.
    pub format: Option<&'static str>,
    /// Name of the codec's family, such as `h264` or `opus`, if it is a known one and the format
    /// does not imply it.
    pub codec: Option<&'static str>,
    /// Width in pixels as stored, before any rotation.
    pub width: Option<u32>,
    /// Height in pixels as stored, before any rotation.
    pub height: Option<u32>,
    /// Orientation as in EXIF, `1..=8`: 1 is shown as stored, and `5..=8` swap width and height.
    ///
    /// It is read from EXIF data, from XMP, and from what a container stores of its own. It is unknown
    /// if one of them is there and cannot be read.
    pub orientation: Option<u8>,
    /// Duration in seconds, if two fields or a field and the file's bytes agree on it; `None` for
    /// animated images.
    pub duration_seconds: Option<f64>,
    /// Number of frames per second, if it is constant and in the header.
    pub frame_rate: Option<f64>,
    /// Reasons why facts are unknown, as text.
    pub unknown: Option<String>,
}

impl Facts {
    /// Returns width and height in pixels as stored, or `None` if one is unknown.
    #[must_use]
    pub fn stored(&self) -> Option<(u32, u32)> {
        self.width.zip(self.height)
    }

    /// Returns width and height in pixels as shown, after the orientation is applied.
    ///
    /// It is `None` if the width, the height or the orientation is unknown.
    ///
    /// ```
    /// # use runcomfy_media::Facts;
    /// let mut facts = Facts::default();
    /// (facts.width, facts.height) = (Some(4000), Some(3000));
    /// facts.orientation = Some(6); // a camera that was held upright
    /// assert_eq!(facts.shown(), Some((3000, 4000)));
    /// ```
    #[must_use]
    pub fn shown(&self) -> Option<(u32, u32)> {
        let (width, height) = self.stored()?;
        Some(if orientation::swaps(self.orientation?) {
            (height, width)
        } else {
            (width, height)
        })
    }

    /// Adds a reason why a fact is unknown.
    pub(crate) fn note(&mut self, why: impl Into<Cow<'static, str>>) {
        let why = why.into();
        match &mut self.unknown {
            Some(text) => {
                text.push_str("; ");
                text.push_str(&why);
            }
            None => self.unknown = Some(why.into_owned()),
        }
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn entry<M: SerializeMap, T: Serialize>(
            map: &mut M,
            key: &'static str,
            value: Option<T>,
        ) -> Result<(), M::Error> {
            value.map_or(Ok(()), |value| map.serialize_entry(key, &value))
        }
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "size_bytes", self.size_bytes)?;
        entry(&mut map, "kind", self.kind.map(MediaKind::as_str))?;
        entry(&mut map, "format", self.format)?;
        entry(&mut map, "codec", self.codec)?;
        entry(&mut map, "width", self.width)?;
        entry(&mut map, "height", self.height)?;
        entry(&mut map, "orientation", self.orientation)?;
        entry(&mut map, "duration_seconds", self.duration_seconds)?;
        entry(&mut map, "frame_rate", self.frame_rate)?;
        entry(&mut map, "unknown", self.unknown.as_deref())?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_facts_are_not_serialized() {
        let mut facts = Facts::default();
        assert_eq!(serde_json::to_value(&facts).unwrap(), json!({}));
        facts.kind = Some(MediaKind::Video);
        facts.format = Some("mp4");
        facts.codec = Some("h264");
        facts.size_bytes = Some(7);
        (facts.width, facts.height) = (Some(640), Some(360));
        facts.orientation = Some(1);
        facts.duration_seconds = Some(1.5);
        facts.frame_rate = Some(24.0);
        facts.note("this");
        facts.note("that");
        assert_eq!(
            serde_json::to_value(&facts).unwrap(),
            json!({
                "size_bytes": 7, "kind": "video", "format": "mp4", "codec": "h264",
                "width": 640, "height": 360, "orientation": 1, "duration_seconds": 1.5,
                "frame_rate": 24.0, "unknown": "this; that"
            })
        );
    }

    #[test]
    fn orientation_applies_to_shown_dimensions() {
        let mut facts = Facts {
            width: Some(4),
            height: Some(3),
            ..Facts::default()
        };
        assert_eq!((facts.stored(), facts.shown()), (Some((4, 3)), None));
        for (orientation, shown) in [(1, (4, 3)), (4, (4, 3)), (5, (3, 4)), (8, (3, 4))] {
            facts.orientation = Some(orientation);
            assert_eq!(facts.shown(), Some(shown), "{orientation}");
        }
        facts.height = None;
        assert_eq!((facts.stored(), facts.shown()), (None, None));
    }
}
