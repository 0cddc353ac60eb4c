//! Reads files of faults.

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use axum::http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderName, HeaderValue};
use runcomfy_schema::{JsonDocuments, read_json_text};
use serde_json::Value;

use crate::fault::Occurrence;
use crate::members::{Members, one_of, unexpected};
use crate::{Call, Fault, Reply};

/// The kinds of fault, as a file names them.
pub(crate) const KINDS: &[&str] = &[
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

/// The kinds whose call is always carried out.
pub(crate) const ALWAYS_CARRIED_OUT: &[&str] = &[
    "genuine",
    "patched",
    "half",
    "lost",
    "job_fails",
    "job_runs",
    "job_never_ends",
];

/// The kinds that send no response, and so no header and no body.
pub(crate) const WITHOUT_RESPONSE: &[&str] =
    &["reset", "reset_after_body", "lost", "close", "stall"];

/// Headers that frame the body, which the server writes. With a second one the client could not
/// find the end of the body.
pub(crate) const FRAMING_HEADERS: &[HeaderName] = &[CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

/// Default HTTP status of a gateway's page.
const BAD_GATEWAY: u16 = 502;

/// Reads a file of faults; an error names the file and the path in it.
pub(crate) fn read(file: &Path) -> io::Result<Vec<Fault>> {
    let name = file.display();
    let text = fs::File::open(file).and_then(read_json_text);
    let text = text.map_err(|error| {
        let why = format!("could not read the file of faults `{name}`: {error}");
        io::Error::new(error.kind(), why)
    })?;
    parse(&text).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {why}")))
}

/// Parses a list of faults; an error has the path in the list.
pub(crate) fn parse(text: &str) -> Result<Vec<Fault>, String> {
    // A key that is lost would be a fault that is not injected, so it is more than a warning here.
    let documents =
        JsonDocuments::parse(text).map_err(|error| format!("this is not JSON: {error}"))?;
    if let Some(key) = documents.repeated_keys.first() {
        return Err(format!("{key}; leave one of them out"));
    }
    let [json] = &*documents.values else {
        return Err("this is not JSON: expected one list of faults".to_owned());
    };
    let Value::Array(faults) = json else {
        return Err(unexpected("the file", json, "a list of faults"));
    };
    let numbered = faults.iter().enumerate();
    numbered
        .map(|(index, json)| parse_fault(&format!("[{index}]"), json))
        .collect()
}

fn parse_fault(path: &str, json: &Value) -> Result<Fault, String> {
    let mut members = Members::new(path, json)?;
    let call = parse_call(&mut members)?;
    let when = parse_occurrence(&mut members)?;
    let lasting = members.seconds("lasting")?;
    let model = parse_model(&mut members, call)?;
    let input = parse_input(&mut members, call)?;
    let reply = parse_reply(&members.path_of("fault"), members.required("fault")?, call)?;
    members.reject_unknown()?;
    let mut fault = Fault::new(call, when, reply);
    if let Some(time) = lasting {
        fault = fault.lasting(time);
    }
    if let Some(model) = model {
        fault = fault.of_model(model);
    }
    for (property, value) in input {
        fault = fault.of_input(property, value.clone());
    }
    Ok(fault)
}

/// Reads the id of the model that a fault is restricted to.
fn parse_model<'a>(members: &mut Members<'a>, call: Call) -> Result<Option<&'a str>, String> {
    let Some(json) = members.get("model") else {
        return Ok(None);
    };
    let path = members.path_of("model");
    if !call.has_model() {
        return Err(format!("{path}: a `{call}` is about no model"));
    }
    let text = json.as_str().map(Some);
    text.ok_or_else(|| unexpected(&path, json, "the id of a model"))
}

/// Reads the properties of the inputs that a fault is restricted to.
fn parse_input<'a>(
    members: &mut Members<'a>,
    call: Call,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)> + use<'a>, String> {
    let json = members.get("input");
    let path = members.path_of("input");
    let map = match json {
        Some(_) if !call.has_input() => {
            return Err(format!("{path}: a `{call}` is about no input"));
        }
        Some(json) => Some(
            json.as_object()
                .ok_or_else(|| unexpected(&path, json, "an object of properties and values"))?,
        ),
        None => None,
    };
    Ok(map.into_iter().flatten())
}

fn parse_call(members: &mut Members<'_>) -> Result<Call, String> {
    let json = members.required("call")?;
    let call = Call::ALL.iter().find(|call| json == call.as_str());
    let names: Vec<&str> = Call::ALL.iter().map(|call| call.as_str()).collect();
    call.copied()
        .ok_or_else(|| unexpected(&members.path_of("call"), json, &one_of(&names)))
}

fn parse_occurrence(members: &mut Members<'_>) -> Result<Occurrence, String> {
    let nth = members.count("occurrence")?.map(Occurrence::Nth);
    let every = members.count("every")?.map(Occurrence::Every);
    let from = members.count("from")?.map(Occurrence::From);
    let all: Vec<Occurrence> = [nth, every, from].into_iter().flatten().collect();
    match *all {
        [one] => Ok(one),
        _ => Err(format!(
            "{}: found {} of `occurrence`, `every` and `from`, expected exactly one",
            members.path,
            all.len()
        )),
    }
}

fn parse_reply(path: &str, json: &Value, call: Call) -> Result<Reply, String> {
    let mut members = Members::new(path, json)?;
    let kind = members.required("kind")?;
    let known = kind.as_str().filter(|kind| KINDS.contains(kind));
    let Some(kind) = known else {
        return Err(unexpected(&members.path_of("kind"), kind, &one_of(KINDS)));
    };
    if kind.starts_with("job_") && call != Call::Submit {
        let path = members.path_of("kind");
        return Err(format!(
            "{path}: found {kind:?} for `{call}`, but only a `submit` makes a job"
        ));
    }
    let reply = parse_kind(kind, &mut members)?;
    let reply = parse_modifiers(reply, kind, &mut members)?;
    members.reject_unknown()?;
    Ok(reply)
}

fn parse_kind(kind: &str, members: &mut Members<'_>) -> Result<Reply, String> {
    Ok(match kind {
        "patched" => Reply::patched(members.object("members")?),
        "refused" => {
            let status = members.status("status")?.ok_or(members.missing("status"))?;
            let code = members.integer("error_code", 0..=u32::MAX.into(), "an error code")?;
            let code = code.and_then(|code| u32::try_from(code).ok());
            Reply::refused(status, code.ok_or(members.missing("error_code"))?)
        }
        "http" => {
            let status = members.status("status")?.ok_or(members.missing("status"))?;
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
        "job_fails" => Reply::job_fails(members.required("error")?.clone()),
        "job_runs" => {
            let time = members.seconds("seconds")?;
            Reply::job_runs(time.ok_or(members.missing("seconds"))?)
        }
        "job_never_ends" => Reply::job_runs(Duration::MAX),
        _ => Reply::genuine(),
    })
}

/// Reads the members that every kind of fault can have, or every kind that sends a response.
fn parse_modifiers(
    mut reply: Reply,
    kind: &str,
    members: &mut Members<'_>,
) -> Result<Reply, String> {
    match members.get("carried_out") {
        Some(Value::Bool(false)) if ALWAYS_CARRIED_OUT.contains(&kind) => {
            let path = members.path_of("carried_out");
            return Err(format!(
                "{path}: found false, but `{kind}` is always carried out"
            ));
        }
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => reply = reply.carried_out(),
        Some(other) => {
            let path = members.path_of("carried_out");
            return Err(unexpected(&path, other, "true or false"));
        }
    }
    if let Some(time) = members.seconds("delay")? {
        reply = reply.delayed(time);
    }
    if WITHOUT_RESPONSE.contains(&kind) {
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
        let mut own = Members::new(&members.path_of("headers"), &headers)?;
        for name in own.map.keys() {
            reply = reply.header(name, parse_header(name, &mut own)?);
        }
    }
    if let Some(json) = members.get("drip") {
        let mut drip = Members::new(&members.path_of("drip"), json)?;
        let bytes = drip.count("bytes")?.ok_or(drip.missing("bytes"))?;
        let pause = drip.seconds("pause")?.ok_or(drip.missing("pause"))?;
        drip.reject_unknown()?;
        reply = reply.dripping(bytes, pause);
    }
    Ok(reply)
}

/// Returns the value of the header with this name, if name and value are valid.
fn parse_header<'a>(name: &str, headers: &mut Members<'a>) -> Result<&'a str, String> {
    let path = headers.path_of(name);
    let parsed = HeaderName::try_from(name);
    let parsed = parsed.map_err(|_| format!("{path}: this is not a valid header name"))?;
    if FRAMING_HEADERS.contains(&parsed) {
        return Err(format!(
            "{path}: the emulator frames the body itself, remove this header"
        ));
    }
    let text = headers.text(name)?;
    if HeaderValue::try_from(text).is_err() {
        let expected = "a valid header value";
        return Err(unexpected(&path, &headers.map[name], expected));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(fault: &Value) -> String {
        parse(&json!([fault]).to_string()).unwrap_err()
    }

    #[test]
    fn fault_is_read_with_all_its_members() {
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
                "patched" => json!({ "members": { "status": "unknown" } }),
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
    fn help_names_every_kind_and_call() {
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
    fn error_names_the_path_of_a_mistake() {
        let calls = "`submit`, `status`, `result`, `cancel`, `file`, `catalogue`, `balance`, `login`, `login_poll`, `user`";
        assert_eq!(
            error(&json!({ "call": "sumbit", "every": 1, "fault": { "kind": "lost" } })),
            format!("[0].call: found \"sumbit\", expected one of {calls}")
        );
        let keys = "`call`, `occurrence`, `every`, `from`, `lasting`, `model`, `input`, `fault`";
        assert_eq!(
            error(&json!({ "call": "file", "every": 1, "fault": { "kind": "half" }, "form": 2 })),
            format!("[0].form: unknown member, expected one of {keys}")
        );
        for (when, expected) in [
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
                "[0].every: found 0, expected a count of at least 1",
            ),
            (
                json!({ "from": "2" }),
                "[0].from: found \"2\", expected a count of at least 1",
            ),
            (
                json!({ "from": 1, "lasting": -1 }),
                "[0].lasting: found -1, expected a number of seconds, at least 0",
            ),
        ] {
            let mut fault = json!({ "call": "file", "fault": { "kind": "half" } });
            let Value::Object(when) = when else {
                unreachable!()
            };
            fault.as_object_mut().unwrap().extend(when);
            assert_eq!(error(&fault), expected);
        }
    }

    #[test]
    fn error_names_the_path_within_a_fault() {
        for (fault, expected) in [
            (
                json!("lost"),
                "[0].fault: found \"lost\", expected an object",
            ),
            (json!({}), "[0].fault: `kind` is missing"),
            (
                json!({ "kind": "html", "status": 70 }),
                "[0].fault.status: found 70, expected an HTTP status in 200..=999",
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
                "[0].fault.headers.a: found 1, expected a string",
            ),
            (
                json!({ "kind": "half", "headers": { "a b": "1" } }),
                "[0].fault.headers.a b: this is not a valid header name",
            ),
            (
                json!({ "kind": "half", "headers": { "": "1" } }),
                "[0].fault.headers.: this is not a valid header name",
            ),
            (
                json!({ "kind": "half", "headers": { "a": "1\n2" } }),
                "[0].fault.headers.a: found \"1\\n2\", expected a valid header value",
            ),
            (
                json!({ "kind": "html", "headers": { "Content-Length": "5" } }),
                "[0].fault.headers.Content-Length: the emulator frames the body itself, remove this header",
            ),
            (
                json!({ "kind": "html", "headers": { "transfer-encoding": "gzip" } }),
                "[0].fault.headers.transfer-encoding: the emulator frames the body itself, remove this header",
            ),
            (
                json!({ "kind": "html", "headers": { "connection": "close" } }),
                "[0].fault.headers.connection: the emulator frames the body itself, remove this header",
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
            assert_eq!(error(&fault), expected);
        }
        let unknown = json!({ "kind": "explode" });
        let unknown = error(&json!({ "call": "file", "every": 1, "fault": unknown }));
        assert!(
            unknown.starts_with("[0].fault.kind: found \"explode\", expected one of `genuine`, "),
            "{unknown}"
        );
        let misspelt = json!({ "kind": "html", "stauts": 500 });
        let misspelt = error(&json!({ "call": "file", "every": 1, "fault": misspelt }));
        assert!(
            misspelt.starts_with(
                "[0].fault.stauts: unknown member, expected one of `kind`, `status`, "
            ),
            "{misspelt}"
        );
    }

    #[test]
    fn kinds_always_carried_out_refuse_false() {
        for kind in KINDS {
            let mut fault =
                json!({ "kind": kind, "carried_out": false, "members": {}, "error": 1 });
            for (name, value) in [("status", 500), ("error_code", 1), ("seconds", 1)] {
                fault[name] = value.into();
            }
            let error = error(&json!({ "call": "submit", "every": 1, "fault": fault }));
            let refused = error.ends_with("is always carried out");
            assert_eq!(
                refused,
                ALWAYS_CARRIED_OUT.contains(kind),
                "{kind}: {error}"
            );
        }
    }

    #[test]
    fn kinds_without_response_refuse_its_members() {
        for kind in WITHOUT_RESPONSE {
            for (name, value) in [
                ("drip", json!({ "bytes": 1, "pause": 1 })),
                ("retry_after", json!(1)),
                ("retry_after_date", json!(1)),
                ("headers", json!({ "a": "b" })),
            ] {
                let mut fault = json!({ "kind": kind, "delay": 1 });
                fault[name] = value;
                assert_eq!(
                    error(&json!({ "call": "file", "every": 1, "fault": fault })),
                    format!(
                        "[0].fault.{name}: unknown member, expected one of `kind`, `carried_out`, `delay`"
                    )
                );
            }
        }
    }

    #[test]
    fn duplicate_members_are_refused() {
        for (text, expected) in [
            (
                r#"[{"call": "file", "call": "file", "every": 1, "fault": {"kind": "half"}}]"#,
                "`/0/call` appears more than once; leave one of them out",
            ),
            (
                r#"[{"call": "file", "every": 1, "fault": {"kind": "half", "kind": "lost"}}]"#,
                "`/0/fault/kind` appears more than once; leave one of them out",
            ),
            (
                r#"[{"call": "file", "every": 1, "fault":
                    {"kind": "http", "status": 200, "body": [{"a": 1, "a": [1.5]}]}}]"#,
                "`/0/fault/body/0/a` appears more than once; leave one of them out",
            ),
        ] {
            let found = parse(text).unwrap_err();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn byte_order_mark_is_ignored() {
        let fault = json!([{ "call": "file", "every": 1, "fault": { "kind": "half" } }]);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), format!("\u{feff}{fault}")).unwrap();
        assert_eq!(read(file.path()).unwrap().len(), 1);
    }

    #[test]
    fn file_without_a_list_is_refused() {
        assert_eq!(
            parse("{}").unwrap_err(),
            "the file: found {}, expected a list of faults"
        );
        assert!(parse("[").unwrap_err().starts_with("this is not JSON: EOF"));
        assert!(parse("[]").unwrap().is_empty());
        let error = read(Path::new("/nowhere/faults.json")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("could not read the file of faults `/nowhere/faults.json`: "),
            "{error}"
        );
    }
}
