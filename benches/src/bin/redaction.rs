//! CPU to search a response without the token for it: the body of a status, and that of a long result.

use std::hint::black_box;
use std::time::Duration;

use runcomfy_benches::{Cost, Outcome, Row, Samples};
use runcomfy_schema::__private::Secret;
use serde_json::json;

/// Every text has a batch in every round, so that conditions are equal.
const ROUNDS: usize = 301;

/// Duration of a batch: long compared with the clock's steps.
const BATCH: Duration = Duration::from_micros(500);

/// A token of 40 characters, as the service gives them.
const TOKEN: &str = "3f0c9a47-b1d2-4e5f-8a6b-7c8d9e0f1a2b-rcx";

/// Size of the long result, in bytes.
const RESULT: usize = 78_000;

/// A text, and how often it is searched at a time.
struct Text {
    name: &'static str,
    bytes: Vec<u8>,
    batch: u32,
    microseconds: Samples,
}

fn main() -> Outcome {
    assert_eq!(TOKEN.len(), 40);
    let secret = Secret::new(TOKEN);
    let mut texts = [
        Text::new("status", status()),
        Text::new("result of 78 kB", result()),
    ];
    for text in &mut texts {
        if secret.erase(text.bytes.clone()) != text.bytes {
            return Err(format!("the {} has no token, and was changed", text.name).into());
        }
        while text.cost(&secret)? < BATCH {
            text.batch *= 2;
        }
    }
    for _ in 0..ROUNDS {
        for text in &mut texts {
            let microseconds = text.cost(&secret)?.as_secs_f64() * 1e6;
            text.microseconds.push(microseconds / f64::from(text.batch));
        }
    }
    for text in &texts {
        let what = format!("redaction, {} ({} B)", text.name, text.bytes.len());
        Row::new(what, "µs CPU").print(&text.microseconds);
    }
    Ok(())
}

fn status() -> Vec<u8> {
    let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let url = |call: &str| format!("https://model-api.runcomfy.net/v1/requests/{id}/{call}");
    json!({"request_id": id, "status": "in_progress", "queue_position": null, "result_url": url("result")})
        .to_string()
        .into_bytes()
}

/// Returns a result of URLs with signatures, texts and numbers.
fn result() -> Vec<u8> {
    let image = |number: usize| {
        let part = |factor: u64| factor.wrapping_mul(number as u64 + 1);
        let signature: String = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9]
            .map(|factor| format!("{:016x}", part(factor)))
            .concat();
        let url = format!(
            "https://cdn.example/outputs/{:016x}/image.png?X-Amz-Signature={signature}",
            part(0x94d0_49bb_1331_11eb)
        );
        json!({"url": url, "width": 2048, "height": 1152, "seed": number * 104_729, "prompt": "A red boat \n on the \"lake\""})
    };
    let mut images = Vec::new();
    let mut text = String::new();
    while text.len() < RESULT {
        images.push(image(images.len()));
        text = json!({"status": "succeeded", "output": {"images": images}}).to_string();
    }
    text.into_bytes()
}

impl Text {
    fn new(name: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            name,
            bytes,
            batch: 1,
            microseconds: Samples::default(),
        }
    }

    /// Returns the CPU time of a batch; the copies that it searches are made before.
    fn cost(&self, secret: &Secret) -> Outcome<Duration> {
        let copies: Vec<Vec<u8>> = (0..self.batch).map(|_| self.bytes.clone()).collect();
        let start = Cost::own_thread()?;
        for copy in copies {
            black_box(secret.erase(copy));
        }
        Ok(Cost::own_thread()?.saturating_sub(start))
    }
}
