//! Opens saved files in the viewer of the system, and pages in its browser.

use std::path::Path;
use std::process::{Command, Stdio};

use runcomfy::media::Facts;

use crate::show;

/// File extensions that are opened. The system chooses the program by the extension, and a server
/// chose the name, so no other file is opened.
const EXTENSIONS: [&str; 20] = [
    "png", "jpg", "jpeg", "gif", "webp", "avif", "heic", "bmp", "tif", "tiff", "mp4", "mov",
    "webm", "mkv", "mp3", "wav", "flac", "ogg", "m4a", "opus",
];

/// Opens each file that is an image, a video or audio by its extension and by its bytes.
pub(crate) fn files(files: &[String]) {
    for file in files {
        if !is_media_file(Path::new(file)) {
            show::note(&format!(
                "{file} was saved but not opened: it is not an image, a video or audio"
            ));
        } else if let Err(error) = opener(file).spawn() {
            show::note(&format!(
                "{file} was saved but could not be opened: {error}"
            ));
        }
    }
}

/// Opens a page in the browser of the system, if its address is one of the web. Nothing is printed: the
/// user has the address.
pub(crate) fn page(url: &str) {
    if is_page(url) {
        // A machine without a browser is no failure.
        let _ = browser(url).spawn();
    }
}

/// Returns `true` for an address of the web: a server chose it, and others could start any program.
fn is_page(url: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '`' | '\\');
    let has_scheme = url.starts_with("https://") || url.starts_with("http://");
    has_scheme && url.chars().all(is_plain)
}

fn browser(url: &str) -> Command {
    let mut command = if cfg!(windows) {
        // `start` would parse the address as a command line, and `explorer` takes some for folders.
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        program()
    };
    command.arg(url);
    silent(command)
}

fn is_media_file(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    let known = extension.is_some_and(|extension| {
        let extension = extension.to_ascii_lowercase();
        EXTENSIONS.contains(&extension.as_str())
    });
    known && Facts::from_file(file).is_ok_and(|facts| facts.media_type().is_some())
}

/// Returns the command that opens a file. The viewer keeps running when this process ends.
fn opener(file: &str) -> Command {
    let mut command = if cfg!(windows) {
        // `start` would parse the name as a command line.
        Command::new("explorer")
    } else {
        program()
    };
    // An absolute path, since a name that begins with a dash would be an option.
    command.arg(std::path::absolute(file).unwrap_or_else(|_| file.into()));
    silent(command)
}

/// Returns the program that opens files and pages, on systems other than Windows.
fn program() -> Command {
    Command::new(if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    })
}

fn silent(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_opened() {
        for (url, opened) in [
            ("https://www.runcomfy.com/cli-auth", true),
            ("http://127.0.0.1:8188/cli-auth?a=b&c=%20", true),
            ("file:///etc/passwd", false),
            ("javascript:alert(1)", false),
            ("--help", false),
            ("https://a.example/\" & calc", false),
            ("", false),
        ] {
            assert_eq!(is_page(url), opened, "{url}");
        }
    }

    #[test]
    fn only_media_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let picture = b"GIF89a\x80\x02\xe0\x01\x00\x00\x00;".as_slice();
        for (name, bytes, opened) in [
            ("a.gif", picture, true),
            ("A.GIF", picture, true),
            ("a.exe", picture, false),
            ("a", picture, false),
            ("b.gif", b"#!/bin/sh".as_slice(), false),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(is_media_file(&path), opened, "{name}");
        }
        assert!(!is_media_file(Path::new("/nowhere/a.gif")));
    }
}
