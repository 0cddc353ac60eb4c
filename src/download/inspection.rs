//! Inspects a downloaded file before it gets its name.

use std::fs::File;
use std::io;
use std::path::Path;

use runcomfy_media::{Facts, is_truncated};
use runcomfy_schema::MediaKind;

use super::content::{Content, Extensions};
use super::expectation;
use super::file_name;
use crate::error::{Error, ErrorKind};

/// The result of the inspection of a file.
#[derive(Clone, Debug)]
pub(super) struct Inspection {
    pub(super) facts: Facts,
    content: Content,
    fault: Option<Fault>,
}

/// The reason why a file is not the output.
#[derive(Clone, Debug)]
enum Fault {
    /// The content is another one than media of this kind.
    Other(&'static str, MediaKind),
    Truncated,
}

/// The claims about a file before its bytes are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims {
    /// The kind of media that the output promises by the names around the link.
    pub(super) by_names: Option<MediaKind>,
    /// The file extension of the link.
    pub(super) extension: Option<String>,
    /// The media type that came with the bytes.
    pub(super) media_type: Option<String>,
}

impl Claims {
    /// Returns the kind that the file itself promises, by its extension or its media type.
    fn by_file(&self) -> Option<MediaKind> {
        let by_extension = self
            .extension
            .as_deref()
            .and_then(expectation::of_extension);
        let media_type = self.media_type.as_deref();
        by_extension.or(media_type.and_then(expectation::of_media_type))
    }
}

impl Inspection {
    /// Reads a file. It blocks.
    pub(super) fn read(file: &Path, claims: &Claims) -> io::Result<Self> {
        let file = File::open(file)?;
        let facts = Facts::from_open_file(&file)?;
        let by_file = claims.by_file();
        let content = match Content::read(&file, &facts)? {
            // Frames of an MP3 may occur in other data.
            Content::Media(_)
                if facts.format == Some("mp3")
                    && claims.extension.is_some()
                    && claims.by_names.or(by_file).is_none() =>
            {
                Content::Unknown
            }
            content => content,
        };
        let fault = match content {
            Content::Text(other) => {
                let promised = claims.by_names.or(by_file);
                promised.map(|kind| Fault::Other(other.words, kind))
            }
            // The output may have its media packed.
            Content::Archive(other) => by_file.map(|kind| Fault::Other(other.words, kind)),
            Content::Media(_) => is_truncated(&file, &facts)?.then_some(Fault::Truncated),
            Content::Unknown => None,
        };
        Ok(Self {
            facts,
            content,
            fault,
        })
    }

    /// Returns the error of a file that is not the output.
    pub(super) fn error(&self) -> Option<Error> {
        let message = match self.fault.as_ref()? {
            Fault::Other(words, kind) => {
                let expected = match kind {
                    MediaKind::Video => "a video",
                    MediaKind::Audio => "audio",
                    _ => "an image",
                };
                format!("the output is {words} where {expected} was expected")
            }
            Fault::Truncated => {
                let format = self.facts.format.unwrap_or("media").to_uppercase();
                format!("the output is truncated: it ends before its {format} data do")
            }
        };
        Some(Error::new(ErrorKind::Unreadable, message))
    }

    /// Returns a file name of the service with the extension that the bytes have; one for unknown bytes
    /// as it is.
    pub(super) fn name(&self, original: &str) -> String {
        self.named(original, true)
    }

    /// Returns a name that the caller wants. It may do without an extension, and never has a wrong one.
    pub(super) fn callers_name(&self, wanted: &str) -> String {
        self.named(wanted, self.fault.is_some())
    }

    fn named(&self, name: &str, appends: bool) -> String {
        let name = match self.extensions() {
            Some(extensions) => file_name::with_extension(name, extensions, appends),
            None => name.to_owned(),
        };
        match self.fault {
            Some(Fault::Truncated) => file_name::truncated(&name),
            _ => name,
        }
    }

    /// Returns the extensions that the name may have; `None` for any.
    fn extensions(&self) -> Option<Extensions> {
        match self.content {
            Content::Media(extensions) => Some(extensions),
            // The model's own output, of which nothing was promised, keeps its name.
            Content::Text(_) if self.fault.is_none() => None,
            Content::Text(other) | Content::Archive(other) => Some(other.extensions),
            Content::Unknown => None,
        }
    }
}
