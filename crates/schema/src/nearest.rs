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
    use super::nearest;

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
}
