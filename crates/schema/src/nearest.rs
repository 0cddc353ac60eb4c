//! Suggestions for misspelt names: "did you mean …?"

/// Returns the candidate that is nearest to `word`, or `None` if no candidate is near enough to be
/// a misspelling.
///
/// Near is: at most a third of the word's letters differ (optimal string alignment distance,
/// letter case aside), or one starts with the other. A word of one or two letters is near only
/// to itself in other case: `5` is no slip of `6`.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (mut letters, mut other) = ([NONE; MAX_LETTERS + 1], [NONE; MAX_LETTERS]);
    let letters = spell(word, &mut letters);
    if letters.is_empty() || letters.len() > MAX_LETTERS {
        return None;
    }
    let most = letters.len() / 3;
    candidates
        .into_iter()
        .filter_map(|candidate| {
            if is_far(candidate, letters.len(), most) && !may_start_alike(word, candidate) {
                return None;
            }
            let other = spell(candidate, &mut other);
            let shorter = letters.len().min(other.len());
            let prefix = shorter >= PREFIX && letters[..shorter] == other[..shorter];
            // The difference in length alone bounds the distance from below, and is all of it
            // where one starts with the other.
            let longer = letters.len().abs_diff(other.len());
            if prefix {
                return Some((longer, candidate));
            }
            let distance = (longer <= most).then(|| distance(letters, other));
            distance
                .filter(|distance| *distance <= most)
                .map(|distance| (distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns the choice of an `enum` that a text probably means: the nearest one by its letters, else the
/// first that the text begins or is a part of, else, of sizes such as `1920x1080`, the nearest by its
/// numbers.
pub(crate) fn nearest_choice<'a>(
    text: &str,
    choices: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let letters = plain(text);
    // More than a size is no size, and a part of one letter is in too many choices.
    if letters.is_empty() || letters.len() > MAX_LETTERS {
        return None;
    }
    nearest(text, choices.clone())
        .or_else(|| {
            choices
                .clone()
                .find(|choice| plain(choice).starts_with(&letters))
        })
        .or_else(|| {
            let is_long = letters.chars().count() >= PREFIX;
            choices
                .clone()
                .find(|choice| is_long && plain(choice).contains(&letters))
        })
        .or_else(|| nearest_size(&letters, choices))
}

/// Returns a text in lower case, without blanks, and with one sign between the numbers of a size.
fn plain(text: &str) -> String {
    let letters = text.chars().flat_map(char::to_lowercase);
    let signs = letters.map(|c| if matches!(c, '×' | '*') { 'x' } else { c });
    signs.filter(|c| !c.is_whitespace()).collect()
}

/// Maximum sum of the logarithms of two ratios: both sides may be twice as long, or half.
const MAX_FAR: f64 = 1.4;

/// Returns the choice that begins with a size of the same form whose sides differ least, by their ratio.
fn nearest_size<'a>(size: &str, choices: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let sides = sides(size)?;
    let far = |choice: &str| {
        let choice = plain(choice);
        let other = sides_before(&choice)?;
        let ratios = [(sides.0, other.0), (sides.1, other.1)];
        let far: f64 = ratios.iter().map(|(a, b)| (a / b).ln().abs()).sum();
        (far <= MAX_FAR).then_some(far)
    };
    let known = choices.filter_map(|choice| Some((far(choice)?, choice)));
    known
        .min_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, choice)| choice)
}

/// Returns the sides of a size such as `1920x1080`.
fn sides(size: &str) -> Option<(f64, f64)> {
    let length = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let length: f64 = text.parse().ok().filter(|_| is_number)?;
        (length > 0.0).then_some(length)
    };
    let (width, height) = size.split_once('x')?;
    Some((length(width)?, length(height)?))
}

/// Returns the sides of the size with which a choice such as `1920x1080(16:9)` begins.
fn sides_before(choice: &str) -> Option<(f64, f64)> {
    let is_part = |c: char| c.is_ascii_digit() || c == 'x';
    let end = choice.find(|c| !is_part(c)).unwrap_or(choice.len());
    sides(&choice[..end])
}

/// Returns `true` if a word has too many letters or too few to be like one of `count` letters, as far
/// as that takes no spelling.
fn is_far(word: &str, count: usize, most: usize) -> bool {
    // In lower case a word has at least as many letters as before, and at most as many as bytes.
    word.len() + most < count || word.chars().count() > count + most
}

/// Returns `true` unless the first letters of both texts are of ASCII and differ.
fn may_start_alike(a: &str, b: &str) -> bool {
    match (a.as_bytes().get(..PREFIX), b.as_bytes().get(..PREFIX)) {
        (Some(a), Some(b)) => !a.is_ascii() || !b.is_ascii() || a.eq_ignore_ascii_case(b),
        _ => false,
    }
}

/// Minimum number of letters of a text that another starts with.
const PREFIX: usize = 3;

/// Maximum length of a word in letters. Longer words are no misspellings, and the distance takes
/// quadratic time.
const MAX_LETTERS: usize = 64;

/// Marks the absence of a letter.
const NONE: char = '\0';

/// Fills `places` with the first letters of a word in lower case, and returns those that are
/// filled.
fn spell<'a>(word: &str, places: &'a mut [char]) -> &'a [char] {
    let mut count = 0;
    if word.is_ascii() {
        count = word.len().min(places.len());
        for (place, byte) in places[..count].iter_mut().zip(word.bytes()) {
            *place = byte.to_ascii_lowercase().into();
        }
    } else {
        let lower_case = word.chars().flat_map(char::to_lowercase);
        for (place, letter) in places.iter_mut().zip(lower_case) {
            *place = letter;
            count += 1;
        }
    }
    &places[..count]
}

/// Returns the number of insertions, deletions, substitutions and swaps of neighbours that turn `a`
/// into `b`. Both have at most [`MAX_LETTERS`] letters, so the distance is at most that.
fn distance(a: &[char], b: &[char]) -> usize {
    // The row for the letters of `a` up to here and the two before it, by turns.
    let mut rows = [[0_u8; MAX_LETTERS + 1]; 3];
    for j in 1..=b.len() {
        rows[0][j] = rows[0][j - 1] + 1;
    }
    for i in 1..=a.len() {
        let (row, last, before) = (i % 3, (i + 2) % 3, (i + 1) % 3);
        rows[row][0] = rows[last][0] + 1;
        for j in 1..=b.len() {
            let substitution = rows[last][j - 1] + u8::from(a[i - 1] != b[j - 1]);
            let shift = rows[last][j].min(rows[row][j - 1]) + 1;
            let mut best = substitution.min(shift);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[before][j - 2] + 1);
            }
            rows[row][j] = best;
        }
    }
    rows[a.len() % 3][b.len()].into()
}

#[cfg(test)]
mod tests {
    use super::{nearest, nearest_choice};

    const NAMES: [&str; 5] = ["prompt", "image_urls", "scale", "seed", "width×height"];

    #[test]
    fn finds_slips_and_nothing_else() {
        for (word, found) in [
            ("promt", Some("prompt")),
            ("Prompt", Some("prompt")),
            ("image_url", Some("image_urls")),
            ("images_url", Some("image_urls")),
            ("widthxheight", Some("width×height")),
            ("sclae", Some("scale")),
            ("SEED", Some("seed")),
            ("sede", Some("seed")),
            ("prompt_text", Some("prompt")),
            ("quality", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(nearest(word, NAMES), found, "{word}");
        }
        assert_eq!(nearest("7", ["5", "10"]), None);
        assert_eq!(nearest("4K", ["2k", "4k"]), Some("4k"));
        assert_eq!(nearest("16.9", ["1:1", "16:9", "9:16"]), Some("16:9"));
        assert_eq!(nearest("720", ["480p", "720p"]), Some("720p"));
        assert_eq!(nearest(&"x".repeat(100_000), NAMES), None);
    }

    #[test]
    fn choice_is_found_by_a_part_and_by_its_numbers() {
        let sizes = [
            "1024x1024(1:1)",
            "2048x2048(1:1)",
            "2560x1440(16:9)",
            "3024x1296(21:9)",
            "auto",
        ];
        for (text, found) in [
            ("2048x2047", Some("2048x2048(1:1)")),
            ("2", Some("2048x2048(1:1)")),
            ("2560×1440", Some("2560x1440(16:9)")),
            ("2560 X 1440", Some("2560x1440(16:9)")),
            ("16:9", Some("2560x1440(16:9)")),
            ("1920x1080", Some("2560x1440(16:9)")),
            ("1000*1000", Some("1024x1024(1:1)")),
            ("0x0", None),
            ("2048x9", None),
            ("x", None),
            ("4:3", None),
            ("huge", None),
            ("", None),
            (" ", None),
        ] {
            assert_eq!(nearest_choice(text, sizes.into_iter()), found, "{text}");
        }
        assert_eq!(nearest_choice("7", ["5", "10"].into_iter()), None);
    }
}
