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
        let url = match rng.u8(..4) {
            0 => composed(rng, &secret),
            1 => loose(rng, &secret, WRAPPINGS[wrapping].0),
            _ => signed(rng, &secret, WRAPPINGS[wrapping].0),
        };
        let text = WRAPPINGS[wrapping].1(&url);
        Self { secret, text }
    }

    /// Returns a text that quotes a token.
    pub(crate) fn token(rng: &mut Rng, token: &str) -> Self {
        let quoted = match rng.u8(..10) {
            0 => token.to_owned(),
            1 => format!("Bearer {token}"),
            2 => spelled(rng, token, 3),
            3 => broken(rng, token),
            4 => format!("https://a.example/{token}/b.png"),
            5 => {
                let prefix = &"a:b"[..rng.usize(..3)];
                base64(format!("{prefix}{token}").as_bytes())
            }
            6 => base64(token.as_bytes()).replace('+', "-").replace('/', "_"),
            7 => layered(rng, token),
            8 => format!("{}{token}", pick(rng, &["%", "\\", "=", "&#", "\\x", "%u"])),
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

    /// Returns a text with a token in spellings of spellings, and what is quoted of it.
    pub(crate) fn nested_token(rng: &mut Rng, token: &str) -> (Self, String) {
        let mut quoted = token.to_owned();
        let mut is_escaped = false;
        for _ in 0..rng.usize(1..4) {
            // Escapes of escapes are those of `layered`: octal and quoted-printable ones of several
            // layers could be read in several ways.
            is_escaped = !is_escaped && rng.u8(..4) == 0;
            quoted = if is_escaped {
                let (is_mail, rate) = (rng.bool(), rng.u8(1..4));
                let escape = |c: char| escaped(rng, c, is_mail, rate);
                quoted.chars().map(escape).collect()
            } else {
                in_digits(rng, &quoted)
            };
        }
        // A number beside it would be one more byte.
        let words = WORDS.map(|words| words.trim_matches(|c: char| c.is_ascii_digit()));
        let (before, behind) = (*pick(rng, &words), *pick(rng, &words));
        let leaky = Self {
            secret: token.to_owned(),
            text: format!("{before} {quoted} {behind}"),
        };
        (leaky, quoted)
    }

    /// Returns what a text shows of the secret, in any spelling.
    pub(crate) fn leak_in(&self, shown: &str) -> Option<String> {
        let plain = decoded(shown);
        for before in 0..3 {
            // Neighbours of the secret change the first and last digits.
            let encoded = base64(format!("{}{}", &"a:b"[..before], self.secret).as_bytes());
            let digits = encoded.trim_end_matches('=').as_bytes();
            let inner = &digits[4..digits.len() - 2];
            let is_shown = |part: &&[u8]| {
                let part = str::from_utf8(part).unwrap();
                shown.contains(part) || plain.contains(part)
            };
            if let Some(part) = inner.windows(12).find(is_shown) {
                return Some(String::from_utf8_lossy(part).into_owned());
            }
        }
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

const QUESTIONS: [&str; 12] = [
    "Is the file there? Look.",
    "文件在吗？请看。",
    "¿Qué? Nada.",
    "What is a=b; c=d? Nobody knows.",
    "why? because",
    "Really?!",
    "who?",
    "is it? yes=no",
    "a ? b : c",
    "(what?)",
    "\"why?\"",
    "?? !",
];

const UNSIGNED: [&str; 10] = [
    "me@example.org, 12:30",
    "https://a.example/b=c;d",
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

/// Returns a secret without a URL, or one that looks as if its URL had ended before it.
fn loose(rng: &mut Rng, secret: &str, quote: char) -> String {
    const NAMES: [&str; 14] = [
        "X-Amz-Signature",
        "X-Amz-Security-Token",
        "X-Amz-Credential",
        "X-Goog-Signature",
        "Signature",
        "sig",
        "token",
        "AWSAccessKeyId",
        "Key-Pair-Id",
        "Policy",
        "access_token",
        "api_key",
        "client_secret",
        "password",
    ];
    let url = *pick(rng, &["https://a.example/b?a=b", "//a/b?a=b", "/b?a=b"]);
    let is_open = matches!(quote, ' ' | 'j');
    match rng.u8(..5) {
        0 => format!("{}={secret}", pick(rng, &NAMES)),
        1 => format!("{url} {}{secret}", pick(rng, &["<", "|", "{", "^", "~"])),
        2 if is_open => format!(r#"{url}&c={{"d":"{secret}"}}"#),
        3 if is_open => format!(r#"{url}&c={{"d": 1, "e": ["x", "{secret}"]}}"#),
        _ => {
            let words = *pick(rng, &["my ", "a b ", "two  "]);
            format!("https://user:{words}{secret}@a.example/b")
        }
    }
}

/// Writes all bytes of a text as digits.
fn in_digits(rng: &mut Rng, text: &str) -> String {
    let join_with = |between: &str, rng: &mut Rng, digits: &dyn Fn(&mut Rng, u8) -> String| {
        let digits: Vec<String> = text.bytes().map(|byte| digits(rng, byte)).collect();
        digits.join(between)
    };
    let join = |rng: &mut Rng, digits: &dyn Fn(&mut Rng, u8) -> String| {
        let between = *pick(rng, &[" ", ", ", ",", ":", "-", "; ", "|"]);
        join_with(between, rng, digits)
    };
    match rng.u8(1..9) {
        1 => join_with("", rng, &|_, byte| format!("{byte:02x}")),
        2 => join_with("", rng, &|_, byte| format!("{byte:02X}")),
        3 => join(rng, &|_, byte| format!("{byte:02x}")),
        4 => join(rng, &|_, byte| byte.to_string()),
        5 => join(rng, &|_, byte| format!("{byte:03o}")),
        6 => join(rng, &|_, byte| format!("{byte:08b}")),
        7 => format!(
            "[{}]",
            join(rng, &|rng, byte| match rng.u8(..4) {
                0 => format!("0x{byte:02x}"),
                1 => format!("0o{byte:o}"),
                2 => format!("0b{byte:08b}"),
                _ => byte.to_string(),
            })
        ),
        _ => base64(text.as_bytes()),
    }
}

/// Escapes one of `rate` characters.
fn escaped(rng: &mut Rng, c: char, is_mail: bool, rate: u8) -> String {
    let code = u32::from(c);
    if is_mail && c == '=' {
        return "=3D".to_owned();
    }
    if rng.u8(..rate) > 0 {
        return c.to_string();
    }
    match rng.u8(..10) {
        0 => format!("%{code:02X}"),
        1 => format!("\\x{code:02x}"),
        2 => format!("\\{code:03o}"),
        3 => format!("\\u{code:04x}"),
        4 => format!("\\u{{{code:x}}}"),
        5 => format!("&#{code};"),
        6 => format!("&#x{code:X};"),
        7 => format!("%25{code:02x}"),
        _ if is_mail => format!("={code:02X}"),
        _ => c.to_string(),
    }
}

/// Returns a URL, or what has the form of one, with a secret: each of its marks in layers of escapes,
/// and with characters in it that a copy or a mail may add.
fn composed(rng: &mut Rng, secret: &str) -> String {
    const STARTS: [&str; 6] = [
        "https://a.example",
        "//a.example",
        "http://[::1]:80",
        "a.example",
        "/x",
        "",
    ];
    const PATHS: [&str; 4] = ["/b.png", "/x/日本/b", "/it's", "/"];
    let user = match rng.u8(..3) {
        0 => "user",
        1 => "user'x",
        _ => "me.too+1",
    };
    let mut parts = match rng.u8(..4) {
        // Without a scheme too.
        0 => {
            let scheme = *pick(rng, &["https://", "", "//", "ftp://"]);
            let at = layered(rng, "@");
            return format!("{scheme}{user}:{secret}{at}a.example{}", pick(rng, &PATHS));
        }
        1 => vec![
            pick(rng, &STARTS).to_string(),
            layered(rng, "#"),
            "access_token=".to_owned(),
        ],
        2 => vec![
            "https://a.example/b".to_owned(),
            {
                let mark = *pick(rng, &[";", "&"]);
                layered(rng, mark)
            },
            "sig=".to_owned(),
        ],
        _ => {
            let marks = ["?", "？", "﹖", "؟", "⁇"];
            let mark = *pick(rng, &marks);
            vec![
                format!("{}{}", pick(rng, &STARTS), pick(rng, &PATHS)),
                layered(rng, mark),
                (*pick(rng, &["sig=", "a=b&sig=", "Expires=1&Signature="])).to_owned(),
            ]
        }
    };
    parts.push(secret.to_owned());
    parts.push((*pick(rng, &["", "&t=1", "==", "#end"])).to_owned());
    scattered(rng, &parts)
}

/// Joins the parts of a URL, and puts white space, control characters and what has no width behind
/// any of their characters, but within the secret only once.
fn scattered(rng: &mut Rng, parts: &[String]) -> String {
    const BREAKS: [&str; 14] = [
        "\n", "\r\n", "\t", "\n    ", "\r\n\t", "\u{b}", "\u{c}", "\u{a0}", "\u{3000}", "\u{2028}",
        "\u{200b}", "\u{feff}", "\0", "\u{1b}",
    ];
    let url = parts.concat();
    // A break within the spelling of the mark would leave another text.
    let mark = parts[0].len()..parts[0].len() + parts[1].len();
    // Behind the scheme, and in front of the end.
    let first = url.find("://").map_or(1, |at| at + 3);
    let mut text = String::new();
    let rate = *pick(rng, &[0, 40, 15]);
    for (at, c) in url.char_indices() {
        text.push(c);
        let is_name = c.is_ascii_alphanumeric();
        let is_inside = at > first && at + 1 < url.len() && !mark.contains(&at);
        if rate > 0 && is_inside && is_name && rng.usize(..rate) == 0 {
            text += *pick(rng, &BREAKS);
        }
    }
    text
}

/// Escapes the characters of a text that are no letters and digits, in up to three layers.
fn layered(rng: &mut Rng, text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..rng.u8(..4) {
        let layer = rng.u8(..6);
        text = text
            .chars()
            .map(|c| match layer {
                _ if c.is_ascii_alphanumeric() => c.to_string(),
                0 | 1 => percent(&c.to_string()),
                2 => format!("\\u{:04x}", u32::from(c)),
                3 => format!("&#{};", u32::from(c)),
                4 => named(c).unwrap_or_else(|| format!("&#x{:x};", u32::from(c))),
                _ if c.is_ascii() && c != '=' => mail(c),
                _ => c.to_string(),
            })
            .collect();
    }
    text
}

/// Returns the escape of quoted-printable mails for what the marks of a URL are.
fn mail(c: char) -> String {
    match c {
        '?' | '#' | '@' | ';' | '&' => format!("={:02X}", u32::from(c)),
        _ => c.to_string(),
    }
}

/// Names of entities for characters of URLs and tokens.
const NAMES: [(char, &str); 12] = [
    ('?', "quest"),
    ('#', "num"),
    ('@', "commat"),
    ('&', "amp"),
    (';', "semi"),
    ('=', "equals"),
    ('-', "hyphen"),
    ('_', "lowbar"),
    ('.', "period"),
    ('%', "percnt"),
    ('\\', "bsol"),
    ('/', "sol"),
];

fn named(c: char) -> Option<String> {
    let (_, name) = NAMES.iter().find(|(known, _)| *known == c)?;
    Some(format!("&{name};"))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - group.len()));
        for index in 0..4 {
            let digit = DIGITS[bits >> (18 - 6 * index) & 63];
            text.push(if index <= group.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

/// Returns the character in one of its spellings.
fn mark(rng: &mut Rng, c: char) -> String {
    let code = u32::from(c);
    match rng.u8(..12) {
        0 => format!("%{code:02X}"),
        1 => format!("%{code:02x}"),
        10 | 11 => format!("\\{code:03o}"),
        2 => format!("%25{code:02X}"),
        3 => format!("\\u{code:04x}"),
        4 => format!("&#{code};"),
        5 => format!("&#x{code:x};"),
        6 => layered(rng, &c.to_string()),
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
    let line_end = *pick(
        rng,
        &["\n", "\r\n", "\n    ", "\u{200b}", "\u{fe0f}", "\u{e0101}"],
    );
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
            let octal = |rest: &str| {
                let is_digit = |c: char| c.is_digit(8);
                let digits = rest[1..]
                    .chars()
                    .take(3)
                    .take_while(|c| is_digit(*c))
                    .count();
                let code = u32::from_str_radix(&rest[1..=digits], 8).ok()?;
                Some((char::from_u32(code)?, 1 + digits))
            };
            let entity = |prefix: &str, radix| {
                let digits = rest.strip_prefix(prefix)?.split_once(';')?.0;
                let code = u32::from_str_radix(digits, radix).ok()?;
                Some((char::from_u32(code)?, prefix.len() + digits.len() + 1))
            };
            let found = match c {
                '%' => hex(1, 3),
                '\\' if rest.starts_with("\\u") => hex(2, 6),
                '\\' if rest[1..].starts_with(['0', '7']) => octal(rest),
                '\\' if rest.starts_with("\\/") => Some(('/', 2)),
                '&' => entity("&#x", 16).or_else(|| entity("&#", 10)).or_else(|| {
                    let name = rest[1..].split_once(';')?.0;
                    let (known, _) = NAMES.iter().find(|(_, known)| *known == name)?;
                    Some((*known, name.len() + 2))
                }),
                _ => None,
            };
            let (c, length) = found.unwrap_or((c, c.len_utf8()));
            next.push(c);
            rest = &rest[length..];
        }
        if next == text {
            let is_seen = |c: &char| {
                !c.is_whitespace() && !c.is_control() && !matches!(c, '\u{200b}' | '\u{feff}')
            };
            return text.chars().filter(is_seen).collect();
        }
        text = next;
    }
}
