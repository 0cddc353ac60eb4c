//! A program that makes a model's input, for the doc comment of its module.
//!
//! Texts of the schema get into it only if they are short and of plain characters, so that nothing
//! but the generator's own code is compiled.

use std::collections::BTreeSet;
use std::fmt;

use runcomfy_schema::{Literal, MediaKind, ModelSchema, Schema};
use serde_json::{Map, Value};

use super::plan::{Field, Plan, Record, Type};
use super::required;
use crate::name;
use crate::rust_type::as_number;

/// An expression that makes an input, and the types that it names.
pub(crate) struct Example {
    types: BTreeSet<String>,
    arguments: Arguments,
    setter: Option<String>,
    is_valid: bool,
}

/// Arguments of a struct's `new`.
enum Arguments {
    /// One value or none.
    Plain(String),
    /// The struct of this name, and its fields with their values.
    Named(String, Vec<String>),
}

/// Crate in which programs find generated code.
pub(crate) enum Home {
    /// In a crate of this name, whose examples are compiled and run as tests.
    Crate(String),
    /// In a module of a crate that is not known, where examples are only read.
    Module,
}

/// Makes up the required properties, and one of the others.
///
/// Returns `None` if the constraints of a required property are too narrow to do so.
pub(crate) fn new(plan: &Plan<'_>, model: &ModelSchema) -> Option<Example> {
    let mut maker = Maker {
        plan,
        types: BTreeSet::from(["Input".to_owned()]),
    };
    let input = plan.records.first()?;
    let (arguments, mut json) = maker.arguments(input)?;
    let setter = input.optional().find_map(|field| {
        let is_simple = !matches!(field.kind, Type::List(_) | Type::Record(_) | Type::Json)
            && !field.property.schema.is_deprecated();
        let default = field.property.schema.default().filter(|_| is_simple);
        default
            .and_then(|_| maker.value(field))
            .map(|made| (field, made))
    });
    let setter = setter.map(|(field, (code, value))| {
        json.insert(field.property.name.to_string(), value);
        format!(".{}({code})", field.ident)
    });
    Some(Example {
        is_valid: model.input.validate(&Value::Object(json)).is_empty(),
        types: maker.types,
        arguments,
        setter,
    })
}

impl Example {
    /// Returns the example as a code block of a doc comment; rustdoc runs it where the crate is known.
    ///
    /// `path` leads to the model's module.
    pub(crate) fn lines(&self, path: &[String], home: &Home) -> Vec<String> {
        let (fence, root) = match home {
            Home::Crate(name) => ("```", name.as_str()),
            Home::Module => ("```text", "models"),
        };
        let path = format!("{root}::{}", path.join("::"));
        let types: Vec<String> = self
            .types
            .iter()
            .map(|t| name::ident(t).to_string())
            .collect();
        let types = match types.as_slice() {
            [one] => one.clone(),
            more => format!("{{{}}}", more.join(", ")),
        };
        let mut lines = vec![
            fence.to_owned(),
            format!("use {path}::{types};"),
            String::new(),
        ];
        lines.extend(self.statement());
        lines.extend(
            self.is_valid
                .then(|| "assert!(input.validate().is_empty());".to_owned()),
        );
        lines.push("```".to_owned());
        lines
    }

    /// `let input = …;`, over several lines where it is long.
    fn statement(&self) -> Vec<String> {
        const MAX_WIDTH: usize = 90;
        let setter = self.setter.as_deref().unwrap_or_default();
        let line = format!("let input = Input::new({}){setter};", self.arguments);
        if line.chars().count() <= MAX_WIDTH {
            return vec![line];
        }
        let mut lines = Vec::new();
        let close = match &self.arguments {
            Arguments::Plain(argument) => {
                lines.extend([
                    "let input = Input::new(".to_owned(),
                    format!("    {argument},"),
                ]);
                ")"
            }
            Arguments::Named(name, fields) => {
                lines.push(format!("let input = Input::new({name} {{"));
                lines.extend(fields.iter().map(|field| format!("    {field},")));
                "})"
            }
        };
        match setter {
            "" => lines.push(format!("{close};")),
            setter => lines.extend([close.to_owned(), format!("{setter};")]),
        }
        lines
    }
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(argument) => f.write_str(argument),
            Self::Named(name, fields) => write!(f, "{name} {{ {} }}", fields.join(", ")),
        }
    }
}

/// Rust code and the JSON that it becomes.
type Made = (String, Value);

struct Maker<'p, 'a> {
    plan: &'p Plan<'a>,
    types: BTreeSet<String>,
}

impl Maker<'_, '_> {
    /// Makes the arguments of a struct's `new`.
    fn arguments(&mut self, record: &Record<'_>) -> Option<(Arguments, Map<String, Value>)> {
        let name = required::name(record);
        let (mut codes, mut json) = (Vec::new(), Map::new());
        for field in record.required() {
            let (code, value) = self.value(field)?;
            codes.push(match name {
                Some(_) => format!("{}: {code}", field.ident),
                None => code,
            });
            json.insert(field.property.name.to_string(), value);
        }
        let arguments = match name {
            Some(name) => {
                self.types.insert(name.clone());
                Arguments::Named(name, codes)
            }
            None => Arguments::Plain(codes.concat()),
        };
        Some((arguments, json))
    }

    fn value(&mut self, field: &Field<'_>) -> Option<Made> {
        let schema = &field.property.schema;
        self.value_of(&field.kind, schema, schema.default())
    }

    fn value_of(
        &mut self,
        kind: &Type,
        schema: &Schema,
        default: Option<&Literal>,
    ) -> Option<Made> {
        match kind {
            Type::Bool => {
                let value = default == Some(&Literal::Bool(true));
                Some((value.to_string(), value.into()))
            }
            Type::I64 | Type::U64 => {
                let number = number(schema, default)?;
                let integer = i64::try_from(number.as_integer()?).ok()?;
                // Rust takes a literal for an `i32` where anything that converts is allowed.
                let is_long = *kind == Type::I64 && i32::try_from(integer).is_err();
                let suffix = if is_long { "_i64" } else { "" };
                Some((format!("{integer}{suffix}"), integer.into()))
            }
            Type::F64 => {
                let number = number(schema, default)?.as_f64();
                Some((format!("{number:?}"), number.into()))
            }
            Type::Text => {
                let text = text(schema, default)?;
                Some((format!("\"{text}\""), text.into()))
            }
            Type::Media => {
                let url = match schema.media() {
                    Some(MediaKind::Video) => "https://example.com/video.mp4",
                    Some(MediaKind::Audio) => "https://example.com/audio.mp3",
                    _ => "https://example.com/image.png",
                };
                Some((format!("\"{url}\""), url.into()))
            }
            Type::Choice(name) => self.choice(name, default),
            Type::Record(name) => {
                let plan = self.plan;
                let record = plan.records.iter().find(|record| record.name == *name)?;
                let (arguments, json) = self.arguments(record)?;
                self.types.insert(name.clone());
                let code = format!("{}::new({arguments})", name::ident(name));
                Some((code, Value::Object(json)))
            }
            Type::List(item) => self.list(item, schema, default),
            Type::Json | Type::Foreign(_) => None,
        }
    }

    fn choice(&mut self, name: &str, default: Option<&Literal>) -> Option<Made> {
        let choice = self
            .plan
            .choices
            .iter()
            .find(|choice| choice.name == *name)?;
        let index = choice.members.iter().position(|m| Some(m) == default);
        let index = index.unwrap_or_default();
        let variant = name::ident(&choice.variants[index]);
        self.types.insert(name.to_owned());
        let code = format!("{}::{variant}", name::ident(name));
        Some((code, choice.members[index].to_value()))
    }

    fn list(&mut self, item: &Type, schema: &Schema, default: Option<&Literal>) -> Option<Made> {
        /// More would be tiresome to read.
        const MAX_ITEMS: u64 = 3;
        let least = schema.count().0.unwrap_or_default().max(1);
        let first = match default {
            Some(Literal::Array(list)) => list.first(),
            _ => None,
        };
        let (code, value) = self.value_of(item, schema.items()?, first)?;
        let count = usize::try_from(least).ok().filter(|_| least <= MAX_ITEMS)?;
        let codes = vec![code; count];
        Some((format!("[{}]", codes.join(", ")), vec![value; count].into()))
    }
}

/// Returns the default, or a bound, or 1.
fn number(schema: &Schema, default: Option<&Literal>) -> Option<runcomfy_schema::Number> {
    if let Some(first) = schema.choices().and_then(<[_]>::first) {
        return as_number(first);
    }
    let bounds = schema.bounds();
    let bound = bounds.lower.or(bounds.upper).map(|(bound, _)| bound);
    let default = default.and_then(as_number);
    Some(default.or(bound).unwrap_or(runcomfy_schema::Number::Int(1)))
}

/// Returns the default if it is short and plain, else a prompt of an allowed length.
fn text(schema: &Schema, default: Option<&Literal>) -> Option<String> {
    const MAX_CHARACTERS: usize = 60;
    const PROMPT: &str = "A boat on a calm lake at dawn, in the style of an oil painting";
    let is_plain = |text: &str| {
        let plain = |c: char| c.is_ascii_graphic() || c == ' ';
        !text.trim().is_empty()
            && text.len() <= MAX_CHARACTERS
            && text
                .chars()
                .all(|c| plain(c) && !matches!(c, '"' | '\\' | '`'))
    };
    if let Some(Literal::Text(default)) = default
        && is_plain(default)
    {
        return Some(default.to_string());
    }
    if schema.choices().is_some() {
        return None;
    }
    let (least, most) = schema.length();
    let least = usize::try_from(least.unwrap_or_default()).ok()?;
    let most = usize::try_from(most.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let length = "A boat".len().max(least).min(most);
    PROMPT.get(..length).map(str::to_owned)
}
