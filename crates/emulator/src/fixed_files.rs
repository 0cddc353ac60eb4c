//! Tiny fixed output files, for an emulator without the feature `render`.

use crate::output::{Output, OutputKind};

/// An image of one grey pixel.
const IMAGE: &[u8] = include_bytes!("fixed_files/image.png");
/// A video of 2 × 2 pixels that lasts one second.
const VIDEO: &[u8] = include_bytes!("fixed_files/video.mp4");
/// Ten milliseconds of silence.
const AUDIO: &[u8] = include_bytes!("fixed_files/audio.wav");

/// Returns the file of this kind; size, duration and caption do not change it.
pub(crate) fn make(output: &Output) -> &'static [u8] {
    match output.kind {
        OutputKind::Image => IMAGE,
        OutputKind::Video => VIDEO,
        OutputKind::Audio => AUDIO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runcomfy_media::Facts;

    #[test]
    fn fixed_files_are_valid_media() {
        for kind in [OutputKind::Image, OutputKind::Video, OutputKind::Audio] {
            let output = Output {
                kind,
                width: 1024,
                height: 576,
                seconds: 5,
                caption: "A boat".to_owned(),
            };
            let facts = Facts::from_bytes(make(&output));
            let (size, seconds) = match kind {
                OutputKind::Image => (Some((1, 1)), None),
                OutputKind::Video => (Some((2, 2)), Some(1.0)),
                OutputKind::Audio => (None, Some(0.01)),
            };
            assert_eq!(
                (facts.width.zip(facts.height), facts.duration_seconds),
                (size, seconds),
                "{kind}"
            );
        }
    }
}
