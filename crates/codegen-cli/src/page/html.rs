//! Text of pages saved as HTML.

/// Returns `true` if a saved page is HTML rather than text: a whole page, or a part such as a `<pre>`
/// with its content.
pub(super) fn is_html(text: &str) -> bool {
    /// Number of characters before the first tag in which a page may name its source in prose.
    const NEAR: usize = 200;
    let mut rest = text.trim_start();
    while let Some(end) = end_of_preamble(rest) {
        rest = rest[end..].trim_start();
    }
    if begins_markup(rest) {
        return true;
    }
    let near = rest
        .char_indices()
        .nth(NEAR)
        .map_or(rest.len(), |(at, _)| at);
    let near = rest[..near].to_ascii_lowercase();
    near.contains("<body") || near.contains("<div")
}

/// Returns the end of the comment or XML declaration that a text begins with.
fn end_of_preamble(text: &str) -> Option<usize> {
    let close = match text {
        _ if text.starts_with("<!--") => "-->",
        _ if text.starts_with("<?") => "?>",
        _ => return None,
    };
    Some(text.find(close)? + close.len())
}

/// Returns `true` if a text begins with a tag or another declaration, not with a mere `<`.
fn begins_markup(text: &str) -> bool {
    let mut bytes = text.bytes();
    let name = match (bytes.next(), bytes.next()) {
        (Some(b'<'), Some(b'/')) => bytes.next(),
        (Some(b'<'), Some(b'!' | b'?')) => return true,
        (Some(b'<'), first) => first,
        _ => None,
    };
    name.is_some_and(|b| b.is_ascii_alphabetic())
}

/// Holds the text of an HTML page, and the offset on the page of each part of it.
pub(super) struct Text {
    pub(super) text: String,
    /// Offsets at which each part begins, in the text and on the page, in order.
    parts: Vec<(usize, usize)>,
}

/// Maximum number of bytes of an entity, from `&` to `;`.
const MAX_ENTITY: usize = 12;

impl Text {
    /// Returns the offset on the page for an offset in the text.
    pub(super) fn on_page(&self, offset: usize) -> usize {
        let after = self.parts.partition_point(|&(start, _)| start <= offset);
        let part = after.checked_sub(1).and_then(|index| self.parts.get(index));
        part.map_or(0, |&(start, on_page)| on_page + (offset - start))
    }

    fn part(&mut self, on_page: usize) {
        self.parts.push((self.text.len(), on_page));
    }

    /// Appends the text between two tags, with entities resolved: those of the syntax, the no-break
    /// space, and numbers.
    fn push(&mut self, html: &str, on_page: usize) {
        let mut at = 0;
        self.part(on_page);
        while let Some(start) = html[at..].find('&').map(|found| at + found) {
            self.text += &html[at..start];
            let rest = &html[start..];
            let end = rest.bytes().take(MAX_ENTITY).position(|b| b == b';');
            let known = end.and_then(|end| Some((entity(&rest[1..end])?, end)));
            self.part(on_page + start);
            match known {
                Some((c, end)) => {
                    self.text.push(c);
                    at = start + end + 1;
                    self.part(on_page + at);
                }
                None => {
                    self.text.push('&');
                    at = start + 1;
                }
            }
        }
        self.text += &html[at..];
    }
}

/// Returns the text of an HTML page, without scripts, styles and tags, and with entities resolved.
pub(super) fn text_of(html: &str) -> Text {
    let mut out = Text {
        text: String::new(),
        parts: Vec::new(),
    };
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|found| at + found) {
        out.push(&html[at..start], at);
        let rest = &html[start..];
        if !begins_markup(rest) {
            out.part(start);
            out.text.push('<');
            at = start + 1;
            continue;
        }
        let silent = ["script", "style", "template"]
            .into_iter()
            .find(|name| starts_tag(rest, name));
        let end = match silent {
            Some(name) => find_ignoring_case(rest, &format!("</{name}")).unwrap_or(rest.len()),
            None if rest.starts_with("<!--") => rest.find("-->").unwrap_or(rest.len()),
            None => 0,
        };
        let tag = &rest[end..];
        let block = [
            "br", "/p", "/div", "/pre", "/li", "/h1", "/h2", "/h3", "/tr",
        ]
        .into_iter()
        .any(|name| starts_tag(tag, name));
        if block {
            out.part(start);
            out.text.push('\n');
        }
        at = start + end + length_of_tag(tag);
    }
    out.push(&html[at..], at);
    out
}

/// Returns the length of the tag that a text begins with. A `>` in the value of an attribute does not
/// end it.
fn length_of_tag(text: &str) -> usize {
    let mut quote = None;
    let mut before = b' ';
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (None, b'>') => return at + 1,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    text.len()
}

fn starts_tag(text: &str, name: &str) -> bool {
    let tag = text.as_bytes().get(1..=name.len());
    let after = text.as_bytes().get(name.len() + 1);
    tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()))
        && after.is_none_or(|b| !b.is_ascii_alphanumeric())
}

fn find_ignoring_case(text: &str, needle: &str) -> Option<usize> {
    text.as_bytes()
        .windows(needle.len())
        .position(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "times" => '×',
        "le" => '≤',
        "ge" => '≥',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            match char::from_u32(code)? {
                '\u{a0}' => ' ',
                c => c,
            }
        }
    })
}
