//! The meaning of a response, read without the client's code.

use runcomfy_testkit::judge::reading::{self, last, members_before_error};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::response::Response;

/// The members of a response whose body is a JSON object.
pub(super) struct Reading {
    status: u16,
    body: Value,
    /// `true` if everything in it fits the usual types.
    is_usual: bool,
    /// The id that has arrived, also if something behind it is cut off or is no JSON.
    arrived_id: Option<String>,
}

impl Reading {
    pub(super) fn new(response: &Response) -> Self {
        let text = str::from_utf8(&response.body).ok();
        let text = text.filter(|_| response.whole).unwrap_or_default();
        let usual = serde_json::from_str(text).ok();
        Self {
            status: response.status,
            is_usual: usual.is_some(),
            body: usual.unwrap_or_else(|| unusual(text)),
            arrived_id: match last(&members_before_error(&response.body), "request_id") {
                Some(reading::Value::Text(id)) => id.clone(),
                _ => None,
            },
        }
    }

    /// Returns `true` if the HTTP status means that the call was carried out.
    pub(super) fn is_accepted(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns `true` if it proves that there is no job: by a listed code beside a verdict of the
    /// service, or without a code by a listed HTTP status. One request too many is among them.
    pub(super) fn is_certain_refusal(&self) -> bool {
        let is_verdict = self.is_accepted() || (400..500).contains(&self.status);
        let code = self.code().unwrap_or(&Value::Null);
        let number = code
            .as_i64()
            .or_else(|| code.as_str()?.parse().ok())
            .unwrap_or_default();
        let is_none = number == 0
            && (code.is_null() || code.is_number() || code == "" || code == "0" || code == false);
        let listed_code = [400, 401, 402, 403, 404, 422, 429].contains(&(number / 1000));
        let listed_status =
            [400, 401, 402, 403, 404, 405, 413, 415, 422, 429].contains(&self.status);
        (is_verdict && listed_code) || (is_none && listed_status)
    }

    /// Returns an `error_code` of any type, which a response with a success status may have too.
    pub(super) fn code(&self) -> Option<&Value> {
        self.body.get("error_code")
    }

    /// Returns `true` for a success in every respect that every reader understands.
    pub(super) fn is_plain(&self) -> bool {
        self.is_usual && self.is_accepted() && self.code().is_none()
    }

    /// Returns `true` for a success without doubt whose `status` is a string.
    pub(super) fn is_clear(&self) -> bool {
        self.is_plain() && self.text("status").is_some()
    }

    /// Returns the id of a job, if it is one that can be used.
    pub(super) fn id(&self) -> Option<&str> {
        self.text("request_id").filter(|id| is_usable(id))
    }

    /// Returns the id of a job that an error of a submit names.
    pub(super) fn arrived_id(&self) -> Option<&str> {
        self.arrived_id.as_deref().filter(|id| is_usable(id))
    }

    /// Returns the job's final status in the service's words, if the job has ended.
    pub(super) fn ended(&self) -> Option<&'static str> {
        let word = self.text("status").filter(|_| self.is_accepted())?;
        ["completed", "succeeded", "failed", "cancelled", "canceled"]
            .into_iter()
            .find(|known| word.trim().eq_ignore_ascii_case(known))
            .map(|known| {
                known
                    .strip_suffix("canceled")
                    .map_or(known, |_| "cancelled")
            })
    }

    /// Returns `true` if the status is a word that the service does not list, beside an output with a
    /// text. Such a result ends the job, unless its word says that it continues.
    pub(super) fn is_ended_by_output(&self) -> bool {
        let listed = [
            "in_queue",
            "pending",
            "waiting",
            "in_progress",
            "starting",
            "processing",
            "completed",
            "succeeded",
            "failed",
            "cancelled",
            "canceled",
        ];
        let word = self.text("status").filter(|_| self.is_accepted());
        let is_unlisted = word.is_some_and(|word| {
            let word = word.trim();
            !listed
                .into_iter()
                .any(|known| word.eq_ignore_ascii_case(known))
        });
        is_unlisted && self.has_text("output")
    }

    pub(super) fn outcome(&self) -> Option<&str> {
        self.text("outcome").filter(|_| self.is_accepted())
    }

    /// Returns `true` if the member exists and is not null.
    pub(super) fn has(&self, member: &str) -> bool {
        self.body.get(member).is_some_and(|value| !value.is_null())
    }

    /// Returns `true` if the member has a text, a number or a truth value somewhere in it.
    fn has_content(&self, member: &str) -> bool {
        self.has_leaf(member, |leaf| match leaf {
            Value::String(text) => !text.trim().is_empty(),
            leaf => !leaf.is_null(),
        })
    }

    /// Returns `true` if the member has a text somewhere in it.
    pub(super) fn has_text(&self, member: &str) -> bool {
        self.has_leaf(member, |leaf| {
            leaf.as_str().is_some_and(|text| !text.trim().is_empty())
        })
    }

    /// Returns `true` if `fits` holds for a value that is neither a list nor an object.
    fn has_leaf(&self, member: &str, fits: fn(&Value) -> bool) -> bool {
        let mut values: Vec<&Value> = self.body.get(member).into_iter().collect();
        while let Some(value) = values.pop() {
            match value {
                Value::Array(list) => values.extend(list),
                Value::Object(map) => values.extend(map.values()),
                leaf if fits(leaf) => return true,
                _ => {}
            }
        }
        false
    }

    /// Returns `true` if there is an error that says more than that there is none.
    pub(super) fn has_error(&self) -> bool {
        ["error", "error_message"].into_iter().any(|member| {
            let error = self.body.get(member).unwrap_or(&Value::Null);
            self.has_content(member) && *error != false && *error != 0
        })
    }

    /// Returns `true` unless the response names another job.
    pub(super) fn is_about(&self, id: &str) -> bool {
        !self.has("request_id") || self.text("request_id") == Some(id)
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member)?.as_str()
    }
}

fn is_usable(id: &str) -> bool {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    (1..=128).contains(&id.len()) && id.chars().all(harmless)
}

/// JSON has numbers without end and any depth, which serde_json's values have not. Whoever looks
/// elsewhere in a reply may read on, so here they are cut to what fits; of what is no JSON there is
/// nothing to read.
fn unusual(text: &str) -> Value {
    let is_json = |text| serde_json::from_str::<IgnoredAny>(text).is_ok();
    if !is_json(text) {
        return Value::Null;
    }
    let (mut fitting, mut depth, mut rest) = (String::new(), 0, text);
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => string_end(rest),
            '-' | '0'..='9' => rest.find(|c: char| !"+-.eE0123456789".contains(c)),
            _ => Some(first.len_utf8()),
        };
        let (token, behind) = rest.split_at(end.unwrap_or(rest.len()));
        rest = behind;
        depth += usize::from("[{".contains(first));
        if depth <= DEPTH {
            let too_large =
                matches!(first, '-' | '0'..='9') && serde_json::from_str::<Value>(token).is_err();
            fitting += if too_large { "9" } else { token };
        }
        depth -= usize::from("]}".contains(first));
    }
    serde_json::from_str(&fitting).unwrap_or_default()
}

/// Far below what serde_json takes.
const DEPTH: usize = 50;

/// Returns the position at which the text behind a quote's end begins.
fn string_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map(|(at, _)| at + 1)
}

#[test]
fn what_does_not_fit_is_cut_and_what_is_no_json_is_nothing() {
    let deep = format!("{}null{}", "[".repeat(300), "]".repeat(300));
    for value in ["1e440", "-9e+999", &"9".repeat(400), &deep] {
        let text = format!(r#"{{"a\"[":{value},"outcome":"x"}}"#);
        assert_eq!(unusual(&text)["outcome"], "x", "{text}");
        assert_eq!(
            unusual(&text.replace("\"x\"", "400002"))["outcome"],
            400_002
        );
        assert_eq!(unusual(&text[1..]), Value::Null);
    }
}
