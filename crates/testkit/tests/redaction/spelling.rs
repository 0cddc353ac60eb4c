//! Ways to spell a text, each with its own decoder.

use fastrand::Rng;
use num_bigint::BigUint;

use crate::decoder::{
    behind_colon, dense, numbers, unbackslash, undigits, unentity, unmail, unpercent, untag,
};

/// A way to spell a text.
pub(crate) struct Spelling {
    pub(crate) name: &'static str,
    pub(crate) write: fn(&mut Rng, &str) -> String,
    /// Returns every text that is spelled this way within another text.
    pub(crate) read: fn(&str) -> String,
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_OF_URLS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE32_HEX: &[u8] = b"0123456789abcdefghijklmnopqrstuv";

macro_rules! spellings {
    ($($name:literal: $write:expr, $read:expr;)*) => {
        &[$(Spelling { name: $name, write: $write, read: $read }),*]
    };
}

/// All spellings.
pub(crate) const ALL: &[Spelling] = spellings! {
    "hex": |_, text| each(text, "", |byte| format!("{byte:02x}")), |text| dense(text, 16);
    "HEX": |_, text| each(text, "", |byte| format!("{byte:02X}")), |text| dense(text, 16);
    "hex in lines": |_, text| lines(&each(text, "", |byte| format!("{byte:02x}")), 32),
        |text| dense(text, 16);
    "bits": |_, text| each(text, "", |byte| format!("{byte:08b}")), |text| dense(text, 2);
    "hex numbers": |rng, text| each(text, separator(rng), |byte| format!("{byte:02x}")),
        |text| numbers(text, 16, false);
    "0x numbers": |rng, text| each(text, separator(rng), |byte| format!("0x{byte:x}")),
        |text| numbers(text, 16, false);
    "hex numbers with a suffix": |_, text| each(text, ", ", |byte| format!("0x{byte:02x}_u8")),
        |text| numbers(&text.replace("_u8", ""), 16, false);
    "code points": |_, text| each(text, " ", |byte| format!("U+{byte:04X}")),
        |text| numbers(&text.replace("U+00", ""), 16, false);
    "decimal numbers": |rng, text| each(text, separator(rng), |byte| byte.to_string()),
        |text| numbers(text, 10, false);
    "decimal array": |_, text| format!("[{}]", each(text, ",", |byte| byte.to_string())),
        |text| numbers(text, 10, false);
    "octal numbers": |rng, text| each(text, separator(rng), |byte| format!("{byte:03o}")),
        |text| numbers(text, 8, false);
    "binary numbers": |rng, text| each(text, separator(rng), |byte| format!("{byte:08b}")),
        |text| numbers(text, 2, false);
    "numbers with indexes": |_, text| {
            let pairs = text.bytes().enumerate().map(|(at, byte)| format!("\"{at}\":{byte}"));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        },
        |text| numbers(&text.split(',').map(behind_colon).collect::<Vec<_>>().join(" "), 10, false);
    "chr()": |rng, text| {
            let name = ["chr", "char", "Chr", "String.fromCharCode"][rng.usize(..4)];
            let between = ["+", " + ", " & ", ".", "||"][rng.usize(..5)];
            each(text, between, |byte| format!("{name}({byte})"))
        },
        |text| numbers(text, 10, false);
    "fromCharCode": |_, text| format!("String.fromCharCode({})", each(text, ", ", |b| b.to_string())),
        |text| numbers(text, 10, false);
    "words of 2 bytes": |_, text| words(text, 2, false), |text| numbers(text, 16, false);
    "words of 2 bytes, low first": |_, text| words(text, 2, true), |text| numbers(text, 16, true);
    "words of 4 bytes": |_, text| words(text, 4, false), |text| numbers(text, 16, false);
    "words of 4 bytes, low first": |_, text| words(text, 4, true), |text| numbers(text, 16, true);
    "words of 8 bytes, low first": |_, text| words(text, 8, true), |text| numbers(text, 16, true);
    "u32 numbers": |_, text| decimals(text, 4, false), |text| numbers(text, 10, false);
    "u32 numbers, low first": |_, text| decimals(text, 4, true), |text| numbers(text, 10, true);
    "u64 numbers, low first": |_, text| decimals(text, 8, true), |text| numbers(text, 10, true);
    "base64": |_, text| digits(text.as_bytes(), BASE64, 6, '='), |text| undigits(text, BASE64, 6);
    "base64 of a pair": |rng, text| {
            let user = &"user:"[rng.usize(..5)..];
            digits(format!("{user}{text}").as_bytes(), BASE64, 6, '=')
        },
        |text| undigits(text, BASE64, 6);
    "base64 of URLs": |_, text| {
            let text = digits(text.as_bytes(), BASE64_OF_URLS, 6, '=');
            text.trim_end_matches('=').to_owned()
        },
        |text| undigits(text, BASE64_OF_URLS, 6);
    "base64 in lines": |_, text| lines(&digits(text.as_bytes(), BASE64, 6, '='), 76),
        |text| undigits(text, BASE64, 6);
    "base64 of UTF-16": |_, text| {
            let wide: Vec<u8> = text.bytes().flat_map(|byte| [byte, 0]).collect();
            digits(&wide, BASE64, 6, '=')
        },
        |text| undigits(text, BASE64, 6).replace('\0', "");
    "base32": |_, text| digits(text.as_bytes(), BASE32, 5, '='), |text| undigits(text, BASE32, 5);
    "base32 in lower case": |_, text| digits(text.as_bytes(), BASE32, 5, '=').to_lowercase(),
        |text| undigits(&text.to_uppercase(), BASE32, 5);
    "base32 hex": |_, text| digits(text.as_bytes(), BASE32_HEX, 5, '='),
        |text| undigits(text, BASE32_HEX, 5);
    "percent of all": |_, text| each(text, "", |byte| format!("%{byte:02x}")), unpercent;
    "percent of marks": |_, text| marks(text, |byte| format!("%{byte:02X}")), unpercent;
    "percent of some": |rng, text| some(rng, text, |byte| format!("%{byte:02X}"), "%"), unpercent;
    "JSON": |_, text| json(text), unbackslash;
    "JSON of JSON": |_, text| json(&json(text)), |text| unbackslash(&unbackslash(text));
    "\\u of all": |_, text| each(text, "", |byte| format!("\\u{byte:04x}")), unbackslash;
    "\\u of some": |rng, text| some(rng, text, |byte| format!("\\u{byte:04X}"), "\\"), unbackslash;
    "\\u{} of all": |_, text| each(text, "", |byte| format!("\\u{{{byte:x}}}")), unbackslash;
    "\\x of all": |_, text| each(text, "", |byte| format!("\\x{byte:02x}")), unbackslash;
    "\\x of some": |rng, text| some(rng, text, |byte| format!("\\x{byte:02x}"), "\\"), unbackslash;
    "octal escapes": |_, text| each(text, "", |byte| format!("\\{byte:03o}")), unbackslash;
    "entities": |_, text| each(text, "", |byte| format!("&#{byte};")), unentity;
    "hex entities": |_, text| each(text, "", |byte| format!("&#x{byte:x};")), unentity;
    "entities of some": |rng, text| some(rng, text, |byte| format!("&#{byte};"), "&"), unentity;
    "quoted-printable": |_, text| each(text, "", |byte| format!("={byte:02X}")), unmail;
    "quoted-printable of marks": |_, text| marks(text, |byte| format!("={byte:02X}")), unmail;
    "bold": |rng, text| tagged(rng, text, "<b>", "</b>"), untag;
    "span": |rng, text| tagged(rng, text, "<span class=\"hl\">", "</span>"), untag;
    "word breaks": |rng, text| tagged(rng, text, "<wbr>", "<wbr/>"), untag;
    "colours": |rng, text| tagged(rng, text, "\x1b[1;31m", "\x1b[0m"), untag;
    "colours in JSON": |rng, text| json(&tagged(rng, text, "\x1b[1m", "\x1b[0m")),
        |text| untag(&unbackslash(text));
};

fn each(text: &str, between: &str, write: impl Fn(u8) -> String) -> String {
    text.bytes().map(write).collect::<Vec<_>>().join(between)
}

/// Spells what is no letter and no digit.
fn marks(text: &str, write: impl Fn(u8) -> String) -> String {
    each(text, "", |byte| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            write(byte)
        }
    })
}

/// Marks around markup. Where one of two is spelled and the other is not, what is between them is no text any
/// more: `<b%3Etoken</b>` begins with a tag that ends behind the token.
const MARKS_OF_MARKUP: &str = "<>\x1b";

/// Spells some characters, every one with which the spelling begins, and all marks of markup.
fn some(rng: &mut Rng, text: &str, write: impl Fn(u8) -> String, begin: &str) -> String {
    let rate = rng.u8(1..5);
    let chars = text.chars().map(|c| {
        let is_always = begin.contains(c) || MARKS_OF_MARKUP.contains(c);
        if is_always || rng.u8(..rate) == 0 {
            write(u8::try_from(c).unwrap())
        } else {
            c.to_string()
        }
    });
    chars.collect()
}

fn separator(rng: &mut Rng) -> &'static str {
    [" ", ", ", ",", ":", "; ", "|", "\n", ",\n    "][rng.usize(..8)]
}

fn lines(text: &str, width: usize) -> String {
    let lines = text.as_bytes().chunks(width).map(String::from_utf8_lossy);
    lines.collect::<Vec<_>>().join("\r\n")
}

fn groups(text: &str, size: usize, is_low_first: bool) -> impl Iterator<Item = Vec<u8>> {
    text.as_bytes().chunks(size).map(move |group| {
        let mut group = group.to_vec();
        if is_low_first {
            group.reverse();
        }
        group
    })
}

fn words(text: &str, size: usize, is_low_first: bool) -> String {
    let word = |group: Vec<u8>| {
        let digits = group.iter().map(|byte| format!("{byte:02x}"));
        digits.collect::<Vec<_>>().concat()
    };
    let words: Vec<String> = groups(text, size, is_low_first).map(word).collect();
    words.join(" ")
}

fn decimals(text: &str, size: usize, is_low_first: bool) -> String {
    let number = |group: Vec<u8>| BigUint::from_bytes_be(&group).to_string();
    let numbers: Vec<String> = groups(text, size, is_low_first).map(number).collect();
    numbers.join(", ")
}

fn digits(bytes: &[u8], alphabet: &[u8], bits: usize, padding: char) -> String {
    let stream: Vec<u8> = (bytes.iter())
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    let digit = |bits_of_digit: &[u8]| {
        let mut value = 0;
        for at in 0..bits {
            value = value * 2 + usize::from(bits_of_digit.get(at).copied().unwrap_or(0));
        }
        char::from(alphabet[value])
    };
    let mut text: String = stream.chunks(bits).map(digit).collect();
    let block = if bits == 6 { 4 } else { 8 };
    while !text.len().is_multiple_of(block) {
        text.push(padding);
    }
    text
}

fn json(text: &str) -> String {
    let text = serde_json::Value::from(text).to_string();
    text[1..text.len() - 1].replace('/', "\\/")
}

/// Puts tags around parts of a text.
fn tagged(rng: &mut Rng, text: &str, open: &str, close: &str) -> String {
    let mut tagged = String::new();
    let mut is_inside = false;
    let mut is_tag = false;
    for (at, c) in text.char_indices() {
        let is_behind = text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        if is_behind && !is_tag && rng.usize(..12) == 0 {
            tagged += if is_inside { close } else { open };
            is_inside = !is_inside;
        }
        tagged.push(c);
        // Nothing is put within a tag.
        is_tag = match c {
            '<' | '\x1b' => true,
            '>' | 'm' => false,
            _ => is_tag,
        };
    }
    tagged + if is_inside { close } else { "" }
}
