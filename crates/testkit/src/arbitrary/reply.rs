//! Arbitrary responses of the Model API: good ones, with mutations of their JSON and of their bytes.

use super::Entropy;

/// A call whose response is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Submits a job.
    Submit,
    /// Fetches the status of a job.
    Status,
    /// Fetches the result of a job.
    Result,
    /// Cancels a job.
    Cancel,
}

impl Call {
    /// All calls.
    pub const ALL: [Self; 4] = [Self::Submit, Self::Status, Self::Result, Self::Cancel];
}

/// An HTTP response without its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub http_status: u16,
    /// Body.
    pub body: Vec<u8>,
}

/// A member of a JSON object: the text of its name and of its value, quotes included.
type Member = (String, String);

const HTTP_STATUSES: [u16; 28] = [
    200, 200, 200, 200, 201, 202, 204, 206, 302, 307, 400, 401, 402, 403, 404, 405, 408, 409, 413,
    415, 418, 422, 425, 429, 500, 502, 503, 504,
];

/// Codes as JSON: documented ones, members of their families, others, and what is no code.
const CODES: [&str; 30] = [
    "null",
    "0",
    "false",
    "\"\"",
    "\"0\"",
    "400001",
    "400002",
    "400004",
    "400005",
    "403001",
    "404001",
    "422001",
    "429001",
    "400777",
    "405001",
    "409001",
    "500",
    "500001",
    "503001",
    "-1",
    "1.5",
    "4e5",
    "1e999",
    "\"400001\"",
    "\"500001\"",
    "\"oops\"",
    "\"\\ud800\"",
    "true",
    "{}",
    "[400001]",
];

/// Ids as JSON, good and bad.
const IDS: [&str; 14] = [
    "\"job-1\"",
    "\"6f1c2d3e-0000-4000-8000-1234567890ab\"",
    "\"A_b-9\"",
    "\"\\u006aob-2\"",
    "\"0\"",
    "\"\"",
    "\" job-3\"",
    "\"../../models/a/b\"",
    "\"job/4\"",
    "\"job\\u00005\"",
    "\"jöb\"",
    "7",
    "null",
    "[\"job-6\"]",
];

/// Statuses as JSON: those that are documented, those that were seen, and others.
const STATUSES: [&str; 22] = [
    "\"in_queue\"",
    "\"in_queue\"",
    "\"in_progress\"",
    "\"in_progress\"",
    "\"pending\"",
    "\"waiting\"",
    "\"starting\"",
    "\"processing\"",
    "\"completed\"",
    "\"succeeded\"",
    "\"failed\"",
    "\"cancelled\"",
    "\"canceled\"",
    "\" Completed \"",
    "\"COMPLETED?\"",
    "\"not_completed\"",
    "\"\\u0063ompleted\"",
    "\"\"",
    "\"\\ud800\"",
    "true",
    "null",
    "[\"completed\"]",
];

const OUTCOMES: [&str; 6] = [
    "\"cancelled\"",
    "\"canceled\"",
    "\"not_cancellable\"",
    "\"Cancelled\"",
    "\"\"",
    "null",
];

/// Values that stand anywhere, some of which are not JSON.
const VALUES: [&str; 24] = [
    "null",
    "true",
    "0",
    "-0.0",
    "1e308",
    "1e999",
    "123456789012345678901234567890",
    "\"\"",
    "\"text\"",
    "\"\\ud83d\\udc69\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"日本\"",
    "\"https://output.example/a.png?sig=x\"",
    "{}",
    "[]",
    "{\"request_id\": \"inner-1\", \"status\": \"completed\"}",
    "{\"image\": \"https://output.example/a.png\"}",
    "[[[\"deep\"]]]",
    "01",
    "'text'",
    "\"line\nbreak\"",
    "\"\\x\"",
    "NaN",
];

const NAMES: [&str; 14] = [
    "\"request_id\"",
    "\"status\"",
    "\"outcome\"",
    "\"output\"",
    "\"error\"",
    "\"error_code\"",
    "\"error_message\"",
    "\"message\"",
    "\"detail\"",
    "\"queue_position\"",
    "\"r\\u0065quest_id\"",
    "\"\\ud800\"",
    "\"\"",
    "\"Request_Id\"",
];

/// Returns a response to a call: every second one is as the API describes it, but for its values.
pub fn reply(choices: &mut dyn Entropy, call: Call) -> Reply {
    let mut members = described(choices, call);
    let mut http_status = if choices.one_in(2) {
        *choices.pick(&HTTP_STATUSES)
    } else {
        200
    };
    if choices.one_in(200) {
        http_status = u16::try_from(choices.between(200, 999)).unwrap_or(200);
    }
    for _ in 0..choices.below(4) {
        mutate_members(choices, &mut members);
    }
    let mut body = written(choices, &members).into_bytes();
    if choices.one_in(3) {
        for _ in 0..=choices.below(3) {
            mutate_bytes(choices, &mut body);
        }
    }
    Reply { http_status, body }
}

/// Returns the members that the API describes for a call.
fn described(choices: &mut dyn Entropy, call: Call) -> Vec<Member> {
    let member = |name: &str, value: &str| (format!("\"{name}\""), value.to_owned());
    let mut members = vec![member("request_id", &id(choices))];
    match call {
        Call::Submit => {
            for name in ["status_url", "result_url", "cancel_url"] {
                members.push(member(name, "\"https://api.example/v1/requests/job-1\""));
            }
        }
        Call::Status => {
            members.push(member("status", word(choices, &STATUSES)));
            members.push(member("queue_position", word(choices, &VALUES)));
        }
        Call::Result => {
            members.push(member("status", word(choices, &STATUSES)));
            members.push(member("output", word(choices, &VALUES)));
            members.push(member("error", word(choices, &VALUES)));
        }
        Call::Cancel => {
            members.push(member("status", word(choices, &STATUSES)));
            members.push(member("outcome", word(choices, &OUTCOMES)));
        }
    }
    members
}

/// Returns an id as JSON, good in most cases.
fn id(choices: &mut dyn Entropy) -> String {
    match choices.below(4) {
        0 => word(choices, &IDS).to_owned(),
        1 => format!("\"{}\"", "i".repeat(choices.below(131))),
        _ => format!("\"job-{}\"", choices.below(1_000_000)),
    }
}

fn value(choices: &mut dyn Entropy) -> String {
    match choices.below(8) {
        0 => id(choices),
        1 => word(choices, &STATUSES).to_owned(),
        2 => word(choices, &CODES).to_owned(),
        3 => {
            // The usual limit of nesting is 128.
            let depth = *choices.pick(&[1, 100, 126, 127, 128, 129, 1000]);
            format!("{}{}", "[".repeat(depth), "]".repeat(depth))
        }
        _ => word(choices, &VALUES).to_owned(),
    }
}

fn word(choices: &mut dyn Entropy, words: &[&'static str]) -> &'static str {
    words[choices.below(words.len())]
}

fn mutate_members(choices: &mut dyn Entropy, members: &mut Vec<Member>) {
    let index = choices.below(members.len());
    match choices.below(7) {
        0 if !members.is_empty() => drop(members.remove(index)),
        1 if !members.is_empty() => members[index].1 = value(choices),
        2 if !members.is_empty() => word(choices, &NAMES).clone_into(&mut members[index].0),
        3 if !members.is_empty() => {
            let last = members.len() - 1;
            members.swap(index, last);
        }
        4 | 5 => {
            let code = word(choices, &CODES).to_owned();
            members.insert(index, ("\"error_code\"".to_owned(), code));
        }
        _ => {
            let name = word(choices, &NAMES).to_owned();
            members.insert(index, (name, value(choices)));
        }
    }
}

fn written(choices: &mut dyn Entropy, members: &[Member]) -> String {
    let space = word(choices, &["", "", " ", "\n  ", "\r\n\t"]);
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("{space}{name}{space}:{space}{value}"))
        .collect();
    let object = format!("{space}{{{}{space}}}{space}", members.join(","));
    match choices.below(40) {
        0 => format!("[{object}]"),
        1 => format!("{{\"data\": {object}}}"),
        2 => format!("{object}{object}"),
        3 => format!("\u{feff}{object}"),
        4 => "<html><body>Bad Gateway</body></html>".to_owned(),
        5 => String::new(),
        _ => object,
    }
}

fn mutate_bytes(choices: &mut dyn Entropy, body: &mut Vec<u8>) {
    let at = choices.below(body.len() + 1);
    match choices.below(6) {
        0 => body.truncate(at),
        1 => body.insert(at, choices.bits().to_le_bytes()[0]),
        2 if at < body.len() => drop(body.remove(at)),
        3 if at < body.len() => body[at] ^= 1 << choices.below(8),
        4 if at < body.len() => {
            let part = body[at..].to_vec();
            let end = part.len().min(1 + choices.below(40));
            body.splice(at..at, part[..end].iter().copied());
        }
        _ => {
            let end = body.len().min(at + choices.below(40));
            body.drain(at.min(end)..end);
        }
    }
}
