//! Media at hand on their way into a request.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use runcomfy_media::{DataUri, Facts, MAX_REQUEST_BYTES};

use crate::error::Error;
use crate::error::ErrorKind;
use runcomfy_schema::Json;
use runcomfy_schema::Media;
use runcomfy_schema::MediaInput;
use runcomfy_schema::MediaSource;
use runcomfy_schema::Redacted;

/// Puts media at hand where the service can fetch them.
///
/// Without one they travel inside the request, which may have 64 MiB in all.
///
/// ```
/// use runcomfy::{Upload, Uploader};
/// use runcomfy::media::Uploading;
///
/// struct Bucket;
///
/// impl Uploader for Bucket {
///     fn upload(&self, upload: Upload) -> Uploading<'_> {
///         Box::pin(async move {
///             // … put `upload.bytes` somewhere as `upload.media_type` …
///             Ok("https://bucket.example/a.jpg".to_owned())
///         })
///     }
/// }
/// ```
pub trait Uploader: Send + Sync {
    /// Takes a medium and gives the public `https://` URL under which the service finds it until
    /// the job has run.
    ///
    /// Of an error the texts are kept, without the queries of URLs in them.
    fn upload(&self, upload: Upload) -> Uploading<'_>;
}

/// An upload on its way.
pub type Uploading<'a> = Pin<
    Box<dyn Future<Output = Result<String, Box<dyn std::error::Error + Send + Sync>>> + Send + 'a>,
>;

/// A medium for an [`Uploader`].
#[derive(Clone)]
#[non_exhaustive]
pub struct Upload {
    /// The whole medium.
    pub bytes: Bytes,
    /// Its media type by its first bytes, such as `image/jpeg`.
    pub media_type: &'static str,
    /// The name of its file, where it is one.
    pub file_name: Option<String>,
}

/// The bytes are left out.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("bytes", &self.bytes.len())
            .field("media_type", &self.media_type)
            .field("file_name", &self.file_name)
            .finish()
    }
}

/// The caller's uploader, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Attach {
    pub(crate) uploader: Option<Arc<dyn Uploader>>,
}

impl fmt::Debug for Attach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attach")
            .field("uploader", &self.uploader.is_some())
            .finish()
    }
}

impl Attach {
    /// Puts a URL in the place of each medium at hand.
    pub(crate) async fn fill(
        &self,
        input: &mut Json,
        media: &[MediaInput<'_, '_>],
    ) -> Result<(), Error> {
        let at_hand: Vec<(&str, &Media)> = media
            .iter()
            .filter_map(|medium| match medium.source {
                MediaSource::Local(media) => Some((&*medium.pointer, media)),
                MediaSource::Url(_) => None,
            })
            .collect();
        if self.uploader.is_none() {
            fit(input, &at_hand)?;
        }
        let mut urls: Vec<(&Media, String)> = Vec::new();
        for (pointer, media) in at_hand {
            let url = match urls.iter().find(|(known, _)| *known == media) {
                Some((_, url)) => url.clone(),
                None => self.url(media).await?,
            };
            if let Some(place) = input.pointer_mut(pointer) {
                *place = url.as_str().into();
            }
            // Only what an uploader gives is short enough to be kept.
            if self.uploader.is_some() {
                urls.push((media, url));
            }
        }
        Ok(())
    }

    async fn url(&self, media: &Media) -> Result<String, Error> {
        let (bytes, file_name) = read(media).await?;
        let facts = Facts::from_bytes(&bytes);
        let media_type = facts.media_type().unwrap_or("application/octet-stream");
        let Some(uploader) = &self.uploader else {
            return Ok(DataUri::encode(media_type, &bytes));
        };
        let upload = Upload {
            bytes,
            media_type,
            file_name,
        };
        let failed = |why: String| {
            let message = format!("{media} could not be uploaded: {why}; nothing was submitted");
            Error::new(ErrorKind::Upload, message)
        };
        let url = uploader.upload(upload).await;
        let url = url.map_err(|e| failed(e.to_string()).with_source(Cause::of(&*e)))?;
        // The service would refuse it, or fetch something else, after the money is spent.
        if !url.starts_with("https://") {
            return Err(failed("the uploader gave no https:// URL".into()));
        }
        Ok(url)
    }
}

/// An uploader's error: its words without the queries of URLs, which are often signed where one
/// uploads.
#[derive(Debug)]
struct Cause {
    text: String,
    source: Option<Box<Cause>>,
}

impl Cause {
    fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        Self {
            text: Redacted(&error.to_string()).to_string(),
            source: error.source().map(|source| Box::new(Self::of(source))),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// Refuses what will not fit, before anything is read.
fn fit(input: &Json, at_hand: &[(&str, &Media)]) -> Result<(), Error> {
    if at_hand.is_empty() {
        return Ok(());
    }
    let mut total = input.to_string().len() as u64;
    for (_, media) in at_hand {
        let size = match media {
            Media::File(path) => std::fs::metadata(path)
                .map_err(|e| unreadable(path, e))?
                .len(),
            Media::Bytes(bytes) => bytes.len() as u64,
            _ => 0,
        };
        total = total.saturating_add(DataUri::encoded_length(size));
    }
    if total <= MAX_REQUEST_BYTES as u64 {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        format!(
            "with the media at hand inside of it the request has {} MiB, and the service takes {} MiB; give public https:// URLs instead, or the client an uploader; nothing was sent",
            total.div_ceil(1 << 20),
            MAX_REQUEST_BYTES >> 20
        ),
    ))
}

async fn read(media: &Media) -> Result<(Bytes, Option<String>), Error> {
    match media {
        Media::Bytes(bytes) => Ok((Bytes::from_owner(bytes.clone()), None)),
        Media::File(path) => {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            let reading = tokio::task::spawn_blocking({
                let path = path.clone();
                move || std::fs::read(path)
            });
            let read = reading
                .await
                .unwrap_or_else(|e| Err(std::io::Error::other(e)));
            let bytes = read.map_err(|e| unreadable(path, e))?;
            Ok((bytes.into(), name))
        }
        _ => Ok((Bytes::new(), None)),
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::file("read", path, error)
}
