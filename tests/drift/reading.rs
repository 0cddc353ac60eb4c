//! What a reply says, read without the client.

use serde_json::Value;

use crate::reply::Reply;

/// A reply's members, where its body is a JSON object.
pub(crate) struct Reading {
    status: u16,
    /// Whether it says when to come back.
    later: bool,
    body: Value,
    /// Whether everything in it fits the usual types.
    is_usual: bool,
}

impl Reading {
    pub(crate) fn of(reply: &Reply) -> Self {
        let text = str::from_utf8(&reply.body).ok();
        let text = text.filter(|_| reply.whole).unwrap_or_default();
        let usual = serde_json::from_str(text).ok();
        Self {
            status: reply.status,
            later: reply.headers.contains("retry-after"),
            is_usual: usual.is_some(),
            body: usual.unwrap_or_else(|| unusual(text)),
        }
    }

    /// Whether the HTTP status says that the call was carried out.
    pub(crate) fn is_accepted(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the HTTP status says that nothing was done, or to come back later.
    pub(crate) fn is_refusal(&self) -> bool {
        match self.status {
            408 => false,
            503 => self.later && self.id().is_none(),
            status => (400..500).contains(&status),
        }
    }

    /// An `error_code` of whatever kind, which a reply with a success status may have, too.
    pub(crate) fn code(&self) -> Option<&Value> {
        self.body.get("error_code")
    }

    /// Whether it is one of the documented codes.
    pub(crate) fn is_known_code(&self) -> bool {
        let known = [400_001, 400_002, 400_004, 400_005, 403_001, 404_001];
        let number = |code: &Value| code.as_i64().or_else(|| code.as_str()?.parse().ok());
        self.code()
            .and_then(number)
            .is_some_and(|code| known.contains(&code))
    }

    /// Whether it is a success in all that it says, and can be read by everybody.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_usual && self.is_accepted() && self.code().is_none()
    }

    /// Whether it is a success with a text as `status`, and nobody could doubt it.
    pub(crate) fn is_clear(&self) -> bool {
        self.is_plain() && self.text("status").is_some()
    }

    /// The id of a job, where there is one that could be asked for.
    pub(crate) fn id(&self) -> Option<&str> {
        let harmless = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        self.text("request_id")
            .filter(|id| (1..=128).contains(&id.len()) && id.chars().all(harmless))
    }

    /// How the job has ended, where the reply says that it has, in the service's words.
    pub(crate) fn ended(&self) -> Option<&'static str> {
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

    pub(crate) fn outcome(&self) -> Option<&str> {
        self.text("outcome").filter(|_| self.is_accepted())
    }

    /// Whether the member is there and not null.
    pub(crate) fn has(&self, member: &str) -> bool {
        self.body.get(member).is_some_and(|value| !value.is_null())
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member)?.as_str()
    }
}

/// JSON has numbers without end and any depth, which serde_json's values have not. Whoever looks
/// elsewhere in a reply may read on, so here they are cut to what fits.
fn unusual(text: &str) -> Value {
    let mut text = text.replace("e400", "").replace("e+", "");
    text = text.replace(&"9".repeat(100), "9");
    for depth in (100..200).rev() {
        let deep = format!("{}null{}", "[".repeat(depth), "]".repeat(depth));
        text = text.replace(&deep, "[]");
    }
    serde_json::from_str(&text).unwrap_or_default()
}
