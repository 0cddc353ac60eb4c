//! The difference of two inputs, and an input without the bytes of its files.

use runcomfy::media::DataUri;
use runcomfy::schema::Json;

/// Maximum number of differences that are listed; more would not be read.
const MAX_LINES: usize = 12;

/// Maximum number of characters of a value that are shown.
const MAX_CHARS: usize = 60;

/// Returns a line for each value that differs.
pub(crate) fn lines(before: &Json, now: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", before, now, &mut lines);
    if lines.len() > MAX_LINES {
        let more = lines.len() - MAX_LINES;
        lines.truncate(MAX_LINES);
        lines.push(format!("and {more} more"));
    }
    lines
}

fn compare(pointer: &str, before: &Json, now: &Json, lines: &mut Vec<String>) {
    match (before, now) {
        (Json::Object(old), Json::Object(new)) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let pointer = format!("{pointer}/{key}");
                match (old.get(key), new.get(key)) {
                    (Some(old), Some(new)) => compare(&pointer, old, new, lines),
                    (Some(old), None) => lines.push(format!("{pointer} was {}", shown(old))),
                    (None, Some(new)) => lines.push(format!("{pointer} is now {}", shown(new))),
                    (None, None) => {}
                }
            }
        }
        (before, now) if before == now => {}
        (before, now) => lines.push(format!(
            "{pointer} was {}, now {}",
            shown(before),
            shown(now)
        )),
    }
}

fn shown(value: &Json) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Returns an input with each `data:` URI replaced by its media type, its length and a checksum.
pub(crate) fn shortened(json: &Json) -> Json {
    match json {
        Json::String(text) if DataUri::parse(text).is_some() => shortened_uri(text).into(),
        Json::Array(list) => list.iter().map(shortened).collect(),
        Json::Object(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), shortened(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Returns a `data:` URI as its media type, its length and a checksum.
pub(crate) fn shortened_uri(uri: &str) -> String {
    let start = uri.split([',', ';']).next().unwrap_or_default();
    let sum = checksum(uri.as_bytes());
    format!("{start} ({} bytes; checksum {sum:016x})", uri.len())
}

/// Returns the FNV-1a checksum, which tells two files of a user apart and is the same in each version
/// of this command.
fn checksum(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |sum: u64, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_difference_is_named() {
        let before = json!({ "prompt": "a", "scale": 1, "same": [1], "deep": { "x": 1 } });
        let now = json!({ "prompt": "b", "same": [1], "deep": { "x": 2 }, "seed": 7 });
        let expected = [
            "/prompt was \"a\", now \"b\"",
            "/scale was 1",
            "/deep/x was 1, now 2",
            "/seed is now 7",
        ];
        assert_eq!(lines(&before, &now), expected);
        // The order of members means nothing.
        let [one, other] = ["{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"];
        let parse = |text| serde_json::from_str::<Json>(text).unwrap();
        assert!(lines(&parse(one), &parse(other)).is_empty());
    }

    #[test]
    fn files_are_told_apart_by_their_checksum() {
        let input = |bytes| json!({ "image": [format!("data:image/png;base64,{bytes}")] });
        let [one, other] = ["AAAA", "AAAB"].map(|bytes| shortened(&input(bytes)));
        assert!(
            one["image"][0]
                .as_str()
                .unwrap()
                .starts_with("data:image/png (26 bytes; ")
        );
        assert_ne!(one, other);
        assert_eq!(one, shortened(&input("AAAA")));
        assert_eq!(shortened(&one), one);
        assert_eq!(checksum(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
