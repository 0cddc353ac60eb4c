//! Attaches local media to a request.

use std::fmt;
use std::future::Future;
use std::io::Read;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use runcomfy_media::{DataUri, Facts, MAX_REQUEST_BYTES, open_regular};

use crate::blocking_work::run_blocking;
use crate::error::cause::Cause;
use crate::error::{Error, ErrorKind};
use runcomfy_schema::{Json, Media, MediaInput, MediaSource, Redacted};

/// Uploads local media to where the service can fetch them.
///
/// [`ClientBuilder::uploader`](crate::ClientBuilder::uploader) sets one. Without an uploader, local
/// media are sent inside of the request, which may have 64 MiB in all.
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
    /// Uploads one media file and returns its public `https://` URL, which must work until the job
    /// has finished.
    ///
    /// # Errors
    /// Any error makes the submit fail with [`ErrorKind::Upload`]; nothing is submitted then. The
    /// texts of the error and its sources are kept, without the queries of URLs.
    fn upload(&self, upload: Upload) -> Uploading<'_>;
}

/// The future that [`Uploader::upload`] returns: the URL of the uploaded media.
pub type Uploading<'a> = Pin<
    Box<dyn Future<Output = Result<String, Box<dyn std::error::Error + Send + Sync>>> + Send + 'a>,
>;

/// The media that an [`Uploader`] uploads.
#[derive(Clone)]
#[non_exhaustive]
pub struct Upload {
    /// Bytes of the whole file.
    pub bytes: Bytes,
    /// Media type, detected by the first bytes, such as `image/jpeg`; else
    /// `application/octet-stream`.
    pub media_type: &'static str,
    /// File name without folders; `None` for media that were given as bytes.
    pub file_name: Option<String>,
}

/// Prints the number of bytes instead of the bytes.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("bytes", &self.bytes.len())
            .field("media_type", &self.media_type)
            .field("file_name", &self.file_name)
            .finish()
    }
}

/// Attaches local media with the caller's uploader, or inside of the request.
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
    /// Replaces all local media in an input by URLs.
    pub(crate) async fn fill(
        &self,
        input: &mut Json,
        media: &[MediaInput<'_, '_>],
    ) -> Result<(), Error> {
        let local: Vec<(&str, &Media)> = media
            .iter()
            .filter_map(|input| match input.source {
                MediaSource::Local(media) => Some((&*input.pointer, media)),
                MediaSource::Url(_) => None,
            })
            .collect();
        if self.uploader.is_none() {
            check_size(input, &local)?;
        }
        let mut urls: Vec<(&Media, String)> = Vec::new();
        for (pointer, media) in local {
            let url = match urls.iter().find(|(known, _)| *known == media) {
                Some((_, url)) => url.clone(),
                None => self.url(media).await?,
            };
            if let Some(value) = input.pointer_mut(pointer) {
                *value = url.as_str().into();
            }
            // Only the URLs of an uploader are short enough to be kept.
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
            let message = format!(
                "{media} could not be uploaded: {why}; nothing was submitted, so fix the upload and submit again"
            );
            Error::new(ErrorKind::Upload, message)
        };
        let url = uploader.upload(upload).await;
        let url = url.map_err(|e| failed(e.to_string()).with_source(Cause::new(&*e, &redacted)))?;
        // The service would refuse such a URL, or fetch something else, after the money is spent.
        if !url.starts_with("https://") {
            return Err(failed("the uploader returned no https:// URL".into()));
        }
        Ok(url)
    }
}

/// Returns a text of an uploader without the queries of URLs, which are often signed.
fn redacted(text: &str) -> String {
    Redacted(text).to_string()
}

/// Refuses local media that exceed the size limit of a request, before any is read.
fn check_size(input: &Json, local: &[(&str, &Media)]) -> Result<(), Error> {
    if local.is_empty() {
        return Ok(());
    }
    let mut total = input.to_string().len() as u64;
    for (_, media) in local {
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
            "with its local media the request has {} MiB, and the service accepts at most {} MiB; nothing was sent; use public https:// URLs, or set an uploader",
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
            let read = run_blocking({
                let path = path.clone();
                move || {
                    let mut bytes = Vec::new();
                    open_regular(&path)?.read_to_end(&mut bytes)?;
                    Ok(bytes)
                }
            });
            let read = read.await.unwrap_or_else(|e| Err(std::io::Error::other(e)));
            let bytes = read.map_err(|e| unreadable(path, e))?;
            Ok((bytes.into(), name))
        }
        _ => Ok((Bytes::new(), None)),
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::file("read", path, error)
}
