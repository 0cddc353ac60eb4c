//! Lengths of time in words.

use std::time::Duration;

/// Returns a time in words, as coarse as a glance needs it.
pub(super) fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_coarse() {
        let words = |seconds| words(Duration::from_secs(seconds));
        assert_eq!(
            [0, 119, 120, 7199, 7200, 172_799, 200_000].map(words),
            ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]
        );
    }
}
