//! One value, judged by both implementations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use runcomfy_schema::{Constraint, Schema, Violation, Violations};
use runcomfy_testkit::arbitrary::value::GOOD_URLS;
use runcomfy_testkit::cases::rerun;
use serde_json::Value;

use crate::decimal::{MIN_I64, is_multiple};

/// Pointers at which a value violates its schema, each with the keyword.
type Violated = BTreeSet<(String, String)>;

/// A schema, prepared for both implementations.
pub(crate) struct Judge<'a> {
    label: &'a str,
    schema: &'a Schema,
    exported: Value,
    validator: Validator,
}

/// Counts of the values so far, and of what only one implementation judges.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// All values.
    pub(crate) values: u64,
    /// Values that both allow.
    pub(crate) valid: u64,
    /// Media URLs whose form the engine alone refuses.
    pub(crate) urls: u64,
    /// Whole numbers beyond 64 bits: no integers to the engine, out of bounds to the validator.
    pub(crate) beyond_64_bits: u64,
    /// Numbers for whose `multipleOf` the validator and exact decimals disagree.
    pub(crate) inexact: u64,
    /// Number of the engine's violations of each keyword.
    pub(crate) rules: BTreeMap<&'static str, u64>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(label: &'a str, schema: &'a Schema) -> Self {
        Self::against(label, schema, schema.to_json_schema())
    }

    /// Takes an exported schema that was made in another way.
    pub(crate) fn against(label: &'a str, schema: &'a Schema, exported: Value) -> Self {
        let validator = jsonschema::draft202012::new(&exported)
            .unwrap_or_else(|error| panic!("{label}: not JSON Schema: {error}\n{exported}"));
        Self {
            label,
            schema,
            exported,
            validator,
        }
    }

    /// Panics unless both implementations find the same.
    pub(crate) fn compare(&self, value: &Value, seed: u64, tally: &mut Tally) {
        tally.values += 1;
        let ours = self.schema.validate(value);
        for violation in &ours {
            *tally.rules.entry(violation.rule.as_str()).or_default() += 1;
        }
        let disagreement = urls(value, &ours, tally)
            .or_else(|| self.steps(value, &ours, tally))
            .or_else(|| self.others(value, &ours, tally));
        if let Some(why) = disagreement {
            panic!("{}", self.report(&why, value, &ours, seed));
        }
    }

    /// Compares `multipleOf` with exact decimals; the validator's floats are only counted.
    fn steps(&self, value: &Value, ours: &Violations, tally: &mut Tally) -> Option<String> {
        let mut exact = BTreeSet::new();
        steps(&self.exported, value, "", &mut exact);
        let at = |rule| ours.iter().filter(move |v| v.rule == rule);
        let typed: Vec<&str> = at(Constraint::Type).map(|v| &*v.pointer).collect();
        exact.retain(|pointer| !is_skipped(&typed, pointer));
        let mine: BTreeSet<String> = at(Constraint::MultipleOf)
            .map(|v| v.pointer.clone())
            .collect();
        let theirs: BTreeSet<String> = self
            .validator
            .iter_errors(value)
            .filter(|error| matches!(error.kind(), ValidationErrorKind::MultipleOf { .. }))
            .map(|error| error.instance_path().to_string())
            .filter(|pointer| !is_skipped(&typed, pointer))
            .collect();
        tally.inexact += theirs.symmetric_difference(&exact).count() as u64;
        (mine != exact).then(|| format!("multipleOf: engine {mine:?}, exactly {exact:?}"))
    }

    /// Compares everything else: the keywords and their pointers, and so the verdict.
    fn others(&self, value: &Value, ours: &Violations, tally: &mut Tally) -> Option<String> {
        let judged_by_both =
            |v: &&Violation| !matches!(v.rule, Constraint::Format | Constraint::MultipleOf);
        let (beyond, mine): (Vec<&Violation>, Vec<&Violation>) = ours
            .iter()
            .filter(judged_by_both)
            .partition(|v| is_beyond_64_bits(v, value));
        tally.beyond_64_bits += beyond.len() as u64;
        if let Some(allowed) = beyond.iter().find(|v| !self.is_refused(value, &v.pointer)) {
            let at = &allowed.pointer;
            return Some(format!(
                "{at}: the validator allows what 64 bits cannot hold"
            ));
        }
        let typed = ours.iter().filter(|v| v.rule == Constraint::Type);
        let typed: Vec<&str> = typed.map(|v| &*v.pointer).collect();
        let mine: Violated = mine
            .into_iter()
            .map(|v| (v.pointer.clone(), v.rule.as_str().to_owned()))
            .collect();
        let theirs: Violated = self
            .theirs(value)
            .into_iter()
            .filter(|(at, rule)| match rule.as_str() {
                "type" => !is_below(&typed, at),
                _ => !is_skipped(&typed, at),
            })
            .collect();
        tally.valid += u64::from(mine.is_empty() && theirs.is_empty());
        if mine == theirs {
            return None;
        }
        let of_engine: Vec<_> = mine.difference(&theirs).collect();
        let of_validator: Vec<_> = theirs.difference(&mine).collect();
        Some(format!(
            "only the engine finds {of_engine:?}, only the validator finds {of_validator:?}"
        ))
    }

    /// Returns `true` if the validator refuses the number. -2^63 counts as refused, since as a float
    /// it is the bound itself and also stands for the integers right below it.
    fn is_refused(&self, value: &Value, pointer: &str) -> bool {
        if value.pointer(pointer).and_then(Value::as_f64) == Some(MIN_I64) {
            return true;
        }
        let mut errors = self.validator.iter_errors(value);
        errors.any(|error| error.instance_path().to_string() == pointer)
    }

    fn theirs(&self, value: &Value) -> Violated {
        let mut violated = Violated::new();
        for error in self.validator.iter_errors(value) {
            let at = error.instance_path().to_string();
            let keyword = |rule: Constraint| rule.as_str().to_owned();
            match error.kind() {
                ValidationErrorKind::MultipleOf { .. } => {}
                ValidationErrorKind::Required { property } => {
                    let name = property.as_str().unwrap_or_default();
                    violated.insert((member(&at, name), keyword(Constraint::Required)));
                }
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    let names = unexpected.iter().map(|name| member(&at, name));
                    violated.extend(names.map(|at| (at, keyword(Constraint::UnknownProperty))));
                }
                // Where no property is named, this stands for every member.
                ValidationErrorKind::FalseSchema => {
                    let object = value.pointer(&at).and_then(Value::as_object);
                    let names = object.into_iter().flat_map(|map| map.keys());
                    let names = names.map(|name| member(&at, name));
                    violated.extend(names.map(|at| (at, keyword(Constraint::UnknownProperty))));
                }
                _ => {
                    let path = error.schema_path().to_string();
                    let rule = path.rsplit('/').next().unwrap_or_default();
                    violated.insert((at, rule.to_owned()));
                }
            }
        }
        violated
    }

    fn report(&self, why: &str, value: &Value, ours: &Violations, seed: u64) -> String {
        let theirs: Vec<String> = self
            .validator
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        format!(
            "{}: {why}\n\nseed {seed}; {}\n\nschema {}\n\nvalue {value}\n\nengine:\n{ours}\n\nvalidator:\n{}\n",
            self.label,
            rerun(seed),
            self.exported,
            theirs.join("\n"),
        )
    }
}

/// Counts violations of a URL's form, which only the engine checks; none may name a valid URL.
fn urls(value: &Value, ours: &Violations, tally: &mut Tally) -> Option<String> {
    let urls = ours.iter().filter(|v| v.rule == Constraint::Format);
    for violation in urls {
        tally.urls += 1;
        let text = value.pointer(&violation.pointer).and_then(Value::as_str);
        if text.is_none_or(|text| GOOD_URLS.contains(&text)) {
            return Some(format!("{}: a valid URL is refused", violation.pointer));
        }
    }
    None
}

/// Returns `true` where the engine reports nothing else: at and below a value of another type.
fn is_skipped(typed: &[&str], pointer: &str) -> bool {
    typed.contains(&pointer) || is_below(typed, pointer)
}

fn is_below(typed: &[&str], pointer: &str) -> bool {
    let below = |at: &&str| {
        pointer
            .strip_prefix(*at)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    typed.iter().any(below)
}

/// Returns `true` for whole numbers that only JSON Schema takes for integers, since they do not
/// fit 64 bits.
fn is_beyond_64_bits(violation: &Violation, value: &Value) -> bool {
    let number = value.pointer(&violation.pointer).and_then(|value| {
        let float = value.is_f64();
        value.as_f64().filter(|_| float)
    });
    // Both limits are floats exactly.
    let fits = |number: f64| MIN_I64 < number && number < 18_446_744_073_709_551_616.0;
    violation.rule == Constraint::Type
        && violation.limit == Value::from("integer")
        && number.is_some_and(|number| number.fract() == 0.0 && !fits(number))
}

/// Collects the pointers of numbers that are no multiple of their schema's step.
fn steps(schema: &Value, value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Number(_) => {
            if let Some(step) = schema.get("multipleOf")
                && !is_multiple(value, step)
            {
                found.insert(at.to_owned());
            }
        }
        Value::Object(map) => {
            let properties = schema.get("properties");
            for (name, value) in map {
                if let Some(schema) = properties.and_then(|list| list.get(name)) {
                    steps(schema, value, &member(at, name), found);
                }
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                if let Some(items) = schema.get("items") {
                    steps(items, value, &format!("{at}/{index}"), found);
                }
            }
        }
        _ => {}
    }
}

fn member(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} values, {} valid; judged by one alone: {} URLs, {} integers beyond 64 bits; {} steps inexact in the validator; {:?}",
            self.values, self.valid, self.urls, self.beyond_64_bits, self.inexact, self.rules
        )
    }
}
