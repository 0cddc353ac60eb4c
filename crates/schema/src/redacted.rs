//! Texts without secrets.

use std::fmt;

/// Prints a text without the queries and user names of the URLs in it. A signed URL gives its
/// reader access to the file, and many people read logs.
///
/// ```
/// # use runcomfy_schema::Redacted;
/// let text = "found https://me:pw@cdn.example/a.png?sig=abc&t=1, expected another";
/// assert_eq!(
///     Redacted(text).to_string(),
///     "found https://…@cdn.example/a.png?…, expected another"
/// );
/// ```
#[derive(Clone, Copy)]
pub struct Redacted<'a>(pub &'a str);

/// Returns `true` for characters that end a URL in any text. Commas and the like may belong to it.
fn ends_url(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '|')
}

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((before, slashes, after)) = split_at_authority(rest) {
            f.write_str(before)?;
            f.write_str(slashes)?;
            let end = after.find(ends_url).unwrap_or(after.len());
            let (url, behind) = after.split_at(end);
            show(url, f)?;
            rest = behind;
        }
        f.write_str(rest)
    }
}

/// Splits a text at `://` into the text before, that separator, and the text after. Slashes may be
/// escaped, as some services write JSON.
fn split_at_authority(text: &str) -> Option<(&str, &str, &str)> {
    let found = ["://", ":\\/\\/"]
        .into_iter()
        .filter_map(|slashes| Some((text.find(slashes)?, slashes)))
        .min()?;
    let (start, slashes) = found;
    let (before, after) = text.split_at(start);
    Some((before, slashes, &after[slashes.len()..]))
}

/// Prints a URL from its authority on.
fn show(url: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let authority = url.find(['/', '\\', '?', '#']).unwrap_or(url.len());
    let url = match url[..authority].rfind('@') {
        Some(at) => {
            f.write_str("…@")?;
            &url[at + 1..]
        }
        None => url,
    };
    match url.find(['?', '#']) {
        Some(query) => {
            f.write_str(&url[..query])?;
            write!(f, "{}…", &url[query..=query])?;
            // What a sentence puts behind a URL.
            let last = url.len() - url.trim_end_matches([',', '.', ';', ')', ']', '}']).len();
            f.write_str(&url[url.len() - last..])
        }
        None => f.write_str(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_query_is_left() {
        for (text, shown) in [
            ("", ""),
            ("no URL ? here", "no URL ? here"),
            ("https://a.example/b.png", "https://a.example/b.png"),
            ("https://a.example/b?s=1", "https://a.example/b?…"),
            ("https://a.example?s=1#t", "https://a.example?…"),
            ("https://a.example/#s", "https://a.example/#…"),
            ("(https://a.example/b?s=1).", "(https://a.example/b?…)."),
            (
                r#"["https://a/b?s=\"1","ftp://c/d?s"]"#,
                r#"["https://a/b?…"1","ftp://c/d?…"]"#,
            ),
            (
                r#"{"u":"https:\/\/a\/b?s=1\u0026t=2"}"#,
                r#"{"u":"https:\/\/a\/b?…"}"#,
            ),
            ("https://u:p@a.example/b", "https://…@a.example/b"),
            ("https://a.example/b@c", "https://a.example/b@c"),
            (
                "a https://b/?s https://c/?t d",
                "a https://b/?… https://c/?… d",
            ),
        ] {
            assert_eq!(Redacted(text).to_string(), shown, "{text}");
        }
    }
}
