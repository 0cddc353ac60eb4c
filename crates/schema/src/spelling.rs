//! Spellings of characters: as they are, or escaped for JSON, a URL or HTML, once or several times
//! over.

/// A character that a text spells, and the byte at which its spelling starts. The spelling ends where
/// that of the next character starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spelled {
    pub(crate) char: char,
    pub(crate) start: usize,
}

/// The characters that a text spells, each with its bytes.
pub(crate) struct Spelling<'a> {
    text: &'a str,
    chars: Vec<Spelled>,
}

/// Maximum number of characters of one escape: `&#x10ffff;`.
pub(crate) const MAX_ESCAPE: usize = 10;

/// Entities of HTML whose characters matter in URLs.
const ENTITIES: [(&str, char); 14] = [
    ("amp", '&'),
    ("apos", '\''),
    ("bsol", '\\'),
    ("colon", ':'),
    ("commat", '@'),
    ("equals", '='),
    ("grave", '`'),
    ("gt", '>'),
    ("lt", '<'),
    ("num", '#'),
    ("percnt", '%'),
    ("quest", '?'),
    ("quot", '"'),
    ("sol", '/'),
];

impl<'a> Spelling<'a> {
    /// Resolves every escape of a text, and every escape that comes out of that.
    ///
    /// An escape is resolved as soon as its last character is there. Its result may be the last
    /// character of another escape. Each step shortens the list, so the time is linear.
    pub(crate) fn new(text: &'a str) -> Self {
        let mut chars: Vec<Spelled> = Vec::with_capacity(text.len());
        for (start, char) in text.char_indices() {
            end_entity(&mut chars, char);
            chars.push(Spelled { char, start });
            resolve(&mut chars);
        }
        end_entity(&mut chars, ' ');
        Self { text, chars }
    }

    pub(crate) fn len(&self) -> usize {
        self.chars.len()
    }

    /// Returns the character at an index.
    pub(crate) fn char(&self, index: usize) -> Option<char> {
        Some(self.chars.get(index)?.char)
    }

    /// Returns the byte at which the character at an index starts; the end of the text behind the
    /// last one.
    pub(crate) fn start(&self, index: usize) -> usize {
        self.chars.get(index).map_or(self.text.len(), |c| c.start)
    }

    /// Returns the text that spells the character at an index.
    pub(crate) fn spelled(&self, index: usize) -> &'a str {
        &self.text[self.start(index)..self.start(index + 1)]
    }

    /// Returns the first index in a range whose character is of a kind.
    pub(crate) fn find(
        &self,
        mut range: std::ops::Range<usize>,
        is: impl Fn(char) -> bool,
    ) -> Option<usize> {
        range.find(|index| self.char(*index).is_some_and(&is))
    }
}

/// Replaces escapes at the end of the list by their characters, as long as there are any.
fn resolve(chars: &mut Vec<Spelled>) {
    while let Some((length, char)) = escape_at_end(chars) {
        replace(chars, length, char);
    }
}

fn replace(chars: &mut Vec<Spelled>, length: usize, char: char) {
    chars.truncate(chars.len() - length + 1);
    if let Some(last) = chars.last_mut() {
        last.char = char;
    }
}

/// Returns the length of the escape that ends the list, and its character.
fn escape_at_end(chars: &[Spelled]) -> Option<(usize, char)> {
    let from_end = |back: usize| Some(chars.get(chars.len().checked_sub(back)?)?.char);
    let digits = |digits: usize| {
        let digits = &chars[chars.len() - digits..];
        char_of(digits, 16)
    };
    let last = from_end(1)?;
    match last {
        ';' => entity_at_end(&chars[..chars.len() - 1]).map(|(length, c)| (length + 1, c)),
        '}' => braced_at_end(chars),
        _ if from_end(2) == Some('\\') => match last {
            'n' | '\n' => Some((2, '\n')),
            'r' => Some((2, '\r')),
            't' => Some((2, '\t')),
            _ if last.is_ascii_punctuation() => Some((2, last)),
            _ => None,
        },
        _ if last.is_ascii_hexdigit() => {
            match (from_end(3), from_end(4), from_end(6), from_end(10)) {
                (Some('%'), ..) => Some((3, digits(2)?)),
                (Some('x'), Some('\\'), ..) => Some((4, digits(2)?)),
                (.., Some('\\' | '%'), _) if from_end(5) == Some('u') => Some((6, digits(4)?)),
                (.., Some('\\')) if from_end(9) == Some('U') => Some((10, digits(8)?)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Returns the escape `\u{3f}` at the end of the list.
fn braced_at_end(chars: &[Spelled]) -> Option<(usize, char)> {
    let from = chars.len().saturating_sub(MAX_ESCAPE);
    let open = from + chars[from..].iter().rposition(|c| c.char == '{')?;
    let is_escape = open >= 2 && chars[open - 1].char == 'u' && chars[open - 2].char == '\\';
    let char = char_of(&chars[open + 1..chars.len() - 1], 16)?;
    is_escape.then(|| (chars.len() - open + 2, char))
}

/// Returns the entity at the end of the list, of which the semicolon is still to come or is missing.
fn entity_at_end(chars: &[Spelled]) -> Option<(usize, char)> {
    let from = chars.len().saturating_sub(MAX_ESCAPE);
    let open = from + chars[from..].iter().rposition(|c| c.char == '&')?;
    let name = &chars[open + 1..];
    let char = match name {
        [hash, x, digits @ ..] if hash.char == '#' && matches!(x.char, 'x' | 'X') => {
            char_of(digits, 16)?
        }
        [hash, digits @ ..] if hash.char == '#' => char_of(digits, 10)?,
        _ => {
            let is_name = |known: &str| known.chars().eq(name.iter().map(|c| c.char));
            ENTITIES.iter().find(|(known, _)| is_name(known))?.1
        }
    };
    Some((chars.len() - open, char))
}

/// Resolves a numeric entity without a semicolon that `next` ends.
fn end_entity(chars: &mut Vec<Spelled>, next: char) {
    let Some(last) = chars.last() else { return };
    if !last.char.is_ascii_hexdigit() || next == ';' {
        return;
    }
    let from = chars.len().saturating_sub(MAX_ESCAPE);
    let Some(hash) = chars[from..].iter().rposition(|c| c.char == '#') else {
        return;
    };
    let is_hex = matches!(chars[from + hash..].get(1), Some(x) if matches!(x.char, 'x' | 'X'));
    if next.is_digit(if is_hex { 16 } else { 10 }) {
        return;
    }
    if let Some((length, char)) = entity_at_end(chars) {
        replace(chars, length, char);
        resolve(chars);
    }
}

fn char_of(digits: &[Spelled], radix: u32) -> Option<char> {
    if digits.is_empty() {
        return None;
    }
    let number = digits.iter().try_fold(0_u32, |number, digit| {
        number
            .checked_mul(radix)?
            .checked_add(digit.char.to_digit(radix)?)
    });
    char::from_u32(number?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> String {
        Spelling::new(text).chars.iter().map(|c| c.char).collect()
    }

    #[test]
    fn escapes_are_resolved_however_deep() {
        for text in [
            "?",
            "%3F",
            "%3f",
            "%253F",
            "%25253F",
            r"\u003f",
            r"\u003F",
            r"\\u003f",
            r"\\\u003f",
            r"\x3f",
            r"\u{3f}",
            r"\U0000003f",
            "%u003f",
            "&#63;",
            "&#x3f;",
            "&#X3F;",
            "&#063;",
            "&quest;",
            "&amp;#63;",
            "&amp;amp;#63;",
            r"\u0025\u0033\u0046",
            "%26%2363;",
            r"\?",
            "%5Cu003f",
            r"\u0026#63;",
        ] {
            assert_eq!(resolved(text), "?", "{text}");
            let url = format!("a/{text}S");
            assert_eq!(resolved(&url), "a/?S", "{url}");
        }
        for (text, shown) in [
            ("&#63S", "?S"),
            ("&#63", "?"),
            ("&#x3f-", "?-"),
            (r"https:\/\/a", "https://a"),
            ("&#38;quot;", "\""),
            ("100% of it", "100% of it"),
            (
                "%zz &none; \\q \\u12 &#; &#x;",
                "%zz &none; \\q \\u12 &#; &#x;",
            ),
            ("日本%E6", "日本æ"),
            ("", ""),
        ] {
            assert_eq!(resolved(text), shown, "{text}");
        }
    }

    #[test]
    fn spelling_of_each_character_is_known() {
        let text = r"a%25253F\u003f日&quest;";
        let spelling = Spelling::new(text);
        let spelled: Vec<&str> = (0..spelling.len()).map(|i| spelling.spelled(i)).collect();
        assert_eq!(spelled, ["a", "%25253F", r"\u003f", "日", "&quest;"]);
        assert_eq!(spelled.concat(), text);
    }
}
