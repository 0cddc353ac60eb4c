//! Media inputs: images, videos and audio.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Redacted;
use crate::phrase::Plural;

/// A media input: a URL that the service fetches, or a local file or bytes, which the client
/// attaches when it submits.
///
/// ```
/// # use std::path::Path;
/// # use runcomfy_schema::Media;
/// let picture = Media::from("https://example.com/a.jpg");
/// assert_eq!(picture.as_url(), Some("https://example.com/a.jpg"));
/// assert_eq!(Media::from(Path::new("a.jpg")), Media::File("a.jpg".into()));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Media {
    /// Public `https://` URL, or a `data:` URI.
    Url(String),
    /// Local file. It is read when the input is submitted.
    File(PathBuf),
    /// Contents of a whole file, in memory.
    Bytes(Arc<[u8]>),
}

impl Media {
    /// Creates a media input from a URL.
    #[must_use]
    pub fn url(url: impl Into<String>) -> Self {
        Self::Url(url.into())
    }

    /// Creates a media input from a local file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::File(path.into())
    }

    /// Contents of a whole file, in memory.
    #[must_use]
    pub fn bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::Bytes(bytes.into())
    }

    /// Returns the URL, or `None` for a local file or bytes.
    #[must_use]
    pub fn as_url(&self) -> Option<&str> {
        match self {
            Self::Url(url) => Some(url),
            _ => None,
        }
    }
}

impl From<&str> for Media {
    fn from(url: &str) -> Self {
        Self::url(url)
    }
}

impl From<String> for Media {
    fn from(url: String) -> Self {
        Self::url(url)
    }
}

impl From<&String> for Media {
    fn from(url: &String) -> Self {
        Self::url(url)
    }
}

impl From<PathBuf> for Media {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

impl From<&PathBuf> for Media {
    fn from(path: &PathBuf) -> Self {
        Self::file(path)
    }
}

impl From<&Path> for Media {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

impl From<Vec<u8>> for Media {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes(bytes)
    }
}

impl From<&[u8]> for Media {
    fn from(bytes: &[u8]) -> Self {
        Self::bytes(bytes)
    }
}

impl From<&Media> for Media {
    fn from(media: &Media) -> Self {
        media.clone()
    }
}

// The URL without its query, the file's path, or how many bytes there are.
impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => Redacted(url).fmt(f),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Bytes(bytes) => Plural(bytes.len() as u64, "byte").fmt(f),
        }
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(f, "{:?}", Redacted(url).to_string()),
            other => fmt::Display::fmt(other, f),
        }
    }
}

/// Form of a text that should be a media URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UrlForm {
    /// `https://…` or a `data:` URI.
    Good,
    /// `http://…`: the documentation requires HTTPS, but the service may fetch it anyway.
    Plain,
    /// No URL that the service could fetch.
    Bad,
}

/// Returns the form of a text; nothing is fetched.
pub(crate) fn url_form(text: &str) -> UrlForm {
    if is_plain_https(text) {
        return UrlForm::Good;
    }
    form_of_any(text)
}

fn form_of_any(text: &str) -> UrlForm {
    if has_blank(text) {
        return UrlForm::Bad;
    }
    let judge = |good: bool, form| if good { form } else { UrlForm::Bad };
    if let Some(rest) = after(text, "https://") {
        judge(has_host(rest), UrlForm::Good)
    } else if let Some(rest) = after(text, "http://") {
        judge(has_host(rest), UrlForm::Plain)
    } else if let Some(rest) = after(text, "data:") {
        judge(rest.contains(','), UrlForm::Good)
    } else {
        UrlForm::Bad
    }
}

/// Returns `true` for the name of a media file without a folder, such as `example.png`.
pub(crate) fn is_file_name(text: &str) -> bool {
    const MAX_ENDING: usize = 5;
    let is_part = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':' | '?' | '*');
    text.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.trim().is_empty()
            && stem.chars().all(is_part)
            && (2..=MAX_ENDING).contains(&ending.len())
            && ending.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

/// Returns `true` for the path of a local file, or its name alone.
pub(crate) fn is_file_path(text: &str) -> bool {
    let path = text.strip_prefix("file:").unwrap_or(text);
    let is_name = path.rsplit(['/', '\\']).next().is_some_and(is_file_name);
    is_name && (path.len() < text.len() || !text.contains(":/"))
}

/// Returns `true` for the form of almost every URL: `https://`, a host and no user, all of visible
/// ASCII.
fn is_plain_https(text: &str) -> bool {
    // Without a user the host is where it begins; its end does not matter.
    let host = text.strip_prefix("https://").map(str::as_bytes);
    let begins = |host: &[u8]| !matches!(host, [] | [b'/' | b'?' | b'#' | b':', ..]);
    // Visible ASCII without `@`.
    let plain = |b| matches!(b, b'!'..=b'?' | b'A'..=b'~');
    host.is_some_and(|host| begins(host) && all(host, plain))
}

/// Returns `true` if a text contains whitespace or a control character.
fn has_blank(text: &str) -> bool {
    let visible = all(text.as_bytes(), |b| b.is_ascii_graphic());
    !visible && text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Returns `true` if all bytes are such. To look at all of them, whatever they are, is something that
/// the processor does many at a time; a `data:` URI may have megabytes.
fn all(bytes: &[u8], is_such: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(true, |all, b| all & is_such(*b))
}

/// Returns the text after the scheme, which may be in any case.
fn after<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    (start == scheme || start.eq_ignore_ascii_case(scheme)).then_some(rest)
}

fn has_host(rest: &str) -> bool {
    let ends = |b: &u8| matches!(b, b'/' | b'?' | b'#' | b'@');
    let mut host = rest.as_bytes();
    loop {
        match host.iter().position(ends) {
            // A user's name is before it.
            Some(end) if host[end] == b'@' => host = &host[end + 1..],
            Some(0) => return false,
            _ => return host.first().is_some_and(|first| *first != b':'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UrlForm::{Bad, Good, Plain};
    use super::*;

    #[test]
    fn file_names_are_told_from_paths_and_urls() {
        for name in ["example.png", "a.b.webp", "my cat.jpeg", "日本.mp3"] {
            assert!(is_file_name(name), "{name}");
        }
        for other in [
            "",
            "example",
            ".png",
            "a.p",
            "a/b.png",
            "C:a.png",
            "a\\b.png",
            "https://a.b",
            "a.png?x",
            "end of a sentence.",
            "a.b c",
        ] {
            assert!(!is_file_name(other), "{other}");
        }
    }

    #[test]
    fn paths_are_told_from_urls() {
        for path in [
            "a.png",
            "./a.png",
            "/tmp/a b.png",
            "C:\\x\\a.png",
            "file:///tmp/a.png",
        ] {
            assert!(is_file_path(path), "{path}");
        }
        for other in [
            "https:/a.b/c.png",
            "ftp://a.b/c.png",
            "a",
            "/tmp/",
            "data:a.png,x",
        ] {
            assert!(!is_file_path(other), "{other}");
        }
    }

    #[test]
    fn plain_urls_are_good_for_the_whole_check_too() {
        const LETTERS: [&str; 10] = ["a", "/", "?", "#", ":", "@", " ", "\u{7f}", "é", "\u{85}"];
        let mut texts = vec![String::new()];
        let mut plain = 0;
        for _ in 0..4 {
            let longer = |text: &String| LETTERS.map(|letter| format!("{text}{letter}"));
            texts = texts.iter().flat_map(longer).collect();
            for text in &texts {
                let url = format!("https://{text}");
                if is_plain_https(&url) {
                    plain += 1;
                    assert_eq!(form_of_any(&url), Good, "{url:?}");
                }
            }
        }
        assert!(plain > 100 && !is_plain_https("http://a") && !is_plain_https("HTTPS://a"));
    }

    #[test]
    fn only_what_the_service_can_fetch_is_a_url() {
        for (text, form) in [
            ("https://example.com/a.jpg", Good),
            ("HTTPS://example.com", Good),
            ("https://user@example.com:8443/a?b#c", Good),
            ("data:image/png;base64,AAAA", Good),
            ("data:,x", Good),
            ("http://example.com/a.jpg", Plain),
            ("data:image/png;base64", Bad),
            ("https://", Bad),
            ("https:///a.jpg", Bad),
            ("https://:80/a", Bad),
            ("https:/example.com/a.jpg", Bad),
            ("ftp://example.com/a.jpg", Bad),
            ("file:///tmp/a.jpg", Bad),
            ("a.jpg", Bad),
            ("C:\\a.jpg", Bad),
            ("", Bad),
            ("https://example.com/a b.jpg", Bad),
            (" https://example.com/a.jpg", Bad),
            ("https://example.com/a\n", Bad),
            ("https://example.com/\u{7f}", Bad),
            ("https://example.com/\u{85}", Bad),
            ("https://example.com/a\u{3000}b.jpg", Bad),
            ("https://例え.jp/絵.png", Good),
            ("https://user:pass@:80/a", Bad),
            ("https://a@b@example.com?c@", Good),
            ("https://@example.com", Good),
            ("https://user@", Bad),
            ("https://@/a", Bad),
            ("Data:image/png;base64,AAAA", Good),
            ("http:/", Bad),
            ("日本語", Bad),
        ] {
            assert_eq!(url_form(text), form, "{text:?}");
        }
    }
}
