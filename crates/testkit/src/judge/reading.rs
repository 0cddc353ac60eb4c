//! The facts of a response, read by hand: JSON as RFC 8259 describes it, without a library.

/// A JSON value, as far as a judge needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A text; `None` where it has half of a surrogate pair and so no characters.
    Text(Option<String>),
    /// An array or an object.
    Nested,
}

/// A member of a JSON object: its name and its value.
pub type Member = (String, Value);

/// Reads the members of a JSON object, in their order; `None` where the bytes are no whole JSON object
/// in UTF-8, or one of its names has no characters. Members inside of members are not among them.
#[must_use]
pub fn members(body: &[u8]) -> Option<Vec<Member>> {
    let mut members = Vec::new();
    Reader::new(str::from_utf8(body).ok()?).object(&mut members)?;
    Some(members)
}

/// Reads the members of a JSON object up to the first error in it. Byte order marks before it are
/// skipped; bytes that are not UTF-8 have no meaning, and are no error.
#[must_use]
pub fn members_before_error(mut body: &[u8]) -> Vec<Member> {
    while let Some(behind) = body.strip_prefix(b"\xef\xbb\xbf") {
        body = behind;
    }
    let mut members = Vec::new();
    // The members before the error are kept.
    let _ = Reader::new(&String::from_utf8_lossy(body)).object(&mut members);
    members
}

/// Returns the value of the last member of this name.
#[must_use]
pub fn last<'a>(members: &'a [Member], name: &str) -> Option<&'a Value> {
    let mut named = members.iter().rev().filter(|member| member.0 == name);
    named.next().map(|(_, value)| value)
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars().peekable(),
        }
    }

    /// Reads an object, with nothing behind it.
    fn object(&mut self, members: &mut Vec<Member>) -> Option<()> {
        self.skip_space();
        if self.rest.next()? != '{' {
            return None;
        }
        self.skip_space();
        if !self.skip('}') {
            loop {
                members.push(self.member()?);
                if !self.continues('}')? {
                    break;
                }
            }
        }
        self.skip_space();
        self.rest.next().is_none().then_some(())
    }

    fn skip_space(&mut self) {
        while self
            .rest
            .next_if(|c| matches!(c, ' ' | '\t' | '\n' | '\r'))
            .is_some()
        {}
    }

    fn skip(&mut self, expected: char) -> bool {
        self.rest.next_if_eq(&expected).is_some()
    }

    /// Reads a comma (`true`) or the end of a list.
    fn continues(&mut self, end: char) -> Option<bool> {
        self.skip_space();
        match self.rest.next()? {
            ',' => {
                self.skip_space();
                Some(true)
            }
            c => (c == end).then_some(false),
        }
    }

    fn member(&mut self) -> Option<Member> {
        match self.name()? {
            Value::Text(Some(name)) => Some((name, self.value()?)),
            _ => None,
        }
    }

    /// Reads a name and the colon behind it.
    fn name(&mut self) -> Option<Value> {
        self.skip_space();
        let name = (self.rest.peek() == Some(&'"')).then(|| self.text())??;
        self.skip_space();
        self.skip(':').then_some(name)
    }

    fn value(&mut self) -> Option<Value> {
        self.skip_space();
        match *self.rest.peek()? {
            '"' => self.text(),
            '{' | '[' => self.nested(),
            't' => self.word("true", Value::Bool(true)),
            'f' => self.word("false", Value::Bool(false)),
            'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        word.chars().all(|c| self.skip(c)).then_some(value)
    }

    fn digits(&mut self, text: &mut String) -> Option<()> {
        let before = text.len();
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            text.push(digit);
        }
        (text.len() > before).then_some(())
    }

    fn number(&mut self) -> Option<Value> {
        let mut text = String::new();
        if self.skip('-') {
            text.push('-');
        }
        if self.skip('0') {
            text.push('0');
        } else {
            self.digits(&mut text)?;
        }
        if self.skip('.') {
            text.push('.');
            self.digits(&mut text)?;
        }
        if self.rest.next_if(|c| matches!(c, 'e' | 'E')).is_some() {
            text.push('e');
            text.extend(self.rest.next_if(|c| matches!(c, '+' | '-')));
            self.digits(&mut text)?;
        }
        Some(Value::Number(text))
    }

    fn text(&mut self) -> Option<Value> {
        self.rest.next();
        let (mut text, mut is_whole) = (String::new(), true);
        loop {
            match self.rest.next()? {
                '"' => return Some(Value::Text(is_whole.then_some(text))),
                '\\' => is_whole &= self.escape(&mut text)?,
                c if c < ' ' => return None,
                c => text.push(c),
            }
        }
    }

    /// Reads an escape after its backslash; `false` where it is half of a surrogate pair.
    fn escape(&mut self, text: &mut String) -> Option<bool> {
        let c = match self.rest.next()? {
            c @ ('"' | '\\' | '/') => Some(c),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => match self.hex()? {
                high @ 0xd800..0xdc00 => self.low_surrogate()?.and_then(|low| {
                    let c = 0x1_0000 + ((high - 0xd800) << 10) + low;
                    char::from_u32(c)
                }),
                unit => char::from_u32(unit),
            },
            _ => return None,
        };
        text.extend(c);
        Some(c.is_some())
    }

    /// Reads the second half of a surrogate pair, less what all have; `Some(None)` where it is not there.
    #[expect(
        clippy::option_option,
        reason = "outside the end of the text, inside the half"
    )]
    fn low_surrogate(&mut self) -> Option<Option<u32>> {
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('\\') || ahead.next() != Some('u') {
            return Some(None);
        }
        self.rest = ahead;
        let low = self.hex()?.checked_sub(0xdc00);
        Some(low.filter(|low| *low < 0x400))
    }

    fn hex(&mut self) -> Option<u32> {
        let mut number = 0;
        for _ in 0..4 {
            number = number * 16 + self.rest.next()?.to_digit(16)?;
        }
        Some(number)
    }

    /// Reads an array or an object, of any depth.
    fn nested(&mut self) -> Option<Value> {
        let mut open = Vec::new();
        loop {
            self.skip_space();
            // A value, or the opening of a list that may be empty.
            let end = match *self.rest.peek()? {
                '[' => ']',
                '{' => '}',
                _ => {
                    self.value()?;
                    if !self.close(&mut open)? {
                        return Some(Value::Nested);
                    }
                    continue;
                }
            };
            self.rest.next();
            self.skip_space();
            open.push(end);
            if self.skip(end) {
                open.pop();
                if !self.close(&mut open)? {
                    return Some(Value::Nested);
                }
            } else if end == '}' {
                self.name()?;
            }
        }
    }

    /// Reads what follows a value inside of lists: their ends, or a comma; `false` where all have
    /// ended.
    fn close(&mut self, open: &mut Vec<char>) -> Option<bool> {
        while let Some(end) = open.last().copied() {
            if self.continues(end)? {
                if end == '}' {
                    self.name()?;
                }
                return Some(true);
            }
            open.pop();
        }
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_those_of_the_object_itself() {
        let body = r#" {"a" : "x\u0041\ud83d\udc69\n", "b":[{"c":[]},{}, 1.5e-3,[ ] ], "d":{"a":1,"e":{}},
            "a": -0, "f": "\ud800", "g":true,"h":false , "i":null} "#;
        let found = members(body.as_bytes()).unwrap();
        let names: Vec<&str> = found.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["a", "b", "d", "a", "f", "g", "h", "i"]);
        assert_eq!(found[0].1, Value::Text(Some("xA👩\n".to_owned())));
        assert_eq!(found[1].1, Value::Nested);
        assert_eq!(last(&found, "a"), Some(&Value::Number("-0".to_owned())));
        assert_eq!(last(&found, "f"), Some(&Value::Text(None)));
        assert_eq!(last(&found, "e"), None);
    }

    #[test]
    fn text_that_is_no_whole_object_has_no_members() {
        for body in [
            "",
            "[]",
            "{",
            "{}x",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":[1,]}",
            "{\"a\":[}",
            "{\"a\":{1:2}}",
            "{a:1}",
            "{\"a\":tru}",
            "\u{feff}{}",
            "{\"a\":[}]}",
            "{\"\\ud800\":1}",
        ] {
            assert_eq!(members(body.as_bytes()), None, "{body}");
        }
        assert_eq!(members(b"{\"a\": \"\xff\"}"), None);
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(members(deep.as_bytes()).unwrap().len(), 1);
    }
}
