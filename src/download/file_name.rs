//! Makes the file name of an output from its URL.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::expectation;

/// Maximum length of a file name in bytes: enough for real names, and short enough for every file
/// system.
const MAX_NAME_BYTES: usize = 120;

/// Names of devices on Windows, with any extension. `COM0` to `COM9` and `LPT0` to `LPT9` are
/// devices too.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Names a file: by its index, and by the name that it would have.
pub(super) type NameFile<'a> = dyn Fn(usize, &str) -> String + Send + Sync + 'a;

/// Returns the last segment of the URL's path, decoded, with all unsafe characters replaced by `_`.
pub(super) fn from_url(url: &Url) -> String {
    let last = url
        .path_segments()
        .and_then(|mut segments| segments.next_back())
        .unwrap_or_default();
    let decoded = percent_decode_str(last).decode_utf8();
    // Another encoding than UTF-8 stays as it is.
    let decoded = decoded.unwrap_or(last.into());
    safe(&decoded, |c| c.is_alphanumeric() || "-_.".contains(c))
}

/// Returns the name that a caller wants with all characters replaced that could lead out of the
/// folder, or that some file system refuses. It has at most 120 bytes, and is returned as it is if it is safe already.
#[must_use]
pub fn from_caller(name: &str) -> String {
    safe(name, |c| c.is_alphanumeric() || "-_. +,=@()[]".contains(c))
}

fn safe(name: &str, is_safe: impl Fn(char) -> bool) -> String {
    let safe = |c: char| if is_safe(c) { c } else { '_' };
    let name: String = name.chars().map(safe).collect();
    // The end has the extension, so the start is cut.
    let excess = name.len().saturating_sub(MAX_NAME_BYTES);
    let start = (excess..name.len()).find(|at| name.is_char_boundary(*at));
    let name = &name[start.unwrap_or_default()..];
    // A leading dot hides a file, and Windows removes trailing dots and blanks.
    match name.trim_matches(['.', ' ']) {
        "" => "output".to_owned(),
        // A command line program would read it as an option.
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

/// File extensions, besides those of media, that a server may give to any bytes.
const REPLACED: [&str; 16] = [
    "html", "htm", "php", "asp", "aspx", "jsp", "cgi", "json", "xml", "txt", "bin", "dat", "tmp",
    "zip", "gz", "pdf",
];

/// Returns the extension of a name, without its dot.
pub(super) fn extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    let is_extension = !stem.is_empty() && extension.len() <= 5;
    let is_word = extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_extension && is_word && !extension.is_empty()).then_some(extension)
}

/// Returns a name that has one of these extensions. The first one replaces the extension of another
/// format; behind any other text, such as a version, it is appended if `appends` is set.
pub(super) fn with_extension(name: &str, extensions: &[&str], appends: bool) -> String {
    let Some(usual) = extensions.first() else {
        return name.to_owned();
    };
    let is = |found: &str, known: &&str| known.eq_ignore_ascii_case(found);
    match extension(name) {
        Some(found) if extensions.iter().any(|known| is(found, known)) => name.to_owned(),
        Some(found)
            if expectation::of_extension(found).is_some()
                || REPLACED.iter().any(|known| is(found, known)) =>
        {
            format!("{}{usual}", &name[..name.len() - found.len()])
        }
        _ if appends => format!("{name}.{usual}"),
        _ => name.to_owned(),
    }
}

/// Returns the name of a file whose end is missing: `picture.truncated.png`.
pub(super) fn truncated(name: &str) -> String {
    match extension(name) {
        Some(found) => {
            let stem = &name[..name.len() - found.len() - 1];
            format!("{stem}.truncated.{found}")
        }
        None => format!("{name}.truncated"),
    }
}

/// Returns `picture.png` for the number 0, and then `picture-1.png`, `picture-2.png`, …
pub(super) fn numbered(name: &str, number: u32) -> String {
    match (number, name.rsplit_once('.')) {
        (0, _) => name.to_owned(),
        (_, Some((stem, extension))) => format!("{stem}-{number}.{extension}"),
        (_, None) => format!("{name}-{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str) -> String {
        from_url(&Url::parse(&format!("https://x.runcomfy.net{path}")).unwrap())
    }

    #[test]
    fn unsafe_characters_are_replaced() {
        for (path, expected) in [
            ("/a/b.png?sig=1", "b.png"),
            ("/a/..%2f..%2fetc", "_.._etc"),
            ("/a/..%5c..%5cetc", "_.._etc"),
            ("/a/%2e%2e", "output"),
            ("/a/%00%1b%7f.png", "___.png"),
            ("/a/%E2%80%AEgnp.exe", "_gnp.exe"),
            ("/a/b%20c.png", "b_c.png"),
            ("/a/%252fb.png", "_2fb.png"),
            ("/a/%ff.png", "_ff.png"),
            ("/", "output"),
            ("/...", "output"),
            ("/a/.bashrc", "bashrc"),
            ("/a/b.png...", "b.png"),
            ("/%E6%97%A5.png", "日.png"),
            ("/b%C3%A4r.png", "bär.png"),
            ("/bär.png", "bär.png"),
            ("/a:b.png", "a_b.png"),
            ("/-rf", "_-rf"),
        ] {
            assert_eq!(name(path), expected, "{path}");
        }
    }

    #[test]
    fn name_of_a_caller_stays_in_its_folder() {
        for (name, expected) in [
            ("1-ein Boot-船.png", "1-ein Boot-船.png"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("a\\b:c*d?\n.png", "a_b_c_d__.png"),
            (" .hidden", ".hidden".trim_matches('.')),
            ("", "output"),
            ("-rf", "_-rf"),
            ("con.png", "_con.png"),
            (". a .", "a"),
        ] {
            assert_eq!(from_caller(name), expected, "{name}");
            assert_eq!(from_caller(expected), expected);
        }
        let long = from_caller(&format!("{}.png", "船".repeat(100)));
        assert!(long.len() <= MAX_NAME_BYTES && long.ends_with("船.png"));
    }

    #[test]
    fn device_names_get_a_prefix() {
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
    fn long_names_keep_their_extensions() {
        let long = name(&format!("/{}.{}.png", "a".repeat(300), "b".repeat(115)));
        assert_eq!(long, format!("{}.png", "b".repeat(115)));
        let long = name(&format!("/{}.png", "日".repeat(300)));
        assert!(
            long.len() <= MAX_NAME_BYTES && long.strip_suffix(".png").is_some(),
            "{long}"
        );
    }

    #[test]
    fn extension_follows_the_bytes() {
        let jpeg = ["jpg", "jpeg"];
        for (name, expected) in [
            ("a.png", "a.jpg"),
            ("a.JPEG", "a.JPEG"),
            ("a", "a.jpg"),
            ("a.bin", "a.jpg"),
            ("model-v1.5", "model-v1.5.jpg"),
            ("a.b.webp", "a.b.jpg"),
            ("a.", "a..jpg"),
        ] {
            assert_eq!(with_extension(name, &jpeg, true), expected, "{name}");
        }
        assert_eq!(with_extension("a", &jpeg, false), "a");
        assert_eq!(with_extension("a.png", &jpeg, false), "a.jpg");
        assert_eq!(with_extension("a.5", &jpeg, false), "a.5");
        assert_eq!(truncated("a.png"), "a.truncated.png");
        assert_eq!(truncated("a"), "a.truncated");
    }

    #[test]
    fn number_precedes_the_extension() {
        assert_eq!(numbered("a.png", 0), "a.png");
        assert_eq!(numbered("a.tar.gz", 2), "a.tar-2.gz");
        assert_eq!(numbered("a", 1), "a-1");
    }
}
