//! Members of JSON objects, read one by one.

use std::ops::RangeInclusive;
use std::time::Duration;

use runcomfy_schema::Number;
use serde_json::{Map, Value};

/// Reads the members of an object by name. A member that was never read is unknown, which
/// [`reject_unknown`](Self::reject_unknown) reports.
pub(crate) struct Members<'a> {
    pub(crate) path: String,
    pub(crate) map: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Members<'a> {
    pub(crate) fn new(path: &str, json: &'a Value) -> Result<Self, String> {
        let map = json.as_object();
        Ok(Self {
            path: path.to_owned(),
            map: map.ok_or_else(|| unexpected(path, json, "an object"))?,
            known: Vec::new(),
        })
    }

    pub(crate) fn path_of(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub(crate) fn missing(&self, name: &str) -> String {
        format!("{}: `{name}` is missing", self.path)
    }

    pub(crate) fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.map.get(name)
    }

    pub(crate) fn required(&mut self, name: &'static str) -> Result<&'a Value, String> {
        self.get(name).ok_or_else(|| self.missing(name))
    }

    pub(crate) fn object(&mut self, name: &'static str) -> Result<Value, String> {
        let json = self.required(name)?;
        let error = || unexpected(&self.path_of(name), json, "an object");
        json.is_object().then(|| json.clone()).ok_or_else(error)
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<&'a str, String> {
        let json = &self.map[name];
        json.as_str()
            .ok_or_else(|| unexpected(&self.path_of(name), json, "a string"))
    }

    pub(crate) fn integer(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        expected: &str,
    ) -> Result<Option<u64>, String> {
        let Some(json) = self.get(name) else {
            return Ok(None);
        };
        // JSON may spell a whole number `3.0`.
        let number = json.as_number().and_then(|n| Number::from(n).as_integer());
        let number = number.and_then(|number| u64::try_from(number).ok());
        let number = number.filter(|number| range.contains(number));
        let error = || unexpected(&self.path_of(name), json, expected);
        number.map(Some).ok_or_else(error)
    }

    pub(crate) fn status(&mut self, name: &'static str) -> Result<Option<u16>, String> {
        let status = self.integer(name, 200..=999, "an HTTP status in 200..=999")?;
        Ok(status.and_then(|status| u16::try_from(status).ok()))
    }

    pub(crate) fn count(&mut self, name: &'static str) -> Result<Option<usize>, String> {
        let count = self.integer(name, 1..=u32::MAX.into(), "a count of at least 1")?;
        Ok(count.and_then(|count| usize::try_from(count).ok()))
    }

    pub(crate) fn seconds(&mut self, name: &'static str) -> Result<Option<Duration>, String> {
        let Some(json) = self.get(name) else {
            return Ok(None);
        };
        let time = json.as_f64().map(Duration::try_from_secs_f64);
        let error = || unexpected(&self.path_of(name), json, "a number of seconds, at least 0");
        time.and_then(Result::ok).map(Some).ok_or_else(error)
    }

    pub(crate) fn reject_unknown(self) -> Result<(), String> {
        let unknown = self.map.keys().find(|key| !self.known.contains(&&***key));
        match unknown {
            None => Ok(()),
            Some(key) => {
                let path = self.path_of(key);
                let known = one_of(&self.known);
                Err(format!("{path}: unknown member, expected {known}"))
            }
        }
    }
}

/// Describes a value that is not what is expected at this path.
pub(crate) fn unexpected(path: &str, found: &Value, expected: &str) -> String {
    /// Enough characters to recognise a value in its file.
    const MAX_SHOWN: usize = 60;
    let found = found.to_string();
    let mut shown: String = found.chars().take(MAX_SHOWN).collect();
    if shown.len() < found.len() {
        shown.push('…');
    }
    format!("{path}: found {shown}, expected {expected}")
}

/// Lists names as alternatives.
pub(crate) fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("one of {}", quoted.join(", "))
}
