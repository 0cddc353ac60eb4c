#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bmp;
mod boxes;
mod carrier;
mod data_uri;
mod ebml;
mod facts;
mod flac;
mod format;
mod gif;
mod heif;
mod jpeg;
mod limits;
mod local_file;
mod local_reader;
mod media_type;
mod mp3;
mod mp4;
mod ogg;
mod orientation;
mod png;
mod png_text;
mod reader;
mod span;
mod sparse;
mod tags;
mod tiff;
mod truncation;
mod verdict;
mod wav;
mod webm;
mod webp;
mod witness;
mod xmp;

pub use data_uri::{DataUri, MAX_REQUEST_BYTES};
pub use facts::Facts;
pub use limits::Limits;
pub use local_file::open_regular;
pub use reader::{Reader, Step};
pub use truncation::{are_truncated, is_truncated};
pub use verdict::{Verdict, judge};
