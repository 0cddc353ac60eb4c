//! `--open`: the saved files in the system's own viewer.

use std::path::Path;
use std::process::{Command, Stdio};

use runcomfy::media::Facts;

use crate::show;

/// A system opens a file by the ending of its name, so only these are; a server chose the name.
const ENDINGS: [&str; 20] = [
    "png", "jpg", "jpeg", "gif", "webp", "avif", "heic", "bmp", "tif", "tiff", "mp4", "mov",
    "webm", "mkv", "mp3", "wav", "flac", "ogg", "m4a", "opus",
];

/// Opens each file that is a medium, by its name and by its bytes.
pub(crate) fn files(files: &[String]) {
    for file in files {
        if !is_medium(Path::new(file)) {
            show::note(&format!(
                "{file} is not opened: it is no picture, video or sound"
            ));
        } else if let Err(error) = opener(file).spawn() {
            show::note(&format!("{file} could not be opened: {error}"));
        }
    }
}

fn is_medium(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    let known = ending.is_some_and(|ending| {
        let ending = ending.to_ascii_lowercase();
        ENDINGS.contains(&ending.as_str())
    });
    known && Facts::from_file(file).is_ok_and(|facts| facts.media_type().is_some())
}

/// The viewer goes on when this command ends.
fn opener(file: &str) -> Command {
    let mut command = if cfg!(windows) {
        // Not `start`, which would read the name as a command line.
        Command::new("explorer")
    } else if cfg!(target_os = "macos") {
        Command::new("open")
    } else {
        Command::new("xdg-open")
    };
    // A name that begins with a dash would be an option.
    command.arg(std::path::absolute(file).unwrap_or_else(|_| file.into()));
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
    fn only_media_are_opened() {
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
            assert_eq!(is_medium(&path), opened, "{name}");
        }
        assert!(!is_medium(Path::new("/nowhere/a.gif")));
    }
}
