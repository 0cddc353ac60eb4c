//! Model ids in the addresses of a page's curl examples.

use crate::schema_file::is_model_id;

/// Text before a model id in the curl examples.
const CALL: &str = "/v1/models/";

/// Characters that a URL's path may contain, and that at its end belong to the sentence around it.
const AFTER_ADDRESS: [char; 9] = ['/', '.', ',', ')', ';', ':', '!', '*', '&'];

/// Characters that replace others in typeset or converted text. An address that ends at one of them is
/// not whole.
const TYPESET: [char; 8] = [
    '\u{ad}', '\u{200b}', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2060}', '\u{feff}',
];

/// Number of characters from which a line may have been broken where it ended.
const BROKEN_LINE: usize = 50;

/// An id in an address.
struct Address {
    at: usize,
    id: String,
    /// `false` if the address may go on in the next line.
    is_whole: bool,
}

/// Returns the id in the addresses of the curl examples, which must all agree. Fails with an offset
/// and a message.
pub(super) fn model_id(text: &str) -> Result<String, (Option<usize>, String)> {
    let mut found: Option<String> = None;
    let mut open = Vec::new();
    for (at, _) in text.match_indices(CALL) {
        let address = read(text, at)?;
        // Other calls of the service (`categories`), and placeholders (`MODEL_ID`).
        if !address.id.contains('/') {
            continue;
        }
        if !address.is_whole {
            open.push(address);
            continue;
        }
        if !is_model_id(&address.id) {
            let message = format!(
                "found the address of {:?}, expected a model id such as vendor/family/task",
                address.id
            );
            return Err((Some(at), message));
        }
        match &found {
            Some(first) if *first != address.id => {
                return Err((Some(at), two_models(first, &address.id)));
            }
            _ => found = Some(address.id),
        }
    }
    for Address { at, id, .. } in open {
        match &found {
            Some(whole) if whole.starts_with(&id) => {}
            Some(whole) => return Err((Some(at), two_models(whole, &id))),
            None => {
                let message = format!(
                    "the address of {id:?} ends where its line is broken, and may go on in the next one; \
                     save the page as HTML or as text with unbroken lines"
                );
                return Err((Some(at), message));
            }
        }
    }
    let message = format!(
        "the page has no curl example with an address like https://…{CALL}vendor/family/task"
    );
    found.ok_or((None, message))
}

fn two_models(first: &str, second: &str) -> String {
    format!(
        "the page has the addresses of two models, `{first}` and `{second}`; keep one model a page"
    )
}

/// Reads the address whose `/v1/models/` is at an offset.
fn read(text: &str, at: usize) -> Result<Address, (Option<usize>, String)> {
    let rest = &text[at + CALL.len()..];
    let mut id = String::new();
    let mut chars = rest.char_indices().peekable();
    let mut end = rest.len();
    while let Some((offset, c)) = chars.next() {
        // Markdown escapes some of the characters of a path.
        let escaped = chars.peek().map(|(_, next)| *next);
        match escaped.filter(|next| c == '\\' && next.is_ascii_punctuation() && is_of_path(*next)) {
            Some(next) => {
                id.push(next);
                chars.next();
            }
            None if is_of_path(c) => id.push(c),
            None => {
                end = offset;
                break;
            }
        }
    }
    let id = decode(id.trim_end_matches(AFTER_ADDRESS));
    if let Some(c) = rest[end..].chars().next().filter(|c| TYPESET.contains(c)) {
        let message = format!(
            "the address of {id:?} contains {}, which no address does; save the page as HTML",
            c.escape_unicode()
        );
        return Err((Some(at + CALL.len() + end), message));
    }
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let length = text[line..at + CALL.len() + end].chars().count();
    let next = rest[end..]
        .strip_prefix("\r\n")
        .or(rest[end..].strip_prefix('\n'));
    let goes_on = next.is_some_and(|next| {
        let line = next.lines().next().unwrap_or_default();
        let after = line.trim_start_matches(is_of_path);
        // A flag of curl begins a line of its own.
        after.len() < line.len() && !line.starts_with("--") && ["", "\\"].contains(&after.trim())
    });
    Ok(Address {
        at,
        id,
        is_whole: length < BROKEN_LINE || !goes_on,
    })
}

/// Returns `true` if a URL's path may contain a character unescaped. Quotes around an address, and the
/// punctuation of other scripts, which follows it without a space, are no part of it.
fn is_of_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || "/-._~%!$&()*+,;=:@".contains(c)
}

/// Percent-decodes an address. An address that does not decode to UTF-8 stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        match (first, tail.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://model-api.runcomfy.net/v1/models/";

    #[test]
    fn address_is_never_cut_silently() {
        let url = |path: &str| format!("curl --request POST --url {URL}{path}");
        assert_eq!(
            model_id(&url("acme/z\\_image\\-2/edit \\")).as_deref(),
            Ok("acme/z_image-2/edit")
        );
        for cut in [
            "acme/stamp/ed\nit \\",
            "acme/stamp\r\n/edit \\",
            "acme/stamp\u{2011}2/edit",
            "acme/sta\u{ad}mp/edit",
        ] {
            let (at, message) = model_id(&url(cut)).unwrap_err();
            assert!(at.is_some(), "{cut}: {message}");
        }
        let both = format!(
            "{}\n{}",
            url("acme/stamp/ed\nit \\"),
            url("acme/stamp/edit \\")
        );
        assert_eq!(model_id(&both).as_deref(), Ok("acme/stamp/edit"));
        let two = format!(
            "{}\n{}",
            url("acme/other\nit \\"),
            url("acme/stamp/edit \\")
        );
        assert!(model_id(&two).is_err());
        assert_eq!(
            model_id(&format!("{URL}a/b\nNext")).as_deref(),
            Ok("a/b"),
            "a short line was not broken"
        );
    }
}
