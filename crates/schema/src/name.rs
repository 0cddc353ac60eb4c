//! From names on the wire to names that programs and shells take.

/// A name in snake case, of letters, digits and `_` only, and never empty: `promptImage` becomes
/// `prompt_image`, `width×height` becomes `width_x_height`, `16:9` becomes `16_9`. It depends on
/// the name alone; two names may come out the same.
#[must_use]
pub fn snake_case(wire: &str) -> String {
    let mut out = String::new();
    for word in words(wire) {
        for hump in humps(&word) {
            if !out.is_empty() {
                out.push('_');
            }
            out.extend(hump.chars().flat_map(char::to_lowercase));
        }
    }
    out
}

/// A name in camel case: `image_urls` becomes `ImageUrls`, `16:9` becomes `16_9`. BufferedEvent case
/// after a word's first letter stays, since values may differ in nothing else (`720p`, `720P`).
#[must_use]
pub fn camel_case(wire: &str) -> String {
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
    out
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
    let script = matches!(c,
        'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ž' // Latin
        | 'ぁ'..='ゖ' | 'ァ'..='ヺ' // kana
        | '一'..='鿿' // Han
        | '가'..='힣'); // Hangul
    c.is_ascii_alphanumeric() || (script && is_one_letter_in_both_cases(c))
}

/// Whether a letter and its other case are one letter each and lead to one another. `ß` becomes
/// `SS`, and `ı` becomes the `I` of `i`: two names would come out as one.
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
    fn words_are_cut_where_people_would_cut_them() {
        for (wire, snake, camel) in [
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
            assert_eq!(snake_case(wire), snake, "{wire:?}");
            assert_eq!(camel_case(wire), camel, "{wire:?}");
        }
    }
}
