//! A link to a file of an output.

use reqwest::Url;
use runcomfy_schema::MediaKind;

use super::inspection::Claims;
use super::{expectation, file_name};
use crate::output::Link;

/// A link to a file, with what the output says about it.
#[derive(Clone, Debug)]
pub(super) struct FileLink<'t> {
    /// The link as the output has it.
    pub(super) url: &'t str,
    /// The JSON pointer of the link in the output, if that is known.
    pub(super) pointer: Option<String>,
    /// The kind of media that the output promises by the names around the link.
    pub(super) expected: Option<MediaKind>,
    /// The name of a file whose link has none, without an extension.
    pub(super) stem: String,
}

impl<'t> FileLink<'t> {
    /// Takes what an output says about a link.
    pub(super) fn from_output(link: Link<'t>) -> Self {
        let mut places = link.places.iter();
        let first = link.places.first().map_or(&[][..], Vec::as_slice);
        Self {
            url: link.url,
            stem: expectation::file_stem(first),
            expected: places.find_map(|names| expectation::of_names(names)),
            pointer: Some(link.pointer),
        }
    }

    /// Returns what the link says about its file.
    pub(super) fn claims(&self) -> Claims {
        let name = Url::parse(self.url).map(|url| file_name::from_url(&url));
        let extension = name
            .ok()
            .and_then(|name| file_name::extension(&name).map(str::to_owned));
        Claims {
            by_names: self.expected,
            extension,
            media_type: None,
        }
    }
}
