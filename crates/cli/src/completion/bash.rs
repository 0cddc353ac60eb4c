//! Completion in bash. For completion bash splits words at each `=` and `:`, unlike when it runs the
//! line, and it inserts candidates without quoting them.

use std::ffi::OsString;
use std::iter::Peekable;
use std::str::Chars;

use clap::Command;
use clap_complete::engine;

/// The script that bash loads once. The command parses the line up to the cursor.
///
/// `$2` is the end of the line, which bash replaces; the rest of the same word before it is kept.
/// Versions before 4 have no option for the space after a candidate, and none for the order.
const SCRIPT: &str = r#"_runcomfy() {
    local candidate
    COMPREPLY=()
    while IFS= read -r candidate; do
        COMPREPLY+=("$candidate")
    done < <(VARIABLE=bash runcomfy -- "${COMP_LINE:0:COMP_POINT}" "$2" 2> /dev/null)
    if [[ ${#COMPREPLY[@]} == 1 && $COMPREPLY == *[=/] ]]; then
        compopt -o nospace 2> /dev/null
    fi
}
if (( BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404 )); then
    complete -o bashdefault -o nosort -F _runcomfy runcomfy
elif (( BASH_VERSINFO[0] >= 4 )); then
    complete -o bashdefault -F _runcomfy runcomfy
else
    complete -o bashdefault -o nospace -F _runcomfy runcomfy
fi
"#;

/// Returns the script; `variable` is set when it runs the command.
pub(super) fn script(variable: &str) -> String {
    SCRIPT.replace("VARIABLE", variable)
}

/// The line before the cursor, split into words as bash runs them.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    /// The words, program name first. The last one is at the cursor and may be empty.
    pub(super) words: Vec<String>,
    /// Number of bytes of the last word that bash keeps.
    kept: usize,
    /// The quote that is open at the start of the replaced text.
    quote: Option<char>,
}

impl Line {
    /// Parses the line up to the cursor; bash replaces its end `replaced`.
    pub(super) fn read(line: &str, replaced: &str) -> Self {
        let before = line.strip_suffix(replaced).unwrap_or(line);
        let mut reader = Reader::default();
        reader.read(before);
        let kept = reader.word().len();
        let quote = reader.quote;
        let mut whole = Reader::default();
        whole.read(line);
        Self {
            words: whole.words,
            kept,
            quote,
        }
    }

    /// Returns the candidates at the cursor, quoted for their position.
    pub(super) fn candidates(&self, command: &mut Command) -> Vec<String> {
        let words = self.words.iter().map(OsString::from).collect();
        let here = std::env::current_dir().ok();
        let found = engine::complete(command, words, self.words.len() - 1, here.as_deref());
        let found = found.unwrap_or_default().into_iter();
        let values = found.filter_map(|found| found.get_value().to_str().map(str::to_owned));
        values.filter_map(|value| self.written(&value)).collect()
    }

    fn written(&self, value: &str) -> Option<String> {
        // A file name may contain control characters, which the terminal would execute.
        if value.contains(char::is_control) {
            return None;
        }
        let kept = self.words.last()?.get(..self.kept)?;
        let rest = value.strip_prefix(kept)?;
        let letters = rest.chars();
        Some(match self.quote {
            Some('\'') => rest.replace('\'', "'\\''"),
            Some(_) => letters.map(in_double_quotes).collect(),
            None => letters.map(unquoted).collect(),
        })
    }
}

fn in_double_quotes(c: char) -> String {
    match c {
        '"' | '\\' | '$' | '`' => format!("\\{c}"),
        // Inside double quotes bash would keep a backslash before `!`.
        '!' => "\"'!'\"".to_owned(),
        _ => c.to_string(),
    }
}

fn unquoted(c: char) -> String {
    if c.is_ascii() && !c.is_ascii_alphanumeric() && !"-_./:=@%+,".contains(c) {
        format!("\\{c}")
    } else {
        c.to_string()
    }
}

/// Splits a line into words as bash does, without expansions.
struct Reader {
    words: Vec<String>,
    quote: Option<char>,
    /// `true` if the last word has ended.
    ended: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            words: vec![String::new()],
            quote: None,
            ended: false,
        }
    }
}

impl Reader {
    fn read(&mut self, line: &str) {
        let mut letters = line.trim_start().chars().peekable();
        while let Some(c) = letters.next() {
            self.letter(c, &mut letters);
        }
    }

    fn letter(&mut self, c: char, rest: &mut Peekable<Chars<'_>>) {
        match (self.quote, c) {
            (Some(quote), c) if c == quote => self.quote = None,
            (Some('"'), '\\') => match rest.next_if(|c| "\"\\$`".contains(*c)) {
                Some(escaped) => self.word().push(escaped),
                None => self.word().push(c),
            },
            (Some(_), c) => self.word().push(c),
            (None, '\'' | '"') => {
                self.begin();
                self.quote = Some(c);
            }
            (None, '\\') => {
                self.begin();
                // At the end of the line it escapes nothing yet.
                self.word().extend(rest.next());
            }
            (None, c) if c.is_ascii_whitespace() => self.ended = true,
            (None, c) => {
                self.begin();
                self.word().push(c);
            }
        }
        if self.ended && rest.peek().is_none() {
            self.begin();
        }
    }

    fn begin(&mut self) {
        if std::mem::take(&mut self.ended) {
            self.words.push(String::new());
        }
    }

    fn word(&mut self) -> &mut String {
        // There is always at least one word.
        let last = self.words.len() - 1;
        &mut self.words[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, replaced: &str) -> (Vec<String>, usize, Option<char>) {
        let line = Line::read(line, replaced);
        (line.words, line.kept, line.quote)
    }

    #[test]
    fn lines_are_split_as_bash_splits_them() {
        let words = |words: &[&str]| words.iter().map(|&word| word.into()).collect::<Vec<_>>();
        for (line, replaced, expected, kept, quote) in [
            ("r", "r", &["r"][..], 0, None),
            ("r ", "", &["r", ""], 0, None),
            ("r  run", "run", &["r", "run"], 0, None),
            ("r --w=1", "1", &["r", "--w=1"], 4, None),
            ("r a\\(1:", "", &["r", "a(1:"], 4, None),
            ("r a\\ b\\", "a\\ b\\", &["r", "a b"], 0, None),
            ("r 'a b", "a b", &["r", "a b"], 0, Some('\'')),
            (
                "r --x=\"a \\\"b\\c",
                "a \\\"b\\c",
                &["r", "--x=a \"b\\c"],
                4,
                Some('"'),
            ),
            ("r '' 'a'\\''b' ", "", &["r", "", "a'b", ""], 0, None),
            (" r é:ü", "ü", &["r", "é:ü"], 3, None),
        ] {
            assert_eq!(
                read(line, replaced),
                (words(expected), kept, quote),
                "{line}"
            );
        }
    }

    #[test]
    fn candidate_is_inserted_as_one_word() {
        let written = |line, replaced, value| Line::read(line, replaced).written(value);
        let odd = "it's $x `y` \"!\"*.png";
        for (line, replaced, value, expected) in [
            ("r i", "i", odd, Some(r#"it\'s\ \$x\ \`y\`\ \"\!\"\*.png"#)),
            ("r 'i", "i", odd, Some(r#"it'\''s $x `y` "!"*.png"#)),
            ("r \"i", "i", odd, Some(r#"it's \$x \`y\` \""'!'"\"*.png"#)),
            ("r --w=1", "1", "--w=10(1:1)", Some("10\\(1:1\\)")),
            ("r --w=1", "1", "--other", None),
            ("r x", "x", "x\u{1b}[2J", None),
        ] {
            assert_eq!(
                written(line, replaced, value).as_deref(),
                expected,
                "{line}"
            );
        }
    }
}
