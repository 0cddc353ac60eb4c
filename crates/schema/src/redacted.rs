//! Texts without secrets.

mod urls;

use std::fmt;

use serde_json::Value;

use crate::invisible::is_ignorable;
use crate::spelling::{Spelling, plain};
use urls::{Urls, is_secret_name};

/// Prints a text without the queries and user names of the URLs in it. A signed URL gives its
/// reader access to the file, and many people read logs.
///
/// A query starts at the first `?`, `#`, `;name=` or `&name=` of a URL, however that character is
/// escaped or what looks like it, and ends where the URL must have ended: at the quotation mark that
/// closes it, or else at a space behind which nothing of a query follows. A line break or tab within
/// a URL ends nothing, so that a word behind one may be hidden too. A text without `://` before it
/// counts as a URL if it has the form of one, such as `//host/path?a=b`, `/path?a=b`, `?a=b`,
/// `#a=b` or `user:password@host`. What follows the name of a secret counts as a query too, such as
/// `X-Amz-Signature=` or `access_token=`.
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

/// Prints a text as [`Redacted`] does, and of the path of each URL only the last segment: the first
/// segments of an output's URL name the account.
///
/// ```
/// # use runcomfy_schema::RedactedPaths;
/// let text = "saved https://cdn.example/account/2026/a.png?sig=abc";
/// assert_eq!(RedactedPaths(text).to_string(), "saved https://cdn.example/…/a.png?…");
/// ```
#[derive(Clone, Copy)]
pub struct RedactedPaths<'a>(pub &'a str);

/// Prints the start of a text as [`RedactedPaths`] does. At its end, the `@` behind a password may be cut
/// off, so what may be a password is hidden there.
#[derive(Clone, Copy)]
pub struct RedactedExcerpt<'a>(pub &'a str);

/// Returns `true` if a text may have a secret: a character that each spelling of what starts or ends
/// one has, but those that media have as `data:` URIs, which are megabytes.
fn may_have_secret(text: &str) -> bool {
    let is_mark = |c: char| matches!(plain(c), '?' | '#' | '@' | '%' | '&' | '\\');
    let is_parameter = |rest: &str| {
        let is_name = |c: char| {
            c.is_alphanumeric() || c.is_whitespace() || is_ignorable(c) || "_-.".contains(c)
        };
        let name = rest.trim_start_matches(is_name);
        name.len() < rest.len() && name.starts_with('=')
    };
    let is_mail_escape = |rest: &str| {
        let digit = rest.bytes().next();
        digit.is_some_and(|digit| b"234567EFCDef".contains(&digit)) && !rest.starts_with('=')
    };
    let is_credential = |start: &str| {
        let is_part = |c: char| c.is_alphanumeric() || is_ignorable(c) || "_-.".contains(c);
        let before = start.trim_end_matches(is_part).len();
        let name: String = start[before..]
            .chars()
            .filter(|c| !is_ignorable(*c))
            .collect();
        is_secret_name(&name)
    };
    let mut equals = text.match_indices('=');
    text.contains(is_mark)
        || equals.any(|(at, _)| is_credential(&text[..at]))
        || text.split(';').skip(1).any(is_parameter)
        || text.split('=').skip(1).any(is_mail_escape)
}

/// Returns JSON in which each text, also the name of a member, is as [`Redacted`] prints it.
#[must_use]
pub fn redact_json(json: Value) -> Value {
    match json {
        Value::String(text) => Redacted(&text).to_string().into(),
        Value::Array(list) => list.into_iter().map(redact_json).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(name, value)| (Redacted(&name).to_string(), redact_json(value)))
            .collect(),
        other => other,
    }
}

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !may_have_secret(self.0) {
            return f.write_str(self.0);
        }
        let spelling = Spelling::with_mail(self.0);
        write_without_secrets(f, self.0, &Urls::new(&spelling))
    }
}

impl fmt::Display for RedactedPaths<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.contains('/') && !may_have_secret(self.0) {
            return f.write_str(self.0);
        }
        let spelling = Spelling::with_mail(self.0);
        let urls = Urls {
            shorten_paths: true,
            ..Urls::new(&spelling)
        };
        write_without_secrets(f, self.0, &urls)
    }
}

impl fmt::Display for RedactedExcerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spelling = Spelling::with_mail(self.0);
        let urls = Urls {
            is_cut: true,
            shorten_paths: true,
            ..Urls::new(&spelling)
        };
        write_without_secrets(f, self.0, &urls)
    }
}

/// Writes a text with `…` in place of each secret part.
fn write_without_secrets(f: &mut fmt::Formatter<'_>, text: &str, urls: &Urls<'_>) -> fmt::Result {
    let mut shown = 0;
    for part in urls.secret_parts() {
        let (start, end) = (urls.text.start(part.start), urls.text.start(part.end));
        if start >= shown {
            write!(f, "{}…", &text[shown..start])?;
        }
        shown = shown.max(end);
    }
    f.write_str(&text[shown..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
                r#"["https://a/b?…","ftp://c/d?…"]"#,
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

    #[test]
    fn query_is_found_in_any_spelling() {
        for (text, shown) in [
            (r"https://a/b\u003fs=1", r"https://a/b\u003f…"),
            ("https://a/b%3Fs=1", "https://a/b%3F…"),
            ("https://a/b%253Fs=1", "https://a/b%253F…"),
            ("https://a/b&#63;s=1", "https://a/b&#63;…"),
            ("https%3A%2F%2Fa%2Fb%3Fs%3D1", "https%3A%2F%2Fa%2Fb%3F…"),
            (
                "https://p/https%3A%2F%2Fa%3Fs and",
                "https://p/https%3A%2F%2Fa%3F… and",
            ),
            ("https:/a/b?s=1", "https:/a/b?…"),
            ("HTTPS:a/b?s=1", "HTTPS:a/b?…"),
            (r"https:\\a\b?s=1", r"https:\\a\b?…"),
            ("//a/b?s=1", "//a/b?…"),
            ("'//a/b?s' c", "'//a/b?…' c"),
            ("cdn.example/b.png?s3cret", "cdn.example/b.png?…"),
            ("GET /v1/x?s=1 HTTP/1.1", "GET /v1/x?… HTTP/1.1"),
            ("?s=1", "?…"),
            ("https://a/b;sig=S", "https://a/b;…"),
            ("https://a/b&sig=S", "https://a/b&…"),
            ("/b;sig=S c", "/b;… c"),
            ("/b&a=S c", "/b&… c"),
            ("a=b&c=S d", "a=b&… d"),
            ("https://a/b=3Fsig=S", "https://a/b=3F…"),
            ("https://a/b=3Fsig=3DS", "https://a/b=3F…"),
            ("https://a/b？sig=S", "https://a/b？…"),
            ("https://a/b%EF%BC%9Fsig=S", "https://a/b%EF%BC%9F…"),
            ("https://a/b؟sig=S", "https://a/b؟…"),
            ("https://a/b&quest;sig=S", "https://a/b&quest;…"),
            ("https:\u{200b}//a/b?sig=S", "https:\u{200b}//a/b?…"),
            ("a.example/cb#access_token=S c", "a.example/cb#… c"),
            ("#access_token=S c", "#… c"),
            ("a?sig=EFab S", "a?… S"),
            (r"https://a/b\77sig=S c", r"https://a/b\77… c"),
            (r"https://a/b\077sig=S c", r"https://a/b\077… c"),
            ("X-Amz-Signature=S c", "X-Amz-Signature=… c"),
            ("Signature=S&Policy=P c", "Signature=… c"),
            ("no: sig=S, c", "no: sig=…, c"),
            ("(token=S)", "(token=…)"),
            ("X-Goog-Signature=S", "X-Goog-Signature=…"),
            ("AWSAccessKeyId=S Key-Pair-Id=S c", "AWSAccessKeyId=… c"),
            (
                "access_token=S and api_key=S",
                "access_token=… and api_key=…",
            ),
            (r#"token="S S" c"#, r#"token=…" c"#),
            (r#"{"m":"sig=S c","n":1}"#, r#"{"m":"sig=…","n":1}"#),
            ("RUNCOMFY_TOKEN%3DS c", "RUNCOMFY_TOKEN%3D… c"),
        ] {
            assert_eq!(Redacted(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn query_ends_with_its_url() {
        for (text, shown) in [
            ("https://a/b?s='S' c", "https://a/b?…' c"),
            ("https://a/b?s=|S c", "https://a/b?… c"),
            ("https://a/b?s=<S>S c", "https://a/b?… c"),
            ("https://a/b?s=`S c", "https://a/b?… c"),
            (r#"at https://a/b?a={"b":"S"} c"#, r#"at https://a/b?…"} c"#),
            (
                r#"https://a/b?a={"b": "S", "d": {"e": "S"}}&f=S c"#,
                "https://a/b?… c",
            ),
            (
                r#"["at https://a/b?a={\"b\":\"S\"} c", "d"]"#,
                r#"["at https://a/b?…\"} c", "d"]"#,
            ),
            (r#"https://a/b?a={"b": 1, "c": "S"#, "https://a/b?…"),
            (r#"https://a/b?a=b"S","c":"S" d"#, r#"https://a/b?…" d"#),
            (
                r#"see "x" https://a/b?a="S S" d"#,
                r#"see "x" https://a/b?…" d"#,
            ),
            ("https://a/b?a=b <S c", "https://a/b?… c"),
            ("https://a/b?a=b |S and {S c", "https://a/b?… and {S c"),
            ("https://a/b?a=b (9f8e7d6c5b) c", "https://a/b?…) c"),
            ("https://a/b?s=1 (HTTP 404)", "https://a/b?… (HTTP 404)"),
            (
                "https://a/b?s=1 [request r-1]",
                "https://a/b?… [request r-1]",
            ),
            ("https://a/b?s=1 | status 200", "https://a/b?… | status 200"),
            ("https://a/it's?s=1 c", "https://a/it's?… c"),
            ("https://a/b?p=a red boat&s=1 c", "https://a/b?… c"),
            ("https://a/b?p=a s=1 c", "https://a/b?… c"),
            ("https://a/b?s=ab 9f8e7d6c5b c", "https://a/b?… c"),
            ("https://a/b?s=1 status 200", "https://a/b?… status 200"),
            ("https://a/b?s=1\nx=2", "https://a/b?…"),
            ("https://a/b?s=1\nSECRET and", "https://a/b?… and"),
            ("https://a/b?s=1\n\tSEC\n\tRET and", "https://a/b?… and"),
            ("https://a/b?s=SEC\tRET and", "https://a/b?… and"),
            ("https://a/b?s=SEC\u{a0}RET and", "https://a/b?… and"),
            ("https://a/b?s=SEC\u{200b}RET and", "https://a/b?… and"),
            (r#""https://a/b?s=SEC\nRET and""#, r#""https://a/b?… and""#),
            ("https://a/b\n.png?SECRET and", "https://a/b\n.png?… and"),
            ("https://a\n/b\n?SECRET and", "https://a\n/b\n?… and"),
            (
                "https://a/b?s\nhttps://c/d and",
                "https://a/b?…\nhttps://c/d and",
            ),
            (
                "https://a/b\nIs it there? Look",
                "https://a/b\nIs it there? Look",
            ),
            ("https://a/b\nmany? Look", "https://a/b\nmany? Look"),
            ("https://a/b?s=1\n &t=2 c", "https://a/b?… c"),
            (
                r#"{"m":"at https://a/b?s","n":"o"}"#,
                r#"{"m":"at https://a/b?…","n":"o"}"#,
            ),
            (
                r#""{\"m\":\"https://a/b?s c\",\"n\":1}""#,
                r#""{\"m\":\"https://a/b?…\",\"n\":1}""#,
            ),
            ("'https://a/b?s='S c', d", "'https://a/b?…', d"),
            (
                r#"at "https://a/b?c={"d":"e"}&s=S", f"#,
                r#"at "https://a/b?…", f"#,
            ),
            (
                r#"at "blob:https://a/b#c={"d":"e"}&s=S", f"#,
                r#"at "blob:https://a/b#…", f"#,
            ),
            (
                r#"["https://a/b?s","https://c/d?e&s=S"]"#,
                r#"["https://a/b?…","https://c/d?…"]"#,
            ),
            ("`https://a/b?s c`", "`https://a/b?…`"),
            (
                r#"<a href="https://a/b?s=1" id="i">c</a>"#,
                r#"<a href="https://a/b?…" id="i">c</a>"#,
            ),
            ("Is it https://a/b? No.", "Is it https://a/b? No."),
        ] {
            assert_eq!(Redacted(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn user_and_password_are_hidden() {
        for (text, shown) in [
            ("https://user'x:S@a/b", "https://…@a/b"),
            ("https://u:S/S@a/b", "https://…@a/b"),
            ("https://u:S?S@a/b?s", "https://…@a/b?…"),
            ("https://u:p@S@a/b", "https://…@a/b"),
            ("https://u%2Fx:S@a/b", "https://…@a/b"),
            ("//u:S@a/b", "//…@a/b"),
            ("https:/u:S@a", "https:/…@a"),
            ("at u:S@a.example/b", "at …@a.example/b"),
            ("u:S/S@a.example", "…@a.example"),
            ("user'x:S@a.example", "…@a.example"),
            ("u:S%40S@a", "…@a"),
            ("https://u:S\nS@a/b", "https://…@a/b"),
            ("https://u:S S@a/b c", "https://…@a/b c"),
            (r"https:\\\\fS@a.example", r"https:\\\\f…@a.example"),
            ("https://u:S S S@[::1]/b?s c", "https://…@[::1]/b?… c"),
            (
                "https://a:80 to me@a.example",
                "https://a:80 to me@a.example",
            ),
            ("https://a/b me@a.example", "https://a/b me@a.example"),
            ("a.example:8080/@b", "a.example:8080/@b"),
            (r#"{"to":"me@a.example"}"#, r#"{"to":"me@a.example"}"#),
            (r#"{"to":"u:S@a.example"}"#, r#"{"to":"…@a.example"}"#),
            ("https://a:8080/@b", "https://a:8080/@b"),
            ("https://[::1]:80/a@b", "https://[::1]:80/a@b"),
        ] {
            assert_eq!(Redacted(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn text_without_a_secret_is_unchanged() {
        for text in [
            "why? because",
            "why?because",
            "Really?!",
            "a ? b : c",
            "why? x=1",
            "50% off? Yes & no",
            r"C:\new\table?",
            "me@example.org",
            "a // b? c",
            "and/or? yes",
            "# title",
            "1:2:3",
            "https://a.example/b.png, see #3",
            r#"{"a":"b?","c":"d"}"#,
            "^(?:https?://)?[a-z]+$",
            "data:image/png;base64,iVBOR//x+y==",
            "&amp; &#39;",
            "Is the file there? Look.",
            "文件在吗？请看。",
            "a=40px; b: 3",
            "12:30, me@example.org",
            "image:tag, user@host",
            "https://a.example/b.png\nwhy? because",
            "text/html; charset=utf-8",
            "max_tokens=5, design=2, policies: 3",
            "the token is missing; see the policy",
            "x = 1, token = none",
            "\\d+ \\u00e9 %41",
        ] {
            assert_eq!(Redacted(text).to_string(), text);
        }
    }

    #[test]
    fn password_of_a_cut_text_is_hidden() {
        for (text, shown) in [
            (r#"{"url":"https://me:S3cr"#, r#"{"url":"https://…"#),
            ("https://me:S3c/ret", "https://…"),
            ("https%3A%2F%2Fme%3AS3cr", "https%3A%2F%2F…"),
            ("https://me:S3c r3t", "https://…"),
            ("https://a.example/b", "https://a.example/b"),
            ("https://a.example/acc/b.png", "https://a.example/…/b.png"),
            ("of me:S3cr3t-S3cr3t", "of …"),
            ("404:not found", "404:not found"),
            ("https://a.example said no", "https://a.example said no"),
        ] {
            assert_eq!(RedactedExcerpt(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn path_is_shown_by_its_last_segment() {
        for (text, shown) in [
            ("https://a/acc/x/b.png?s c", "https://a/…/b.png?… c"),
            ("https://u:p@a/acc/b.png", "https://…@a/…/b.png"),
            ("https://a/b.png", "https://a/b.png"),
            ("https:/a/acc/b.png", "https:/a/…/b.png"),
            ("https://a", "https://a"),
            ("https://a/acc/x/", "https://a/…/"),
            (
                r#"{"u":"https:\/\/a\/acc\/b"}"#,
                r#"{"u":"https:\/\/a\/…\/b"}"#,
            ),
            ("and/or/not", "and/or/not"),
        ] {
            assert_eq!(RedactedPaths(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn names_and_texts_of_json_are_redacted() {
        let url = "https://a/b?s=1";
        let json = json!({url: [url, 7, {url: null}], "more": url});
        let shown = "https://a/b?…";
        assert_eq!(
            redact_json(json),
            json!({shown: [shown, 7, {shown: null}], "more": shown})
        );
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        for part in [
            "/",
            "?",
            "a/b?c ",
            "\"http://a ",
            "x://u:x/",
            "&#6",
            "%25",
            "\\",
            "://",
            "a?",
            "\",",
            "http:u:@",
            "a/b?c= &",
            "'//'",
            "/?'",
            "http://a\n",
            "http://a:\n",
            "http://a?\n",
            "a?a\n",
            ";a\n",
            "a:a@a",
            "=3F",
            "a;a/a",
        ] {
            // Quadratic time would be minutes.
            let text = part.repeat(20_000 / part.len());
            assert!(RedactedPaths(&text).to_string().len() <= 3 * text.len());
        }
    }
}
