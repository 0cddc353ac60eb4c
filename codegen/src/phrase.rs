//! Phrases about a property's schema, for the hover of any language.

use runcomfy_schema::Literal;

/// Longest default or enum member that a hover shows, in characters.
pub const MAX_LITERAL: usize = 60;

/// Returns the bounds of a count with a comma before them, `, 1 to 10 items`, or an empty text if there
/// are none.
#[must_use]
pub fn amount((min, max): (Option<u64>, Option<u64>), noun: &str) -> String {
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    match (min.unwrap_or(0), max) {
        (0, None) => String::new(),
        (min, None) => format!(", at least {min} {noun}{}", plural(min)),
        (0, Some(max)) => format!(", at most {max} {noun}{}", plural(max)),
        (min, Some(max)) if min == max => format!(", exactly {max} {noun}{}", plural(max)),
        (min, Some(max)) => format!(", {min} to {max} {noun}{}", plural(max)),
    }
}

/// Returns the first enum members, each as `code` writes it, and `…` if there are more than twelve.
pub fn one_of(members: &[Literal], code: impl Fn(&Literal) -> String) -> String {
    /// A hover should not fill the screen.
    const MAX_SHOWN: usize = 12;
    let shown: Vec<String> = members.iter().take(MAX_SHOWN).map(code).collect();
    let more = if members.len() > MAX_SHOWN {
        ", …"
    } else {
        ""
    };
    format!("One of {}{more}", shown.join(", "))
}

/// Returns `true` if a title is more than its property's name in other letters.
#[must_use]
pub fn title_adds_to(title: &str, name: &str) -> bool {
    let bare = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    bare(title) != bare(name)
}
