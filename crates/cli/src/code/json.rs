//! JSON inside the text of a program or of a shell command.

use runcomfy::schema::Json;

/// Returns the JSON on one line. Invisible characters and those that change the direction of text are
/// escaped; compilers reject the latter even in comments.
pub(super) fn single_line(json: &Json) -> String {
    let mut out = String::new();
    for c in json.to_string().chars() {
        if is_invisible(c) {
            out += &format!("\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns `true` for control characters and those that change the direction of text, which all have
/// at most four hexadecimal digits.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
