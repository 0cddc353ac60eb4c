//! A secret text that must appear in no other text.

mod digits;
mod escapes;
mod layer;
mod noise;
mod numbers;

use std::collections::HashSet;
use std::ops::Range;

use crate::spelling::MAX_ESCAPE;
use layer::{Decoded, GAP, Layer, MIN_CHARS, Runs, Span};
use noise::{skip_noise, without_noise};

/// A secret, such as an API token, to be erased from the texts of others.
///
/// A text is searched as it is and with its escapes resolved. What is written as digits in either is
/// decoded to a next layer, and so on, to a fixed depth. The time is linear: no layer is more than
/// twice as long as the text.
pub struct Secret {
    /// The secret as it is, and as its own escapes and markup can be read.
    patterns: Vec<Vec<u8>>,
    /// All parts of these of [`MIN_CHARS`] characters, in lower case.
    parts: HashSet<Vec<u8>>,
}

/// Maximum number of layers of digits within each other, such as base64 of hex. Between any two, and
/// before the first, escapes may be in any number.
const MAX_DEPTH: usize = 4;

/// Number of bytes of a long text that are read at a time, which bounds the memory.
const CHUNK: usize = 1 << 17;

/// Number of bytes that two chunks share: more than any spelling of a token has.
const OVERLAP: usize = 1 << 15;

/// Number of bytes that a layer of a short text may have.
const MIN_LAYER: usize = 1 << 12;

impl Secret {
    /// Creates a secret. One of fewer than 8 characters is erased from nothing.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut patterns: Vec<Vec<u8>> = Vec::new();
        for pattern in escapes::patterns(text) {
            let pattern = without_noise(&pattern);
            if pattern.len() >= MIN_CHARS && !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
        let windows = patterns
            .iter()
            .flat_map(|pattern| pattern.windows(MIN_CHARS));
        let parts = windows.map(<[u8]>::to_ascii_lowercase).collect();
        Self { patterns, parts }
    }

    /// Returns the bytes with `…` for the secret: as it is, in capitals, escaped for JSON, a URL, HTML, a
    /// mail or a programming language, broken into lines, with markup in it, in base64, base32 or numbers,
    /// and in these within each other. Invalid UTF-8 stays.
    #[must_use]
    pub fn erase(&self, bytes: Vec<u8>) -> Vec<u8> {
        let mut erased = Vec::new();
        let mut changed = false;
        for chunk in bytes.utf8_chunks() {
            let text = self.erase_text(chunk.valid());
            changed |= text.is_some();
            erased.extend_from_slice(text.as_deref().unwrap_or(chunk.valid()).as_bytes());
            erased.extend_from_slice(chunk.invalid());
        }
        if changed { erased } else { bytes }
    }

    /// Returns the text with `…` for the secret; `None` where it does not contain it.
    #[must_use]
    pub fn erase_text(&self, text: &str) -> Option<String> {
        if self.patterns.is_empty() || text.len() < MIN_CHARS {
            return None;
        }
        let mut found = Vec::new();
        let mut start = 0;
        loop {
            let end = boundary(text, start + CHUNK + OVERLAP);
            let places = self.find(&text[start..end]).into_iter();
            found.extend(places.map(|place| start + place.start..start + place.end));
            if end == text.len() {
                break;
            }
            start = boundary(text, start + CHUNK);
        }
        if !found.is_empty() {
            // A text that quotes it once may also quote it in parts, as the last column of a dump does.
            self.search_parts(Layer::Text(text), &mut found);
        }
        without(text, found)
    }

    /// Returns the places of the secret in a text and in all layers below it.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let max_bytes = text.len() * 2 + MIN_LAYER;
        let mut decoded = self.read(Layer::Text(text), max_bytes, &mut found);
        for _ in 0..MAX_DEPTH {
            if decoded.bytes.is_empty() {
                break;
            }
            self.search_parts(Layer::Decoded(&decoded), &mut found);
            decoded = self.read(Layer::Decoded(&decoded), max_bytes, &mut found);
        }
        found
    }

    /// Adds the places of the secret in a layer, and returns the layer below it.
    fn read(&self, layer: Layer<'_>, max_bytes: usize, found: &mut Vec<Range<usize>>) -> Decoded {
        let mut runs = Runs::new(max_bytes);
        self.read_plain(layer, &mut runs, found);
        for reading in escapes::readings(layer) {
            self.read_plain(Layer::Reading(&reading), &mut runs, found);
            found.extend(reading.hidden_texts().map(Span::range));
        }
        runs.finish()
    }

    fn read_plain(&self, layer: Layer<'_>, runs: &mut Runs, found: &mut Vec<Range<usize>>) {
        self.search(layer, found);
        digits::decode(layer, self.min_chars(), runs);
        numbers::decode(layer, runs);
    }

    /// Returns the number of characters that any spelling of the secret has at least.
    fn min_chars(&self) -> usize {
        let lengths = self.patterns.iter().map(Vec::len);
        lengths.min().unwrap_or(MIN_CHARS)
    }

    /// Adds the places of the secret in a layer as it is.
    fn search(&self, layer: Layer<'_>, found: &mut Vec<Range<usize>>) {
        let bytes = layer.bytes();
        for pattern in &self.patterns {
            // The bit that a letter has in one of its cases.
            let first = pattern[0] | 0x20;
            for (start, _) in bytes
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte | 0x20 == first)
            {
                if let Some(end) = match_end(bytes, start, pattern) {
                    found.push(layer.span_of(start..end).range());
                }
            }
        }
    }

    /// Adds the places of parts of the secret. As digits it may be in rows with other numbers between them.
    fn search_parts(&self, layer: Layer<'_>, found: &mut Vec<Range<usize>>) {
        let bytes = layer.bytes();
        let (mut chars, mut places) = (Vec::new(), Vec::new());
        let mut at = skip_noise(bytes, 0);
        while let Some(byte) = bytes.get(at) {
            chars.push(byte.to_ascii_lowercase());
            places.push(at);
            at = skip_noise(bytes, at + 1);
        }
        for (part, places) in chars.windows(MIN_CHARS).zip(places.windows(MIN_CHARS)) {
            if self.parts.contains(part) {
                found.push(layer.span_of(places[0]..places[MIN_CHARS - 1] + 1).range());
            }
        }
    }
}

/// Returns the last start of a character up to a byte; the end of the text where that is first.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    let is_start = |at: &usize| text.is_char_boundary(*at);
    (0..=at).rev().find(is_start).unwrap_or_default()
}

/// Returns the text with `…` in each of these places; `None` without any.
fn without(text: &str, mut places: Vec<Range<usize>>) -> Option<String> {
    if places.is_empty() {
        return None;
    }
    places.sort_unstable_by_key(|place| place.start);
    let mut erased = String::new();
    let mut shown = 0;
    for (index, place) in places.iter().enumerate() {
        if index == 0 || place.start >= shown {
            erased += &text[shown..place.start];
            erased.push('…');
        }
        shown = shown.max(place.end);
    }
    erased += &text[shown..];
    Some(erased)
}

/// Returns where the pattern ends that starts at `start`. Its first half suffices, and at the end of the
/// text its first characters: the text may be cut, also within an escape.
fn match_end(text: &[u8], start: usize, pattern: &[u8]) -> Option<usize> {
    let mut at = start;
    for (matched, expected) in pattern.iter().enumerate() {
        let noise = at;
        at = skip_noise(text, at);
        match text.get(at).copied() {
            Some(byte) if is_same(byte, *expected) => at += 1,
            _ if matched < MIN_CHARS => return None,
            None | Some(GAP) => return Some(at),
            _ => {
                let escape = (noise..=at).find(|at| b"\\%&=".contains(&text[*at]));
                let is_half = matched * 2 >= pattern.len();
                let half = is_half.then_some(noise);
                return escape.and_then(|at| end_near(text, at)).or(half);
            }
        }
    }
    Some(at)
}

/// Returns the end of the text, or of the run, that is nearer than an escape is long.
fn end_near(text: &[u8], at: usize) -> Option<usize> {
    let near = &text[at..text.len().min(at + MAX_ESCAPE)];
    let gap = near.iter().position(|byte| *byte == GAP);
    let end = (near.len() < MAX_ESCAPE).then_some(near.len());
    gap.or(end).map(|length| at + length)
}

/// Returns `true` for one letter in both cases.
fn is_same(found: u8, expected: u8) -> bool {
    found.eq_ignore_ascii_case(&expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_erased_in_any_spelling() {
        let secret = Secret::new("tok-5eCr3t/+x=");
        for text in [
            "tok-5eCr3t/+x=",
            "TOK-5ECR3T/+X=",
            "tok%2D5eCr3t%2F%2Bx%3D",
            "tok&hyphen;5eCr3t&sol;&plus;x&equals;",
            "tok\u{2010}5eCr3t/+x=",
            "tok%E2%80%905eCr3t/+x=",
            "ｔｏｋ－5eCr3t/+x=",
            "tok%252D5eCr3t/+x=",
            r"tok\u002d5eCr3t\/+x\u003d",
            "tok&#45;5eCr3t/+x=",
            "tok-5e\r\n  Cr3t/+x=",
            r"tok-5e\nCr3t/+x=",
            r"tok-5e\Cr3t/+x=",
            "tok-5e\u{200b}Cr3t/+x=",
            "tok\u{fe0f}-5e\u{34f}Cr3t\u{3164}/\u{e0100}+x\u{fff9}=",
            "t\0o\0k\0-\x005\0e\0C\0r\x003\0t\0/\0+\0x\0=",
            "tok=2D5eCr3t=2F=2Bx=3D",
            // hex of the token
            "746f6b2d3565437233742f2b783d",
            "746F6B2D3565437233742F2B783D",
            "74 6f 6b 2d 35 65 43 72 33 74 2f 2b 78 3d",
            "74:6F:6B:2D:35:65:43:72:33:74:2F:2B:78:3D",
            "0x746f6b2d3565437233742f2b783d",
            // as one number in lines, with the low byte first
            "3d782b2f743372\r\n4365352d6b6f74",
            "116, 111, 107, 45, 53, 101, 67, 114, 51, 116, 47, 43, 120, 61",
            "0x74, 0x6f, 107, 0o55, 53, 101, 67, 0x72, 51,\n    116, 47, 43, 120, 61",
            "164 157 153 055 065 145 103 162 063 164 057 053 170 075",
            "01110100 01101111 01101011 00101101 00110101 01100101 01000011 01110010 00110011 \
             01110100 00101111 00101011 01111000 00111101",
            r"\164\157\153\55\65\145\103\162\63\164\57\53\170\75",
            r"t\0o\0k\0-\05\0e\0C\0r\03\0t\0/\0+\0x\0=",
            "=74=6F=6B=2D=35=65=43=72=33=74=2F=2B=78=3D",
            "tok=2D5eC=\r\n=72=33t/+x=3D",
            "tok-5e<b>Cr3</b>t/+x=",
            "tok-**5eCr3t**/+x=",
            r"tok-5e\u001b[1mCr3t\u001b[0m/+x=",
            "ORXWWLJVMVBXEM3UF4VXQPI",
            "116)+chr(111)+chr(107)+chr(45)+chr(53)+chr(101)+chr(67)+chr(114)+chr(51)+chr(116)\
             +chr(47)+chr(43)+chr(120)+chr(61",
            // words and numbers with the low byte first
            "6f74 2d6b 6535 7243 7433 2b2f 3d78",
            "762015604, 1917019445, 724530227, 15736",
            // base64 of the token, cut off
            "dG9rLTVlQ3IzdC8reD",
        ] {
            let around = format!("before Bearer {text}, behind");
            assert_eq!(
                secret.erase_text(&around).as_deref(),
                Some("before Bearer …, behind"),
                "{text:?}"
            );
        }
        // base64 of base64, and of hex
        for (text, shown) in [
            ("ZEc5ckxUVmxRM0l6ZEM4cmVEMD0=", "…0="),
            ("NzQ2ZjZiMmQzNTY1NDM3MjMzNzQyZjJiNzgzZA==", "…=="),
        ] {
            assert_eq!(secret.erase_text(text).as_deref(), Some(shown));
        }
        let secret_behind_escape = Secret::new("ef12ab34cd");
        for text in [
            "%ef12ab34cd",
            r"\x%ef12ab34cd",
            "key=ef12ab34cd",
            "&#ef12ab34cd",
        ] {
            let erased = secret_behind_escape.erase_text(text).unwrap_or_default();
            assert!(erased.ends_with('…'), "{text} {erased}");
        }
        for cut in ["", "\\", "\\u00", "%3", "&#51", "%25"] {
            let text = format!("no tok-5eCr{cut}");
            assert_eq!(secret.erase_text(&text).as_deref(), Some("no …"), "{text}");
        }
        assert_eq!(
            secret.erase_text("no tok-5eCr yet").as_deref(),
            Some("no … yet")
        );
        let secret = Secret::new("tok-5eCr3t/+x.ab12");
        assert_eq!(secret.erase_text("no tok-5eCr yet"), None);
    }

    #[test]
    fn base64_is_found_at_any_offset() {
        // `printf '%s' PREFIX5eCr3t-t0ken9 | base64`
        let secret = Secret::new("5eCr3t-t0ken9");
        for text in [
            "NWVDcjN0LXQwa2VuOQ==",
            "YTo1ZUNyM3QtdDBrZW45",
            "YWI6NWVDcjN0LXQwa2VuOQ==",
            "Ojo1ZUNyM3QtdDBrZW45Cg==",
            // behind other digits, as in a path
            "/NWVDcjN0LXQwa2VuOQ==",
            "x/NWVDcjN0LXQwa2VuOQ==",
            "xy/NWVDcjN0LXQwa2VuOQ==",
        ] {
            let erased = secret
                .erase_text(text)
                .unwrap_or_else(|| panic!("{text} is unchanged"));
            assert!(erased.chars().count() < 9, "{text} {erased}");
        }
    }

    #[test]
    fn secret_in_four_layers_of_digits_is_erased() {
        let token = "tok-5eCr3t/+x=";
        let hex = |text: String| -> String {
            let digits = text.bytes().map(|byte| format!("{byte:02x}"));
            digits.collect()
        };
        let four = hex(hex(hex(hex(token.to_owned()))));
        let erased = Secret::new(token).erase_text(&format!("no {four}!"));
        assert_eq!(erased.as_deref(), Some("no …!"));
    }

    #[test]
    fn letters_in_escapes_of_escapes_are_erased_unread() {
        let secret = Secret::new("747itI~ah_FFFiW-LceRyNHK1Pa.eXhWb9Gr");
        for text in [
            // `\x` of some characters, of JSON of JSON, of `\x` of all
            r"\x5c\x5c\x5c\x5c\x7837\x5c\x5c\x5c\x5c\x783\x34\x5c\x5c\x5c\x5c\x783\x37\x5c\x5c\x5c\x5cx\x369",
            // of anything else, too
            r"%2541%2542%2543%2544",
            r"\\x5cx41\\x5cx42\\x5cx43\\x5cx44",
            "&amp;#65;&amp;#66;&amp;#67;&amp;#68;",
            "begin-%2541%2542%2543%2544_end",
        ] {
            let around = format!("no such key: {text}; try");
            assert_eq!(
                secret.erase_text(&around).as_deref(),
                Some("no such key: …; try"),
                "{text}"
            );
        }
        for text in [
            r#"{"e":"{\"path\":\"C:\\\\Users\\\\101\\\\2024\\\\text\",\"at\":\"\\u65e5\\u672c\\n\"}"}"#,
            "https://a.example/?to=https%253A%252F%252Fb.example%252Fc%2520d%253Fe",
            r#""^\\\\d{3}-\\\\w+\\\\x$""#,
            "&amp;lt;b&amp;gt; &amp;#39;x&amp;#39; &amp;nbsp;",
            // JSON of the escapes of a program
            r"\\x41\\x42\\x43\\x44\\x45",
            r"\\\\u0041\\\\u0042\\\\u0043\\\\u0044",
        ] {
            assert_eq!(secret.erase_text(text), None);
        }
    }

    #[test]
    fn backslashes_of_several_layers_are_kept_apart() {
        for (token, text) in [
            // colours in JSON, in `\x` of some characters, in JSON of JSON
            (
                "YfMqRYSMn8SwvSBQi1eqvkg2kLSyVUItvcCR",
                r"\\\\x59\\\\x66Mq\\\\x52\\\\x59S\\\\x4dn8Sw\\\\x5cu\\\\x30\\\\x30\\\\x31\\\\x62\\\\x5b\\\\x31m\\\\x76\\\\x53B\\\\x5c\\\\x7500\\\\x31\\\\x62\\\\x5b\\\\x30mQ\\\\x5cu\\\\x30\\\\x30\\\\x31b\\\\x5b\\\\x31m\\\\x691e\\\\x71\\\\x76k\\\\x672k\\\\x4cS\\\\x79V\\\\x55\\\\x49tv\\\\x63\\\\x43\\\\x52\\\\x5cu\\\\x30\\\\x301b[0\\\\x6d",
            ),
            // colours in JSON, in percent of marks, in tags
            (
                "Pt9rfeFxUelLLVbm8LHEVTuzf4-NQ",
                r"Pt9<span>%5C</span>u001b%5<span>B1mrf%5</span>Cu001b%5B0meFxU<span>elLLVbm8LH</span>EVTuzf4<span>%2DNQ</span>",
            ),
            // colours in JSON of JSON of JSON, in `\x` of some characters
            (
                "F3Nu0fs~J8e6SnW+cIQsYv-Y",
                r"F3\x4eu\x5c\x5c\x5c\x5cu0\x301\x62[\x31m0fs~J8\x5c\x5c\x5c\x5c\x750\x301\x62[0m\x656SnW+cIQ\x73Y\x76-Y",
            ),
        ] {
            let erased = Secret::new(token).erase_text(text).unwrap_or_default();
            // The end of the last colour is behind the token.
            assert!(
                erased.starts_with('…') && erased.len() < 40,
                "{token} {erased}"
            );
        }
    }

    #[test]
    fn dump_in_rows_is_erased() {
        let secret = Secret::new("rcx_9fK2mQ7vT4wZ8pL1sD6hJ3nB5gY0");
        let text = "00000000  42 65 61 72 65 72 20 72  63 78 5f 39 66 4b 32 6d  |Bearer rcx_9fK2m|\n\
                    00000010  51 37 76 54 34 77 5a 38  70 4c 31 73 44 36 68 4a  |Q7vT4wZ8pL1sD6hJ|\n\
                    00000020  33 6e 42 35 67 59 30 0d  0a 41 63 63 65 70 74 3a  |3nB5gY0..Accept:|\n";
        let erased = secret.erase_text(text).unwrap();
        for part in ["9fK2m", "39 66 4b", "Q7vT4wZ8", "51 37 76", "70 4c 31"] {
            assert!(!erased.contains(part), "{part} in {erased}");
        }
        assert!(erased.contains("..Accept:|"), "{erased}");
        // Only what quotes the secret is looked through for its parts.
        assert_eq!(secret.erase_text("rcx_9fK2mQ7 Q7vT4wZ8pL1s"), None);
    }

    #[test]
    fn marks_and_numbers_with_breaks_within_are_read() {
        // The token has the escape of a line break in mails.
        let secret = Secret::new("ab12=0dcd34ef56");
        for text in [
            "=61=62=31=32=3D=30=64=63=64=33=34=65=66=35=36",
            "ab1\\u001b[1m2=\\u001b[0m0dcd34ef56",
            // The escape is that of a break, after which nothing of it is left.
            "ab12\\u001b[1mcd34ef56",
            // A soft line break within a number.
            "97, 98, 49, 5=\r\n0, 61, 48, 10=\n0, 99, 100, 51, 52, 101, 102, 53, 54",
            "ab12＝0dcd34ef56",
        ] {
            let erased = secret.erase_text(&format!("no {text}!"));
            assert_eq!(erased.as_deref(), Some("no …!"), "{text}");
        }
        let erased = Secret::new("a\"b'c`d-12345").erase_text("no ａ＂ｂ＇ｃ｀ｄ－１２３４５!");
        assert_eq!(erased.as_deref(), Some("no …!"));
    }

    #[test]
    fn secret_across_two_parts_of_a_long_text_is_erased() {
        let token = "tok-5eCr3t";
        for end in [CHUNK, CHUNK + OVERLAP] {
            for start in [end - 9, end - 5, end - 1] {
                let text = format!("{}{token}{}", ".".repeat(start), ".".repeat(OVERLAP));
                let erased = Secret::new(token).erase_text(&text).unwrap_or_default();
                assert_eq!(erased.find('…'), Some(start), "{start}");
            }
        }
    }

    #[test]
    fn short_secret_is_erased_from_nothing() {
        assert_eq!(Secret::new("a").erase_text("a banana"), None);
        assert_eq!(Secret::new("1234567").erase_text("1234567"), None);
    }

    #[test]
    fn invalid_bytes_stay() {
        let secret = Secret::new("tok-5eCr3t");
        let erased = [b"\xff ", "…".as_bytes(), b" \xfe"].concat();
        assert_eq!(secret.erase(b"\xff tok-5eCr3t \xfe".to_vec()), erased);
        assert_eq!(secret.erase(b"\xff tok \xfe".to_vec()), b"\xff tok \xfe");
    }
}
