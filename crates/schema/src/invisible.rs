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

/// Returns `true` for what is not seen, or has no width of its own: all that [`is_invisible`] knows, and
/// the code points that Unicode calls default-ignorable, such as variation selectors. An emoji may
/// contain those, so that they are printed as they are; a secret with some in it is still a secret.
pub(crate) fn is_ignorable(c: char) -> bool {
    is_invisible(c)
        || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0080}'..='\u{e0fff}')
}
