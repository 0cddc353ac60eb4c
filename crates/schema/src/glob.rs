//! Patterns that select models by their ids.

/// Returns `true` if an id matches a pattern: `*` matches any part of a segment, `**` anything, slashes
/// included, `?` one character other than a slash. Everything else matches itself, letter case included.
///
/// All filters of model ids use it. Its time is at most that of the length of the pattern times the length
/// of the id, since both may come from strangers.
#[must_use]
pub fn matches_glob(pattern: &str, id: &str) -> bool {
    let (pattern, id): (Vec<char>, Vec<char>) = (pattern.chars().collect(), id.chars().collect());
    // ends[i]: the pattern so far matches the first i characters of the id.
    let mut ends: Vec<bool> = (0..=id.len()).map(|i| i == 0).collect();
    let mut rest = pattern.as_slice();
    while let [first, tail @ ..] = rest {
        let deep = *first == '*' && tail.first() == Some(&'*');
        rest = if deep { &tail[1..] } else { tail };
        let before = ends.clone();
        for i in 0..=id.len() {
            let last = i.checked_sub(1).map(|last| id[last]);
            ends[i] = match (*first, last) {
                ('*', Some(c)) => before[i] || (ends[i - 1] && (deep || c != '/')),
                ('*', None) => before[i],
                ('?', Some(c)) => before[i - 1] && c != '/',
                (own, Some(c)) => before[i - 1] && own == c,
                (_, None) => false,
            };
        }
    }
    ends[id.len()]
}

#[cfg(test)]
mod tests {
    use super::matches_glob;

    #[test]
    fn single_star_stays_within_a_segment() {
        for (pattern, id, expected) in [
            ("acme/stamp/edit", "acme/stamp/edit", true),
            ("acme/stamp", "acme/stamp/edit", false),
            ("acme/*", "acme/stamp/edit", false),
            ("acme/*/edit", "acme/stamp/edit", true),
            ("acme/**", "acme/stamp/edit", true),
            ("**/edit", "acme/stamp/edit", true),
            ("**", "", true),
            ("acme/st?mp/*", "acme/stamp/edit", true),
            ("acme?stamp/edit", "acme/stamp/edit", false),
            ("ACME/**", "acme/stamp/edit", false),
            ("*a*b*", "xxaxxbxx", true),
            ("", "acme", false),
        ] {
            assert_eq!(matches_glob(pattern, id), expected, "{pattern} {id}");
        }
        // A search that tries every end of every star would never return.
        let long = "a".repeat(2_000);
        assert!(!matches_glob(&"*a".repeat(50), &format!("{long}b")));
        assert!(!matches_glob(&"**a".repeat(50), &format!("{long}b")));
    }

    /// Tries every end of every star.
    fn judge(pattern: &[u8], id: &[u8]) -> bool {
        let Some((first, tail)) = pattern.split_first() else {
            return id.is_empty();
        };
        let ends = |rest: &[u8], is_deep: bool| {
            (0..=id.len())
                .take_while(|end| is_deep || !id[..*end].contains(&b'/'))
                .any(|end| judge(rest, &id[end..]))
        };
        match (*first, tail, id) {
            (b'*', [b'*', rest @ ..], _) => ends(rest, true),
            (b'*', rest, _) => ends(rest, false),
            (b'?', rest, [c, id @ ..]) => *c != b'/' && judge(rest, id),
            (own, rest, [c, id @ ..]) => own == *c && judge(rest, id),
            (_, _, []) => false,
        }
    }

    /// Returns all texts of up to so many of these characters.
    fn texts(characters: &str, max_length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut next = 0;
        while all[next].len() < max_length {
            let text = all[next].clone();
            all.extend(characters.chars().map(|c| format!("{text}{c}")));
            next += 1;
        }
        all
    }

    #[test]
    fn every_short_pattern_matches_as_a_naive_judge_says() {
        let ids = texts("ab/", 5);
        for pattern in texts("a/*?", 5) {
            for id in &ids {
                let expected = judge(pattern.as_bytes(), id.as_bytes());
                assert_eq!(matches_glob(&pattern, id), expected, "{pattern} {id}");
            }
        }
    }
}
