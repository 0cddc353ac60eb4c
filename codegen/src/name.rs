//! From names on the wire to Rust identifiers.
//!
//! The mapping is total and depends on the name alone. A name is cut into words, at everything
//! that is no letter or digit and, for snake case, where a hump begins; then:
//!
//! | wire | field, module | type, variant |
//! |---|---|---|
//! | `image_urls` | `image_urls` | `ImageUrls` |
//! | `promptImage` | `prompt_image` | `PromptImage` |
//! | `width×height` | `width_x_height` | `WidthXHeight` |
//! | `type` | `r#type` | `Type` |
//! | `self` | `self_` | `Self_` |
//! | `33_video`, `4K` | `v33_video`, `v4k` | `V33Video`, `V4K` |
//! | `16:9` | `v16_9` | `V16_9` |
//! | `2048x2048(1:1)` | `v2048x2048_1_1` | `V2048x2048_1_1` |
//! | `720p`, `720P` | `v720p`, `v720p` | `V720p`, `V720P` |
//! | `-1` | `minus_1` | `Minus1` |
//! | (empty) | `empty` | `Empty` |
//! | `日本語` | `日本語` | `日本語` |
//! | `🎉` | `u1f389` | `U1f389` |
//!
//! Two wire names of one scope that come out the same are an error that names both.

use proc_macro2::{Ident, Span};

/// A field, setter, argument or module.
pub(crate) fn snake(wire: &str) -> String {
    let mut out = String::new();
    for word in words(wire) {
        for hump in humps(&word) {
            if !out.is_empty() {
                out.push('_');
            }
            out.extend(hump.chars().flat_map(char::to_lowercase));
        }
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, 'v');
    }
    out
}

/// A type or an enum's variant. Letter case after a word's first letter stays, since values may
/// differ in nothing else.
pub(crate) fn camel(wire: &str) -> String {
    let mut out = String::new();
    for word in words(wire) {
        let touch = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if touch(out.chars().last()) && touch(word.chars().next()) {
            out.push('_');
        }
        let mut letters = word.chars();
        out.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        out.extend(letters);
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, 'V');
    }
    out
}

/// A module of the path to a model. Names that a file system or cargo has taken get a `_`.
pub(crate) fn module(segment: &str) -> String {
    const TAKEN: [&str; 7] = ["lib", "main", "mod", "con", "prn", "aux", "nul"];
    let name = snake(segment);
    let device = |prefix| {
        name.strip_prefix(prefix)
            .is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
    };
    if TAKEN.contains(&name.as_str()) || device("com") || device("lpt") {
        return name + "_";
    }
    name
}

/// A field with its setter. Names of the methods that every input has, and of methods that
/// everybody calls on it, get a `_`.
pub(crate) fn field(wire: &str) -> String {
    const TAKEN: [&str; 8] = [
        "new",
        "validate",
        "extra",
        "with_extra",
        "check_media",
        "clone",
        "into",
        "to_owned",
    ];
    let name = snake(wire);
    if TAKEN.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// The enum or struct made for a property. Names that the generated code uses get a `_`.
pub(crate) fn type_of(wire: &str) -> String {
    const TAKEN: [&str; 12] = [
        "Input", "Output", "Self", "Option", "Some", "None", "Result", "Ok", "Err", "Vec",
        "String", "Into",
    ];
    let name = camel(wire);
    if TAKEN.contains(&name.as_str()) {
        name + "_"
    } else {
        name
    }
}

/// The name as a token: raw where it is a keyword, with a `_` where it cannot even be raw.
pub(crate) fn ident(name: &str) -> Ident {
    if let Ok(ident) = syn::parse_str::<Ident>(name) {
        return ident;
    }
    if let Ok(raw) = syn::parse_str::<Ident>(&format!("r#{name}")) {
        return raw;
    }
    Ident::new(&format!("{name}_"), Span::call_site())
}

fn words(wire: &str) -> Vec<String> {
    let letters: Vec<char> = wire.chars().collect();
    let digit = |i: usize| letters.get(i).is_some_and(char::is_ascii_digit);
    let mut words = vec![String::new()];
    let alone = |words: &mut Vec<String>, word: &str| {
        words.push(word.to_owned());
        words.push(String::new());
    };
    for (i, &c) in letters.iter().enumerate() {
        match c {
            c if keeps(c) => words.last_mut().into_iter().for_each(|w| w.push(c)),
            '×' => alone(&mut words, "x"),
            '-' if i == 0 && digit(1) => alone(&mut words, "minus"),
            '+' => alone(&mut words, "plus"),
            '%' => alone(&mut words, "percent"),
            c if c.is_ascii() => words.push(String::new()),
            c => alone(&mut words, &format!("u{:x}", u32::from(c))),
        }
    }
    words.retain(|word| !word.is_empty());
    if words.is_empty() {
        // Nothing but separators, or nothing at all.
        let spelt = letters.iter().map(|c| format!("u{:x}", u32::from(*c)));
        words.extend(spelt);
        if words.is_empty() {
            words.push("empty".to_owned());
        }
    }
    words
}

/// Letters that stay as they are: those of scripts whose single code points no normalisation
/// changes (rustc compares identifiers in NFC) and that are not taken for Latin ones.
fn keeps(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c,
            'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ž' // Latin
            | 'ぁ'..='ゖ' | 'ァ'..='ヺ' // kana
            | '一'..='鿿' // Han
            | '가'..='힣') // Hangul
}

/// Cuts `promptImage` before `I`, and `HTMLPage` before `P`.
fn humps(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut humps = vec![String::new()];
    for (i, &c) in letters.iter().enumerate() {
        let after_lower = i > 0 && letters[i - 1].is_lowercase();
        let ends_capitals = i > 0
            && letters[i - 1].is_uppercase()
            && letters.get(i + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_lower || ends_capitals) {
            humps.push(String::new());
        }
        humps.last_mut().into_iter().for_each(|hump| hump.push(c));
    }
    humps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_above_is_true() {
        for (wire, field_name, type_name) in [
            ("image_urls", "image_urls", "ImageUrls"),
            ("promptImage", "prompt_image", "PromptImage"),
            ("width×height", "width_x_height", "WidthXHeight"),
            ("type", "r#type", "Type"),
            ("self", "self_", "Self_"),
            ("33_video", "v33_video", "V33Video"),
            ("4K", "v4k", "V4K"),
            ("16:9", "v16_9", "V16_9"),
            ("1:11", "v1_11", "V1_11"),
            ("11:1", "v11_1", "V11_1"),
            ("2048x2048(1:1)", "v2048x2048_1_1", "V2048x2048_1_1"),
            ("720p", "v720p", "V720p"),
            ("720P", "v720p", "V720P"),
            ("-1", "minus_1", "Minus1"),
            ("", "empty", "Empty"),
            ("日本語", "日本語", "日本語"),
            ("🎉", "u1f389", "U1f389"),
            ("HTMLPage", "html_page", "HTMLPage"),
            ("3D Render", "v3d_render", "V3DRender"),
            ("en-US-Aria", "en_us_aria", "EnUSAria"),
            ("gpt-image-2.5", "gpt_image_2_5", "GptImage2_5"),
            ("image_url_1", "image_url_1", "ImageUrl1"),
            ("safety-tolerance", "safety_tolerance", "SafetyTolerance"),
            ("new", "new_", "New"),
            ("extra", "extra_", "Extra"),
            ("input", "input", "Input_"),
            ("_", "u5f", "U5f"),
            ("\u{202e}", "u202e", "U202e"),
            ("\0", "u0", "U0"),
            ("a*/b", "a_b", "AB"),
        ] {
            assert_eq!(ident(&field(wire)).to_string(), field_name, "{wire:?}");
            assert_eq!(ident(&type_of(wire)).to_string(), type_name, "{wire:?}");
        }
    }

    #[test]
    fn modules_are_file_names_everywhere() {
        for (segment, name) in [
            ("dreamina-4-0", "dreamina_4_0"),
            ("4K", "v4k"),
            ("480p", "v480p"),
            ("wan-3.0", "wan_3_0"),
            ("Hailuo Video 01 Live", "hailuo_video_01_live"),
            ("..", "u2e_u2e"),
            ("lib", "lib_"),
            ("mod", "mod_"),
            ("CON", "con_"),
            ("com1", "com1_"),
            ("a/b\\c", "a_b_c"),
        ] {
            assert_eq!(module(segment), name, "{segment:?}");
        }
    }
}
