//! Faults from a file.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use axum::http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::fault::Occurrence;
use crate::{Call, Fault, Reply, unique_names};

/// The kinds of fault, as they are written.
const KINDS: &[&str] = &[
    "genuine",
    "patched",
    "refused",
    "http",
    "html",
    "garbage",
    "half",
    "reset",
    "reset_after_body",
    "lost",
    "close",
    "stall",
    "expired",
    "job_fails",
    "job_runs",
    "job_never_ends",
];

/// Those of them that take their effect anyway.
const CARRIED_OUT: &[&str] = &[
    "genuine",
    "patched",
    "half",
    "lost",
    "job_fails",
    "job_runs",
    "job_never_ends",
];

/// Those of them after which no reply comes that could have a header or a body.
const SILENT: &[&str] = &["reset", "reset_after_body", "lost", "close", "stall"];

/// Headers that describe the body on the wire, which the server writes; of two, neither side knows
/// where the body ends.
const FRAMING: &[HeaderName] = &[CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

/// The HTTP status of a gateway's page, where none is said.
const BAD_GATEWAY: u16 = 502;

/// Reads a file of faults; an error names the file and the place in it.
pub(crate) fn read(file: &Path) -> io::Result<Vec<Fault>> {
    let about = |kind, why: &str| io::Error::new(kind, format!("{}: {why}", file.display()));
    let text = fs::read_to_string(file).map_err(|e| about(e.kind(), &e.to_string()))?;
    parse(&text).map_err(|why| about(io::ErrorKind::InvalidData, &why))
}

fn parse(text: &str) -> Result<Vec<Fault>, String> {
    // Some editors put one before whatever they write.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let json: Value =
        serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}"))?;
    unique_names::check(text).map_err(|error| error.to_string())?;
    let Value::Array(faults) = &json else {
        return Err(wrong("the file", &json, "a list of faults"));
    };
    let numbered = faults.iter().enumerate();
    numbered
        .map(|(index, json)| fault(&format!("[{index}]"), json))
        .collect()
}

fn fault(place: &str, json: &Value) -> Result<Fault, String> {
    let mut members = Members::of(place, json)?;
    let call = call(&mut members)?;
    let when = occurrence(&mut members)?;
    let lasting = members.seconds("lasting")?;
    let reply = reply(&members.place("fault"), members.needed("fault")?, call)?;
    members.end()?;
    let fault = Fault::new(call, when, reply);
    Ok(match lasting {
        Some(time) => fault.lasting(time),
        None => fault,
    })
}

fn call(members: &mut Members<'_>) -> Result<Call, String> {
    let json = members.needed("call")?;
    let call = Call::ALL.iter().find(|call| json == call.as_str());
    let names: Vec<&str> = Call::ALL.iter().map(|call| call.as_str()).collect();
    call.copied()
        .ok_or_else(|| wrong(&members.place("call"), json, &one_of(&names)))
}

fn occurrence(members: &mut Members<'_>) -> Result<Occurrence, String> {
    let nth = members.count("occurrence")?.map(Occurrence::Nth);
    let every = members.count("every")?.map(Occurrence::Every);
    let from = members.count("from")?.map(Occurrence::From);
    let all: Vec<Occurrence> = [nth, every, from].into_iter().flatten().collect();
    match *all {
        [one] => Ok(one),
        _ => Err(format!(
            "{}: found {} of `occurrence`, `every` and `from`, expected exactly one",
            members.place,
            all.len()
        )),
    }
}

fn reply(place: &str, json: &Value, call: Call) -> Result<Reply, String> {
    let mut members = Members::of(place, json)?;
    let kind = members.needed("kind")?;
    let known = kind.as_str().filter(|kind| KINDS.contains(kind));
    let Some(kind) = known else {
        return Err(wrong(&members.place("kind"), kind, &one_of(KINDS)));
    };
    if kind.starts_with("job_") && call != Call::Submit {
        let place = members.place("kind");
        return Err(format!(
            "{place}: found {kind:?} for `{call}`, but only a `submit` makes a job"
        ));
    }
    let reply = of_kind(kind, &mut members)?;
    let reply = modified(reply, kind, &mut members)?;
    members.end()?;
    Ok(reply)
}

fn of_kind(kind: &str, members: &mut Members<'_>) -> Result<Reply, String> {
    Ok(match kind {
        "patched" => Reply::patched(members.object("members")?),
        "refused" => {
            let status = members.status("status")?.ok_or(members.lacks("status"))?;
            let code = members.whole("error_code", 0..=u32::MAX.into(), "an error code")?;
            let code = code.and_then(|code| u32::try_from(code).ok());
            Reply::refused(status, code.ok_or(members.lacks("error_code"))?)
        }
        "http" => {
            let status = members.status("status")?.ok_or(members.lacks("status"))?;
            match members.get("body") {
                None => Reply::new(status, ""),
                Some(Value::String(text)) => Reply::new(status, text.as_str()),
                Some(json) => Reply::json(status, json),
            }
        }
        "html" => Reply::html(members.status("status")?.unwrap_or(BAD_GATEWAY)),
        "garbage" => Reply::garbage(),
        "half" => Reply::half(),
        "reset" => Reply::reset(),
        "reset_after_body" => Reply::reset_after_body(),
        "lost" => Reply::lost(),
        "close" => Reply::close(),
        "stall" => Reply::stall(),
        "expired" => Reply::expired(),
        "job_fails" => Reply::job_fails(members.needed("error")?.clone()),
        "job_runs" => {
            let time = members.seconds("seconds")?;
            Reply::job_runs(time.ok_or(members.lacks("seconds"))?)
        }
        "job_never_ends" => Reply::job_runs(Duration::MAX),
        _ => Reply::genuine(),
    })
}

/// What every kind of fault can have besides, as far as it sends a reply.
fn modified(mut reply: Reply, kind: &str, members: &mut Members<'_>) -> Result<Reply, String> {
    match members.get("carried_out") {
        Some(Value::Bool(false)) if CARRIED_OUT.contains(&kind) => {
            let place = members.place("carried_out");
            return Err(format!(
                "{place}: found false, but `{kind}` is always carried out"
            ));
        }
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => reply = reply.carried_out(),
        Some(other) => {
            let place = members.place("carried_out");
            return Err(wrong(&place, other, "true or false"));
        }
    }
    if let Some(time) = members.seconds("delay")? {
        reply = reply.delayed(time);
    }
    if SILENT.contains(&kind) {
        return Ok(reply);
    }
    if let Some(time) = members.seconds("retry_after")? {
        reply = reply.retry_after(time);
    }
    if let Some(time) = members.seconds("retry_after_date")? {
        reply = reply.retry_after_date(time);
    }
    if members.get("headers").is_some() {
        let headers = members.object("headers")?;
        let mut own = Members::of(&members.place("headers"), &headers)?;
        for name in own.map.keys() {
            reply = reply.header(name, header(name, &mut own)?);
        }
    }
    if let Some(json) = members.get("drip") {
        let mut drip = Members::of(&members.place("drip"), json)?;
        let bytes = drip.count("bytes")?.ok_or(drip.lacks("bytes"))?;
        let pause = drip.seconds("pause")?.ok_or(drip.lacks("pause"))?;
        drip.end()?;
        reply = reply.dripping(bytes, pause);
    }
    Ok(reply)
}

/// The value of the header with this name, if both can be ones.
fn header<'a>(name: &str, headers: &mut Members<'a>) -> Result<&'a str, String> {
    let place = headers.place(name);
    let known = HeaderName::try_from(name);
    let known = known.map_err(|_| format!("{place}: no header can have this name"))?;
    if FRAMING.contains(&known) {
        return Err(format!(
            "{place}: the emulator frames the body itself, so no header of a fault may"
        ));
    }
    let text = headers.text(name)?;
    if HeaderValue::try_from(text).is_err() {
        let expected = "a text that a header can carry";
        return Err(wrong(&place, &headers.map[name], expected));
    }
    Ok(text)
}

/// The members of an object, each asked for once by what needs it; what nobody has asked for at
/// the end is a mistake.
struct Members<'a> {
    place: String,
    map: &'a Map<String, Value>,
    asked: Vec<&'static str>,
}

impl<'a> Members<'a> {
    fn of(place: &str, json: &'a Value) -> Result<Self, String> {
        let map = json.as_object();
        Ok(Self {
            place: place.to_owned(),
            map: map.ok_or_else(|| wrong(place, json, "an object"))?,
            asked: Vec::new(),
        })
    }

    fn place(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    fn lacks(&self, name: &str) -> String {
        format!("{}: `{name}` is missing", self.place)
    }

    fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.push(name);
        self.map.get(name)
    }

    fn needed(&mut self, name: &'static str) -> Result<&'a Value, String> {
        self.get(name).ok_or_else(|| self.lacks(name))
    }

    fn object(&mut self, name: &'static str) -> Result<Value, String> {
        let json = self.needed(name)?;
        let wrong = || wrong(&self.place(name), json, "an object");
        json.is_object().then(|| json.clone()).ok_or_else(wrong)
    }

    fn text(&mut self, name: &str) -> Result<&'a str, String> {
        let json = &self.map[name];
        json.as_str()
            .ok_or_else(|| wrong(&self.place(name), json, "a text"))
    }

    fn whole(
        &mut self,
        name: &'static str,
        range: std::ops::RangeInclusive<u64>,
        expected: &str,
    ) -> Result<Option<u64>, String> {
        let Some(json) = self.get(name) else {
            return Ok(None);
        };
        let number = json.as_u64().filter(|number| range.contains(number));
        let wrong = || wrong(&self.place(name), json, expected);
        number.map(Some).ok_or_else(wrong)
    }

    fn status(&mut self, name: &'static str) -> Result<Option<u16>, String> {
        let status = self.whole(name, 200..=999, "an HTTP status, 200 to 999")?;
        Ok(status.and_then(|status| u16::try_from(status).ok()))
    }

    fn count(&mut self, name: &'static str) -> Result<Option<usize>, String> {
        let count = self.whole(name, 1..=u32::MAX.into(), "a count from 1 on")?;
        Ok(count.and_then(|count| usize::try_from(count).ok()))
    }

    fn seconds(&mut self, name: &'static str) -> Result<Option<Duration>, String> {
        let Some(json) = self.get(name) else {
            return Ok(None);
        };
        let time = json.as_f64().map(Duration::try_from_secs_f64);
        let wrong = || wrong(&self.place(name), json, "seconds from 0 on");
        time.and_then(Result::ok).map(Some).ok_or_else(wrong)
    }

    fn end(self) -> Result<(), String> {
        let unknown = self.map.keys().find(|key| !self.asked.contains(&&***key));
        match unknown {
            None => Ok(()),
            Some(key) => {
                let place = self.place(key);
                let known = one_of(&self.asked);
                Err(format!("{place}: no such member here, expected {known}"))
            }
        }
    }
}

fn wrong(place: &str, found: &Value, expected: &str) -> String {
    /// Characters enough to recognise a value in its file.
    const SHOWN: usize = 60;
    let found = found.to_string();
    let mut shown: String = found.chars().take(SHOWN).collect();
    if shown.len() < found.len() {
        shown.push('…');
    }
    format!("{place}: found {shown}, expected {expected}")
}

fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("one of {}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(fault: &Value) -> String {
        parse(&json!([fault]).to_string()).unwrap_err()
    }

    #[test]
    fn a_fault_says_what_it_is() {
        let file = json!([
            { "call": "status", "every": 5, "lasting": 60, "fault": {
                "kind": "http", "status": 503, "body": { "message": "busy" },
                "retry_after": 2, "delay": 0.5, "headers": { "x-mark": "1" },
                "drip": { "bytes": 3, "pause": 0.25 }, "carried_out": true,
            } },
        ]);
        let reply = Reply::json(503, &json!({ "message": "busy" }))
            .carried_out()
            .delayed(Duration::from_millis(500))
            .retry_after(Duration::from_secs(2))
            .header("x-mark", "1")
            .dripping(3, Duration::from_millis(250));
        let same = Fault::every(Call::Status, 5, reply).lasting(Duration::from_secs(60));
        let read = parse(&file.to_string()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", [same]));
    }

    #[test]
    fn every_kind_is_read() {
        for kind in KINDS {
            let mut fault = json!({ "kind": kind });
            let members = match *kind {
                "patched" => json!({ "members": { "status": "odd" } }),
                "refused" => json!({ "status": 200, "error_code": 400_002 }),
                "http" => json!({ "status": 500 }),
                "job_fails" => json!({ "error": ["no"] }),
                "job_runs" => json!({ "seconds": 1.5 }),
                _ => json!({}),
            };
            let Value::Object(members) = members else {
                unreachable!()
            };
            fault.as_object_mut().unwrap().extend(members);
            let file = json!([{ "call": "submit", "from": 1, "fault": fault }]);
            let read = parse(&file.to_string()).unwrap();
            let genuine = format!("{:?}", Fault::from_nth(Call::Submit, 1, Reply::genuine()));
            assert_eq!(
                format!("{:?}", read[0]) == genuine,
                *kind == "genuine",
                "{kind}"
            );
        }
    }

    #[test]
    fn the_help_names_every_kind_and_call() {
        let help = include_str!("help.txt");
        let mut words = help.split([' ', ',', '\n']);
        for name in KINDS
            .iter()
            .copied()
            .chain(Call::ALL.iter().map(|c| c.as_str()))
        {
            assert!(words.clone().any(|word| word == name), "{name}");
        }
        assert!(words.any(|word| word == "runcomfy-emulator"));
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let calls = "`submit`, `status`, `result`, `cancel`, `file`, `catalogue`, `balance`";
        assert_eq!(
            told(&json!({ "call": "sumbit", "every": 1, "fault": { "kind": "lost" } })),
            format!("[0].call: found \"sumbit\", expected one of {calls}")
        );
        let keys = "`call`, `occurrence`, `every`, `from`, `lasting`, `fault`";
        assert_eq!(
            told(&json!({ "call": "file", "every": 1, "fault": { "kind": "half" }, "form": 2 })),
            format!("[0].form: no such member here, expected one of {keys}")
        );
        for (when, told_) in [
            (
                json!({}),
                "[0]: found 0 of `occurrence`, `every` and `from`, expected exactly one",
            ),
            (
                json!({ "every": 1, "from": 2 }),
                "[0]: found 2 of `occurrence`, `every` and `from`, expected exactly one",
            ),
            (
                json!({ "every": 0 }),
                "[0].every: found 0, expected a count from 1 on",
            ),
            (
                json!({ "from": "2" }),
                "[0].from: found \"2\", expected a count from 1 on",
            ),
            (
                json!({ "from": 1, "lasting": -1 }),
                "[0].lasting: found -1, expected seconds from 0 on",
            ),
        ] {
            let mut fault = json!({ "call": "file", "fault": { "kind": "half" } });
            let Value::Object(when) = when else {
                unreachable!()
            };
            fault.as_object_mut().unwrap().extend(when);
            assert_eq!(told(&fault), told_);
        }
    }

    #[test]
    fn mistakes_within_a_fault_are_told_with_their_place() {
        for (fault, told_) in [
            (
                json!("lost"),
                "[0].fault: found \"lost\", expected an object",
            ),
            (json!({}), "[0].fault: `kind` is missing"),
            (
                json!({ "kind": "html", "status": 70 }),
                "[0].fault.status: found 70, expected an HTTP status, 200 to 999",
            ),
            (
                json!({ "kind": "refused", "status": 400 }),
                "[0].fault: `error_code` is missing",
            ),
            (
                json!({ "kind": "half", "drip": { "bytes": 1 } }),
                "[0].fault.drip: `pause` is missing",
            ),
            (
                json!({ "kind": "half", "headers": { "a": 1 } }),
                "[0].fault.headers.a: found 1, expected a text",
            ),
            (
                json!({ "kind": "half", "headers": { "a b": "1" } }),
                "[0].fault.headers.a b: no header can have this name",
            ),
            (
                json!({ "kind": "half", "headers": { "": "1" } }),
                "[0].fault.headers.: no header can have this name",
            ),
            (
                json!({ "kind": "half", "headers": { "a": "1\n2" } }),
                "[0].fault.headers.a: found \"1\\n2\", expected a text that a header can carry",
            ),
            (
                json!({ "kind": "html", "headers": { "Content-Length": "5" } }),
                "[0].fault.headers.Content-Length: the emulator frames the body itself, so no header of a fault may",
            ),
            (
                json!({ "kind": "html", "headers": { "transfer-encoding": "gzip" } }),
                "[0].fault.headers.transfer-encoding: the emulator frames the body itself, so no header of a fault may",
            ),
            (
                json!({ "kind": "html", "headers": { "connection": "close" } }),
                "[0].fault.headers.connection: the emulator frames the body itself, so no header of a fault may",
            ),
            (
                json!({ "kind": "patched", "members": {}, "carried_out": false }),
                "[0].fault.carried_out: found false, but `patched` is always carried out",
            ),
            (
                json!({ "kind": "lost", "carried_out": 1 }),
                "[0].fault.carried_out: found 1, expected true or false",
            ),
            (
                json!({ "kind": "patched", "members": 1 }),
                "[0].fault.members: found 1, expected an object",
            ),
            (
                json!({ "kind": "job_never_ends" }),
                "[0].fault.kind: found \"job_never_ends\" for `file`, but only a `submit` makes a job",
            ),
        ] {
            let fault = json!({ "call": "file", "every": 1, "fault": fault });
            assert_eq!(told(&fault), told_);
        }
        let odd = json!({ "kind": "explode" });
        let odd = told(&json!({ "call": "file", "every": 1, "fault": odd }));
        assert!(
            odd.starts_with("[0].fault.kind: found \"explode\", expected one of `genuine`, "),
            "{odd}"
        );
        let spelt = json!({ "kind": "html", "stauts": 500 });
        let spelt = told(&json!({ "call": "file", "every": 1, "fault": spelt }));
        assert!(
            spelt.starts_with(
                "[0].fault.stauts: no such member here, expected one of `kind`, `status`, "
            ),
            "{spelt}"
        );
    }

    #[test]
    fn what_is_always_carried_out_is_not_said_to_be_left() {
        for kind in KINDS {
            let mut fault =
                json!({ "kind": kind, "carried_out": false, "members": {}, "error": 1 });
            for (name, value) in [("status", 500), ("error_code", 1), ("seconds", 1)] {
                fault[name] = value.into();
            }
            let told = told(&json!({ "call": "submit", "every": 1, "fault": fault }));
            let refused = told.ends_with("is always carried out");
            assert_eq!(refused, CARRIED_OUT.contains(kind), "{kind}: {told}");
        }
    }

    #[test]
    fn what_sends_no_reply_takes_nothing_for_one() {
        for kind in SILENT {
            for (name, value) in [
                ("drip", json!({ "bytes": 1, "pause": 1 })),
                ("retry_after", json!(1)),
                ("retry_after_date", json!(1)),
                ("headers", json!({ "a": "b" })),
            ] {
                let mut fault = json!({ "kind": kind, "delay": 1 });
                fault[name] = value;
                assert_eq!(
                    told(&json!({ "call": "file", "every": 1, "fault": fault })),
                    format!(
                        "[0].fault.{name}: no such member here, expected one of `kind`, `carried_out`, `delay`"
                    )
                );
            }
        }
    }

    #[test]
    fn of_two_members_of_one_name_none_is_lost_silently() {
        for (text, told) in [
            (
                r#"[{"call": "file", "call": "file", "every": 1, "fault": {"kind": "half"}}]"#,
                "[0].call: found twice, expected once at line 1 column ",
            ),
            (
                r#"[{"call": "file", "every": 1, "fault": {"kind": "half", "kind": "lost"}}]"#,
                "[0].fault.kind: found twice, expected once at line 1 column ",
            ),
            (
                r#"[{"call": "file", "every": 1, "fault":
                    {"kind": "http", "status": 200, "body": [{"a": 1, "a": [1.5]}]}}]"#,
                "[0].fault.body[0].a: found twice, expected once at line 2 column ",
            ),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.starts_with(told), "{found}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_mistake() {
        let fault = json!([{ "call": "file", "every": 1, "fault": { "kind": "half" } }]);
        assert_eq!(parse(&format!("\u{feff}{fault}")).unwrap().len(), 1);
    }

    #[test]
    fn a_file_that_is_no_list_is_told() {
        assert_eq!(
            parse("{}").unwrap_err(),
            "the file: found {}, expected a list of faults"
        );
        assert!(parse("[").unwrap_err().starts_with("this is not JSON: EOF"));
        assert!(parse("[]").unwrap().is_empty());
        let error = read(Path::new("/nowhere/faults.json")).unwrap_err();
        assert!(
            error.to_string().starts_with("/nowhere/faults.json: "),
            "{error}"
        );
    }
}
