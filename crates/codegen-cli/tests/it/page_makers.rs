//! Pages around known schemas, as browsers, editors, converters and printers save them. None of this
//! code is shared with what reads them.

use std::fmt::Write as _;

use serde_json::Value;

use crate::diff_classes::Choices;

const URL: &str = "https://model-api.runcomfy.net/v1/models/acme/z_stamp-2/edit";

/// Ways in which a page is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Maker {
    Plain,
    Compact,
    NoBreakIndentation,
    NoBreakSpaces,
    Gutter,
    TypographicQuotes,
    WrapKeepingSpaces,
    WrapDroppingSpaces,
    Turndown,
    Pandoc,
    UnderscoresOnly,
    Fenced,
    Html,
    HtmlHighlighted,
    HtmlGutter,
    HtmlWrapped,
    QuotedPrintable,
    Base64,
    Cut,
    JsonWithComments,
    Unquoted,
    OuterBroken,
}

impl Maker {
    pub(crate) const ALL: [Self; 22] = [
        Self::Plain,
        Self::Compact,
        Self::NoBreakIndentation,
        Self::NoBreakSpaces,
        Self::Gutter,
        Self::TypographicQuotes,
        Self::WrapKeepingSpaces,
        Self::WrapDroppingSpaces,
        Self::Turndown,
        Self::Pandoc,
        Self::UnderscoresOnly,
        Self::Fenced,
        Self::Html,
        Self::HtmlHighlighted,
        Self::HtmlGutter,
        Self::HtmlWrapped,
        Self::QuotedPrintable,
        Self::Base64,
        Self::Cut,
        Self::JsonWithComments,
        Self::Unquoted,
        Self::OuterBroken,
    ];

    /// Returns `true` if every page of this sort can be read.
    pub(crate) fn is_readable(self) -> bool {
        use Maker::{
            Base64, Compact, Gutter, Html, HtmlGutter, HtmlHighlighted, NoBreakIndentation, Plain,
            QuotedPrintable,
        };
        matches!(
            self,
            Plain
                | Compact
                | NoBreakIndentation
                | Gutter
                | Html
                | HtmlHighlighted
                | HtmlGutter
                | QuotedPrintable
                | Base64
        )
    }

    /// Returns `true` if no page of this sort can be read.
    pub(crate) fn is_lost(self) -> bool {
        use Maker::{Cut, JsonWithComments, OuterBroken, Unquoted};
        matches!(self, Cut | JsonWithComments | OuterBroken | Unquoted)
    }

    pub(crate) fn page(self, schema: &Value, choices: &mut Choices<'_>) -> String {
        let pretty = format!("{schema:#}");
        match self {
            Self::Plain => text(&newlines(&pretty, choices)),
            Self::Compact => text(&schema.to_string()),
            Self::NoBreakIndentation => text(&no_break_indentation(&pretty)),
            Self::NoBreakSpaces => text(&pretty.replace(' ', "\u{a0}")),
            Self::Gutter => text(&gutter(&pretty, choices)),
            Self::TypographicQuotes => text(&typographic(&pretty)),
            Self::WrapKeepingSpaces => text(&wrapped(&pretty, choices, true)),
            Self::WrapDroppingSpaces => text(&wrapped(&pretty, choices, false)),
            Self::Turndown => escaped(&text(&pretty), "\\*_[]`"),
            Self::Pandoc => escaped(&text(&pretty), "\\*_[]`<>$'\"#|@~^"),
            Self::UnderscoresOnly => escaped(&text(&pretty), "_*[]"),
            Self::Fenced => {
                let prose = escaped(&text(""), "\\*_[]`");
                format!("{prose}\n```json\n{pretty}\n```\n")
            }
            Self::Html => html(&text(&pretty)),
            Self::HtmlHighlighted => html_page(&highlighted(&pretty)),
            Self::HtmlGutter => html_page(&html_gutter(&pretty, choices)),
            Self::HtmlWrapped => html(&text(&wrapped(&pretty, choices, true))),
            Self::QuotedPrintable => mhtml(
                "quoted-printable",
                &quoted_printable(&html_page(&highlighted(&pretty))),
            ),
            Self::Base64 => mhtml("base64", &base64(&html(&text(&pretty)))),
            Self::Cut => {
                let mut end = pretty.len() - 1 - choices.below(pretty.len() / 2);
                while !pretty.is_char_boundary(end) {
                    end -= 1;
                }
                text_before(&pretty[..end])
            }
            Self::JsonWithComments => text(&pretty.replacen('{', "{ // the input\n", 1)),
            Self::Unquoted => text(&unquoted(&pretty)),
            Self::OuterBroken => {
                // A trailing comma in the outermost object; what is inside of it is whole.
                let end = pretty.rfind('}').unwrap();
                text(&format!("{},\n}}", pretty[..end].trim_end()))
            }
        }
    }
}

fn text_before(schema: &str) -> String {
    format!(
        "curl --request POST \\\n  --url {URL} \\\n  --data '{{\n  \"prompt\": \"x\"\n}}'\n\n\
         GET /v1/requests/{{request_id}}/status\n\nInput schema\n\n{schema}"
    )
}

fn text(schema: &str) -> String {
    format!("{}\n\nSiga-nos {{x}}\n", text_before(schema))
}

fn newlines(text: &str, choices: &mut Choices<'_>) -> String {
    match choices.below(2) {
        0 => text.to_owned(),
        _ => text.replace('\n', "\r\n"),
    }
}

fn no_break_indentation(pretty: &str) -> String {
    let line = |line: &str| {
        let bare = line.trim_start();
        "\u{a0}".repeat(line.len() - bare.len()) + bare
    };
    pretty.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn gutter(pretty: &str, choices: &mut Choices<'_>) -> String {
    let between = [" ", "  ", "\t", ": ", " | ", ""][choices.below(6)];
    let width = [1, 3][choices.below(2)];
    let lines = pretty.lines().zip(1..);
    let line = |(line, number)| format!("{number:>width$}{between}{line}");
    lines.map(line).collect::<Vec<_>>().join("\n")
}

/// Replaces straight quotes as word processors do, by what is before them.
fn typographic(text: &str) -> String {
    let mut before = ' ';
    let mut out = String::new();
    for c in text.chars() {
        let opens = before.is_whitespace() || "([{".contains(before);
        out.push(match (c, opens) {
            ('"', true) => '“',
            ('"', false) => '”',
            ('\'', _) => '’',
            _ => c,
        });
        before = c;
    }
    out
}

/// Breaks long lines at spaces or after hyphens, as a printer does.
fn wrapped(pretty: &str, choices: &mut Choices<'_>, keep: bool) -> String {
    let width = 24 + choices.below(40);
    let mut out = Vec::new();
    for line in pretty.lines() {
        let mut rest: Vec<char> = line.chars().collect();
        while rest.len() > width {
            let is_break = |i: &usize| (rest[*i] == ' ' || rest[*i] == '-') && *i > 12;
            let Some(at) = (1..width).rev().find(is_break) else {
                break;
            };
            let tail = rest.split_off(at + 1);
            if !keep && rest.last() == Some(&' ') {
                rest.pop();
            }
            out.push(rest.iter().collect::<String>());
            rest = tail;
        }
        out.push(rest.into_iter().collect());
    }
    out.join("\n")
}

fn escaped(text: &str, special: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn entities(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
        .replace('\u{a0}', "&nbsp;")
}

fn html_page(code: &str) -> String {
    let before = entities(&text_before(""));
    format!(
        "<!DOCTYPE html><html><head><style>a {{ b: c }}</style><script>const x = {{\"type\": \"object\", \
         \"properties\": {{}}}}</script></head><body><pre>{before}</pre><pre><code>{code}</code></pre></body></html>"
    )
}

fn html(text: &str) -> String {
    format!("<html><body><pre>{}</pre></body></html>", entities(text))
}

fn highlighted(pretty: &str) -> String {
    let line = |line: &str| format!("<span class=\"token\">{}</span>", entities(line));
    pretty.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn html_gutter(pretty: &str, choices: &mut Choices<'_>) -> String {
    let form = choices.below(3);
    let mut out = String::new();
    for (line, number) in pretty.lines().zip(1..) {
        let line = entities(line);
        match form {
            0 => writeln!(out, "<span class=\"linenumber\">{number}</span>{line}"),
            1 => writeln!(out, "<tr><td>{number}</td><td>{line}</td></tr>"),
            _ => write!(out, "<div><div>{number}</div><div>{line}</div></div>"),
        }
        .unwrap();
    }
    out
}

fn mhtml(encoding: &str, body: &str) -> String {
    format!(
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://www.runcomfy.com/x\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\tboundary=\"--b--\"\r\n\r\n\r\n----b--\r\n\
         Content-Type: text/html\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n----b--\r\n\
         Content-Type: text/css\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na {{ b }}\r\n----b----\r\n"
    )
}

fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for byte in text.bytes() {
        let written = match byte {
            b'\n' => "\r\n".to_owned(),
            b'=' | 127.. => format!("={byte:02X}"),
            _ => char::from(byte).to_string(),
        };
        if column + written.len() > 75 && byte != b'\n' {
            out += "=\r\n";
            column = 0;
        }
        column = if byte == b'\n' {
            0
        } else {
            column + written.len()
        };
        out += &written;
    }
    out
}

fn base64(text: &str) -> String {
    let letters: Vec<char> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['+', '/'])
        .collect();
    let mut out = String::new();
    for (i, group) in text.as_bytes().chunks(3).enumerate() {
        let mut bits = 0_usize;
        for k in 0..3 {
            bits = bits << 8 | usize::from(group.get(k).copied().unwrap_or_default());
        }
        for k in 0..4 {
            out.push(if k <= group.len() {
                letters[bits >> (18 - 6 * k) & 63]
            } else {
                '='
            });
        }
        if i % 19 == 18 {
            out += "\r\n";
        }
    }
    out
}

/// Writes keys as JavaScript does.
fn unquoted(pretty: &str) -> String {
    let line = |line: &str| {
        let bare = line.trim_start();
        let key = bare
            .strip_prefix('"')
            .and_then(|rest| rest.split_once("\": "));
        match key {
            Some((key, rest)) if key.chars().all(|c| c.is_ascii_alphanumeric()) => {
                format!("{key}: {rest}")
            }
            _ => bare.to_owned(),
        }
    };
    pretty.lines().map(line).collect::<Vec<_>>().join("\n")
}
