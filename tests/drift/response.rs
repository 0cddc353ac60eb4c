//! Replies: as they should be, then broken.

use std::fmt;

use fastrand::Rng;
use serde_json::{Value, json};

use super::call::Call;
use super::mutation;
use super::server;

/// An answer over HTTP.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: String,
    pub(super) body: Vec<u8>,
    /// Whether the connection stays up until all of the body is sent.
    pub(super) whole: bool,
}

impl Reply {
    /// The reply to a call of a case, which is the same each time.
    pub(super) fn of(case: u64, call: Call) -> Self {
        let mut rng = Rng::with_seed(case.wrapping_mul(8) + call as u64);
        let mut body = intact(&server::id_of(case), call, &mut rng);
        let mut reply = Self {
            status: if rng.u8(..4) == 0 { 202 } else { 200 },
            headers: "content-type: application/json\r\n".to_owned(),
            body: Vec::new(),
            whole: true,
        };
        let mut left = rng.usize(1..4).min(rng.usize(1..4));
        while left > 0 && rng.u8(..3) > 0 {
            mutation::of_json(&mut body, &mut rng);
            left -= 1;
        }
        reply.body = body.to_string().into_bytes();
        for _ in 0..left {
            mutation::of_reply(&mut reply, &mut rng);
        }
        // HTTP gives these no body.
        if matches!(reply.status, 100..200 | 204 | 304) {
            reply.body.clear();
            reply.whole = true;
        }
        reply
    }

    /// The bytes on the wire. What is not whole promises more than it holds.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let length = self.body.len() + usize::from(!self.whole);
        let mut bytes = format!("HTTP/1.1 {} x\r\n{}", self.status, self.headers).into_bytes();
        if !matches!(self.status, 100..200 | 204 | 304) {
            bytes.extend(format!("content-length: {length}\r\n").bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.body);
        let start: String = text.chars().take(2_000).collect();
        let end = if self.whole { "" } else { ", then cut off" };
        write!(f, "HTTP {} {:?}{end}\n{start}", self.status, self.headers)
    }
}

/// A reply as the API describes it.
fn intact(id: &str, call: Call, rng: &mut Rng) -> Value {
    let running = [
        "in_queue",
        "in_progress",
        "pending",
        "waiting",
        "processing",
    ];
    let ended = ["completed", "succeeded", "failed", "cancelled", "canceled"];
    let url = |of: &str| format!("https://model-api.runcomfy.net/v1/requests/{id}/{of}");
    let (status_url, result_url) = (url("status"), url("result"));
    let word = |rng: &mut Rng| match rng.u8(..3) {
        0 => ended[rng.usize(..ended.len())],
        _ => running[rng.usize(..running.len())],
    };
    match call {
        Call::Submit => json!({
            "request_id": id, "status_url": status_url, "result_url": result_url,
            "cancel_url": url("cancel"),
        }),
        Call::Status => json!({
            "request_id": id, "status": word(rng), "queue_position": rng.u8(..9),
            "status_url": status_url, "result_url": result_url,
        }),
        Call::Result => {
            let word = word(rng);
            let mut result = json!({"request_id": id, "status": word});
            match word {
                "completed" | "succeeded" => {
                    result["output"] = json!({"image": "https://cdn.runcomfy.net/completed.png"});
                }
                "failed" => result["error"] = json!([{"errorCode": 7, "error": "succeeded"}]),
                _ => {}
            }
            result["created_at"] = json!("2026-11-20T10:00:00Z");
            result
        }
        Call::Cancel => {
            let word = ["cancelled", "not_cancellable"][rng.usize(..2)];
            json!({"request_id": id, "status": "in_progress", "outcome": word})
        }
    }
}
