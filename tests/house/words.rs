//! The project uses the words of `docs/GLOSSARY.md`.
//!
//! `words.txt` lists the words that have a replacement. Ordinary words with an ordinary meaning
//! (try, ask, place, limit) are left to reviewers.

use crate::tree::{File, files};

/// Files that name old words on purpose: the history, names of others, the glossary and this check.
const EXEMPT: &[&str] = &[
    "CHANGELOG.md",
    "crates/codegen-cli/src/types/python/stdlib.txt",
    "docs/GLOSSARY.md",
    "tests/house/words.rs",
    "tests/house/words.txt",
];

/// First words of a doc comment that make no sentence a reader can understand alone.
const FIRST_WORDS: &[&str] = &[
    "What ", "Whether ", "Who ", "Those ", "That ", "One of ", "The same", "How ", "Where ",
    "When ", "Why ", "Which ", "It ", "They ",
];

const LIST: &str = include_str!("words.txt");

/// A row of `words.txt`: a word and its replacement.
struct Row {
    is_phrase: bool,
    word: &'static str,
    replacement: &'static str,
}

fn rows() -> Vec<Row> {
    let rows = LIST
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rows = rows.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let &[kind, word, replacement] = &cells[..] else {
            panic!("words.txt: found {line:?}, expected KIND | WORD | REPLACEMENT");
        };
        assert!(
            ["identifier", "phrase"].contains(&kind),
            "words.txt: {line}"
        );
        Row {
            is_phrase: kind == "phrase",
            word,
            replacement,
        }
    });
    rows.collect()
}

/// Returns a message for each word of the list in the file and for each unclear first line.
fn faults(file: &File, rows: &[Row]) -> Vec<String> {
    let mut faults = first_lines(file);
    let prose = Prose::of(&file.text);
    let lowercase = prose.text.to_ascii_lowercase();
    for row in rows {
        let text = if row.is_phrase {
            &lowercase
        } else {
            &prose.text
        };
        for position in positions(text, row.word) {
            let Row {
                word, replacement, ..
            } = row;
            let line = prose.line(position);
            let path = &file.path;
            faults.push(format!("{path}:{line}: `{word}`, write: {replacement}"));
        }
    }
    faults
}

fn first_lines(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    let mut previous = "";
    for (index, line) in file.text.lines().enumerate().filter(|_| file.is_rust()) {
        let line = line.trim_start();
        for mark in ["/// ", "//! "] {
            let Some(sentence) = line.strip_prefix(mark) else {
                continue;
            };
            let begins = !previous.starts_with(mark.trim_end());
            let word = FIRST_WORDS.iter().find(|word| sentence.starts_with(**word));
            if let Some(word) = word.filter(|_| begins) {
                faults.push(format!(
                    "{}:{}: a doc comment begins with `{}`, write: a sentence with a verb first (\"Returns …\")",
                    file.path,
                    index + 1,
                    word.trim_end(),
                ));
            }
        }
        previous = line;
    }
    faults
}

/// The text of a file with its lines joined, so that a phrase is found across a line break.
struct Prose {
    text: String,
    starts: Vec<usize>,
}

impl Prose {
    fn of(text: &str) -> Self {
        let mut prose = Prose {
            text: String::with_capacity(text.len()),
            starts: Vec::new(),
        };
        for line in text.lines() {
            prose.starts.push(prose.text.len());
            let marks = ['/', '!', '#', '>', ' ', '\t'];
            prose
                .text
                .push_str(line.trim_start_matches(marks).trim_end());
            prose.text.push(' ');
        }
        prose
    }

    /// Returns the number of the line at the position, counted from one.
    fn line(&self, position: usize) -> usize {
        self.starts.partition_point(|start| *start <= position)
    }
}

/// Returns the positions of `word` as a word of its own. `LONGEST_*` stands for every identifier
/// with that beginning.
fn positions(text: &str, word: &str) -> Vec<usize> {
    let (word, any_end) = match word.strip_suffix('*') {
        Some(beginning) => (beginning, true),
        None => (word, !word.ends_with(|c: char| c.is_alphanumeric())),
    };
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let found = text.match_indices(word).map(|(position, _)| position);
    let whole = found.filter(|position| {
        let before = text[..*position].chars().next_back();
        let after = text[position + word.len()..].chars().next();
        !before.is_some_and(is_part) && (any_end || !after.is_some_and(is_part))
    });
    whole.collect()
}

#[test]
fn files_use_the_words_of_the_glossary() {
    let rows = rows();
    let files = files(&[".rs", ".md", ".txt", ".toml", "justfile"]);
    let files = files.iter().filter(|file| !EXEMPT.contains(&&*file.path));
    let faults: Vec<String> = files.flat_map(|file| faults(file, &rows)).collect();
    assert!(
        faults.is_empty(),
        "{} words have a replacement (docs/GLOSSARY.md explains them):\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn every_row_of_the_list_is_found_in_a_bad_text() {
    for row in rows() {
        let word = row
            .word
            .replace('*', "ANY")
            .replace("fn of(", "fn of(x: u8)");
        let text = format!("//! Returns a value.\n\nfn main() {{ // {word}\n}}\n");
        let found = faults(&File::new("src/bad.rs", &text), &[row]);
        assert_eq!(found.len(), 1, "{word}: {found:?}");
        assert!(found[0].starts_with("src/bad.rs:3: `"), "{found:?}");
    }
}

#[test]
fn phrase_is_found_across_a_line_break() {
    let text = "/// Returns the job, which goes\n/// on.\nfn job() {}\n";
    let [fault] = &faults(&File::new("src/bad.rs", text), &rows())[..] else {
        panic!("one fault")
    };
    assert!(
        fault.starts_with("src/bad.rs:1: `goes on`, write: "),
        "{fault}"
    );
}

#[test]
fn parts_of_longer_words_are_not_faults() {
    let text = "// amended, recommends, PaceMaker, throttled, space\n";
    assert_eq!(faults(&File::new("src/good.rs", text), &rows()), [""; 0]);
}

#[test]
fn first_line_without_a_verb_is_a_fault() {
    for word in FIRST_WORDS {
        let text = format!("/// {word}\nfn item() {{}}\n");
        assert_eq!(
            faults(&File::new("src/bad.rs", &text), &[]).len(),
            1,
            "{word}"
        );
        // Only the first line of a comment must be a sentence of its own.
        let text = format!("/// Returns a value.\n/// {word}\nfn item() {{}}\n");
        assert_eq!(
            faults(&File::new("src/good.rs", &text), &[]).len(),
            0,
            "{word}"
        );
    }
}
