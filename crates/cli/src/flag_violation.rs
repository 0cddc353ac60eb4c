//! A violation in the words of the command line.

use runcomfy::Violation;
use runcomfy::schema::{Constraint, Literal, Redacted};
use serde_json::{Map, Value, json};

/// Number of allowed names and values that a message lists; more would hide what it says.
const MAX_LISTED: usize = 10;

/// A violation, and the flag that sets the value.
#[derive(Debug)]
pub(crate) struct FlagViolation {
    pub(crate) flag: Option<String>,
    pub(crate) violation: Violation,
}

impl FlagViolation {
    /// Returns a text such as `--scale: found 7, expected a number in 0..=1`.
    pub(crate) fn to_text(&self) -> String {
        let text = in_words(self.violation.clone()).to_string();
        let text = with_hint_first(&self.violation, text);
        let text = text.replacen(": found nothing, expected ", ": is missing, expected ", 1);
        let text = text.replacen(": found no such file: ", ": no such file: ", 1);
        let Some(flag) = &self.flag else {
            return text;
        };
        let pointer = &self.violation.pointer;
        // A deeper pointer names the value of a flag that is given several times.
        let index = pointer.rsplit('/').next().unwrap_or_default();
        match pointer.matches('/').count() {
            0 | 1 => text.replacen(pointer.as_str(), flag, 1),
            2 if index.parse::<usize>().is_ok() => {
                text.replacen(pointer.as_str(), &format!("{flag}[{index}]"), 1)
            }
            _ => format!("{flag} {text}"),
        }
    }

    /// Returns the violation as JSON, with its flag first.
    pub(crate) fn to_json(&self) -> Value {
        let mut json = json!(self.violation);
        if let Some(map) = json.as_object_mut() {
            let mut with_flag = Map::new();
            with_flag.insert("flag".into(), json!(self.flag));
            with_flag.append(map);
            return Value::Object(with_flag);
        }
        json
    }
}

/// Returns the text with the name or value that was probably meant before those that are allowed, of
/// which the first are listed.
fn with_hint_first(violation: &Violation, text: String) -> String {
    let Literal::Array(allowed) = &violation.limit else {
        return text;
    };
    let hint = violation.hint.as_ref();
    let hint = hint.map(|hint| format!("; did you mean `{hint}`?"));
    let hint = hint.unwrap_or_default();
    let start = format!(": found {}", Redacted(&violation.found));
    let all = format!("{start}, expected {}{hint}", violation.expected);
    let listed = listed(allowed, violation.rule).unwrap_or_else(|| violation.expected.clone());
    let between = if hint.is_empty() {
        ", expected "
    } else {
        " Expected "
    };
    text.replacen(&all, &format!("{start}{hint}{between}{listed}"), 1)
}

/// Returns the first of many allowed names or values, and how many there are.
fn listed(allowed: &[Literal], rule: Constraint) -> Option<String> {
    if allowed.len() <= MAX_LISTED + 1 {
        return None;
    }
    let text = |allowed: &Literal| match allowed {
        Literal::Text(name) if rule == Constraint::UnknownProperty => name.to_string(),
        value => value.to_string(),
    };
    let first: Vec<String> = allowed[..MAX_LISTED].iter().map(text).collect();
    let more = allowed.len() - MAX_LISTED;
    Some(format!(
        "one of {} and {more} more; --help lists all",
        first.join(", ")
    ))
}

/// Returns a violation of a media rule in words: `file_size_mb <= 15` is the service's, for programs.
fn in_words(mut violation: Violation) -> Violation {
    if violation.rule == Constraint::Media {
        if let Some(words) = rule_in_words(&violation.expected) {
            violation.expected = words;
        }
        if let Some(size) = rounded_size(&violation) {
            violation.found = size;
        }
    }
    violation
}

fn rule_in_words(rule: &str) -> Option<String> {
    let parts: Vec<&str> = rule.split(' ').collect();
    let &[name, operator, value] = &*parts else {
        return None;
    };
    let bound = match operator {
        "<=" => "at most",
        ">=" => "at least",
        "<" => "less than",
        ">" => "more than",
        _ => return None,
    };
    Some(match name {
        "file_size_mb" => format!("{bound} {value} MB"),
        "width_pixels" | "height_pixels" => format!("{bound} {value} pixels"),
        "duration_seconds" => format!("{bound} {value} s"),
        "width/height" => format!("a ratio of {bound} {value}"),
        _ => return None,
    })
}

/// Returns a size such as `16.8 MB`, unless the rounded one would not violate the limit.
fn rounded_size(violation: &Violation) -> Option<String> {
    let (size, after) = violation.found.split_once(" MB")?;
    let size: f64 = size.parse().ok()?;
    let Literal::Number(limit) = violation.limit else {
        return None;
    };
    let rounded = (size * 10.0).round() / 10.0;
    let limit = limit.as_f64();
    ((rounded > limit) == (size > limit) && (rounded < limit) == (size < limit))
        .then(|| format!("{rounded} MB{after}"))
}
