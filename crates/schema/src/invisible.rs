/// Returns `true` for control characters, and for those that reorder or hide text.
///
/// Printed as they are in code, JSON or a message, such characters mislead a reader; compilers
/// reject some of them even in comments.
///
/// ```
/// # use runcomfy_schema::is_invisible;
/// assert!(is_invisible('\u{202e}'));
/// assert!(!is_invisible('×'));
/// ```
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
