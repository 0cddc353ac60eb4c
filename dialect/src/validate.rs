//! The validation engine: the one place that decides which values a schema allows.

use serde_json::Value;

use crate::media::{UrlForm, url_form};
use crate::{
    Certainty, Constraint, Elements, Keyword, Kind, Literal, MediaKind, Number, Path, Property,
    Schema, View, Violation, Violations, nearest,
};

impl Schema {
    /// Checks a value and gives all violations at once.
    #[must_use]
    pub fn validate<'a>(&self, value: impl Into<View<'a>>) -> Violations {
        self.run(value.into(), Reach::All)
    }

    /// Checks only what a typed struct could not hold: missing and unknown properties, types,
    /// enum members. Ranges, lengths and formats are left out.
    #[must_use]
    pub fn validate_shape<'a>(&self, value: impl Into<View<'a>>) -> Violations {
        self.run(value.into(), Reach::Shape)
    }

    fn run(&self, value: View<'_>, reach: Reach) -> Violations {
        let mut engine = Engine {
            reach,
            found: Violations::default(),
        };
        engine.value(self, value, Path::ROOT);
        engine.found
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Reach {
    Shape,
    All,
}

struct Engine {
    reach: Reach,
    found: Violations,
}

/// A violation before it is put into words.
struct Breach<'a> {
    schema: &'a Schema,
    at: Path<'a>,
    rule: Constraint,
    limit: Value,
    actual: Value,
    found: Option<String>,
}

impl Engine {
    fn value(&mut self, schema: &Schema, value: View<'_>, at: Path<'_>) {
        if !has_kind(schema.kind, value) {
            let limit = Value::from(schema.kind.as_str());
            let found = wrong_kind(schema.kind, value);
            let actual = shown(value);
            return self.breach(Breach {
                schema,
                at,
                rule: Constraint::Type,
                limit,
                actual,
                found,
            });
        }
        for keyword in schema.keywords.iter() {
            self.keyword(schema, keyword, value, at);
        }
        if self.reach == Reach::All && schema.kind == Kind::String {
            self.url(schema, value, at);
        }
    }

    /// As in JSON Schema, a keyword that speaks of another type than the value's says nothing.
    fn keyword(&mut self, schema: &Schema, keyword: &Keyword, value: View<'_>, at: Path<'_>) {
        match (keyword, value) {
            (Keyword::Enum(members), _) => self.member_of(schema, members, value, at),
            (Keyword::Properties(properties), View::Object(_) | View::Record(_)) => {
                self.properties(schema, properties, value, at);
            }
            (Keyword::Items(items), View::Array(list)) => self.items(items, list, at),
            _ if self.reach == Reach::Shape => {}
            (_, View::Number(number)) => self.number(schema, keyword, number, at),
            (_, View::Text(text)) => self.length(schema, keyword, text, at),
            (_, View::Array(list)) => self.count(schema, keyword, list.count(), at),
            _ => {}
        }
    }

    fn member_of(&mut self, schema: &Schema, members: &[Literal], value: View<'_>, at: Path<'_>) {
        if members.iter().any(|member| value.is(member)) {
            return;
        }
        let limit = members.iter().map(Literal::to_value).collect();
        let actual = shown(value);
        self.breach(Breach {
            schema,
            at,
            rule: Constraint::Enum,
            limit,
            actual,
            found: None,
        });
    }

    fn properties(&mut self, schema: &Schema, list: &[Property], value: View<'_>, at: Path<'_>) {
        for (index, property) in list.iter().enumerate() {
            let at = at.member(&property.name);
            let member = match value {
                // What stands in `extra` is the caller's will and is sent as it is.
                View::Record(record) if record.extra().contains_key(&*property.name) => continue,
                View::Record(record) => record.field(index),
                other => other.member(&property.name),
            };
            match member {
                Some(member) => self.value(&property.schema, member, at),
                None if property.required => self.breach(Breach {
                    schema: &property.schema,
                    at,
                    rule: Constraint::Required,
                    limit: true.into(),
                    actual: Value::Null,
                    found: Some("nothing".into()),
                }),
                None => {}
            }
        }
        if let (View::Object(map), false) = (value, schema.takes_unknown()) {
            for name in map
                .keys()
                .filter(|name| !list.iter().any(|p| *p.name == ***name))
            {
                self.unknown(list, name, at.member(name));
            }
        }
    }

    fn unknown(&mut self, list: &[Property], name: &str, at: Path<'_>) {
        let names = || list.iter().map(|p| &*p.name);
        self.found.push(Violation {
            pointer: at.to_string(),
            rule: Constraint::UnknownProperty,
            limit: names().collect(),
            actual: name.into(),
            found: "a property that the schema does not know".into(),
            expected: format!("one of {}", names().collect::<Vec<_>>().join(", ")),
            message: None,
            hint: nearest(name, names()).map(str::to_owned),
            certainty: Certainty::Certain,
        });
    }

    fn items(&mut self, items: &Schema, list: &dyn Elements, at: Path<'_>) {
        for index in 0..list.count() {
            self.value(items, list.element(index), at.element(index));
        }
    }

    fn number(&mut self, schema: &Schema, keyword: &Keyword, actual: Number, at: Path<'_>) {
        let (rule, limit, holds) = match keyword {
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
            _ => return,
        };
        if !holds {
            let (limit, actual) = (limit.to_value(), actual.to_value());
            self.breach(Breach {
                schema,
                at,
                rule,
                limit,
                actual,
                found: None,
            });
        }
    }

    fn length(&mut self, schema: &Schema, keyword: &Keyword, text: &str, at: Path<'_>) {
        let (rule, limit) = match keyword {
            Keyword::MinLength(limit) => (Constraint::MinLength, *limit),
            Keyword::MaxLength(limit) => (Constraint::MaxLength, *limit),
            _ => return,
        };
        // A text has at most as many characters as bytes: most need not be counted.
        let bytes = text.len() as u64;
        if rule == Constraint::MaxLength && bytes <= limit {
            return;
        }
        let actual = text.chars().count() as u64;
        if (rule == Constraint::MaxLength) == (actual > limit) {
            let found = Some(plural(actual, "character"));
            self.breach(Breach {
                schema,
                at,
                rule,
                limit: limit.into(),
                actual: actual.into(),
                found,
            });
        }
    }

    fn count(&mut self, schema: &Schema, keyword: &Keyword, count: usize, at: Path<'_>) {
        let actual = count as u64;
        let (rule, limit, holds) = match keyword {
            Keyword::MinItems(limit) => (Constraint::MinItems, *limit, actual >= *limit),
            Keyword::MaxItems(limit) => (Constraint::MaxItems, *limit, actual <= *limit),
            _ => return,
        };
        if !holds {
            let found = Some(plural(actual, "element"));
            self.breach(Breach {
                schema,
                at,
                rule,
                limit: limit.into(),
                actual: actual.into(),
                found,
            });
        }
    }

    /// The form of a media URL. The service fetches `https://` and takes `data:` URIs; plain
    /// `http://` is outside its documentation, but not known to be refused.
    fn url(&mut self, schema: &Schema, value: View<'_>, at: Path<'_>) {
        let (View::Text(text), Some(kind)) =
            (value, schema.format().and_then(MediaKind::of_format))
        else {
            return;
        };
        let form = url_form(text);
        if form == UrlForm::Good {
            return;
        }
        let limit = kind.item_format().into();
        let actual = shown(value);
        let mut violation = in_words(Breach {
            schema,
            at,
            rule: Constraint::Format,
            limit,
            actual,
            found: None,
        });
        violation.expected = "a public https:// URL or a data: URI".into();
        if form == UrlForm::Plain {
            violation.certainty = Certainty::Likely;
        }
        self.found.push(violation);
    }

    fn breach(&mut self, breach: Breach<'_>) {
        self.found.push(in_words(breach));
    }
}

fn in_words(breach: Breach<'_>) -> Violation {
    let choices = breach.schema.choices().unwrap_or_default();
    let texts = choices.iter().filter_map(|choice| match choice {
        Literal::Text(text) => Some(&**text),
        _ => None,
    });
    let hint = match (&breach.actual, breach.rule) {
        (Value::String(actual), Constraint::Enum) => nearest(actual, texts),
        _ => None,
    };
    Violation {
        pointer: breach.at.to_string(),
        rule: breach.rule,
        found: breach.found.unwrap_or_else(|| breach.actual.to_string()),
        expected: breach.schema.describe(),
        limit: breach.limit,
        actual: breach.actual,
        message: None,
        hint: hint.map(str::to_owned),
        certainty: Certainty::Certain,
    }
}

/// JSON Schema's notion of types, with two differences: an integer must fit 64 bits, and a number
/// must be finite (only a typed value can hold one that is not).
fn has_kind(kind: Kind, value: View<'_>) -> bool {
    match (kind, value) {
        (Kind::Integer, View::Number(number)) => number.as_integer().is_some(),
        (Kind::Any | Kind::Number, View::Number(number)) => number.is_finite(),
        (Kind::Any, _)
        | (Kind::String, View::Text(_))
        | (Kind::Boolean, View::Bool(_))
        | (Kind::Array, View::Array(_))
        | (Kind::Object, View::Object(_) | View::Record(_)) => true,
        _ => false,
    }
}

/// Words for a value of the wrong type where the value alone would not tell.
fn wrong_kind(kind: Kind, value: View<'_>) -> Option<String> {
    match value {
        View::Null => Some("null (leave the property out instead)".into()),
        View::Number(number) if kind == Kind::Integer && number.is_finite() => {
            let whole = number.as_f64().fract() == 0.0;
            Some(format!(
                "{number}{}",
                if whole {
                    ", which does not fit 64 bits"
                } else {
                    ""
                }
            ))
        }
        View::Number(number) => Some(number.to_string()),
        View::Text(_) => Some(format!("the string {}", shown(value))),
        View::Array(_) | View::Object(_) | View::Record(_) => Some(value.type_name().into()),
        View::Bool(_) => None,
    }
}

/// The value for an error text: long strings are cut, and collections are counted.
fn shown(value: View<'_>) -> Value {
    /// Enough to recognise a value by; a `data:` URI may have megabytes.
    const LONGEST: usize = 200;
    match value {
        View::Text(text) => match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &text[..end]).into(),
            None => text.into(),
        },
        View::Array(list) => {
            format!("an array of {}", plural(list.count() as u64, "element")).into()
        }
        View::Object(_) | View::Record(_) => {
            let mut count = 0;
            value.for_each_member(&mut |_, _| count += 1);
            format!("an object of {}", plural(count, "member")).into()
        }
        other => other.to_value(),
    }
}

fn plural(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
