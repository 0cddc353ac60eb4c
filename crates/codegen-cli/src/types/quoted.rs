//! Texts in quotes, as source code.

use runcomfy_schema::is_invisible;
use serde_json::Value;

/// Returns a text in double quotes, escaped as in JSON, which TypeScript and Python read alike.
/// Characters that mislead a reader are escaped, too, as `escape` writes them.
pub(super) fn quoted(text: &str, escape: impl Fn(char) -> String) -> String {
    let json = Value::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_invisible(c) {
            out += &escape(c);
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns `true` for a name of ASCII letters, digits and `_` that begins with no digit.
pub(super) fn is_plain(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(is_letter) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}
