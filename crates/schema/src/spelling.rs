//! Spellings of characters: as they are, or escaped for JSON, a URL or HTML, once or several times
//! over.

use crate::invisible::is_ignorable;

/// A character that a text spells, and the byte at which its spelling starts. The spelling ends where
/// that of the next character starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spelled {
    pub(crate) char: char,
    pub(crate) start: usize,
    /// End of the spelling, without what is dropped behind it.
    pub(crate) end: usize,
    /// An entity without its semicolon, which may still come as an escape.
    is_open: bool,
    /// Number of escapes within each other that spell the character.
    depth: u8,
    /// For a backslash that an escape such as `\x5c` or `%5c` spells: what that begins with.
    escape_sign: Option<char>,
}

impl Spelled {
    /// Returns `true` if an escape spells the character, where that is one of ASCII.
    fn is_escaped(&self) -> bool {
        self.end - self.start > 1
    }

    /// Returns `true` for a letter or digit, or what begins a colour, in an escape that is itself written in
    /// escapes, as no usual text has it.
    pub(crate) fn is_hidden(&self) -> bool {
        self.depth > 1 && (self.char.is_ascii_alphanumeric() || self.char == '\u{1b}')
    }
}

/// The characters that a text spells, each with its bytes.
pub(crate) struct Spelling<'a> {
    text: &'a str,
    chars: Vec<Spelled>,
}

/// Maximum number of characters of one escape: `&DiacriticalGrave;`.
pub(crate) const MAX_ESCAPE: usize = 18;

/// Maximum number of characters of a tag that is dropped as markup.
const MAX_TAG: usize = 96;

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
    /// Reads a secret in layers of escapes: what is behind a backslash may begin one of a layer below, and an
    /// escape may go on behind another one. So a backslash that an escape such as `\x5c` spells stays beside
    /// the next one. What begins the colour of a terminal is kept.
    layers: bool,
    /// Drops tags, marks of Markdown and colours of terminals.
    markup: bool,
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
    pub(crate) const USUAL: Self = Self {
        octal: true,
        mail: Mail::None,
        layers: true,
        markup: false,
    };
    const MARKS_OF_MAIL: Self = Self {
        mail: Mail::Marks,
        layers: false,
        ..Self::USUAL
    };

    /// Returns the set that reads `\0` as a character of its own, whatever is behind it.
    pub(crate) const fn without_octal(self) -> Self {
        Self {
            octal: false,
            ..self
        }
    }

    /// Returns the set with all escapes of mails.
    pub(crate) const fn with_mail(self) -> Self {
        Self {
            mail: Mail::All,
            ..self
        }
    }

    /// Returns the set that also drops markup.
    pub(crate) const fn without_markup(self) -> Self {
        Self {
            markup: true,
            ..self
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
        let chars = Resolver::new(escapes).resolved(text);
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

/// Resolves the escapes of a text, character by character; see [`Spelling::with_mail`].
pub(crate) struct Resolver {
    chars: Vec<Spelled>,
    /// An escape was read that begins with `\0` and is longer, which some languages read as two
    /// characters.
    pub(crate) has_long_zero: bool,
    escapes: Escapes,
}

impl Resolver {
    pub(crate) fn new(escapes: Escapes) -> Self {
        Self {
            chars: Vec::new(),
            has_long_zero: false,
            escapes,
        }
    }

    /// Returns the characters of a whole text.
    pub(crate) fn resolved(mut self, text: &str) -> Vec<Spelled> {
        self.chars.reserve(text.len());
        let mut is_open = false;
        for (start, char) in text.char_indices() {
            let end = start + char.len_utf8();
            if is_open || !self.is_inert(char) {
                self.add(start, end, char);
                is_open = self.is_open();
            } else {
                self.push(start, end, char);
            }
        }
        self.end();
        self.chars
    }

    /// Returns the characters so far, of which no escape is open or which are the last ones.
    pub(crate) fn finish(&mut self) -> std::vec::Drain<'_, Spelled> {
        self.end();
        self.chars.drain(..)
    }

    fn end(&mut self) {
        self.end_entity(' ');
        self.end_octal(' ');
    }

    fn push(&mut self, start: usize, end: usize, char: char) {
        self.chars.push(Spelled {
            char,
            start,
            end,
            is_open: false,
            depth: 0,
            escape_sign: None,
        });
    }

    /// Adds a character that may end an escape, or begin one.
    pub(crate) fn add(&mut self, start: usize, end: usize, char: char) {
        let char = plain(char);
        if !self.may_go_on(char) {
            self.end_entity(char);
            self.end_octal(char);
        }
        self.push(start, end, char);
        self.resolve();
    }

    /// Returns `true` if what is before a character may go on behind it, since what it begins may end as
    /// a digit, or as nothing.
    fn may_go_on(&self, char: char) -> bool {
        let begins = !self.is_inert(char) && !matches!(char, '>' | '*' | '`') || is_hidden(char);
        // Of two escapes of one kind the second ends the first.
        let from = self.chars.len().saturating_sub(MAX_ESCAPE);
        let same = self.chars[from..]
            .iter()
            .rfind(|before| before.char == char);
        self.escapes.layers && begins && same.is_none_or(Spelled::is_escaped)
    }

    /// Returns `true` for a character that stays as it is where no escape is open.
    pub(crate) fn is_inert(&self, char: char) -> bool {
        match char {
            '\\' | '%' | '&' => false,
            '=' => self.escapes.mail == Mail::None,
            '<' | '>' | '*' | '`' => !self.escapes.markup,
            ' '..='~' | '\n' | '\r' | '\t' => true,
            _ => false,
        }
    }

    /// Returns `true` if the next character may end an escape.
    pub(crate) fn is_open(&self) -> bool {
        if self.escapes.markup && open_tag(&self.chars).is_some() {
            return true;
        }
        let from = self.chars.len().saturating_sub(MAX_ESCAPE + 2);
        for (length, spelled) in self.chars[from..].iter().rev().enumerate() {
            match spelled.char {
                _ if spelled.is_open => return true,
                // Of an entity, or of an escape in braces.
                'a'..='z' | 'A'..='Z' | '0'..='9' | '#' | '{' | '\n' | '\r' => {}
                '%' => return length <= 5,
                '=' if self.escapes.mail != Mail::None => return length <= 2,
                '\x1b' | '[' | ';' => return self.escapes.markup,
                '\\' | '&' => return true,
                char::REPLACEMENT_CHARACTER => return false,
                c => return !c.is_ascii(),
            }
        }
        false
    }

    /// Replaces escapes at the end of the list by their characters, as long as there are any, and
    /// drops what is not seen.
    fn resolve(&mut self) {
        let escapes = self.escapes;
        while let Some((length, char)) =
            escape_at_end(&self.chars, escapes).or_else(|| utf8_at_end(&self.chars))
        {
            self.replace(length, char);
        }
        if escapes.markup
            && let Some(length) = markup_at_end(&self.chars)
        {
            let first = self.chars.len() - length;
            let is_hidden = self.chars[first].is_hidden();
            self.chars.truncate(first);
            // The backslashes of other layers before it begin nothing behind it.
            while is_hidden && self.chars.pop_if(|c| c.char == '\\').is_some() {}
            return;
        }
        let chars = &mut self.chars;
        let before = chars.len().checked_sub(2).and_then(|at| chars.get(at));
        let is_part = chars.last().is_some_and(|last| {
            let ends_entity = last.char == ';' && before.is_some_and(|before| before.is_open);
            // The soft hyphen may be a byte of UTF-8.
            let is_byte = before.is_some_and(|before| matches!(before.char, '\u{80}'..='\u{f4}'));
            let is_colour = escapes.layers && last.char == '\u{1b}';
            ends_entity || is_hidden(last.char) && !(last.char == '\u{ad}' && is_byte) && !is_colour
        });
        if is_part {
            let dropped = chars.pop();
            if let Some(last) = chars.last_mut() {
                // The semicolon of an entity belongs to it.
                if dropped.is_some_and(|dropped| dropped.char == ';') {
                    last.end = dropped.map_or(last.end, |dropped| dropped.end);
                }
                last.is_open = false;
            }
        }
    }

    fn replace(&mut self, length: usize, char: char) {
        let escape = &self.chars[self.chars.len() - length..];
        // An escape in base 8 begins with a zero, and has more digits.
        self.has_long_zero |= length > 2
            && escape[0].char == '\\'
            && escape[1].char == '0'
            && escape[2].char.is_digit(8);
        let escape_sign = (char == '\\' && length > 2).then_some(escape[0].char);
        let is_pair = escape.iter().all(|c| c.char == '\\');
        let depth = escape.iter().map(|c| c.depth).max().unwrap_or_default();
        let (start, end) = (escape[0].start, escape[length - 1].end);
        self.chars.truncate(self.chars.len() - length);
        let char = plain(char);
        if self.escapes.layers && !self.may_go_on(char) {
            self.end_entity(char);
            self.end_octal(char);
        }
        self.push(start, end, char);
        if let Some(spelled) = self.chars.last_mut() {
            // JSON writes each backslash of a text as two.
            spelled.depth = depth.saturating_add(u8::from(!is_pair));
            spelled.escape_sign = escape_sign;
        }
    }

    /// Resolves an octal escape of fewer than three digits that `next` ends.
    fn end_octal(&mut self, next: char) {
        if !self.escapes.octal || next.is_digit(8) {
            return;
        }
        if let Some(digits) = octal_at_end(&self.chars)
            && let Some(char) = octal(&self.chars, digits)
        {
            self.replace(digits + 1, char);
            self.resolve();
        }
    }

    /// Resolves a numeric entity without a semicolon that `next` ends.
    fn end_entity(&mut self, next: char) {
        let chars = &self.chars;
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
            self.replace(length, char);
            self.resolve();
            if let Some(last) = self.chars.last_mut() {
                last.is_open = true;
            }
        }
    }
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

/// Returns `true` for two backslashes of which the second may begin an escape of its own: the first is
/// spelled by an escape of the same kind, or by another one than the second.
fn may_be_apart(first: &Spelled, second: &Spelled) -> bool {
    let is_apart = |by: char| by == '\\' || !second.is_escaped();
    first.escape_sign.is_some_and(is_apart)
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
            '&' | '%' | '=' if escapes.layers => None,
            '\\' => {
                let is_apart = may_be_apart(&chars[chars.len() - 2], chars.last()?);
                (!escapes.layers || !is_apart).then_some((2, last))
            }
            '<' if escapes.markup => None,
            _ if last.is_ascii_punctuation() => {
                let before = chars[..chars.len() - 1].iter().rev();
                Some((1 + before.take_while(|c| c.char == '\\').count(), last))
            }
            _ => None,
        },
        // A soft line break, which is dropped as what is not seen.
        '\n' if escapes.mail == Mail::All => match (from_end(2)?, from_end(3)) {
            ('=', _) => Some((2, '\u{200b}')),
            ('\r', Some('=')) => Some((3, '\u{200b}')),
            _ => None,
        },
        _ if escapes.octal && octal_at_end(chars) == Some(3) => Some((4, octal(chars, 3)?)),
        _ if last.is_ascii_hexdigit() => {
            match (from_end(3), from_end(4), from_end(6), from_end(10)) {
                (Some('%'), ..) => Some((3, digits(2)?)),
                (Some('='), ..) if escapes.mail != Mail::None => {
                    let char = digits(2)?;
                    let is_mark =
                        char.is_ascii_punctuation() || !char.is_ascii() && char != '\u{ad}';
                    (is_mark || escapes.mail == Mail::All).then_some((3, char))
                }
                (Some('x'), Some('\\'), ..) => Some((4, digits(2)?)),
                (.., Some('\\' | '%'), _) if from_end(5) == Some('u') => Some((6, digits(4)?)),
                (.., Some('\\')) if from_end(9) == Some('U') => Some((10, digits(8)?)),
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

/// Returns where the tag starts of which the end is still to come.
fn open_tag(chars: &[Spelled]) -> Option<usize> {
    let from = chars.len().saturating_sub(MAX_TAG);
    let is_end = |c: &Spelled| matches!(c.char, '<' | '>' | char::REPLACEMENT_CHARACTER);
    let open = from + chars[from..].iter().rposition(is_end)?;
    let begins = |c: &Spelled| matches!(c.char, 'a'..='z' | 'A'..='Z' | '/' | '!');
    let is_tag = chars[open].char == '<' && chars.get(open + 1).is_none_or(begins);
    is_tag.then_some(open)
}

/// Returns the length of the markup at the end of the list: a tag, a mark of Markdown, or the colour of
/// a terminal.
fn markup_at_end(chars: &[Spelled]) -> Option<usize> {
    match chars.last()?.char {
        '*' | '`' => Some(1),
        '>' => Some(chars.len() - open_tag(&chars[..chars.len() - 1])?),
        last if last.is_ascii_alphabetic() => {
            let is_parameter = |c: &&Spelled| matches!(c.char, '0'..='9' | ';');
            let before = chars[..chars.len() - 1].iter().rev().take(MAX_ESCAPE);
            let parameters = before.take_while(is_parameter).count();
            let open = chars.len().checked_sub(parameters + 3)?;
            let is_colour = chars[open].char == '\u{1b}' && chars[open + 1].char == '[';
            is_colour.then_some(parameters + 3)
        }
        _ => None,
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
