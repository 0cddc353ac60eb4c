//! Text that breaks between words at the width of the terminal.

use console::measure_text_width;

/// Returns the text with line breaks between words, each line of at most `columns` where its words allow
/// that. A command to copy stays whole: a text in backticks, and one that ends its line. So does a line
/// that is indented further than a list: it is a drawing or a code.
pub(crate) fn wrapped(text: &str, columns: usize) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| fitted(line, columns)).collect();
    lines.join("\n")
}

/// Number of blanks before the lines of a list.
const LIST: usize = 2;

fn fitted(line: &str, columns: usize) -> String {
    let indent = line.len() - line.trim_start_matches(' ').len();
    if indent > LIST || measure_text_width(line) <= columns {
        return line.to_owned();
    }
    // The lines after the first one of an item are indented below it.
    let below = " ".repeat(if indent == 0 { 0 } else { indent + LIST });
    let mut fitted = line[..indent].to_owned();
    let mut width = indent;
    for (index, word) in words(line.trim_start_matches(' ')).into_iter().enumerate() {
        let length = measure_text_width(word);
        if index > 0 && width + 1 + length > columns {
            fitted += &format!("\n{below}");
            width = below.len();
        } else if index > 0 {
            fitted.push(' ');
            width += 1;
        }
        fitted += word;
        width += length;
    }
    fitted
}

/// Splits a line at its blanks, except those of commands.
fn words(line: &str) -> Vec<&str> {
    const COMMAND: &str = ": runcomfy ";
    let command = line.find(COMMAND).map_or(line.len(), |at| at + ": ".len());
    let mut words = Vec::new();
    let (mut start, mut is_quoted) = (0, false);
    for (at, c) in line.char_indices() {
        match c {
            // The last one may have no partner.
            '`' => is_quoted = !is_quoted && line[at + 1..].contains('`'),
            ' ' if !is_quoted && at < command => {
                words.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(&line[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        for (text, expected) in [
            ("one two three", "one two\nthree"),
            ("  one two three", "  one two\n    three"),
            ("    one two three", "    one two three"),
            ("Run `a b c d` now", "Run\n`a b c d`\nnow"),
            ("Run it: runcomfy resume x", "Run it:\nruncomfy resume x"),
            ("it`s one two three", "it`s one\ntwo three"),
            ("unbreakable", "unbreakable"),
            ("an unbreakable", "an\nunbreakable"),
            ("船船船 船船", "船船船\n船船"),
            ("one\n\ntwo", "one\n\ntwo"),
            ("", ""),
        ] {
            assert_eq!(wrapped(text, 9), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_added() {
        for seed in 0..300 {
            let mut random = fastrand::Rng::with_seed(seed);
            let letters = ['a', ' ', '`', '船', '\n', 'b'];
            let text: String = (0..60).map(|_| letters[random.usize(..6)]).collect();
            let columns = random.usize(1..30);
            let blanks = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(blanks(&wrapped(&text, columns)), blanks(&text), "{seed}");
        }
    }
}
