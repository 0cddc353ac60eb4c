//! Finds a secret in a text by undoing spellings, without knowledge of how it was spelled.

use std::collections::HashSet;

use crate::MAX_LAYERS;
use crate::spelling::ALL;

/// Number of characters in a row that tell a secret.
const TELLTALE: usize = 8;

/// Returns what a text shows of a secret, in any stack of spellings.
pub(crate) fn leak(secret: &str, text: &str) -> Option<String> {
    let secret = secret.to_ascii_lowercase();
    let parts: Vec<&str> = (TELLTALE..=secret.len())
        .map(|end| &secret[end - TELLTALE..end])
        .collect();
    let mut layer = HashSet::from([text.to_owned()]);
    for _ in 0..=MAX_LAYERS {
        for text in &layer {
            let text = text.to_ascii_lowercase();
            if let Some(part) = parts.iter().find(|part| text.contains(*part)) {
                return Some((*part).to_owned());
            }
        }
        layer = (layer.iter())
            .flat_map(|text| ALL.iter().map(|spelling| (spelling.read)(text)))
            .filter(|read| !layer.contains(read) && is_text(read))
            .collect();
    }
    None
}

/// Returns `true` for what may be a layer: one with so many characters of a text in a row.
fn is_text(text: &str) -> bool {
    let is_other = |c: char| !matches!(c, ' '..='~' | '\0' | '\n' | '\r' | '\x1b');
    text.split(is_other)
        .any(|part| part.trim().len() >= TELLTALE)
}
