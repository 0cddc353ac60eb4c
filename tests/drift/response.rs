//! Responses: correct at first, then broken.

use std::fmt;

use fastrand::Rng;
use runcomfy_testkit::server::{self, Request};
use serde_json::{Value, json};

use super::call::Call;
use super::mutation;

/// A response of the service.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: String,
    pub(super) body: Vec<u8>,
    /// `true` if the connection stays open until all of the body is sent.
    pub(super) whole: bool,
}

impl Response {
    /// Returns the response to a call of a case, which is the same each time.
    pub(super) fn for_case(case: u64, call: Call) -> Self {
        let mut rng = Rng::with_seed(case.wrapping_mul(8) + call as u64);
        let mut body = intact(&id_of(case), call, &mut rng);
        let mut response = Self {
            status: if rng.u8(..4) == 0 { 202 } else { 200 },
            headers: "content-type: application/json\r\n".to_owned(),
            body: Vec::new(),
            whole: true,
        };
        let mut left = rng.usize(1..4).min(rng.usize(1..4));
        while left > 0 && rng.u8(..3) > 0 {
            mutation::mutate_json(&mut body, &mut rng);
            left -= 1;
        }
        response.body = body.to_string().into_bytes();
        for _ in 0..left {
            mutation::mutate_response(&mut response, &mut rng);
        }
        // In HTTP these have no body.
        if matches!(response.status, 100..200 | 204 | 304) {
            response.body.clear();
            response.whole = true;
        }
        response
    }

    /// Returns the bytes on the socket. A response that is not whole announces more than it has.
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

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.body);
        let start: String = text.chars().take(2_000).collect();
        let end = if self.whole { "" } else { ", then cut off" };
        write!(f, "HTTP {} {:?}{end}\n{start}", self.status, self.headers)
    }
}

/// Returns a response as the API describes it.
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

/// Returns the id of a case's job, from which the server derives the case.
pub(super) fn id_of(case: u64) -> String {
    format!("case-{case}")
}

/// Returns the model that a case's job is submitted to, which names the case too.
pub(super) fn model_of(case: u64) -> String {
    format!("drift/{}", id_of(case))
}

/// Returns the response of a request's case, for the server.
pub(super) fn to_request(request: &Request) -> server::Response {
    let path = request.path();
    let digits: String = path
        .split_once("case-")
        .unwrap()
        .1
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let call = match path.rsplit('/').next().unwrap() {
        "status" => Call::Status,
        "result" => Call::Result,
        "cancel" => Call::Cancel,
        _ => Call::Submit,
    };
    let response = Response::for_case(digits.parse().unwrap(), call);
    let sent = server::Response::raw(response.to_bytes());
    if response.whole {
        sent.keep_alive()
    } else {
        sent
    }
}
