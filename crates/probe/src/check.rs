//! What a schema says of media, held against the media themselves.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use runcomfy_media::{DataUri, Facts, judge};

use runcomfy_schema::{
    Certainty, Constraint, Media, MediaInput, MediaKind, MediaSource, Violation, Violations,
};

use crate::error::ProbeError;
use crate::prober::Prober;

/// What is known of a medium.
enum Look {
    Known(Facts),
    /// A file that is not there or cannot be read; the service would get nothing.
    Unreadable(io::Error),
    /// It could not be looked at, or there is no leave to.
    Unknown(String),
    Unasked,
}

impl Prober {
    /// Holds media against their schema's rules, those behind URLs too:
    /// [`Schema::media_in`](runcomfy_schema::Schema::media_in) gives those of an input. Each URL is asked
    /// once, all within one deadline.
    ///
    /// What is certain is a violation, what cannot be told a warning
    /// ([`Certainty::Likely`]): an unreachable host, a size between the two meanings of a megabyte.
    pub async fn check(&self, media: &[MediaInput<'_, '_>]) -> Violations {
        check(media, Some(self)).await
    }
}

/// Everything that is wrong or may be wrong with these media, in their order. Without a prober
/// URLs are not asked.
pub async fn check(media: &[MediaInput<'_, '_>], prober: Option<&Prober>) -> Violations {
    let asked = match prober {
        Some(prober) => ask(media, prober).await,
        None => HashMap::new(),
    };
    let mut violations = Violations::default();
    for medium in media {
        let look = match medium.source {
            MediaSource::Local(Media::Bytes(bytes)) => Look::Known(Facts::of_bytes(bytes)),
            MediaSource::Local(Media::File(path)) => file(path.clone()).await,
            MediaSource::Local(_) => Look::Unasked,
            MediaSource::Url(url) => match (DataUri::parse(url), asked.get(url)) {
                (Some(uri), _) => data(&uri),
                (None, Some(Ok(facts))) => Look::Known(facts.clone()),
                (None, Some(Err(error))) => Look::Unknown(error.to_string()),
                (None, None) => Look::Unasked,
            },
        };
        violations.extend(judgement(medium, &look));
    }
    violations
}

type Answers<'v> = HashMap<&'v str, Result<Facts, ProbeError>>;

/// Asks each URL that somebody wants to know something of, once. What is no `https` or `http` URL
/// has been refused for its form.
async fn ask<'v>(media: &[MediaInput<'v, '_>], prober: &Prober) -> Answers<'v> {
    let urls: Vec<&str> = media
        .iter()
        .filter_map(|medium| match medium.source {
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

async fn file(path: PathBuf) -> Look {
    let looking = tokio::task::spawn_blocking(move || facts_of_file(&path));
    match looking.await {
        Ok(Ok(facts)) => Look::Known(facts),
        Ok(Err(error)) => Look::Unreadable(error),
        // The runtime shuts down.
        Err(_) => Look::Unasked,
    }
}

/// A folder can be opened on some systems, and a pipe would be read to its end here and be empty
/// when it is sent.
fn facts_of_file(path: &Path) -> io::Result<Facts> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    Facts::of_file(path)
}

fn data(uri: &DataUri<'_>) -> Look {
    match uri.bytes() {
        Some(bytes) => Look::Known(Facts::of_bytes(&bytes)),
        None => Look::Unknown("a data: URI that cannot be decoded".to_owned()),
    }
}

fn judgement(medium: &MediaInput<'_, '_>, look: &Look) -> Vec<Violation> {
    let say = |certainty, found: String, expected: String| {
        vec![Violation::new(
            &medium.pointer,
            Constraint::Media,
            certainty,
            found,
            expected,
        )]
    };
    match look {
        Look::Unasked => Vec::new(),
        Look::Unreadable(error) => say(
            Certainty::Certain,
            format!("{}, which cannot be read ({error})", source(medium)),
            "a file that can be read".into(),
        ),
        Look::Unknown(why) => say(
            Certainty::Likely,
            format!("a medium that could not be looked at ({why})"),
            wanted(medium),
        ),
        // Of what is no medium each rule would say the same.
        Look::Known(facts) if facts.kind.is_none() => {
            let why = facts.unknown.as_deref().unwrap_or("of no known format");
            let found = format!("something that is no known medium ({why})");
            let mut all = say(Certainty::Likely, found, wanted(medium));
            all.extend(broken(medium, facts).filter(|v| v.certainty == Certainty::Certain));
            all
        }
        Look::Known(facts) => {
            let other = facts.kind.filter(|kind| !fits(*kind, medium.kind));
            let mut all = match (other, medium.kind) {
                (Some(found), Some(kind)) => say(
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
            all.extend(broken(medium, facts));
            all
        }
    }
}

fn broken<'m>(
    medium: &'m MediaInput<'_, '_>,
    facts: &'m Facts,
) -> impl Iterator<Item = Violation> + 'm {
    let rules = medium.rules.iter();
    rules.filter_map(|rule| judge(rule, facts).violation(rule, &medium.pointer))
}

fn fits(found: MediaKind, wanted: Option<MediaKind>) -> bool {
    // The sound of a video is sound too.
    wanted.is_none_or(|wanted| wanted == found)
        || (wanted == Some(MediaKind::Audio) && found == MediaKind::Video)
}

fn with_article(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "an image",
        MediaKind::Video => "a video",
        MediaKind::Audio => "a sound",
        _ => "a medium",
    }
}

/// `an image with file_size_mb <= 15, width_pixels <= 4096`
fn wanted(medium: &MediaInput<'_, '_>) -> String {
    let what = medium.kind.map_or("a medium", with_article);
    let rules: Vec<String> = medium.rules.iter().map(ToString::to_string).collect();
    if rules.is_empty() {
        what.to_owned()
    } else {
        format!("{what} with {}", rules.join(", "))
    }
}

fn source(medium: &MediaInput<'_, '_>) -> String {
    match medium.source {
        MediaSource::Local(media) => media.to_string(),
        MediaSource::Url(_) => "a URL".to_owned(),
    }
}
