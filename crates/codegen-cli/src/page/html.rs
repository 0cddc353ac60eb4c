//! Text of pages saved as HTML.

use super::offsets::Decoded;

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

/// Maximum number of bytes of an entity, from `&` to `;`.
const MAX_ENTITY: usize = 12;

/// Appends the text between two tags, with entities resolved: those of the syntax and of signs in
/// schemas, and numbers.
fn append(out: &mut Decoded, html: &str, on_page: usize) {
    let mut at = 0;
    while let Some(start) = html[at..].find('&').map(|found| at + found) {
        out.push(&html[at..start], on_page + at);
        let rest = &html[start..];
        let end = rest.bytes().take(MAX_ENTITY).position(|b| b == b';');
        let known = end.and_then(|end| Some((entity(&rest[1..end])?, end)));
        if known.is_none() && end.is_some_and(|end| is_name(&rest[1..end])) {
            out.unknown.push(out.text.len());
        }
        let (c, length) = known.map_or(('&', 1), |(c, end)| (c, end + 1));
        out.push(c.encode_utf8(&mut [0; 4]), on_page + start);
        at = start + length;
    }
    out.push(&html[at..], on_page + at);
}

/// Returns the text of an HTML page, without scripts, styles and tags, and with entities resolved.
pub(super) fn text_of(html: &str) -> Decoded {
    let mut out = Decoded::default();
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|found| at + found) {
        append(&mut out, &html[at..start], at);
        let rest = &html[start..];
        if !begins_markup(rest) {
            out.push("<", start);
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
            out.push("\n", start);
        }
        at = start + end + length_of_tag(tag);
    }
    append(&mut out, &html[at..], at);
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

/// Returns `true` if a text can be the name of an entity, or a number in its place.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "ldquo" => '“',
        "rdquo" => '”',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "deg" => '°',
        "times" => '×',
        "le" => '≤',
        "ge" => '≥',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}
