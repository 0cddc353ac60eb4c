//! JSON in the text of a program or of a shell's command.

use runcomfy::schema::Json;

/// On one line. What nobody would see, or what turns the text around it, is written as its number:
/// compilers refuse the latter even in comments.
pub(super) fn written(json: &Json) -> String {
    let mut out = String::new();
    for c in json.to_string().chars() {
        if is_odd(c) {
            out += &format!("\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Controls, and those that say in which direction text runs. All are of four hexadecimal digits.
pub(super) fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
