//! Spellings of characters: as they are, or escaped for JSON, a URL or HTML, once or several times
//! over.

use crate::invisible::is_ignorable;

/// A character that a text spells, and the byte at which its spelling starts. The spelling ends where
/// that of the next character starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spelled {
    pub(crate) char: char,
    pub(crate) start: usize,
    /// An entity without its semicolon, which may still come as an escape.
    is_open: bool,
}

/// The characters that a text spells, each with its bytes.
pub(crate) struct Spelling<'a> {
    text: &'a str,
    chars: Vec<Spelled>,
}

/// Maximum number of characters of one escape: `&DiacriticalGrave;`.
pub(crate) const MAX_ESCAPE: usize = 18;

/// The entities of HTML for ASCII characters that are no letters and digits, and for what looks like
/// them. Case is not compared.
const ENTITIES: [(&str, char); 56] = [
    ("amp", '&'),
    ("apos", '\''),
    ("ast", '*'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("dash", '-'),
    ("DiacriticalGrave", '`'),
    ("dollar", '$'),
    ("equals", '='),
    ("excl", '!'),
    ("grave", '`'),
    ("gt", '>'),
    ("hat", '^'),
    ("horbar", '-'),
    ("hyphen", '-'),
    ("lbrace", '{'),
    ("lbrack", '['),
    ("lcub", '{'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lsqb", '['),
    ("lt", '<'),
    ("mdash", '-'),
    ("midast", '*'),
    ("minus", '-'),
    ("nbsp", '\u{a0}'),
    ("ndash", '-'),
    ("newline", '\n'),
    ("NoBreak", '\u{2060}'),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quest", '?'),
    ("quot", '"'),
    ("rbrace", '}'),
    ("rbrack", ']'),
    ("rcub", '}'),
    ("rpar", ')'),
    ("rsqb", ']'),
    ("semi", ';'),
    ("shy", '\u{ad}'),
    ("sol", '/'),
    ("tab", '\t'),
    ("tilde", '~'),
    ("UnderBar", '_'),
    ("verbar", '|'),
    ("vert", '|'),
    ("VerticalLine", '|'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("zwj", '\u{200d}'),
    ("zwnj", '\u{200c}'),
    ("lrm", '\u{200e}'),
    ("rlm", '\u{200f}'),
];

/// A set of escapes. All have those of JSON, URLs, HTML and programming languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Escapes {
    /// Escapes in base 8, such as `\77`; else `\0` alone.
    octal: bool,
    mail: Mail,
}

/// The quoted-printable escapes of mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mail {
    None,
    /// Escapes of other than letters and digits, such as `=3F`.
    Marks,
    /// Every escape, such as `=72`.
    All,
}

impl Escapes {
    pub(crate) const USUAL: Self = Self::new(true, Mail::None);
    pub(crate) const WITHOUT_OCTAL: Self = Self::new(false, Mail::None);
    pub(crate) const MAIL: Self = Self::new(true, Mail::All);
    pub(crate) const MAIL_WITHOUT_OCTAL: Self = Self::new(false, Mail::All);
    const MARKS_OF_MAIL: Self = Self::new(true, Mail::Marks);

    const fn new(octal: bool, mail: Mail) -> Self {
        Self { octal, mail }
    }

    /// Returns `true` if a text has what this set reads in another way than the usual one, or at all.
    pub(crate) fn apply_to(self, text: &(impl Iterator<Item = char> + Clone)) -> bool {
        let has = |is: fn(char) -> bool| text.clone().any(is);
        let is_escaped = |c: char| matches!(c, '\\' | '%' | '&') || !c.is_ascii();
        match self.mail {
            _ if !self.octal && !has(|c| c == '\\') => false,
            Mail::None => has(is_escaped),
            Mail::Marks | Mail::All => has(|c| c == '='),
        }
    }
}

impl<'a> Spelling<'a> {
    /// Resolves every escape of a text, and every escape that comes out of that.
    ///
    /// An escape is resolved as soon as its last character is there. Its result may be the last
    /// character of another escape. Each step shortens the list, so the time is linear.
    ///
    /// Characters that only look like ASCII ones count as these. What is not seen counts as part of
    /// the spelling of the character before it.
    #[cfg(test)]
    pub(crate) fn new(text: &'a str) -> Self {
        Self::resolved(text, Escapes::USUAL)
    }

    /// As [`new`](Self::new), and resolves the escapes of mails too. That may take an equals sign and
    /// the value behind it for an escape.
    pub(crate) fn with_mail(text: &'a str) -> Self {
        Self::resolved(text, Escapes::MARKS_OF_MAIL)
    }

    fn resolved(text: &'a str, escapes: Escapes) -> Self {
        let chars = resolved(text.char_indices(), escapes);
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

/// Resolves every escape in a list of characters; see [`Spelling::with_mail`]. Each has its position
/// with it.
pub(crate) fn resolved(
    text: impl Iterator<Item = (usize, char)>,
    escapes: Escapes,
) -> Vec<Spelled> {
    let mut chars: Vec<Spelled> = Vec::with_capacity(text.size_hint().0);
    for (start, char) in text {
        let char = plain(char);
        end_entity(&mut chars, char, escapes);
        end_octal(&mut chars, char, escapes);
        chars.push(Spelled {
            char,
            start,
            is_open: false,
        });
        resolve(&mut chars, escapes);
    }
    end_entity(&mut chars, ' ', escapes);
    end_octal(&mut chars, ' ', escapes);
    chars
}

/// Returns the ASCII character that a character looks like, if there is one. Quotation marks stay:
/// they end a text only as they are.
pub(crate) fn plain(c: char) -> char {
    match c {
        '\u{ff02}' | '\u{ff07}' | '\u{ff40}' => c,
        // The full-width forms are in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{37e}'
        | '\u{55e}'
        | '\u{61f}'
        | '\u{1367}'
        | '\u{1945}'
        | '\u{203d}'
        | '\u{2047}'..='\u{2049}'
        | '\u{2cfa}'
        | '\u{2cfb}'
        | '\u{2e2e}'
        | '\u{a60f}'
        | '\u{a6f7}'
        | '\u{fe16}'
        | '\u{fe56}'
        | '\u{11143}' => '?',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        '\u{fe5f}' => '#',
        '\u{fe60}' => '&',
        '\u{fe66}' => '=',
        '\u{fe6a}' | '\u{66a}' => '%',
        '\u{fe6b}' => '@',
        '\u{2044}' | '\u{2215}' | '\u{29f8}' => '/',
        '\u{2236}' | '\u{a789}' | '\u{fe13}' | '\u{fe55}' => ':',
        '\u{fe14}' | '\u{fe54}' => ';',
        _ => c,
    }
}

/// Returns `true` for what is not seen and is no white space. The bytes of UTF-8 are none of that,
/// before they are put together.
fn is_hidden(c: char) -> bool {
    is_ignorable(c) && !c.is_whitespace() && !matches!(c, '\u{80}'..='\u{9f}')
}

/// Replaces escapes at the end of the list by their characters, as long as there are any, and drops
/// what is not seen.
fn resolve(chars: &mut Vec<Spelled>, escapes: Escapes) {
    while let Some((length, char)) = escape_at_end(chars, escapes).or_else(|| utf8_at_end(chars)) {
        replace(chars, length, char);
    }
    let before = chars.len().checked_sub(2).and_then(|at| chars.get(at));
    let is_part = chars.last().is_some_and(|last| {
        let ends_entity = last.char == ';' && before.is_some_and(|before| before.is_open);
        // The soft hyphen may be a byte of UTF-8.
        let is_byte = before.is_some_and(|before| matches!(before.char, '\u{80}'..='\u{f4}'));
        ends_entity || is_hidden(last.char) && !(last.char == '\u{ad}' && is_byte)
    });
    if is_part {
        chars.pop();
        if let Some(last) = chars.last_mut() {
            last.is_open = false;
        }
    }
}

fn replace(chars: &mut Vec<Spelled>, length: usize, char: char) {
    chars.truncate(chars.len() - length + 1);
    if let Some(last) = chars.last_mut() {
        last.char = plain(char);
        last.is_open = false;
    }
}

/// Returns the length of the bytes of UTF-8 that end the list, each as a character of its own, and the
/// character that they spell.
fn utf8_at_end(chars: &[Spelled]) -> Option<(usize, char)> {
    let is_byte = |c: &Spelled| matches!(c.char, '\u{80}'..='\u{ff}');
    if !matches!(chars.last()?.char, '\u{80}'..='\u{bf}') {
        return None;
    }
    (2..=4.min(chars.len())).find_map(|length| {
        let tail = &chars[chars.len() - length..];
        let bytes = tail.iter().filter(|c| is_byte(c));
        let bytes: Vec<u8> = bytes.filter_map(|c| u8::try_from(c.char).ok()).collect();
        let mut spelled = std::str::from_utf8(&bytes).ok()?.chars();
        let char = spelled.next()?;
        (bytes.len() == length && spelled.next().is_none()).then_some((length, char))
    })
}

/// Returns the length of the escape that ends the list, and its character.
fn escape_at_end(chars: &[Spelled], escapes: Escapes) -> Option<(usize, char)> {
    let from_end = |back: usize| Some(chars.get(chars.len().checked_sub(back)?)?.char);
    let digits = |digits: usize| {
        let digits = &chars[chars.len() - digits..];
        char_of(digits, 16)
    };
    let last = from_end(1)?;
    match last {
        ';' => entity_at_end(&chars[..chars.len() - 1]).map(|(length, c)| (length + 1, c)),
        '}' => braced_at_end(chars),
        // The semicolon of the entity before may still come.
        '&' | '%' | '\\' | '=' if chars.len() > 1 && chars[chars.len() - 2].is_open => None,
        _ if from_end(2) == Some('\\') => match last {
            'n' | '\n' => Some((2, '\n')),
            'r' => Some((2, '\r')),
            't' => Some((2, '\t')),
            'v' => Some((2, '\u{b}')),
            'f' => Some((2, '\u{c}')),
            '0' if !escapes.octal => Some((2, '\0')),
            _ if last.is_ascii_punctuation() => Some((2, last)),
            _ => None,
        },
        '\n' | '\r' if from_end(2) == Some('=') && escapes.mail == Mail::All => Some((2, last)),
        _ if escapes.octal && octal_at_end(chars) == Some(3) => Some((4, octal(chars, 3)?)),
        _ if last.is_ascii_hexdigit() => {
            match (from_end(3), from_end(4), from_end(6), from_end(10)) {
                (Some('%'), ..) => Some((3, digits(2)?)),
                (Some('x'), Some('\\'), ..) => Some((4, digits(2)?)),
                (.., Some('\\' | '%'), _) if from_end(5) == Some('u') => Some((6, digits(4)?)),
                (.., Some('\\')) if from_end(9) == Some('U') => Some((10, digits(8)?)),
                (Some('='), ..) if escapes.mail != Mail::None => {
                    let char = digits(2)?;
                    let is_mark =
                        char.is_ascii_punctuation() || !char.is_ascii() && char != '\u{ad}';
                    (is_mark || escapes.mail == Mail::All).then_some((3, char))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Returns the number of digits of an escape such as `\77` at the end of the list, if there is one.
fn octal_at_end(chars: &[Spelled]) -> Option<usize> {
    let is_digit = |c: &&Spelled| c.char.is_digit(8);
    let digits = chars.iter().rev().take(3).take_while(is_digit).count();
    let before = chars.len().checked_sub(digits + 1)?;
    (digits > 0 && chars[before].char == '\\').then_some(digits)
}

fn octal(chars: &[Spelled], digits: usize) -> Option<char> {
    char_of(&chars[chars.len() - digits..], 8)
}

/// Resolves an octal escape of fewer than three digits that `next` ends.
fn end_octal(chars: &mut Vec<Spelled>, next: char, escapes: Escapes) {
    if !escapes.octal || next.is_digit(8) {
        return;
    }
    if let Some(digits) = octal_at_end(chars)
        && let Some(char) = octal(chars, digits)
    {
        replace(chars, digits + 1, char);
        resolve(chars, escapes);
    }
}

/// Returns the escape `\u{3f}`, `\x{3f}` or `\o{77}` at the end of the list.
fn braced_at_end(chars: &[Spelled]) -> Option<(usize, char)> {
    let from = chars.len().saturating_sub(MAX_ESCAPE);
    let open = from + chars[from..].iter().rposition(|c| c.char == '{')?;
    let radix = match chars[open.checked_sub(1)?].char {
        'u' | 'x' => 16,
        'o' => 8,
        _ => return None,
    };
    let is_escape = chars[open.checked_sub(2)?].char == '\\';
    let char = char_of(&chars[open + 1..chars.len() - 1], radix)?;
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
            let is_name = |known: &str| {
                let lower = |c: char| c.to_ascii_lowercase();
                known
                    .chars()
                    .map(lower)
                    .eq(name.iter().map(|c| lower(c.char)))
            };
            ENTITIES.iter().find(|(known, _)| is_name(known))?.1
        }
    };
    Some((chars.len() - open, char))
}

/// Resolves a numeric entity without a semicolon that `next` ends.
fn end_entity(chars: &mut Vec<Spelled>, next: char, escapes: Escapes) {
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
        resolve(chars, escapes);
        if let Some(last) = chars.last_mut() {
            last.is_open = true;
        }
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
            r"\x{3f}",
            r"\o{77}",
            r"\77",
            r"\077",
            r"\\077",
            "%5C077",
            r"\134\077",
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
            "？",
            "﹖",
            "؟",
            "%EF%BC%9F",
            "%25EF%25bc%259f",
            r"\uff1f",
            "&#xff1f;",
            "&Quest;",
            "%3\u{200b}F",
            "?\u{200b}",
            "?\0",
            "?&ZeroWidthSpace;",
            "?%E2%80%8B",
            "%26%2363%3B",
            "&#63%3B",
            "&#38;&#35;92&#59;u003f",
            "%26%2338%3Bquest%26%2359%3B",
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
            ("%E6%97%A5%c3%a9", "日é"),
            ("tok&hyphen;&lowbar;a\u{2010}", "tok-_a-"),
            ("a=3Fb", "a=3Fb"),
            ("", ""),
        ] {
            assert_eq!(resolved(text), shown, "{text}");
        }
    }

    #[test]
    fn escapes_of_mails_are_resolved_on_demand() {
        for (text, shown) in [
            ("a=3Fb", "a?b"),
            ("a=EF=BC=9Fb", "a?b"),
            ("a=3D3Fb", "a?b"),
            ("x=41", "x=41"),
            ("x=20", "x=20"),
        ] {
            let spelling = Spelling::with_mail(text);
            let chars: String = spelling.chars.iter().map(|c| c.char).collect();
            assert_eq!(chars, shown, "{text}");
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
