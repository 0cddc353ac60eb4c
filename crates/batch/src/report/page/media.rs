//! Saved files on a page.

use std::fmt::Write;
use std::path::Path;

use super::escape::escaped;
use super::location::Location;
use crate::row::Row;

/// Kind of a saved file, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Picture,
    Video,
    Sound,
    Other,
}

impl Kind {
    fn of_name(name: &str) -> Self {
        let extension = Path::new(name).extension().and_then(|end| end.to_str());
        match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
            "png" | "jpg" | "jpeg" | "webp" | "gif" | "avif" | "bmp" | "svg" => Self::Picture,
            "mp4" | "m4v" | "webm" | "mov" | "ogv" => Self::Video,
            "mp3" | "wav" | "ogg" | "oga" | "opus" | "flac" | "m4a" | "aac" => Self::Sound,
            _ => Self::Other,
        }
    }
}

/// Returns the saved files of a job as pictures, players and links; nothing where it has none.
pub(super) fn html(row: &Row, location: &Location) -> String {
    let mut files: Vec<(Kind, &str)> = row
        .files()
        .map(|name| (Kind::of_name(name), name))
        .collect();
    if files.is_empty() {
        return String::new();
    }
    let url = |name: &str| location.url(row.folder(), name);
    // A picture beside a single video is the video's own.
    let of_kind = |kind| files.iter().filter(move |(of, _)| *of == kind).count();
    let mut poster = None;
    if (of_kind(Kind::Video), of_kind(Kind::Picture)) == (1, 1) {
        let at = files.iter().position(|(kind, _)| *kind == Kind::Picture);
        poster = at.map(|at| url(files.remove(at).1));
    }
    let visible = files
        .iter()
        .filter(|(kind, _)| matches!(kind, Kind::Picture | Kind::Video));
    let mut html = format!("<div class=\"media has-{}\">", visible.count().min(4));
    for (kind, name) in files {
        let (url, name) = (url(name), escaped(name));
        // Writing to a string cannot fail.
        let _ = match (kind, &poster) {
            (Kind::Picture, _) => write!(
                html,
                "<a class=\"picture\" href=\"{url}\"><img src=\"{url}\" alt=\"{name}\" loading=\"lazy\" decoding=\"async\"></a>"
            ),
            (Kind::Video, Some(poster)) => write!(
                html,
                "<video src=\"{url}\" poster=\"{poster}\" controls preload=\"none\" aria-label=\"{name}\"></video>"
            ),
            // Its first frame is its poster, once it is near the screen.
            (Kind::Video, None) => write!(
                html,
                "<video src=\"{url}#t=0.001\" controls preload=\"none\" data-lazy aria-label=\"{name}\"></video>"
            ),
            (Kind::Sound, _) => write!(
                html,
                "<div class=\"sound\"><a href=\"{url}\">{name}</a><audio src=\"{url}\" controls preload=\"none\" aria-label=\"{name}\"></audio></div>"
            ),
            (Kind::Other, _) => write!(html, "<a class=\"file\" href=\"{url}\">{name}</a>"),
        };
    }
    html.push_str("</div>");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_extensions() {
        for (name, kind) in [
            ("a.PNG", Kind::Picture),
            ("a.b.mp4", Kind::Video),
            ("a.flac", Kind::Sound),
            ("a.html", Kind::Other),
            ("png", Kind::Other),
        ] {
            assert_eq!(Kind::of_name(name), kind, "{name}");
        }
    }
}
