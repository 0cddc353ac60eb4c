//! Phrases, and the words that many of them have.

use std::fmt::{self, Display, Formatter, Write};

use serde_json::Value;

/// A phrase that is written to a string piece by piece. A formatter on the way takes most of the
/// time of a short phrase.
pub(crate) trait Phrase {
    /// Writes the phrase to a string, or to the formatter of a longer text.
    fn write(&self, out: &mut impl Write) -> fmt::Result;
}

/// Converts a phrase to a string, with one allocation for most phrases.
pub(crate) fn words(phrase: impl Phrase) -> String {
    const ROOM: usize = 64;
    within(ROOM, phrase)
}

fn within(room: usize, phrase: impl Phrase) -> String {
    let mut words = String::with_capacity(room);
    // A string takes whatever is written to it.
    let _ = phrase.write(&mut words);
    words
}

/// `1 element`, `2 elements`.
pub(crate) struct Plural<'a>(pub(crate) u64, pub(crate) &'a str);

impl Phrase for Plural<'_> {
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        let Self(count, noun) = *self;
        write_integer(count.into(), out)?;
        out.write_str(" ")?;
        out.write_str(noun)?;
        out.write_str(if count == 1 { "" } else { "s" })
    }
}

impl Display for Plural<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// A text as in JSON, in quotes and escaped.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Phrase for Quoted<'_> {
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        // Few texts have anything that JSON escapes; those are left to serde_json.
        let escaped = |b| matches!(b, b'"' | b'\\' | ..b' ');
        if self.0.bytes().any(escaped) {
            return write!(out, "{}", Value::from(self.0));
        }
        out.write_str("\"")?;
        out.write_str(self.0)?;
        out.write_str("\"")
    }
}

impl Phrase for &str {
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        out.write_str(self)
    }
}

impl<P: Phrase> Phrase for &P {
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        (**self).write(out)
    }
}

/// Writes an integer in decimal.
pub(crate) fn write_integer(integer: i128, out: &mut impl Write) -> fmt::Result {
    // Nearly all have few digits, and the formatter takes long for any.
    // Of 16 bits, since dividing 128 of them is a function.
    let small = match u16::try_from(integer) {
        Ok(small) if small < 10_000 => small,
        _ => return write!(out, "{integer}"),
    };
    let mut significant = false;
    for unit in [1000, 100, 10, 1] {
        let digit = u8::try_from(small / unit % 10).unwrap_or_default();
        significant |= digit > 0 || unit == 1;
        if significant {
            out.write_char(char::from(b'0' + digit))?;
        }
    }
    Ok(())
}

/// Returns `one of "16:9", "1:1"`, or the only one.
pub(crate) fn one_of<T: Phrase>(choices: impl IntoIterator<Item = T, IntoIter: Clone>) -> String {
    const ROOM_FOR_EACH: usize = 24;
    let choices = choices.into_iter();
    within(choices.size_hint().0 * ROOM_FOR_EACH, OneOf(choices))
}

struct OneOf<I>(I);

impl<I: Iterator<Item: Phrase> + Clone> Phrase for OneOf<I> {
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        let mut choices = self.0.clone();
        let Some(first) = choices.next() else {
            return out.write_str("nothing");
        };
        let mut others = choices.peekable();
        if others.peek().is_some() {
            out.write_str("one of ")?;
        }
        first.write(out)?;
        for choice in others {
            out.write_str(", ")?;
            choice.write(out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn integers_are_written_as_the_formatter_does() {
        for integer in (-11..10_100).chain([i128::MIN, i128::MAX, 65_535, 65_536]) {
            let mut text = String::new();
            super::write_integer(integer, &mut text).unwrap();
            assert_eq!(text, integer.to_string());
        }
    }

    #[test]
    fn quoted_texts_are_json() {
        for text in ["", "16:9", "a\"b", "\\", "\u{1f}", " ", "\u{7f}é", "a\tb"] {
            assert_eq!(
                super::words(super::Quoted(text)),
                Value::from(text).to_string()
            );
        }
    }
}
