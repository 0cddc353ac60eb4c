//! What the file of an output is called.

use reqwest::Url;

/// Long enough for every real name, short enough for every file system.
const LONGEST: usize = 120;

/// Devices on Windows, whatever stands behind the first dot; `COM1` and `LPT1` go on to 9.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The last part of the path, of characters that are harmless everywhere.
pub(super) fn of(url: &Url) -> String {
    let last = url
        .path_segments()
        .and_then(|mut segments| segments.next_back())
        .unwrap_or_default();
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = last.chars().map(safe).collect();
    // The end has the ending, so the start is cut.
    let name = &name[name.len().saturating_sub(LONGEST)..];
    // A leading dot hides a file, and Windows drops one at the end.
    match name.trim_matches('.') {
        "" => "output".to_owned(),
        // A command would take it for an option.
        name if name.starts_with('-') || is_device(name) => format!("_{name}"),
        name => name.to_owned(),
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.to_ascii_lowercase();
    let port = |kind| {
        stem.strip_prefix(kind)
            .is_some_and(|number| number.len() == 1 && number.bytes().all(|c| c.is_ascii_digit()))
    };
    DEVICES.contains(&stem.as_str()) || port("com") || port("lpt")
}

/// `picture.png`, `picture-1.png`, `picture-2.png`, …
pub(super) fn numbered(name: &str, number: u32) -> String {
    match (number, name.rsplit_once('.')) {
        (0, _) => name.to_owned(),
        (_, Some((stem, ending))) => format!("{stem}-{number}.{ending}"),
        (_, None) => format!("{name}-{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str) -> String {
        of(&Url::parse(&format!("https://x.runcomfy.net{path}")).unwrap())
    }

    #[test]
    fn names_are_harmless() {
        for (path, expected) in [
            ("/a/b.png?sig=1", "b.png"),
            ("/a/..%2f..%2fetc", "_2f.._2fetc"),
            ("/a/..%5c..%5cetc", "_5c.._5cetc"),
            ("/", "output"),
            ("/...", "output"),
            ("/a/.bashrc", "bashrc"),
            ("/a/b.png...", "b.png"),
            ("/%E6%97%A5.png", "_E6_97_A5.png"),
            ("/a:b.png", "a_b.png"),
            ("/-rf", "_-rf"),
        ] {
            assert_eq!(name(path), expected, "{path}");
        }
    }

    #[test]
    fn devices_are_no_names() {
        for (path, expected) in [
            ("/CON", "_CON"),
            ("/nul.png", "_nul.png"),
            ("/Aux.tar.gz", "_Aux.tar.gz"),
            ("/.prn.", "_prn"),
            ("/COM1.mp4", "_COM1.mp4"),
            ("/lpt9", "_lpt9"),
            ("/com10.png", "com10.png"),
            ("/console.png", "console.png"),
        ] {
            assert_eq!(name(path), expected, "{path}");
        }
    }

    #[test]
    fn long_names_keep_their_endings() {
        let long = name(&format!("/{}.{}.png", "a".repeat(300), "b".repeat(115)));
        assert_eq!(long, format!("{}.png", "b".repeat(115)));
        let long = name(&format!("/{}.png", "日".repeat(300)));
        assert!(
            long.len() <= LONGEST && long.strip_suffix(".png").is_some(),
            "{long}"
        );
    }

    #[test]
    fn numbers_stand_before_the_ending() {
        assert_eq!(numbered("a.png", 0), "a.png");
        assert_eq!(numbered("a.tar.gz", 2), "a.tar-2.gz");
        assert_eq!(numbered("a", 1), "a-1");
    }
}
