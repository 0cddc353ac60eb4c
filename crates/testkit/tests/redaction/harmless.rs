//! Arbitrary responses of a service that never saw the secret.

use std::iter::repeat_with;

use fastrand::Rng;
use serde_json::{Value, json};

/// Returns a response with URLs, signatures, pictures and numbers.
pub(crate) fn response(rng: &mut Rng) -> String {
    let count = rng.usize(1..8);
    let parts: Vec<Value> = repeat_with(|| part(rng)).take(count).collect();
    json!({"request_id": id(rng), "status": "succeeded", "output": parts}).to_string()
}

fn part(rng: &mut Rng) -> Value {
    match rng.u8(..9) {
        0 => json!(format!(
            "https://cdn.example/{}/{}.png",
            letters(rng, 12),
            id(rng)
        )),
        1 => json!(format!(
            "https://cdn.example/a%20b/x.mp4?X-Amz-Expires=3600&X-Amz-Signature={}",
            hex(rng, 64)
        )),
        2 => json!(format!("data:image/png;base64,{}", letters(rng, 4_000))),
        3 => json!(repeat_with(|| rng.u8(..)).take(300).collect::<Vec<u8>>()),
        4 => json!(repeat_with(|| rng.f64()).take(100).collect::<Vec<f64>>()),
        5 => json!(format!(
            "eyJhbGciOiJIUzI1NiJ9.{}.{}",
            letters(rng, 200),
            letters(rng, 43)
        )),
        6 => json!("a red boat \\n on the <b>lake</b> &amp; \"more\", 100 % of it: \u{6e56}"),
        7 => json!({"sha256": hex(rng, 64), "seed": rng.u64(..), "at": "2026-01-02T03:04:05Z"}),
        _ => json!(
            repeat_with(|| rng.char(' '..'\u{ff}'))
                .take(200)
                .collect::<String>()
        ),
    }
}

fn id(rng: &mut Rng) -> String {
    let parts = [8, 4, 4, 4, 12].map(|length| hex(rng, length));
    parts.join("-")
}

fn hex(rng: &mut Rng, length: usize) -> String {
    repeat_with(|| rng.digit(16)).take(length).collect()
}

fn letters(rng: &mut Rng, length: usize) -> String {
    repeat_with(|| rng.alphanumeric()).take(length).collect()
}
