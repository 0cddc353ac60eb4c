//! The text of a page that was saved as HTML.

/// Whether a saved page is HTML rather than text.
pub(super) fn is_html(text: &str) -> bool {
    let start = text
        .trim_start()
        .get(..200)
        .unwrap_or(text.trim_start())
        .to_ascii_lowercase();
    start.starts_with("<!doctype")
        || start.starts_with("<html")
        || start.contains("<body")
        || start.contains("<div")
}

/// The text of an HTML page: scripts, styles and tags are left out, entities are resolved.
pub(super) fn text_of(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&entities(&rest[..at]));
        rest = &rest[at..];
        let silent = ["script", "style", "template"]
            .into_iter()
            .find(|name| starts_tag(rest, name));
        let end = match silent {
            Some(name) => find_ignoring_case(rest, &format!("</{name}")).unwrap_or(rest.len()),
            None if rest.starts_with("<!--") => rest.find("-->").unwrap_or(rest.len()),
            None => 0,
        };
        rest = &rest[end..];
        let block = [
            "br", "/p", "/div", "/pre", "/li", "/h1", "/h2", "/h3", "/tr",
        ]
        .into_iter()
        .any(|name| starts_tag(rest, name));
        if block {
            out.push('\n');
        }
        rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
    }
    out.push_str(&entities(rest));
    out
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

/// The entities that pages use: those of the syntax, the no-break space, and numbers.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // No entity is longer than this.
        let end = rest.bytes().take(12).position(|b| b == b';');
        let known = end.and_then(|end| Some((entity(&rest[1..end])?, end)));
        match known {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
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
