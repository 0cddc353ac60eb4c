//! What a picture, a video or a sound is, from as few of its bytes as possible.
//!
//! A schema may limit the media behind a URL: their size, their sides, their duration. To know
//! these before a paid job is submitted, a medium's first bytes are mostly enough. [`Reader`] says
//! which bytes it needs and does no I/O of its own, so it runs under any client, over ranged reads
//! or files; [`Facts`] are what it has found; [`judge`] holds a schema's
//! [`Rule`](runcomfy_schema::Rule) against them.
//!
//! ```
//! use runcomfy_schema::{Number, Operator, Quantity, Rule};
//! use runcomfy_media::{Facts, Verdict, judge};
//!
//! let picture = b"GIF89a\x40\x01\xf0\x00\x00\x00\x00;";
//! let facts = Facts::from_bytes(picture);
//! assert_eq!((facts.format, facts.width, facts.height), (Some("gif"), Some(320), Some(240)));
//!
//! let rule = Rule {
//!     quantity: Quantity::WidthPixels,
//!     operator: Operator::Above,
//!     value: Number::Int(320),
//!     message: "Each side must be at least 320 pixels.".into(),
//! };
//! assert_eq!(judge(&rule, &facts), Verdict::Violated { actual: Number::Int(320) });
//! ```
//!
//! What cannot be told is left out of the facts and explained in [`Facts::unknown`]; a verdict
//! that hangs on it is [`Verdict::Unsure`]. Formats are known by their first bytes alone, never
//! by a file's name or a server's `Content-Type`: JPEG, PNG, GIF, WebP, AVIF, HEIC, BMP, TIFF;
//! MP4, MOV, WebM, MKV; MP3, WAV, FLAC, Ogg (Vorbis, Opus), M4A.
//!
//! Every format has a short reader of its own here, and no libraries: none of those looked at
//! keeps all of four promises towards a stranger's bytes. Nothing is allocated by a length in the
//! file; nothing is read that was not asked for; a byte that is not at hand stops the reading and
//! never becomes a wrong fact; and what is cut off or contradicts itself is not believed.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod bmp;
mod boxes;
mod data_uri;
mod ebml;
mod facts;
mod flac;
mod format;
mod gif;
mod heif;
mod jpeg;
mod limits;
mod media_type;
mod mp3;
mod mp4;
mod ogg;
mod orientation;
mod png;
mod reader;
mod span;
mod sparse;
mod tiff;
mod verdict;
mod wav;
mod webm;
mod webp;

pub use data_uri::{DataUri, MAX_REQUEST_BYTES};
pub use facts::Facts;
pub use limits::Limits;
pub use reader::{Reader, Step};
pub use verdict::{Verdict, judge};
