//! Texts of a page.

use std::fmt::{self, Write};

/// A text that a page shows as it is: nothing in it is markup, in elements and in quoted attributes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Escaped<'a>(&'a str);

/// Escapes a text.
pub(super) const fn escaped(text: &str) -> Escaped<'_> {
    Escaped(text)
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Browsers would not take a backtick for a quote, but old ones did.
                '`' => f.write_str("&#96;")?,
                '\n' | '\t' => f.write_char(c)?,
                // A page must not have them.
                c if c.is_control() => f.write_char(char::REPLACEMENT_CHARACTER)?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        let hostile = "</script><img src=x onerror='a(\"b\")'>&lt;`\u{0}\r\u{1b}[2J\n";
        let shown = escaped(hostile).to_string();
        assert_eq!(
            shown,
            "&lt;/script&gt;&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;&amp;lt;&#96;\u{fffd}\u{fffd}\u{fffd}[2J\n"
        );
    }
}
