//! Names for Rust and for shells, made from JSON names.
//!
//! Generated code, and the programs that the command line prints, take their identifiers from
//! here, so both always agree. Each mapping is total and depends on the name alone. A name is cut
//! into words at every character that is no letter or digit and, for snake case, at every hump;
//! then:
//!
//! | JSON name | [`field`], [`module`] | [`type_name`], [`variant`] |
//! |---|---|---|
//! | `image_urls` | `image_urls` | `ImageUrls` |
//! | `promptImage` | `prompt_image` | `PromptImage` |
//! | `width×height` | `width_x_height` | `WidthXHeight` |
//! | `type` | `r#type` | `Type` |
//! | `self` | `self_` | `Self_` |
//! | `new`, `default`, `model` | `new_`, `default_`, `model_` | `New`, `Default_`, `Model` |
//! | `33_video`, `4K` | `v33_video`, `v4k` | `V33Video`, `V4K` |
//! | `16:9` | `v16_9` | `V16_9` |
//! | `2048x2048(1:1)` | `v2048x2048_1_1` | `V2048x2048_1_1` |
//! | `720p`, `720P` | `v720p`, `v720p` | `V720p`, `V720P` |
//! | `-1` | `minus_1` | `Minus1` |
//! | (empty) | `empty` | `Empty` |
//! | `日本語` | field `日本語`, module `u65e5_u672c_u8a9e` | type `T日本語`, variant `日本語` |
//! | `🎉` | `u1f389` | `U1f389` |
//!
//! Two JSON names of one scope may come out as the same identifier. Of two properties the generator
//! reports that as an error that names both. Of members of an enum and of ids all that collide are
//! spelt out, so that adding one never gives an old name another meaning:
//!
//! | JSON names | names |
//! |---|---|
//! | members `fast`, `Fast` | `Text_fast`, `Text_Fast` |
//! | members `C`, `C#` | `Text_C`, `Text_C_hash` |
//! | ids `a/wan-2-7`, `a/wan-2.7` | `id__wan_dash_2_dash_7`, `id__wan_dash_2_dot_7` |
//! | ids `a/4k`, `a/4K` | `id__4k`, `id__4_upper_k` |
//!
//! Names of modules and variants have at most 100 characters or so: a longer one ends in a hash of its
//! exact text.

mod limited;
mod module_names;
mod rust;
mod spelling;

use limited::limited;
pub use module_names::{ModuleClash, ModuleNames};
pub use rust::{
    camel, field, ident, module, spelt_type, type_name, variant, variants, variants_with,
};

/// Converts a JSON name to snake case: letters, digits and `_` only, and never empty.
///
/// ```
/// # use runcomfy_schema::naming::snake_case;
/// assert_eq!(snake_case("promptImage"), "prompt_image");
/// assert_eq!(snake_case("width×height"), "width_x_height");
/// assert_eq!(snake_case("16:9"), "16_9");
/// ```
#[must_use]
pub fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for word in words(name) {
        for hump in humps(&word) {
            if !out.is_empty() {
                out.push('_');
            }
            out.extend(hump.chars().flat_map(char::to_lowercase));
        }
    }
    out
}

/// Converts a JSON name to kebab case, as in the flags of a command line.
///
/// ```
/// # use runcomfy_schema::naming::kebab_case;
/// assert_eq!(kebab_case("image_urls"), "image-urls");
/// ```
#[must_use]
pub fn kebab_case(name: &str) -> String {
    snake_case(name).replace('_', "-")
}

/// Converts a JSON name to camel case.
///
/// The case of letters after the first one of a word stays, since values may differ in nothing else
/// (`720p`, `720P`).
///
/// ```
/// # use runcomfy_schema::naming::camel_case;
/// assert_eq!(camel_case("image_urls"), "ImageUrls");
/// assert_eq!(camel_case("720P"), "720P");
/// ```
#[must_use]
pub fn camel_case(name: &str) -> String {
    let mut out = String::new();
    for word in words(name) {
        let touch = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if touch(out.chars().last()) && touch(word.chars().next()) {
            out.push('_');
        }
        let mut letters = word.chars();
        out.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        out.extend(letters);
    }
    out
}

fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
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
        let code_points = letters.iter().map(|c| format!("u{:x}", u32::from(*c)));
        words.extend(code_points);
        if words.is_empty() {
            words.push("empty".to_owned());
        }
    }
    words
}

/// Returns `true` for letters that stay as they are: those of scripts whose single code points no
/// normalisation changes (rustc compares identifiers in NFC) and that are not taken for Latin ones.
fn keeps(c: char) -> bool {
    let script = matches!(c,
        'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ž' // Latin
        | 'ぁ'..='ゖ' | 'ァ'..='ヺ' // kana
        | '一'..='鿿' // Han
        | '가'..='힣'); // Hangul
    c.is_ascii_alphanumeric() || (script && is_one_letter_in_both_cases(c))
}

/// Returns `true` if a letter and its other case are one letter each and lead to one another. `ß`
/// becomes `SS`, and `ı` becomes the `I` of `i`, so two names would come out as one.
fn is_one_letter_in_both_cases(c: char) -> bool {
    let single = |letters: &mut dyn Iterator<Item = char>| match (letters.next(), letters.next()) {
        (Some(letter), None) => Some(letter),
        _ => None,
    };
    let lower = |c: char| single(&mut c.to_lowercase());
    let upper = single(&mut c.to_uppercase());
    upper.is_some_and(|upper| lower(upper) == lower(c) && lower(c).is_some())
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
    fn words_are_cut_as_people_would_cut_them() {
        for (name, snake, camel) in [
            ("image_urls", "image_urls", "ImageUrls"),
            ("promptImage", "prompt_image", "PromptImage"),
            ("HTMLPage", "html_page", "HTMLPage"),
            ("width×height", "width_x_height", "WidthXHeight"),
            ("2048x2048(1:1)", "2048x2048_1_1", "2048x2048_1_1"),
            ("-1", "minus_1", "Minus1"),
            ("", "empty", "Empty"),
            ("..", "u2e_u2e", "U2eU2e"),
            ("日本語", "日本語", "日本語"),
            ("Ünï", "ünï", "Ünï"),
            ("ß", "udf", "Udf"),
            ("ı", "u131", "U131"),
            ("🎉!", "u1f389", "U1f389"),
        ] {
            assert_eq!(snake_case(name), snake, "{name:?}");
            assert_eq!(camel_case(name), camel, "{name:?}");
        }
    }
}
