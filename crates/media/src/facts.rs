//! What is known of a medium.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use runcomfy_schema::MediaKind;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::{Limits, Reader, Step, orientation};

/// What is known of a medium; `None` where it could not be told.
///
/// Serializes with the names of its fields as keys; what is not known is left out.
///
/// ```
/// use runcomfy_media::Facts;
///
/// let facts = Facts::from_bytes(b"PK\x03\x04, whatever its name says");
/// assert_eq!(facts.size_bytes, Some(28));
/// assert_eq!((facts.kind, facts.width), (None, None));
/// assert_eq!(facts.unknown.as_deref(), Some("not a medium but a ZIP archive"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Facts {
    /// The size of the whole medium in bytes.
    pub size_bytes: Option<u64>,
    /// Picture, video or sound.
    pub kind: Option<MediaKind>,
    /// The container: `jpeg`, `png`, `gif`, `webp`, `avif`, `heic`, `bmp`, `tiff`, `mp4`, `mov`,
    /// `webm`, `mkv`, `mp3`, `wav`, `flac`, `ogg`, `m4a`.
    pub format: Option<&'static str>,
    /// The family of the codec, such as `h264` or `opus`, where it is known by name and the
    /// format does not say it already.
    pub codec: Option<&'static str>,
    /// The width in pixels as stored, before any rotation.
    pub width: Option<u32>,
    /// The height in pixels as stored, before any rotation.
    pub height: Option<u32>,
    /// How what is stored is to be turned before it is shown, 1 to 8 as EXIF counts: 1 is as
    /// stored, from 5 on the sides are swapped. Of a PNG only what stands before its pixels
    /// counts.
    pub orientation: Option<u8>,
    /// The duration in seconds; a moving picture in a picture's format has none.
    pub duration_seconds: Option<f64>,
    /// Pictures a second, where that is constant and the header says so.
    pub frame_rate: Option<f64>,
    /// Why something could not be told, in words.
    pub unknown: Option<String>,
}

impl Facts {
    /// The facts of a medium that is wholly in memory.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut reader = Reader::with_limits(Limits::local());
        loop {
            match reader.step() {
                Step::Read(range) => {
                    let size = bytes.len();
                    let within = |at: u64| usize::try_from(at).unwrap_or(size).min(size);
                    let piece = &bytes[within(range.start)..within(range.end)];
                    reader.feed(range.start, piece, Some(size as u64));
                }
                Step::Done(facts) => return facts,
            }
        }
    }

    /// The facts of a file, of which only what is needed is read.
    ///
    /// # Errors
    /// When the file cannot be opened or read. What is in it is never an error.
    pub fn from_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        // The length of what is no plain file says nothing.
        let size = about.is_file().then_some(about.len());
        let mut reader = Reader::with_limits(Limits::local());
        loop {
            match reader.step() {
                Step::Read(range) => {
                    let piece = read_range(&mut file, &range)?;
                    reader.feed(range.start, &piece, size);
                }
                Step::Done(facts) => return Ok(facts),
            }
        }
    }

    /// Width and height as stored, in pixels.
    #[must_use]
    pub fn stored(&self) -> Option<(u32, u32)> {
        self.width.zip(self.height)
    }

    /// Width and height as shown, in pixels: those stored, swapped where the orientation swaps
    /// them. `None` while the orientation is not known.
    #[must_use]
    pub fn shown(&self) -> Option<(u32, u32)> {
        let (width, height) = self.stored()?;
        Some(if orientation::swaps(self.orientation?) {
            (height, width)
        } else {
            (width, height)
        })
    }

    /// Adds why something could not be told.
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

fn read_range(file: &mut File, range: &Range<u64>) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = Vec::new();
    file.take(range.end - range.start).read_to_end(&mut bytes)?;
    Ok(bytes)
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
    fn what_is_not_known_is_left_out() {
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
    fn shown_are_the_sides_after_turning() {
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
