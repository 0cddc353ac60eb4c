//! The validation engine: the one place that decides which values a schema allows.

use serde_json::{Map, Value};

use crate::media::{UrlForm, is_file_name, is_file_path, url_form};
use crate::phrase::{Plural, one_of, words};
use crate::view::{find, is_same};
use crate::{
    Certainty, Constraint, Elements, Keyword, Kind, Literal, MediaKind, NamedField, Number, Path,
    Property, Record, Schema, Shared, View, Violation, Violations, nearest, nearest_choice,
};

#[cfg(test)]
mod tests;

impl Schema {
    /// Checks a value and returns all violations at once.
    #[must_use]
    pub fn validate<'a>(&self, value: impl Into<View<'a>>) -> Violations {
        self.run(value.into(), Reach::All)
    }

    /// Checks only what a typed struct could not hold: missing and unknown properties, types, enum
    /// members. Ranges, lengths and formats are not checked.
    #[must_use]
    pub fn validate_shape<'a>(&self, value: impl Into<View<'a>>) -> Violations {
        self.run(value.into(), Reach::Shape)
    }

    fn run(&self, value: View<'_>, reach: Reach) -> Violations {
        let mut engine = Engine {
            reach,
            found: Violations::default(),
        };
        engine.value(self, &value, &Path::ROOT, Absence::Forbidden);
        engine.found
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Reach {
    Shape,
    All,
}

/// Distinguishes a value that may be left out from one that may not.
#[derive(Clone, Copy, PartialEq)]
enum Absence {
    Allowed,
    Forbidden,
}

struct Engine {
    reach: Reach,
    found: Violations,
}

/// A violation before it is put into words.
struct Unworded<'a> {
    schema: &'a Schema,
    at: &'a Path<'a>,
    rule: Constraint,
    limit: Literal,
    actual: Value,
    found: String,
}

// Values and paths are lent: to read a copy just written is what took most of the time.
//
// As in JSON Schema, a keyword that speaks of another type than the value's says nothing, so each type of
// value has its own walk along the keywords. Arrays and objects, which values are inside of, are calls.
impl Engine {
    #[inline]
    fn value(&mut self, schema: &Schema, value: &View<'_>, at: &Path<'_>, absence: Absence) {
        let is = |kind| schema.kind == kind || schema.kind == Kind::Any;
        match *value {
            View::Text(text) if is(Kind::String) => self.text(schema, text, at),
            View::Number(number) if has_number(schema.kind, number) => {
                self.number(schema, number, at);
            }
            View::Array(list) if is(Kind::Array) => self.array(schema, list, at),
            View::Object(map) if is(Kind::Object) => self.object(schema, map, at),
            View::Record(record) if is(Kind::Object) => self.record(schema, record, at),
            View::Bool(_) if is(Kind::Boolean) => self.member_of_any(schema, value, at),
            View::Media(_) if is(Kind::String) => self.member_of_any(schema, value, at),
            View::Null if is(Kind::Any) => self.member_of_any(schema, value, at),
            _ => self.report(|| wrong_kind(schema, *value, at, absence)),
        }
    }

    /// Checks the keyword `enum` of a value of which no other keyword speaks.
    #[inline]
    fn member_of_any(&mut self, schema: &Schema, value: &View<'_>, at: &Path<'_>) {
        for keyword in schema.keywords.constraints() {
            self.member_of(schema, keyword, value, at);
        }
    }

    /// Checks the keyword `enum`, and no other.
    #[inline]
    fn member_of(&mut self, schema: &Schema, keyword: &Keyword, value: &View<'_>, at: &Path<'_>) {
        if let Keyword::Enum(members) = keyword
            && !value.is_among(members)
        {
            self.violation(|| Unworded {
                schema,
                at,
                rule: Constraint::Enum,
                limit: Literal::Array(members.clone()),
                actual: value.shown(),
                found: value.in_words(),
            });
        }
    }

    #[inline(never)]
    fn object(&mut self, schema: &Schema, map: &Map<String, Value>, at: &Path<'_>) {
        let mut known = 0;
        for keyword in schema.keywords.constraints() {
            match keyword {
                Keyword::Properties(list) => known = self.members(list, map, at),
                _ => self.member_of(schema, keyword, &View::Object(map), at),
            }
        }
        if known < map.len() && !schema.takes_unknown() {
            self.unknown(schema.properties().unwrap_or_default(), map, at);
        }
    }

    /// Checks the members that the schema names, and returns their number.
    #[inline]
    fn members(&mut self, list: &[Property], map: &Map<String, Value>, at: &Path<'_>) -> usize {
        // Where the members are in the schema's order, one walk along them finds them all.
        let mut further = map.iter().peekable();
        let mut known = 0;
        for property in list {
            let next = further.next_if(|(name, _)| is_same(name, &property.name));
            let value = match next {
                Some((_, value)) => Some(value),
                None => find(map, &property.name),
            };
            known += usize::from(value.is_some());
            self.property(property, value.map(View::from).as_ref(), at);
        }
        known
    }

    #[inline(never)]
    fn record(&mut self, schema: &Schema, record: &dyn Record, at: &Path<'_>) {
        for keyword in schema.keywords.constraints() {
            match keyword {
                Keyword::Properties(list) => self.fields(list, record, at),
                _ => self.member_of(schema, keyword, &View::Record(record), at),
            }
        }
    }

    #[inline]
    fn fields(&mut self, list: &[Property], record: &dyn Record, at: &Path<'_>) {
        let extra = record.extra();
        record.fields(&mut |fields| {
            for (index, property) in list.iter().enumerate() {
                // What `extra` has is the caller's decision and is sent as it is.
                if extra.is_empty() || !extra.contains_key(&*property.name) {
                    self.property(property, field(fields, index, &property.name).as_ref(), at);
                }
            }
        });
    }

    #[inline]
    fn property(&mut self, property: &Property, value: Option<&View<'_>>, at: &Path<'_>) {
        let (schema, at) = (&property.schema, at.member(&property.name));
        match value {
            Some(value) => self.value(schema, value, &at, absence_of(property)),
            None if property.required => self.violation(|| Unworded {
                schema,
                at: &at,
                rule: Constraint::Required,
                limit: Literal::Bool(true),
                actual: Value::Null,
                found: "nothing".into(),
            }),
            None => {}
        }
    }

    #[cold]
    fn unknown(&mut self, list: &[Property], map: &Map<String, Value>, at: &Path<'_>) {
        for name in map.keys() {
            if !list.iter().any(|property| is_same(&property.name, name)) {
                self.report(|| unknown_property(list, name, &at.member(name)));
            }
        }
    }

    #[inline(never)]
    fn array(&mut self, schema: &Schema, list: &dyn Elements, at: &Path<'_>) {
        let count = list.count();
        for keyword in schema.keywords.constraints() {
            match keyword {
                Keyword::Items(items) => {
                    let before = self.found.len();
                    for index in 0..count {
                        let element = list.element(index);
                        self.value(items, &element, &at.element(index), Absence::Forbidden);
                    }
                    if self.found.len() > before {
                        self.doubt_file_names(schema, before);
                    }
                }
                Keyword::MinItems(limit) if self.reach == Reach::All && (count as u64) < *limit => {
                    self.size(schema, (Constraint::MinItems, *limit), count, at);
                }
                Keyword::MaxItems(limit) if self.reach == Reach::All && count as u64 > *limit => {
                    self.size(schema, (Constraint::MaxItems, *limit), count, at);
                }
                _ => self.member_of(schema, keyword, &View::Array(list), at),
            }
        }
    }

    #[inline]
    fn number(&mut self, schema: &Schema, actual: Number, at: &Path<'_>) {
        for keyword in schema.keywords.constraints() {
            let (rule, limit, holds) = match keyword {
                Keyword::Enum(_) => {
                    self.member_of(schema, keyword, &View::Number(actual), at);
                    continue;
                }
                _ if self.reach == Reach::Shape => continue,
                Keyword::Minimum(limit) => (Constraint::Minimum, limit, actual >= *limit),
                Keyword::Maximum(limit) => (Constraint::Maximum, limit, actual <= *limit),
                Keyword::ExclusiveMinimum(limit) => {
                    (Constraint::ExclusiveMinimum, limit, actual > *limit)
                }
                Keyword::ExclusiveMaximum(limit) => {
                    (Constraint::ExclusiveMaximum, limit, actual < *limit)
                }
                Keyword::MultipleOf(step) => {
                    (Constraint::MultipleOf, step, actual.is_multiple_of(*step))
                }
                _ => continue,
            };
            if !holds {
                self.violation(|| Unworded {
                    schema,
                    at,
                    rule,
                    limit: Literal::Number(*limit),
                    actual: actual.to_value(),
                    found: words(actual),
                });
            }
        }
    }

    #[inline]
    fn text(&mut self, schema: &Schema, text: &str, at: &Path<'_>) {
        for keyword in schema.keywords.constraints() {
            match keyword {
                Keyword::Enum(_) => self.member_of(schema, keyword, &View::Text(text), at),
                _ if self.reach == Reach::Shape => {}
                Keyword::MinLength(limit) => {
                    let count = text.chars().count();
                    if (count as u64) < *limit {
                        self.size(schema, (Constraint::MinLength, *limit), count, at);
                    }
                }
                // A text has at most as many characters as bytes: most need not be counted.
                Keyword::MaxLength(limit) if text.len() as u64 > *limit => {
                    let count = text.chars().count();
                    if count as u64 > *limit {
                        self.size(schema, (Constraint::MaxLength, *limit), count, at);
                    }
                }
                Keyword::Format(format) => self.url(schema, format, text, at),
                _ => {}
            }
        }
    }

    /// Reports a text of too few or too many characters, or an array of such a number of elements.
    #[cold]
    fn size(
        &mut self,
        schema: &Schema,
        (rule, limit): (Constraint, u64),
        actual: usize,
        at: &Path<'_>,
    ) {
        let noun = match rule {
            Constraint::MinItems | Constraint::MaxItems => "element",
            _ => "character",
        };
        let actual = actual as u64;
        self.violation(|| Unworded {
            schema,
            at,
            rule,
            limit: Literal::Number(Number::Int(limit.into())),
            actual: actual.into(),
            found: words(Plural(actual, noun)),
        });
    }

    /// The form of a media URL. The service fetches `https://` and takes `data:` URIs; plain
    /// `http://` is outside its documentation, but not known to be refused.
    fn url(&mut self, schema: &Schema, format: &str, text: &str, at: &Path<'_>) {
        let Some(kind) = MediaKind::from_format(format) else {
            return;
        };
        let certainty = match url_form(text) {
            UrlForm::Good => return,
            UrlForm::Plain => Certainty::Likely,
            UrlForm::Bad if is_file_name(text) && schema.shows_file_name() => Certainty::Likely,
            UrlForm::Bad => Certainty::Certain,
        };
        let expected = if is_file_path(text) {
            "a public https:// URL or a data: URI; a local file is passed as `Media::file`"
        } else {
            "a public https:// URL or a data: URI"
        };
        self.found.push(certainty, || Violation {
            expected: expected.into(),
            certainty,
            ..in_words(Unworded {
                schema,
                at,
                rule: Constraint::Format,
                limit: Literal::Text(Shared::Static(kind.item_format())),
                actual: View::Text(text).shown(),
                found: View::Text(text).in_words(),
            })
        });
    }

    /// Takes back the certainty about names of files in an array whose own default has such a name:
    /// the service keeps files by name, and may have this one.
    #[cold]
    #[inline(never)]
    fn doubt_file_names(&mut self, array: &Schema, since: usize) {
        if array.shows_file_name() {
            self.found.doubt(since, |violation| {
                violation.rule == Constraint::Format
                    && violation.actual.as_str().is_some_and(is_file_name)
            });
        }
    }

    // As `report`.
    #[cold]
    #[inline(never)]
    fn violation<'a>(&mut self, unworded: impl FnOnce() -> Unworded<'a>) {
        self.report(|| in_words(unworded()));
    }

    // Out of the way of valid values.
    #[cold]
    #[inline(never)]
    fn report(&mut self, violation: impl FnOnce() -> Violation) {
        self.found.push(Certainty::Certain, violation);
    }
}

/// Returns the field of this JSON name, which under the record's own schema is at `likely`.
fn field<'a>(fields: &[NamedField<'a>], likely: usize, name: &str) -> Option<View<'a>> {
    let field = match fields.get(likely) {
        Some(field) if is_same(field.0, name) => Some(field),
        _ => fields.iter().find(|(known, _)| *known == name),
    };
    field.and_then(|(_, value)| value.view())
}

fn absence_of(property: &Property) -> Absence {
    if property.required {
        Absence::Forbidden
    } else {
        Absence::Allowed
    }
}

/// Returns `true` if a number is of this type. An integer must fit 64 bits, in which JSON Schema differs,
/// and a number must be finite (only a typed value can hold one that is not).
fn has_number(kind: Kind, number: Number) -> bool {
    match kind {
        Kind::Integer => number.as_integer().is_some(),
        Kind::Number | Kind::Any => number.is_finite(),
        _ => false,
    }
}

fn wrong_kind(schema: &Schema, value: View<'_>, at: &Path<'_>, absence: Absence) -> Violation {
    let mut found = value.in_words();
    match value {
        View::Null if absence == Absence::Allowed => found += " (leave the property out instead)",
        View::Text(_) => found.insert_str(0, "the string "),
        View::Number(number) if schema.kind == Kind::Integer && is_whole(number) => {
            found += ", which does not fit 64 bits";
        }
        _ => {}
    }
    let violation = in_words(Unworded {
        schema,
        at,
        rule: Constraint::Type,
        limit: Literal::Text(Shared::Static(schema.kind.as_str())),
        actual: value.shown(),
        found,
    });
    match schema.kind {
        // Whatever JSON can say is of this kind, so it is a number that JSON cannot say.
        Kind::Any => Violation {
            limit: Literal::Text(Shared::Static(Kind::Number.as_str())),
            expected: "a finite number".into(),
            ..violation
        },
        _ => violation,
    }
}

fn is_whole(number: Number) -> bool {
    number.is_finite() && number.as_f64().fract() == 0.0
}

fn unknown_property(list: &[Property], name: &str, at: &Path<'_>) -> Violation {
    let names = || list.iter().map(|property| &*property.name);
    let limit = list
        .iter()
        .map(|property| Literal::Text(property.name.clone()));
    Violation {
        pointer: words(at),
        rule: Constraint::UnknownProperty,
        limit: Literal::Array(limit.collect()),
        actual: View::Text(name).shown(),
        found: "a property that the schema does not know".into(),
        expected: one_of(names()),
        message: None,
        hint: nearest(name, names()).map(str::to_owned),
        certainty: Certainty::Certain,
    }
}

fn in_words(unworded: Unworded<'_>) -> Violation {
    let schema = unworded.schema;
    let hint = match (unworded.rule, &unworded.actual) {
        (Constraint::Enum, Value::String(actual)) => nearest_choice(actual, texts(schema)),
        _ => None,
    };
    Violation {
        pointer: words(unworded.at),
        rule: unworded.rule,
        found: unworded.found,
        expected: match unworded.rule {
            Constraint::Required | Constraint::Type | Constraint::Enum => schema.describe(),
            _ => schema.describe_limits(),
        },
        limit: unworded.limit,
        actual: unworded.actual,
        message: None,
        hint: hint.map(str::to_owned),
        certainty: Certainty::Certain,
    }
}

/// The members of `enum` that are strings.
fn texts(schema: &Schema) -> impl Iterator<Item = &str> + Clone {
    let choices = schema.choices().unwrap_or_default();
    choices.iter().filter_map(|choice| match choice {
        Literal::Text(text) => Some(&**text),
        _ => None,
    })
}
