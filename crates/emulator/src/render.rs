//! Draws output files: images, videos and sounds.
//!
//! Every file is real and opens in ordinary players, has the requested size and duration, and its
//! bytes depend only on the arguments. Images and videos show the caption, so that a reader
//! recognises which request made which file.
//!
//! `text` lays out text, `scene` composes the picture, and one module per format writes it; `h264`
//! codes the pictures of videos.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sides, lengths and colours are clamped to ranges that fit every type used here"
)]

mod h264;
mod mp4;
mod png;
mod scene;
mod text;
mod wav;

use self::mp4::mp4;
use self::png::png;
use self::wav::wav;
use crate::output::{Output, OutputKind};

/// Draws the file of a job.
pub(crate) fn make(output: &Output) -> Vec<u8> {
    match output.kind {
        OutputKind::Image => png(output.width, output.height, &output.caption),
        OutputKind::Video => mp4(output.width, output.height, output.seconds, &output.caption),
        OutputKind::Audio => wav(output.seconds),
    }
}
