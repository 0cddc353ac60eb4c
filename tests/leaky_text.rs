//! Arbitrary texts with a secret, and a judge of what is shown of them. It shares no code with what
//! redacts.

use fastrand::Rng;

/// A secret, and a text that contains it.
#[derive(Debug)]
pub(crate) struct Leaky {
    pub(crate) secret: String,
    pub(crate) text: String,
}

/// Number of characters in a row that tell a secret.
const TELLTALE: usize = 8;

impl Leaky {
    /// Returns a text with a URL whose query or password is secret.
    pub(crate) fn url(rng: &mut Rng) -> Self {
        let secret = secret(rng);
        let wrapping = rng.usize(..WRAPPINGS.len());
        let url = signed(rng, &secret, WRAPPINGS[wrapping].0);
        let text = WRAPPINGS[wrapping].1(&url);
        Self { secret, text }
    }

    /// Returns a text that quotes a token.
    pub(crate) fn token(rng: &mut Rng, token: &str) -> Self {
        let quoted = match rng.u8(..6) {
            0 => token.to_owned(),
            1 => format!("Bearer {token}"),
            2 => spelled(rng, token, 3),
            3 => broken(rng, token),
            4 => format!("https://a.example/{token}/b.png"),
            _ => spelled(rng, &format!("Authorization: Bearer {token}"), 6),
        };
        let (before, behind) = (*pick(rng, &WORDS), *pick(rng, &WORDS));
        Self {
            secret: token.to_owned(),
            text: format!(
                "{before} {quoted}{} {behind}",
                pick(rng, &["", ".", ",", "'", ")"])
            ),
        }
    }

    /// Returns what a text shows of the secret, in any spelling.
    pub(crate) fn leak_in(&self, shown: &str) -> Option<String> {
        let plain = decoded(shown);
        let secret: Vec<char> = self.secret.chars().collect();
        secret.windows(TELLTALE).find_map(|part| {
            let part: String = part.iter().collect();
            (shown.contains(&part) || plain.contains(&part)).then_some(part)
        })
    }
}

/// Returns a text without a secret that looks like one in parts.
pub(crate) fn harmless(rng: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..rng.usize(1..8) {
        let part = match rng.u8(..5) {
            0 => *pick(rng, &QUESTIONS),
            1 => *pick(rng, &UNSIGNED),
            2 => *pick(rng, &SNIPPETS),
            _ => *pick(rng, &WORDS),
        };
        text += part;
        text += *pick(rng, &[" ", "\n", ", ", "; ", " | "]);
    }
    text
}

const WORDS: [&str; 10] = [
    "found",
    "the file",
    "日本語",
    "could not be read:",
    "status 200",
    "50%",
    "a & b",
    "it's",
    "x = 1",
    "<b>",
];

const QUESTIONS: [&str; 8] = [
    "why? because",
    "Really?!",
    "who?",
    "is it? yes=no",
    "a ? b : c",
    "(what?)",
    "\"why?\"",
    "?? !",
];

const UNSIGNED: [&str; 8] = [
    "https://a.example/b.png",
    "(https://a.example/x/y)",
    "http://127.0.0.1:8080/v1/models",
    "\"https://a.example\"",
    "me@example.org",
    "https://a.example/@me",
    "//cdn.example/a",
    "ftp://a/b",
];

const SNIPPETS: [&str; 8] = [
    r#"{"prompt": "why?", "n": 1}"#,
    r"C:\new\texts",
    "&lt;b&gt; &#39;",
    "caf\\u00e9",
    "a%20b",
    "// a comment? yes",
    "# title",
    "fn main() { x?; }",
];

/// Text around a URL. The letter tells which mark ends a URL there.
type Wrapping = (char, fn(&str) -> String);

const WRAPPINGS: [Wrapping; 14] = [
    (' ', |url| url.to_owned()),
    (' ', |url| format!("no such file: {url}")),
    (' ', |url| format!("failed at {url} with status 404")),
    (' ', |url| format!("({url})")),
    (' ', |url| format!("level=warn url={url} x")),
    ('"', |url| format!("level=warn url=\"{url}\" status=404")),
    ('"', |url| format!("<a href=\"{url}\" class=\"x\">text</a>")),
    ('\'', |url| format!("<a href='{url}' class='x'>text</a>")),
    ('`', |url| format!("see `{url}` there")),
    ('j', |url| format!("{{\"url\":{},\"n\":1}}", json(url))),
    ('j', |url| {
        json(&format!("{{\"url\":{},\"n\":1}}", json(url)))
    }),
    ('j', |url| {
        format!("[{}, \"x\"]", json(&format!("no such file: {url}")))
    }),
    ('j', |url| format!("{url:?}")),
    ('j', |url| json(url).replace('/', "\\/")),
];

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn pick<'a, T>(rng: &mut Rng, list: &'a [T]) -> &'a T {
    &list[rng.usize(..list.len())]
}

/// Part of every secret of a URL.
pub(crate) const MARK: &str = "5eCr3tK7";

/// Returns letters and digits, as keys have them.
fn secret(rng: &mut Rng) -> String {
    let letters = |rng: &mut Rng| -> String {
        let length = rng.usize(2..16);
        (0..length).map(|_| rng.alphanumeric()).collect()
    };
    letters(rng) + MARK + &letters(rng)
}

/// Returns a URL whose query or password is the secret, or both. `quote` ends it where it stands.
fn signed(rng: &mut Rng, secret: &str, quote: char) -> String {
    const SCHEMES: [&str; 7] = [
        "https://", "http://", "HTTPS://", "ftp://", "s3://", "//", "https:/",
    ];
    let scheme = *pick(rng, &SCHEMES);
    let user = match rng.u8(..5) {
        0 => format!("user:{secret}@"),
        1 if quote != '\'' => format!("user'x:{secret}@"),
        2 => format!("{secret}@"),
        3 => format!("u:{}{secret}@", pick(rng, &["/", "?", "#", "|", ";", "a@"])),
        _ => String::new(),
    };
    let host = *pick(
        rng,
        &["a.example", "127.0.0.1:8080", "[::1]", "cdn-1.runcomfy.net"],
    );
    let path = *pick(
        rng,
        &["", "/", "/b.png", "/x/it's/b", "/x|y/b", "/%20/b", "/日本"],
    );
    if !user.is_empty() && rng.bool() {
        return format!("{scheme}{user}{host}{path}");
    }
    let mut url = format!("{scheme}{user}{host}{path}{}", mark(rng, '?'));
    url += &query(rng, secret, quote);
    // A URL in the path or query of another.
    match rng.u8(..6) {
        0 => format!("https://proxy.example/{}", percent(&url)),
        1 => format!("https://proxy.example/?to={}", percent(&url)),
        2 => percent(&url),
        _ => url,
    }
}

fn query(rng: &mut Rng, secret: &str, quote: char) -> String {
    const BEFORE: [&str; 16] = [
        "",
        "sig=",
        "Expires=1&Signature=",
        "a=b'",
        "a=|",
        "a=<",
        "a=`",
        "a=b;",
        "a=b,",
        "a=[",
        "a=(b)",
        "a=%27",
        "a=b%20",
        "a={",
        "a=b>",
        "a=*",
    ];
    const BEHIND_BLANK: [&str; 4] = [
        "a=a red boat&sig=",
        "a=b &sig=",
        "a=b sig=",
        "a=a big, red boat&x=y z&sig=",
    ];
    let mut query = if rng.u8(..4) == 0 {
        *pick(rng, &BEHIND_BLANK)
    } else {
        *pick(rng, &BEFORE)
    }
    .to_owned();
    if quote == 'j' && rng.u8(..4) == 0 {
        query.push('"');
    }
    query += &match rng.u8(..4) {
        0 => spelled(rng, secret, 3),
        _ => secret.to_owned(),
    };
    query + *pick(rng, &["", "&t=1", "==", "#end"])
}

/// Returns the character in one of its spellings.
fn mark(rng: &mut Rng, c: char) -> String {
    let code = u32::from(c);
    match rng.u8(..9) {
        0 => format!("%{code:02X}"),
        1 => format!("%{code:02x}"),
        2 => format!("%25{code:02X}"),
        3 => format!("\\u{code:04x}"),
        4 => format!("&#{code};"),
        5 => format!("&#x{code:x};"),
        _ => c.to_string(),
    }
}

/// Spells one of `rate` characters in another way.
fn spelled(rng: &mut Rng, text: &str, rate: u8) -> String {
    let spell = |c: char| match rng.u8(..rate) {
        0 => mark(rng, c),
        _ => c.to_string(),
    };
    text.chars().map(spell).collect()
}

/// Breaks a text into lines.
fn broken(rng: &mut Rng, text: &str) -> String {
    let at = rng.usize(1..text.len());
    let line_end = *pick(rng, &["\n", "\r\n", "\n    ", "\u{200b}"]);
    format!("{}{line_end}{}", &text[..at], &text[at..])
}

fn percent(url: &str) -> String {
    let keep = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~".contains(b);
    let encode = |b: u8| {
        if keep(&b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    url.bytes().map(encode).collect()
}

/// Resolves escapes, pass by pass, until nothing changes.
fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    loop {
        let mut next = String::new();
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            let hex = |from: usize, to: usize| {
                let code = u32::from_str_radix(rest.get(from..to)?, 16).ok()?;
                Some((char::from_u32(code)?, to))
            };
            let entity = |prefix: &str, radix| {
                let digits = rest.strip_prefix(prefix)?.split_once(';')?.0;
                let code = u32::from_str_radix(digits, radix).ok()?;
                Some((char::from_u32(code)?, prefix.len() + digits.len() + 1))
            };
            let found = match c {
                '%' => hex(1, 3),
                '\\' if rest.starts_with("\\u") => hex(2, 6),
                '\\' if rest.starts_with("\\/") => Some(('/', 2)),
                '&' => entity("&#x", 16).or_else(|| entity("&#", 10)),
                _ => None,
            };
            let (c, length) = found.unwrap_or((c, c.len_utf8()));
            next.push(c);
            rest = &rest[length..];
        }
        if next == text {
            return text
                .replace(['\n', '\r', '\u{200b}'], "")
                .replace("    ", "");
        }
        text = next;
    }
}
