//! Declarations of TypeScript.

use std::collections::BTreeMap;

use runcomfy_schema::Literal;

use super::head::head;
use super::language::Language;
use super::model_types::{Choice, Field, ModelTypes, Record, Type, exceeds_double};
use super::prose;
use super::quoted::{is_plain, quoted};

/// Types that every model shares. No module has a name that begins with `_`.
const API: &str = include_str!("typescript/_api.d.ts");

/// Properties that TypeScript knows of every object, since `Object.prototype` has them. An object that lacks a property
/// of one of these names has another type there.
const INHERITED: [&str; 7] = [
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// Returns the files: one for each model, the index and the types that all share.
pub(super) fn files(models: &[ModelTypes<'_>], header: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let own = |from: Option<&str>, text: &str| format!("{}\n{text}", head("//", from, header));
    files.insert("_api.d.ts".to_owned(), own(None, API));
    files.insert("index.d.ts".to_owned(), own(None, &index(models)));
    for model in models {
        let path = format!("{}.d.ts", model.path.join("/"));
        files.insert(path, own(Some(&model.from), &module(model)));
    }
    files
}

fn index(models: &[ModelTypes<'_>]) -> String {
    let mut text = String::from(
        "import type { AnyOutput, Cancelled, JobStatus, Result, Submitted } from \"./_api.js\";\n\n\
         export type { AnyOutput, Cancelled, JobStatus, Result, Submitted };\n\n\
         /** Types of each model, by its id. */\n\
         export interface Models {\n",
    );
    for model in models {
        let file = text_literal(&format!("./{}.js", model.path.join("/")));
        text += &format!(
            "  {}: {{\n    input: import({file}).Input;\n    output: import({file}).Output;\n  }};\n",
            text_literal(model.id)
        );
    }
    text += "}\n\n\
         /** Id of a model. */\n\
         export type ModelId = keyof Models;\n\n\
         /** Input of the model with an id. */\n\
         export type Input<Id extends ModelId> = Models[Id][\"input\"];\n\n\
         /** Output of the model with an id. */\n\
         export type Output<Id extends ModelId> = Models[Id][\"output\"];\n";
    text
}

fn module(model: &ModelTypes<'_>) -> String {
    // The type that readers look for is the first.
    let mut parts: Vec<String> = model.records.iter().rev().map(record).collect();
    parts.push(match &model.output {
        Some(output) => record(output),
        None => output(model),
    });
    parts.extend(model.choices.iter().map(choice));
    parts.join("\n")
}

/// Returns the usual output. An import would take a name that a property's type may have.
fn output(model: &ModelTypes<'_>) -> String {
    let title = format!(
        "Output of the model {}.",
        prose::code(model.id, Language::TypeScript)
    );
    let root = match "../".repeat(model.path.len() - 1) {
        root if root.is_empty() => "./".to_owned(),
        root => root,
    };
    format!(
        "{}export type Output = import(\"{root}_api.js\").AnyOutput;\n",
        comment(&[title], false, "")
    )
}

fn record(record: &Record<'_>) -> String {
    let head = comment(&record.text, record.is_deprecated, "");
    if record.fields.is_empty() {
        // An interface without members would take any value.
        let value = if record.is_open { "unknown" } else { "never" };
        let name = &record.name;
        return format!("{head}export type {name} = {{ [name: string]: {value} }};\n");
    }
    let mut text = format!("{head}export interface {} {{\n", record.name);
    for field in &record.fields {
        text += &member(field);
    }
    if record.is_open {
        text += "  [name: string]: unknown;\n";
    }
    text + "}\n"
}

fn member(field: &Field<'_>) -> String {
    let name = if is_plain(field.json_name) {
        field.json_name.to_owned()
    } else {
        text_literal(field.json_name)
    };
    let mut kind = type_of(&field.kind);
    let mut text = field.text.clone();
    let mut note = |note: &str| {
        prose::add_paragraph(&mut text, prose::wrap(note, "", Language::TypeScript));
    };
    if field.exceeds_double {
        note(
            "Beyond ±9007199254740991 JavaScript's numbers are not exact: the type takes any number, and the nearest one that there is is sent.",
        );
    }
    if field.json_name == "__proto__" {
        note(
            "Write `[\"__proto__\"]: …` in an object: `__proto__: …` sets its prototype, and is not sent.",
        );
    }
    if INHERITED.contains(&field.json_name) && !field.is_required {
        note(
            "An object without it inherits a function of this name, which JSON leaves out: the type takes it, so that the property can be left out.",
        );
        kind += &format!(" | {{}}[{name:?}]");
    }
    format!(
        "{}  {name}{}: {kind};\n",
        comment(&text, field.is_deprecated, "  "),
        if field.is_required { "" } else { "?" },
    )
}

fn choice(choice: &Choice<'_>) -> String {
    let members: Vec<String> = choice
        .members
        .iter()
        .map(|member| literal(member))
        .collect();
    let head = comment(&choice.text, false, "");
    let line = format!("export type {} = {};\n", choice.name, members.join(" | "));
    if line.chars().count() <= 100 {
        return head + &line;
    }
    let members = members.join("\n  | ");
    format!("{head}export type {} =\n  | {members};\n", choice.name)
}

fn type_of(kind: &Type<'_>) -> String {
    match kind {
        Type::Bool => "boolean".to_owned(),
        Type::Integer | Type::Number => "number".to_owned(),
        Type::Text => "string".to_owned(),
        Type::Json => "unknown".to_owned(),
        Type::Object => "{ [name: string]: unknown }".to_owned(),
        Type::Named(name) => name.clone(),
        Type::OneOf(members) => one_of(members),
        Type::List(items) => match type_of(items) {
            items if items.contains(" | ") => format!("({items})[]"),
            items => format!("{items}[]"),
        },
    }
}

/// Returns the union of values. Numbers that a double cannot hold are any number.
fn one_of(members: &[&Literal]) -> String {
    let mut types: Vec<String> = Vec::new();
    for member in members {
        let member = literal(member);
        if !types.contains(&member) {
            types.push(member);
        }
    }
    if types.iter().any(|member| member == "number") {
        let is_no_number = |member: &String| member.parse::<f64>().is_err();
        types.retain(|member| member == "number" || is_no_number(member));
    }
    types.join(" | ")
}

fn literal(member: &Literal) -> String {
    match member {
        Literal::Text(text) => text_literal(text),
        Literal::Number(number) if exceeds_double(*number) => "number".to_owned(),
        other => other.to_value().to_string(),
    }
}

/// Returns a text in quotes. JavaScript escapes what is beyond 16 bits in two parts.
fn text_literal(text: &str) -> String {
    quoted(text, escape)
}

/// Returns a character as an escape of a text.
pub(super) fn escape(c: char) -> String {
    let units = c.encode_utf16(&mut [0; 2]).to_vec();
    let escaped = units.iter().map(|unit| format!("\\u{unit:04x}"));
    escaped.collect::<Vec<_>>().concat()
}

/// Returns lines as a comment with documentation, in which nothing ends it or is a tag.
fn comment(lines: &[String], is_deprecated: bool, indent: &str) -> String {
    let mut lines: Vec<String> = lines.iter().map(|line| inert(line)).collect();
    if is_deprecated {
        lines.extend([
            String::new(),
            "@deprecated The service may remove it.".to_owned(),
        ]);
    }
    match &lines[..] {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let mut text = format!("{indent}/**\n");
            for line in lines {
                text += format!("{indent} * {line}").trim_end();
                text.push('\n');
            }
            text + indent + " */\n"
        }
    }
}

fn inert(line: &str) -> String {
    let line = line.replace("*/", "*\\/");
    if line.trim_start().starts_with('@') {
        line.replacen('@', "\\@", 1)
    } else {
        line
    }
}
