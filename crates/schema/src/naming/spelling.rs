//! Names that keep every character of a text.

/// Spelling of capital letters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// As they are.
    Kept,
    /// Spelt out: the name is also a file's, on a system that ignores case.
    Spelt,
}

/// Returns a text as part of an identifier: ASCII letters and digits as they are, and each other
/// character by its name between two `_`. No two texts have the same spelling.
pub(super) fn spelt(text: &str, case: Case) -> String {
    // Letters and names in turn; a name may have no letters before it.
    let mut out = String::new();
    let mut after_name = false;
    for c in text.chars() {
        let is_plain = c.is_ascii_alphanumeric() && (case == Case::Kept || !c.is_ascii_uppercase());
        if is_plain {
            if std::mem::take(&mut after_name) {
                out.push('_');
            }
            out.push(c);
            continue;
        }
        if std::mem::replace(&mut after_name, true) {
            out.push('_');
        }
        out.push('_');
        if c.is_ascii_uppercase() {
            out.push_str("upper_");
            out.push(c.to_ascii_lowercase());
            after_name = false;
        } else {
            out.push_str(&name(c));
        }
    }
    out
}

fn name(c: char) -> String {
    let name = match c {
        ' ' => "space",
        '_' => "underscore",
        '-' => "dash",
        '.' => "dot",
        ',' => "comma",
        ':' => "colon",
        ';' => "semicolon",
        '/' => "slash",
        '\\' => "backslash",
        '#' => "hash",
        '+' => "plus",
        '*' => "star",
        '=' => "equals",
        '%' => "percent",
        '&' => "and",
        '|' => "bar",
        '!' => "bang",
        '?' => "question",
        '@' => "at",
        '~' => "tilde",
        '(' => "open",
        ')' => "close",
        '<' => "less",
        '>' => "greater",
        '\'' => "quote",
        '×' => "times",
        other => return format!("u{:x}", u32::from(other)),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// Every text of these characters, up to five of them.
    fn texts() -> Vec<String> {
        let mut texts = vec![String::new()];
        let mut from = 0;
        for _ in 0..5 {
            let to = texts.len();
            for at in from..to {
                for c in ['a', 'A', '_', '-', '.', '1', '日'] {
                    texts.push(format!("{}{c}", texts[at]));
                }
            }
            from = to;
        }
        texts
    }

    #[test]
    fn no_two_texts_are_spelt_alike() {
        for case in [Case::Kept, Case::Spelt] {
            let mut seen: HashMap<String, String> = HashMap::new();
            for text in texts() {
                let spelt = spelt(&text, case);
                assert!(spelt.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
                assert!(case == Case::Kept || spelt == spelt.to_lowercase());
                if let Some(other) = seen.insert(spelt.clone(), text.clone()) {
                    panic!("{other:?} and {text:?} are both {spelt}");
                }
            }
        }
    }

    #[test]
    fn spelling_can_be_read() {
        for (text, kept, lower) in [
            ("fast", "fast", "fast"),
            ("Fast", "Fast", "_upper_fast"),
            ("C#", "C_hash", "_upper_c_hash"),
            ("wan-2.7", "wan_dash_2_dot_7", "wan_dash_2_dot_7"),
            ("4K", "4K", "4_upper_k"),
            ("a--b", "a_dash__dash_b", "a_dash__dash_b"),
            ("日", "_u65e5", "_u65e5"),
        ] {
            assert_eq!(
                (&*spelt(text, Case::Kept), &*spelt(text, Case::Spelt)),
                (kept, lower)
            );
        }
    }
}
