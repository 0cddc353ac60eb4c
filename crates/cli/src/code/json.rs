//! JSON inside the text of a program or of a shell command.

use runcomfy::schema::{Json, is_invisible};

/// Returns the JSON on one line, with escapes for [invisible](is_invisible) characters.
pub(super) fn single_line(json: &Json) -> String {
    let mut out = String::new();
    for c in json.to_string().chars() {
        if is_invisible(c) {
            // JSON escapes a character above U+FFFF as two units of UTF-16.
            for unit in c.encode_utf16(&mut [0; 2]) {
                out += &format!("\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_escaped() {
        let json = Json::from("a\u{202e}b\u{e0001}");
        let text = single_line(&json);
        assert_eq!(text, r#""a\u202eb\udb40\udc01""#);
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), json);
    }
}
