//! Patterns that select models by their ids.

/// Returns `true` if an id matches a pattern: `*` matches any part of a segment, `**` anything, slashes
/// included, `?` one character. Everything else matches itself, letter case included.
pub(crate) fn matches(pattern: &str, id: &str) -> bool {
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
    use super::matches;

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
            assert_eq!(matches(pattern, id), expected, "{pattern} {id}");
        }
        let long = "a".repeat(2_000);
        assert!(!matches(&"*a".repeat(50), &format!("{long}b")));
    }
}
