//! Comparison of two inputs, keyword by keyword.

use runcomfy_codegen::plan::RustType;
use runcomfy_schema::{Bounds, Keyword, Kind, Literal, MediaKind, Number, Path, Rule, Schema};
use serde_json::Value;

use super::bounds::{self, Shift};
use super::class::Class;
use super::difference::{Difference, Part};
use super::keyword::{self, FREE, find};

/// Compares two input schemas.
pub(super) fn inputs(old: &Schema, new: &Schema) -> Vec<Difference> {
    let context = Context {
        at: Path::ROOT,
        typed: true,
        checked: true,
    };
    compare(old, new, context)
}

/// Locates two schemas in their models, and holds what a change there can break.
#[derive(Clone, Copy)]
struct Context<'a> {
    at: Path<'a>,
    /// The generated code has a type for the value.
    typed: bool,
    /// The validation engine checks the value.
    checked: bool,
}

fn compare(old: &Schema, new: &Schema, context: Context<'_>) -> Vec<Difference> {
    let mut comparison = Comparison {
        old,
        new,
        context,
        narrows: narrows(old, new),
        found: Vec::new(),
    };
    comparison.all();
    comparison.found
}

/// Returns `true` if the new schema can refuse what the old one accepts. If an enum lists what the old
/// one accepts, the engine decides.
fn narrows(old: &Schema, new: &Schema) -> bool {
    old.choices().is_none_or(|members| {
        members
            .iter()
            .map(Literal::to_value)
            .any(|member| !old.validate(&member).refuse() && new.validate(&member).refuse())
    })
}

struct Comparison<'a> {
    old: &'a Schema,
    new: &'a Schema,
    context: Context<'a>,
    narrows: bool,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn all(&mut self) {
        self.kind();
        self.choices();
        self.range();
        self.sizes();
        self.step();
        self.format();
        self.rules();
        self.unknown();
        self.default();
        self.deprecated();
        self.texts();
        self.rust_type();
        self.properties();
        self.openness();
        self.items();
        if self.found.is_empty() && self.old != self.new {
            let message = "is written in another way and allows the same".to_owned();
            self.push(Class::Compatible, "notation", None, None, message);
        }
    }

    fn push(
        &mut self,
        class: Class,
        subject: &str,
        old: Option<Value>,
        new: Option<Value>,
        message: String,
    ) {
        self.found.push(Difference {
            class,
            part: Part::Input,
            pointer: self.context.at.to_string(),
            subject: subject.to_owned(),
            old,
            new,
            message,
        });
    }

    /// Returns the class of a tighter limit, which is about values of these types.
    fn narrowing(&self, kinds: &[Kind]) -> Class {
        let applies = self.old.kind == Kind::Any || kinds.contains(&self.old.kind);
        breaking_if(self.context.checked && self.narrows && applies)
    }

    /// Returns the class of a change that the engine does not check, but the service may.
    fn unchecked(&self) -> Class {
        breaking_if(self.context.checked)
    }

    fn types(&self) -> (RustType, RustType) {
        (
            RustType::from_schema(self.old),
            RustType::from_schema(self.new),
        )
    }

    fn kind(&mut self) {
        let (was, is) = (keyword::type_name(self.old), keyword::type_name(self.new));
        if was == is {
            return;
        }
        let wider = match (self.old.kind, self.new.kind) {
            // A type that the engine does not know may be one that the service knows.
            (_, Kind::Any) => is == "any",
            (Kind::Integer, Kind::Number) => true,
            (old, new) => old == new,
        };
        let (old, new) = self.types();
        let retyped = self.context.typed && old != new;
        let refused = self.context.checked && !wider && self.narrows;
        let message = format!("the type was {was}, is {is}");
        self.push(
            breaking_if(retyped || refused),
            "type",
            Some(was.into()),
            Some(is.into()),
            message,
        );
    }

    /// Reports another Rust type, unless another change says already that callers stop compiling.
    fn rust_type(&mut self) {
        let (old, new) = self.types();
        let reported = self.found.iter().any(|c| c.class == Class::Breaking);
        if !self.context.typed || old == new || reported {
            return;
        }
        let (old, new) = (old.as_str(), new.as_str());
        let message = format!("the field's type in Rust was {old}, is {new}");
        self.push(
            Class::Breaking,
            "rust type",
            Some(old.into()),
            Some(new.into()),
            message,
        );
    }

    fn choices(&mut self) {
        let (old, new) = (self.old.choices(), self.new.choices());
        let values = |list: &[Literal]| list.iter().map(Literal::to_value).collect::<Value>();
        let (was, is) = (old.map(values), new.map(values));
        let (class, message) = match (old, new) {
            (None, None) => return,
            (None, Some(new)) => {
                let all: Vec<&Literal> = new.iter().collect();
                let message = format!("only these values are allowed now: {}", keyword::list(&all));
                (breaking_if(self.context.checked), message)
            }
            (Some(_), None) => (Class::Compatible, "any value is allowed now".into()),
            (Some(old), Some(new)) => return self.members(old, new, was, is),
        };
        self.push(class, "enum", was, is, message);
    }

    fn members(&mut self, old: &[Literal], new: &[Literal], was: Option<Value>, is: Option<Value>) {
        if old == new {
            return;
        }
        let lost: Vec<&Literal> = old.iter().filter(|m| !new.contains(m)).collect();
        let gained: Vec<&Literal> = new.iter().filter(|m| !old.contains(m)).collect();
        if !lost.is_empty() {
            let class = breaking_if(self.context.checked || self.context.typed);
            let message = format!("{} is not allowed any more", keyword::list(&lost));
            self.push(class, "enum", was.clone(), is.clone(), message);
        }
        if !gained.is_empty() {
            let mut message = format!("{} is also allowed now", keyword::list(&gained));
            let matched =
                self.context.typed && self.types() == (RustType::Choice, RustType::Choice);
            if matched {
                message += "; a `match` without `_` needs an arm for it";
            }
            self.push(own_crate_if(matched), "enum", was, is, message);
        } else if lost.is_empty() {
            let message = "the values have another order".to_owned();
            self.push(Class::TextOnly, "enum", was, is, message);
        }
    }

    fn range(&mut self) {
        let kind = self.old.kind;
        let pair = (bounds::range(self.old, kind), bounds::range(self.new, kind));
        let written = (self.old.bounds(), self.new.bounds());
        let words = (keyword::bounds(written.0), keyword::bounds(written.1));
        let numbers = [Kind::Integer, Kind::Number];
        self.interval("range", &numbers, pair, words, Keyword::is_bound);
    }

    fn sizes(&mut self) {
        let is_length =
            |keyword: &Keyword| matches!(keyword, Keyword::MinLength(_) | Keyword::MaxLength(_));
        let is_count =
            |keyword: &Keyword| matches!(keyword, Keyword::MinItems(_) | Keyword::MaxItems(_));
        let pair = (bounds::length(self.old), bounds::length(self.new));
        let words = (keyword::sizes(pair.0), keyword::sizes(pair.1));
        self.interval("length", &[Kind::String], pair, words, is_length);
        let pair = (bounds::count(self.old), bounds::count(self.new));
        let words = (keyword::sizes(pair.0), keyword::sizes(pair.1));
        self.interval("count", &[Kind::Array], pair, words, is_count);
    }

    fn interval(
        &mut self,
        subject: &str,
        kinds: &[Kind],
        (old, new): (Bounds, Bounds),
        (was, is): (String, String),
        is_own: fn(&Keyword) -> bool,
    ) {
        let own = |schema: &Schema| -> Vec<Keyword> {
            let keywords = schema.keywords.iter();
            keywords.filter(|k| is_own(k)).cloned().collect()
        };
        let (class, message) = match Shift::between(old, new) {
            Shift::Same if own(self.old) == own(self.new) => return,
            Shift::Same => {
                let message = format!("the {subject} is written in another way");
                (Class::Compatible, message)
            }
            Shift::Wider => (
                Class::Compatible,
                format!("the {subject} was {was}, is {is}"),
            ),
            Shift::Narrower => (
                self.narrowing(kinds),
                format!("the {subject} was {was}, is {is}"),
            ),
        };
        self.push(class, subject, Some(was.into()), Some(is.into()), message);
    }

    fn step(&mut self) {
        let (old, new) = (
            find!(self.old, MultipleOf).copied(),
            find!(self.new, MultipleOf).copied(),
        );
        if old == new {
            return;
        }
        let whole = |new| self.old.kind == Kind::Integer && Number::Int(1).is_multiple_of(new);
        let wider = match (old, new) {
            (_, None) => true,
            (Some(old), Some(new)) => old.is_multiple_of(new) || whole(new),
            (None, Some(new)) => whole(new),
        };
        let class = if wider {
            Class::Compatible
        } else {
            self.narrowing(&[Kind::Integer, Kind::Number])
        };
        let words = |step: Option<Number>| match step {
            Some(step) => format!("a multiple of {step}"),
            None => "any number".to_owned(),
        };
        let message = format!("was {}, is {}", words(old), words(new));
        let (old, new) = (old.map(Number::to_value), new.map(Number::to_value));
        self.push(class, "multipleOf", old, new, message);
    }

    fn format(&mut self) {
        let (old, new) = (self.old.format(), self.new.format());
        let media = |format: Option<&str>| format.and_then(MediaKind::from_format);
        if old == new {
            return;
        }
        let text = [Kind::String, Kind::Any, Kind::Array].contains(&self.old.kind);
        let class = match (new, media(new)) {
            (None, _) => Class::Compatible,
            (Some(_), None) => self.unchecked(),
            // `image_uri` and `image_uris` are the same medium.
            (_, new) => breaking_if(self.context.checked && text && media(old) != new),
        };
        let message = was_is("the format", old, new);
        self.push(
            class,
            "format",
            old.map(Value::from),
            new.map(Value::from),
            message,
        );
    }

    fn default(&mut self) {
        let (old, new) = (self.old.default(), self.new.default());
        if old == new {
            return;
        }
        let words = |value: Option<&Literal>| value.map(keyword::shown);
        let mut message = was_is("the default", words(old).as_deref(), words(new).as_deref());
        let (old, new) = (old.map(Literal::to_value), new.map(Literal::to_value));
        let refuses_names =
            self.old.shows_file_name() && self.new.media().is_some() && !self.new.shows_file_name();
        let loses_default = self.context.typed && has_default(self.old) && !has_default(self.new);
        let class = if self.context.checked && refuses_names {
            message += "; names of files are refused now";
            Class::Breaking
        } else if loses_default {
            message += "; the enum has no `Default` any more";
            Class::Breaking
        } else {
            Class::Default
        };
        self.push(class, "default", old, new, message);
    }

    fn deprecated(&mut self) {
        let (was, is) = (self.old.is_deprecated(), self.new.is_deprecated());
        if was == is {
            return;
        }
        let message = if is {
            "is deprecated now: the service may remove it"
        } else {
            "is no longer deprecated"
        };
        let (was, is) = (Some(was.into()), Some(is.into()));
        self.push(Class::Compatible, "deprecated", was, is, message.into());
    }

    fn texts(&mut self) {
        for (subject, old, new) in [
            ("title", self.old.title(), self.new.title()),
            (
                "description",
                self.old.description(),
                self.new.description(),
            ),
        ] {
            if old == new {
                continue;
            }
            let message = match (old, new) {
                (None, _) => format!("has a {subject} now"),
                (_, None) => format!("has no {subject} any more"),
                _ => format!("the {subject} changed"),
            };
            let (old, new) = (old.map(Value::from), new.map(Value::from));
            self.push(Class::TextOnly, subject, old, new, message);
        }
    }
}

/// Compares rules and unknown keywords, which the engine keeps and does not check.
impl Comparison<'_> {
    fn rules(&mut self) {
        let rules = |schema| Schema::rules(schema).collect::<Vec<&Rule>>();
        let (old, new) = (rules(self.old), rules(self.new));
        let mut quantities: Vec<&str> = Vec::new();
        for rule in old.iter().chain(&new) {
            let quantity = rule.quantity.as_str();
            if !quantities.contains(&quantity) {
                quantities.push(quantity);
            }
        }
        let before = self.found.len();
        for quantity in quantities {
            let about = |list: &[&'_ Rule]| -> Vec<Rule> {
                let list = list.iter().filter(|r| r.quantity.as_str() == quantity);
                list.map(|rule| (*rule).clone()).collect()
            };
            self.quantity(quantity, &about(&old), &about(&new));
        }
        if before == self.found.len() && old != new {
            let message = "the rules have another order".to_owned();
            self.push(Class::TextOnly, "validations", None, None, message);
        }
    }

    fn quantity(&mut self, quantity: &str, old: &[Rule], new: &[Rule]) {
        let bare = |rules: &[Rule]| {
            let rules = rules.iter().map(|rule| (rule.operator, rule.value));
            rules.collect::<Vec<_>>()
        };
        let interval = |rules: &[Rule]| bounds::quantity(&rules.iter().collect::<Vec<_>>());
        let (was, is) = (interval(old), interval(new));
        let (class, message) = match Shift::between(was, is) {
            Shift::Same if old == new => return,
            Shift::Same if bare(old) == bare(new) => (
                Class::TextOnly,
                format!("the message about {quantity} changed"),
            ),
            Shift::Same => (
                Class::Compatible,
                format!("the rules about {quantity} are written in another way"),
            ),
            shift => {
                let (was, is) = (keyword::bounds(was), keyword::bounds(is));
                let class = if shift == Shift::Narrower {
                    self.unchecked()
                } else {
                    Class::Compatible
                };
                (class, format!("{quantity} was {was}, is {is}"))
            }
        };
        let (old, new) = (rules_as_json(old), rules_as_json(new));
        self.push(class, "validations", old, new, message);
    }

    /// Compares unknown keywords by name and value: a schema may have a name more than once.
    fn unknown(&mut self) {
        let old: Vec<_> = keyword::unknown(self.old).collect();
        let new: Vec<_> = keyword::unknown(self.new).collect();
        let mut lost: Vec<_> = old.iter().filter(|k| !new.contains(k)).collect();
        for (name, value) in new.iter().filter(|k| !old.contains(k)) {
            let index = lost.iter().position(|(other, _)| other == name);
            let was = index.map(|index| lost.remove(index).1);
            let class = if keyword::is_annotation(name) {
                Class::Compatible
            } else {
                self.unchecked()
            };
            let (was_shown, is_shown) = (was.map(keyword::shown), keyword::shown(value));
            let what = format!("`{name}`, which is not checked here,");
            let message = was_is(&what, was_shown.as_deref(), Some(&is_shown));
            self.push(
                class,
                name,
                was.map(Literal::to_value),
                Some(value.to_value()),
                message,
            );
        }
        for (name, value) in lost {
            let message = format!("`{name}`, which was not checked here, is gone");
            self.push(
                Class::Compatible,
                name,
                Some(value.to_value()),
                None,
                message,
            );
        }
    }
}

/// Compares what is inside objects and arrays.
impl Comparison<'_> {
    /// Returns the context of a value inside this one. `own` is the sort of type that contains it.
    fn inside<'p>(&'p self, step: &'p str, own: RustType, kind: Kind) -> Context<'p> {
        Context {
            at: self.context.at.member(step),
            typed: self.context.typed && self.types() == (own, own),
            checked: self.context.checked && [kind, Kind::Any].contains(&self.old.kind),
        }
    }

    fn properties(&mut self) {
        let old = self.old.properties().unwrap_or_default();
        let new = self.new.properties().unwrap_or_default();
        let mut found = Vec::new();
        for property in old {
            let context = self.inside(&property.name, RustType::Record, Kind::Object);
            let Some(other) = new.iter().find(|p| p.name == property.name) else {
                let kept = self.new.takes_unknown() || !context.checked;
                let class = breaking_if(context.typed || !kept);
                found.push(gone_or_new(class, context, Some(&property.schema), None));
                continue;
            };
            if property.required != other.required {
                found.push(required(context, other.required));
            }
            found.extend(compare(&property.schema, &other.schema, context));
        }
        let added = |name: &str| !old.iter().any(|p| *p.name == *name);
        for property in new.iter().filter(|p| added(&p.name)) {
            let context = self.inside(&property.name, RustType::Record, Kind::Object);
            let refuses =
                context.checked && (property.required || self.refuses_extra(property, context));
            let class = if refuses || (context.typed && property.required) {
                Class::Breaking
            } else {
                own_crate_if(context.typed)
            };
            let mut change = gone_or_new(class, context, None, Some(&property.schema));
            if property.required {
                change.message = change
                    .message
                    .replace("the property", "the required property");
            } else if refuses {
                change.message += "; a further property of this name could have any value before";
            } else if context.typed {
                change.message += "; a literal or pattern without `..` needs the field";
            }
            found.push(change);
        }
        self.found.append(&mut found);
    }

    /// Returns `true` if what was sent under this name as a further property can be refused now.
    fn refuses_extra(&self, property: &runcomfy_schema::Property, context: Context<'_>) -> bool {
        let context = Context {
            typed: false,
            ..context
        };
        let is_breaking = |change: &Difference| change.class == Class::Breaking;
        self.old.takes_unknown()
            && compare(&FREE, &property.schema, context)
                .iter()
                .any(is_breaking)
    }

    fn openness(&mut self) {
        let subject = "additionalProperties";
        let given = |schema: &Schema| find!(schema, AdditionalProperties).copied();
        let (old, new) = (given(self.old), given(self.new));
        let (class, message) = match (self.old.takes_unknown(), self.new.takes_unknown()) {
            (true, false) => (
                self.narrowing(&[Kind::Object]),
                "properties that the schema does not name are refused now",
            ),
            (false, true) => (
                Class::Compatible,
                "properties that the schema does not name are taken now",
            ),
            _ if old != new => (Class::Compatible, "`additionalProperties` means the same"),
            _ => return,
        };
        let (old, new) = (old.map(Value::from), new.map(Value::from));
        self.push(class, subject, old, new, message.into());
    }

    fn items(&mut self) {
        let context = self.inside("*", RustType::List, Kind::Array);
        let (old, new) = match (self.old.items(), self.new.items()) {
            (None, None) => return,
            (old, new) => (old.unwrap_or(&FREE), new.unwrap_or(&FREE)),
        };
        let mut found = compare(old, new, context);
        self.found.append(&mut found);
    }
}

/// Returns `true` if the schema becomes an enum in Rust that implements `Default`.
fn has_default(schema: &Schema) -> bool {
    let members = schema.choices().unwrap_or_default();
    RustType::from_schema(schema) == RustType::Choice
        && schema
            .default()
            .is_some_and(|default| members.contains(default))
}

pub(super) fn breaking_if(breaking: bool) -> Class {
    if breaking {
        Class::Breaking
    } else {
        Class::Compatible
    }
}

/// Returns the class of a change that adds to a type which code may name completely.
fn own_crate_if(named: bool) -> Class {
    if named {
        Class::OwnCrate
    } else {
        Class::Compatible
    }
}

fn gone_or_new(
    class: Class,
    context: Context<'_>,
    old: Option<&Schema>,
    new: Option<&Schema>,
) -> Difference {
    let message = match (old, new) {
        (_, Some(new)) => format!("the property was added: {}", new.describe()),
        _ => "the property was removed".into(),
    };
    Difference {
        class,
        part: Part::Input,
        pointer: context.at.to_string(),
        subject: "property".into(),
        old: old.map(Schema::to_json_schema),
        new: new.map(Schema::to_json_schema),
        message,
    }
}

fn required(context: Context<'_>, is: bool) -> Difference {
    let message = match (is, context.typed) {
        (true, _) => "the property is required now",
        (false, true) => "the property may be left out now, which makes its field an `Option`",
        (false, false) => "the property may be left out now",
    };
    Difference {
        class: breaking_if(context.typed || (is && context.checked)),
        part: Part::Input,
        pointer: context.at.to_string(),
        subject: "required".into(),
        old: Some((!is).into()),
        new: Some(is.into()),
        message: message.into(),
    }
}

fn was_is(what: &str, old: Option<&str>, new: Option<&str>) -> String {
    match (old, new) {
        (Some(old), Some(new)) => format!("{what} was {old}, is {new}"),
        (None, Some(new)) => format!("{what} is new: {new}"),
        (Some(old), None) => format!("{what} is gone: {old}"),
        (None, None) => String::new(),
    }
}

fn rules_as_json(rules: &[Rule]) -> Option<Value> {
    let one = |rule: &Rule| Value::from(format!("{rule}: {}", rule.message));
    (!rules.is_empty()).then(|| rules.iter().map(one).collect())
}
