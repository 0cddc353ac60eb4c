//! Decides which kind of media a link promises.

use runcomfy_schema::MediaKind;

/// Words in the names of members for each kind of media.
const KINDS: [(MediaKind, &[&str]); 3] = [
    (
        MediaKind::Image,
        &[
            "image",
            "images",
            "img",
            "imgs",
            "picture",
            "pictures",
            "pic",
            "pics",
            "photo",
            "photos",
            "thumbnail",
            "thumbnails",
            "thumb",
            "thumbs",
            "poster",
            "cover",
            "frame",
            "frames",
            "portrait",
            "avatar",
            "gif",
            "png",
            "jpg",
            "jpeg",
            "webp",
            "avif",
        ],
    ),
    (
        MediaKind::Video,
        &[
            "video", "videos", "movie", "movies", "clip", "clips", "mp4", "mov", "webm",
        ],
    ),
    (
        MediaKind::Audio,
        &[
            "audio", "audios", "sound", "sounds", "music", "song", "songs", "speech", "voice",
            "vocals", "mp3", "wav", "flac", "ogg",
        ],
    ),
];

/// Words in the names of members that say nothing about the file, so that the names around decide.
const NEUTRAL: [&str; 44] = [
    "url",
    "urls",
    "uri",
    "uris",
    "link",
    "links",
    "href",
    "src",
    "source",
    "file",
    "files",
    "path",
    "output",
    "outputs",
    "result",
    "results",
    "data",
    "content",
    "item",
    "items",
    "asset",
    "assets",
    "value",
    "download",
    "original",
    "default",
    "main",
    "primary",
    "final",
    "raw",
    "public",
    "signed",
    "large",
    "medium",
    "small",
    "full",
    "high",
    "low",
    "hd",
    "sd",
    "res",
    "base",
    "generated",
    "remote",
];

/// Words in the names of members whose files are about media, and are none.
const OTHER: [&str; 36] = [
    "metadata",
    "meta",
    "caption",
    "captions",
    "subtitle",
    "subtitles",
    "transcript",
    "transcripts",
    "transcription",
    "text",
    "texts",
    "prompt",
    "lyrics",
    "json",
    "info",
    "log",
    "logs",
    "config",
    "model",
    "mesh",
    "glb",
    "archive",
    "zip",
    "srt",
    "vtt",
    "csv",
    "html",
    "page",
    "report",
    "manifest",
    "playlist",
    "licence",
    "license",
    "embed",
    "share",
    "status",
];

/// File extensions for each kind of media.
const EXTENSIONS: [(MediaKind, &[&str]); 3] = [
    (
        MediaKind::Image,
        &[
            "png", "apng", "jpg", "jpeg", "jpe", "jfif", "gif", "webp", "avif", "heic", "heif",
            "bmp", "tif", "tiff", "svg", "ico", "jxl",
        ],
    ),
    (
        MediaKind::Video,
        &[
            "mp4", "m4v", "mov", "webm", "mkv", "avi", "flv", "wmv", "mpg", "mpeg", "3gp", "ogv",
        ],
    ),
    (
        MediaKind::Audio,
        &[
            "mp3", "wav", "flac", "ogg", "oga", "opus", "m4a", "aac", "aif", "aiff", "wma", "weba",
        ],
    ),
];

/// Returns the kind that a file extension promises.
pub(super) fn of_extension(extension: &str) -> Option<MediaKind> {
    let extension = extension.to_ascii_lowercase();
    kind_of(&EXTENSIONS, &extension)
}

/// Returns the kind that a media type promises, such as `image/png`.
pub(super) fn of_media_type(media_type: &str) -> Option<MediaKind> {
    let kind = media_type.trim_start().split('/').next()?;
    let kinds = [MediaKind::Image, MediaKind::Video, MediaKind::Audio];
    kinds
        .into_iter()
        .find(|known| kind.eq_ignore_ascii_case(known.as_str()))
}

/// Returns the kind that the names of the members around a link promise, the outermost one first. The
/// innermost one that is not neutral decides: `/video/url` is a video, `/video/captions` is none.
pub(super) fn of_names(names: &[&str]) -> Option<MediaKind> {
    let words = subject(names)?;
    if words.iter().any(|word| OTHER.contains(&&**word)) {
        return None;
    }
    words.iter().rev().find_map(|word| kind_of(&KINDS, word))
}

/// Returns a name for the file behind a link in these members: `image` for `/images/0/url`.
pub(super) fn file_stem(names: &[&str]) -> String {
    let mut words = subject(names).unwrap_or_default();
    if let [word] = &mut words[..]
        && let Some(one) = word.strip_suffix('s')
        && kind_of(&KINDS, one).is_some()
    {
        *word = one.to_owned();
    }
    match &words[..] {
        [] => "output".to_owned(),
        words => words.join("-"),
    }
}

/// Returns the words of the innermost name that has one which is not neutral, in lower case.
fn subject(names: &[&str]) -> Option<Vec<String>> {
    let subjects = names.iter().rev().map(|name| {
        let words = words(name).into_iter();
        words
            .filter(|word| !NEUTRAL.contains(&&**word))
            .collect::<Vec<_>>()
    });
    subjects.into_iter().find(|words| !words.is_empty())
}

/// Splits a name such as `videoUrl_2` into words, without numbers.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (is_lower && c.is_uppercase()) {
            words.push(String::new());
        }
        is_lower = c.is_lowercase();
        if let (Some(word), true) = (words.last_mut(), c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    let is_known = |word: &str| kind_of(&KINDS, word).is_some();
    let without_number = |word: String| match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
        _ if is_known(&word) => word,
        word => word.to_owned(),
    };
    let words = words.into_iter().map(without_number);
    words.filter(|word| !word.is_empty()).collect()
}

fn kind_of(table: &[(MediaKind, &[&str])], word: &str) -> Option<MediaKind> {
    let found = table.iter().find(|(_, words)| words.contains(&word));
    found.map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_members_promise_media() {
        use MediaKind::{Audio, Image, Video};
        for (names, kind) in [
            (&["image"][..], Some(Image)),
            (&["images"], Some(Image)),
            (&["video_url"], Some(Video)),
            (&["videoURL"], Some(Video)),
            (&["audio", "url"], Some(Audio)),
            (&["output", "images", "url"], Some(Image)),
            (&["image2"], Some(Image)),
            (&["mp4"], Some(Video)),
            (&["video", "thumbnail_url"], Some(Image)),
            (&["video", "captions"], None),
            (&["image_metadata_url"], None),
            (&["model_mesh", "url"], None),
            (&["imagery"], None),
            (&["url"], None),
            (&["2"], None),
            (&[], None),
        ] {
            assert_eq!(of_names(names), kind, "{names:?}");
        }
    }

    #[test]
    fn file_is_named_after_its_member() {
        for (names, stem) in [
            (&["image"][..], "image"),
            (&["images"], "image"),
            (&["video_url"], "video"),
            (&["audio", "url"], "audio"),
            (&["subtitles"], "subtitles"),
            (&["coverArt"], "cover-art"),
            (&["url"], "output"),
            (&[], "output"),
        ] {
            assert_eq!(file_stem(names), stem, "{names:?}");
        }
    }

    #[test]
    fn media_types_promise_media() {
        assert_eq!(of_media_type("image/png"), Some(MediaKind::Image));
        assert_eq!(of_media_type("Video/MP4; a=b"), Some(MediaKind::Video));
        assert_eq!(of_media_type("text/html"), None);
        assert_eq!(of_media_type("application/octet-stream"), None);
    }
}
