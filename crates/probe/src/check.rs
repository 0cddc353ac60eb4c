//! Checks media against the rules of their schema.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use runcomfy_media::{DataUri, Facts, are_truncated, is_truncated, judge, open_regular};

use runcomfy_schema::{
    Certainty, Constraint, Media, MediaInput, MediaKind, MediaSource, Violation, Violations,
};

use crate::error::{ProbeError, ProbeErrorKind};
use crate::prober::Prober;

/// The facts of one media input, or the reason why there are none.
enum Inspection {
    Known {
        facts: Facts,
        /// The data end before the media in them do.
        is_truncated: bool,
    },
    /// A `data:` URI of this type, which is no type of media, and whose bytes are none.
    Other(String),
    /// A local file that cannot be read; the service would get nothing.
    Unreadable(io::Error),
    /// A URL that leads to no public address, and why.
    NotPublic(String),
    /// Media that could not be inspected, and why.
    Unknown(String),
    /// Media that nobody asked to inspect.
    Skipped,
}

impl Prober {
    /// Checks media against the rules of their schema, those behind URLs too.
    ///
    /// [`Schema::media_in`](runcomfy_schema::Schema::media_in) returns the media of an input. Each
    /// URL is fetched once, and one [deadline](crate::ProberBuilder::deadline) applies to all.
    ///
    /// The result is that of [`check`], which has an example: a broken rule is a violation, and what
    /// cannot be measured is a warning ([`Certainty::Likely`]), such as an unreachable host or a
    /// size between two meanings of "megabyte".
    pub async fn check(&self, media: &[MediaInput<'_, '_>]) -> Violations {
        check(media, Some(self)).await
    }
}

/// Checks media against the rules of their schema, and returns all violations in the media's order.
///
/// Local files and bytes and `data:` URIs are always read. Media behind URLs are outcomes only if
/// there is a `prober`; otherwise they have no violations here. Nothing is sent to the service.
///
/// Violations that are [`Certainty::Certain`] mean that the service will refuse the input. Those
/// that are [`Certainty::Likely`] are warnings: the media could not be inspected or measured, or
/// the service may measure differently.
///
/// ```
/// use runcomfy_schema::ModelSchema;
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let schema = json!({"properties": {"image": {
///     "type": "string", "format": "image_uri",
///     "validations": [{
///         "validation_rule": "width_pixels>=", "validation_value": 640,
///         "validation_error": "At least 640 pixels."
///     }]
/// }}});
/// let (model, _) = ModelSchema::parse(Some("acme/edit"), &[schema]);
/// let model = model.expect("the schema is valid");
///
/// // An image of 320 × 240 pixels.
/// let input = json!({"image": "data:image/gif;base64,R0lGODlhQAHwAAAAADs="});
/// let media = model.input.media_in(&input);
/// let violations = runcomfy_probe::check(&media, None).await;
/// assert!(violations.refuse());
/// let violation = violations.iter().next().expect("the image is too small");
/// assert_eq!((&*violation.pointer, &*violation.found), ("/image", "a width of 320"));
/// # }
/// ```
pub async fn check(media: &[MediaInput<'_, '_>], prober: Option<&Prober>) -> Violations {
    let outcomes = match prober {
        Some(prober) => probe(media, prober).await,
        None => HashMap::new(),
    };
    let mut violations = Violations::default();
    for input in media {
        let inspection = match input.source {
            MediaSource::Local(Media::Bytes(bytes)) => inspect_bytes(bytes),
            MediaSource::Local(Media::File(path)) => inspect_file(path.clone()).await,
            MediaSource::Local(_) => Inspection::Skipped,
            MediaSource::Url(url) => match (DataUri::parse(url), outcomes.get(url)) {
                (Some(uri), _) => inspect_data_uri(&uri),
                (None, Some(Ok(facts))) => Inspection::Known {
                    facts: facts.clone(),
                    is_truncated: false,
                },
                (None, Some(Err(error))) => match error.kind() {
                    ProbeErrorKind::Url | ProbeErrorKind::Address => {
                        Inspection::NotPublic(error.to_string())
                    }
                    _ => Inspection::Unknown(error.to_string()),
                },
                (None, None) => Inspection::Skipped,
            },
        };
        violations.extend(violations_of(input, &inspection));
    }
    violations
}

type Outcomes<'v> = HashMap<&'v str, Result<Facts, ProbeError>>;

/// Probes the media behind `https` and `http` URLs, each once. Other texts have a violation of their
/// form already.
async fn probe<'v>(media: &[MediaInput<'v, '_>], prober: &Prober) -> Outcomes<'v> {
    let urls: Vec<&str> = media
        .iter()
        .filter_map(|input| match input.source {
            MediaSource::Url(url) if is_web(url) => Some(url),
            _ => None,
        })
        .collect();
    let outcomes = prober.probe_all(&urls).await;
    urls.into_iter().zip(outcomes).collect()
}

fn is_web(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| s.eq_ignore_ascii_case("https") || s.eq_ignore_ascii_case("http"))
}

async fn inspect_file(path: PathBuf) -> Inspection {
    let read = move || {
        let file = open_regular(&path)?;
        let facts = Facts::from_open_file(&file)?;
        let is_truncated = is_truncated(&file, &facts)?;
        Ok((facts, is_truncated))
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok((facts, is_truncated))) => Inspection::Known {
            facts,
            is_truncated,
        },
        Ok(Err(error)) => Inspection::Unreadable(error),
        // The runtime is shutting down.
        Err(_) => Inspection::Skipped,
    }
}

fn inspect_bytes(bytes: &[u8]) -> Inspection {
    let facts = Facts::from_bytes(bytes);
    let is_truncated = are_truncated(bytes, &facts);
    Inspection::Known {
        facts,
        is_truncated,
    }
}

fn inspect_data_uri(uri: &DataUri<'_>) -> Inspection {
    let Some(bytes) = uri.bytes() else {
        return Inspection::Unknown("a data: URI that cannot be decoded".to_owned());
    };
    let inspection = inspect_bytes(&bytes);
    let is_known = matches!(&inspection, Inspection::Known { facts, .. } if facts.kind.is_some());
    match uri
        .media_type()
        .filter(|name| !is_known && is_no_media(name))
    {
        Some(name) => Inspection::Other(name.to_owned()),
        None => inspection,
    }
}

/// Returns `true` for a media type such as `text/plain`, of which no image, video or audio is. One of
/// `application` may be for anything.
fn is_no_media(media_type: &str) -> bool {
    let kind = media_type.split('/').next().unwrap_or_default().trim();
    let others = ["text", "font", "model", "message", "multipart"];
    others.iter().any(|other| kind.eq_ignore_ascii_case(other))
}

fn violations_of(input: &MediaInput<'_, '_>, inspection: &Inspection) -> Vec<Violation> {
    let violation = |certainty, found: String, expected: String| {
        vec![Violation::new(
            &input.pointer,
            Constraint::Media,
            certainty,
            found,
            expected,
        )]
    };
    match inspection {
        Inspection::Skipped => Vec::new(),
        Inspection::Unreadable(error) => violation(
            Certainty::Certain,
            format!("{}, which cannot be read ({error})", source(input)),
            "a file that can be read".into(),
        ),
        // Of the form of a URL, and not of a rule about media.
        Inspection::NotPublic(why) => vec![Violation::new(
            &input.pointer,
            Constraint::Format,
            Certainty::Likely,
            format!("media that could not be inspected ({why})"),
            "a public https:// URL",
        )],
        Inspection::Unknown(why) => violation(
            Certainty::Likely,
            format!("media that could not be inspected ({why})"),
            expected(input),
        ),
        Inspection::Other(media_type) => violation(
            Certainty::Certain,
            format!("a data: URI of the type {media_type}"),
            input.kind.map_or("media", with_article).to_owned(),
        ),
        // Without a known format, each rule would have the same violation.
        Inspection::Known { facts, .. } if facts.kind.is_none() => {
            let why = facts
                .unknown
                .as_deref()
                .unwrap_or("no format begins like it");
            let found = format!("content of no known media format ({why})");
            let mut all = violation(Certainty::Likely, found, expected(input));
            all.extend(broken_rules(input, facts).filter(|v| v.certainty == Certainty::Certain));
            all
        }
        Inspection::Known {
            facts,
            is_truncated,
        } => {
            let other = facts.kind.filter(|kind| !is_accepted(*kind, input.kind));
            let mut all = match (other, input.kind) {
                (Some(found), Some(kind)) => violation(
                    Certainty::Likely,
                    format!(
                        "{} of the format {}",
                        with_article(found),
                        facts.format.unwrap_or("?")
                    ),
                    with_article(kind).to_owned(),
                ),
                _ => Vec::new(),
            };
            if *is_truncated {
                let format = facts.format.unwrap_or("media").to_uppercase();
                all.extend(violation(
                    Certainty::Likely,
                    format!("data that are cut off: they end before their {format} does"),
                    "a whole file".to_owned(),
                ));
            }
            all.extend(broken_rules(input, facts));
            all
        }
    }
}

fn broken_rules<'m>(
    input: &'m MediaInput<'_, '_>,
    facts: &'m Facts,
) -> impl Iterator<Item = Violation> + 'm {
    let rules = input.rules.iter();
    rules.filter_map(|rule| judge(rule, facts).violation(rule, &input.pointer))
}

fn is_accepted(found: MediaKind, expected: Option<MediaKind>) -> bool {
    // A video has audio too.
    expected.is_none_or(|expected| expected == found)
        || (expected == Some(MediaKind::Audio) && found == MediaKind::Video)
}

fn with_article(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "an image",
        MediaKind::Video => "a video",
        MediaKind::Audio => "audio",
        _ => "media",
    }
}

/// Describes the expected media: `an image with file_size_mb <= 15, width_pixels <= 4096`.
fn expected(input: &MediaInput<'_, '_>) -> String {
    let what = input.kind.map_or("media", with_article);
    let rules: Vec<String> = input.rules.iter().map(ToString::to_string).collect();
    if rules.is_empty() {
        what.to_owned()
    } else {
        format!("{what} with {}", rules.join(", "))
    }
}

fn source(input: &MediaInput<'_, '_>) -> String {
    match input.source {
        MediaSource::Local(media) => media.to_string(),
        MediaSource::Url(_) => "a URL".to_owned(),
    }
}
