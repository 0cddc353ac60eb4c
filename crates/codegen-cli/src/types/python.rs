//! A typed package of Python.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use runcomfy_schema::Literal;

use super::head::head;
use super::language::Language;
use super::model_types::{Choice, Field, ModelTypes, Record, Type};
use super::prose;
use super::quoted::{is_plain, quoted};

/// Types that every model shares. `_` ends no name of a module but those that are taken.
const API: &str = include_str!("python/api_.py");

/// Words that are no names in Python, soft keywords aside: those are names.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Names of the standard library's modules, one a line, and their source.
const STDLIB: &str = include_str!("python/stdlib.txt");

/// Returns `true` for a module of the standard library.
pub(super) fn is_stdlib(name: &str) -> bool {
    STDLIB.lines().any(|line| line == name)
}

/// Returns `true` if a folder of this name can be imported.
pub(super) fn is_package_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() || c == '_';
    name.starts_with(is_letter)
        && name.chars().all(|c| is_letter(c) || c.is_numeric())
        && !KEYWORDS.contains(&name)
}

/// Returns the importable name that is most like another one, and hides no module of Python.
pub(super) fn package_name(name: &str) -> String {
    let letters = name
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' });
    let name: String = letters.collect();
    if is_package_name(&name) && !is_stdlib(&name) {
        name
    } else {
        format!("models_{}", name.trim_matches('_'))
            .trim_end_matches('_')
            .to_owned()
    }
}

/// Returns the files: a module for each model, the packages around them and the types that all share.
pub(super) fn files(models: &[ModelTypes<'_>], header: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let own = |from: Option<&str>, text: &str| format!("{}\n{text}", head("#", from, header));
    files.insert("api_.py".to_owned(), own(None, API));
    files.insert("__init__.py".to_owned(), own(None, &root(models)));
    files.insert("py.typed".to_owned(), own(None, ""));
    let mut folders = BTreeSet::new();
    for model in models {
        let path = path(model);
        folders.extend((1..path.len()).map(|depth| path[..depth].join("/")));
    }
    for model in models {
        let path = path(model).join("/");
        // A model that has others below it is their package.
        let (file, depth) = if folders.remove(&path) {
            (format!("{path}/__init__.py"), model.path.len() + 1)
        } else {
            (format!("{path}.py"), model.path.len())
        };
        files.insert(file, own(Some(&model.from), &module(model, depth)));
    }
    for folder in folders {
        files.insert(format!("{folder}/__init__.py"), own(None, ""));
    }
    files
}

/// Returns the names of the modules that lead to a model.
fn path(model: &ModelTypes<'_>) -> Vec<String> {
    let names = model.path.iter();
    let safe = |name: &String| {
        let mark = if KEYWORDS.contains(&&**name) { "_" } else { "" };
        format!("{name}{mark}")
    };
    names.map(safe).collect()
}

fn root(models: &[ModelTypes<'_>]) -> String {
    let ids: Vec<String> = models.iter().map(|model| text_literal(model.id)).collect();
    let kind = if ids.is_empty() {
        "_t.NoReturn".to_owned()
    } else {
        literal_type(&ids, 0)
    };
    format!(
        "\"\"\"Types of the models: a module for each, named as its id.\"\"\"\n\n\
         import typing as _t\n\n\
         from .api_ import AnyOutput, Cancelled, JobStatus, Model, Result, Submitted\n\n\
         __all__ = [\n    \"AnyOutput\",\n    \"Cancelled\",\n    \"JobStatus\",\n    \"Model\",\n    \"ModelId\",\n    \"Result\",\n    \"Submitted\",\n]\n\n\
         ModelId: _t.TypeAlias = {kind}\n\"\"\"Id of a model.\"\"\"\n"
    )
}

fn module(model: &ModelTypes<'_>, depth: usize) -> String {
    let id = prose::code(model.id, Language::Python);
    let mut parts = vec![
        doc(&[format!("Types of the model {id}.")], ""),
        format!(
            "import typing as _t\n\nfrom {} import api_ as _api\n",
            ".".repeat(depth)
        ),
    ];
    parts.extend(model.choices.iter().map(choice));
    parts.extend(model.records.iter().map(record));
    parts.push(match &model.output {
        Some(output) => record(output),
        None => format!(
            "Output: _t.TypeAlias = _api.AnyOutput\n{}",
            doc(&[format!("Output of the model {id}.")], "")
        ),
    });
    parts.push(format!(
        "MODEL: _t.Final[_api.Model[Input, Output]] = _api.Model({})\n{}",
        text_literal(model.id),
        doc(&[format!("The model {id}.")], "")
    ));
    parts.join("\n\n")
}

/// Returns the name of a type. Those that Python or the module has taken get a `_`, and letters that
/// Python takes for two others become their code points.
fn type_name(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            'Ĳ' | 'ĳ' | 'Ŀ' | 'ŀ' => out += &format!("U{:x}", u32::from(c)),
            c => out.push(c),
        }
    }
    if KEYWORDS.contains(&&*out) || out == "MODEL" {
        out.push('_');
    }
    out
}

fn choice(choice: &Choice<'_>) -> String {
    let members: Vec<String> = choice.members.iter().filter_map(|m| literal(m)).collect();
    format!(
        "{}: _t.TypeAlias = {}\n{}",
        type_name(&choice.name),
        literal_type(&members, 0),
        doc(&choice.text, "")
    )
}

fn record(record: &Record<'_>) -> String {
    let name = type_name(&record.name);
    let mut text = record.text.clone();
    if record.is_deprecated {
        text.extend([
            String::new(),
            "Deprecated: the service may remove it.".to_owned(),
        ]);
    }
    if record.is_open && record.fields.is_empty() {
        return format!(
            "{name}: _t.TypeAlias = dict[str, _t.Any]\n{}",
            doc(&text, "")
        );
    }
    if record.is_open {
        text.extend([String::new(), "It may have further members.".to_owned()]);
    }
    let (named, keyed): (Vec<_>, Vec<_>) = {
        let used = used_names(record);
        let fields = record.fields.iter();
        fields.partition(|field| is_member(field, &used))
    };
    for field in &keyed {
        text.extend(key_text(field));
    }
    if named.is_empty() && !keyed.is_empty() {
        return by_function(&keyed, &name) + &doc(&text, "");
    }
    let (mut out, mut base) = (String::new(), "_t.TypedDict".to_owned());
    if !keyed.is_empty() {
        // Only members of classes can have a documentation of their own, which editors show.
        base = format!("_{name}Keys");
        out = by_function(&keyed, &base) + "\n\n";
    }
    out += &format!("class {name}({base}):\n{}", doc(&text, "    "));
    for (i, field) in named.iter().enumerate() {
        if i == 0 {
            out.push('\n');
        }
        out += &format!("    {}: {}\n", field.json_name, type_of_field(field, 4));
        out += &doc(&field.text, "    ");
    }
    out
}

/// Returns the names that the types of the members use.
fn used_names(record: &Record<'_>) -> HashSet<String> {
    let mut used: HashSet<String> = ["_t", "bool", "dict", "float", "int", "list", "str"]
        .map(str::to_owned)
        .into();
    let kinds = record.fields.iter().map(|field| &field.kind);
    kinds.for_each(|kind| collect(kind, &mut used));
    used
}

/// Returns `true` if a class can have the member: its name is a name of Python, and none that the types of the
/// members use.
fn is_member(field: &Field<'_>, used: &HashSet<String>) -> bool {
    let name = field.json_name;
    // Python changes names of classes' members that begin with two of them.
    let is_name = is_plain(name) && !name.starts_with("__") && !KEYWORDS.contains(&name);
    is_name && !used.contains(name)
}

/// Returns what a type says of a key that no class can have.
fn key_text(field: &Field<'_>) -> Vec<String> {
    if field.json_name.is_empty() {
        return Vec::new();
    }
    let key = format!("{}:", prose::code(field.json_name, Language::Python));
    let mut lines = vec![String::new()];
    match field.text.split_first() {
        Some((first, more)) => {
            lines.push(format!("{key} {first}").trim_end().to_owned());
            lines.extend(more.iter().cloned());
        }
        None => lines.push(format!("{key} without a description.")),
    }
    lines
}

fn collect(kind: &Type<'_>, used: &mut HashSet<String>) {
    match kind {
        Type::Named(name) => {
            used.insert(type_name(name));
        }
        Type::List(items) => collect(items, used),
        _ => {}
    }
}

/// Returns the form of a type whose members may have any names.
fn by_function(fields: &[&Field<'_>], name: &str) -> String {
    let mut out = format!(
        "{name} = _t.TypedDict(\n    {},\n    {{\n",
        text_literal(name)
    );
    for field in fields {
        if field.json_name.is_empty() {
            out += "        # Its name is empty, which no key of such a type may be: it is left out.\n";
            continue;
        }
        out += &format!(
            "        {}: {},\n",
            text_literal(field.json_name),
            type_of_field(field, 8)
        );
    }
    out + "    },\n)\n"
}

fn type_of_field(field: &Field<'_>, indent: usize) -> String {
    let kind = type_of(&field.kind, indent);
    if field.is_required {
        format!("_t.Required[{kind}]")
    } else {
        format!("_t.NotRequired[{kind}]")
    }
}

fn type_of(kind: &Type<'_>, indent: usize) -> String {
    match kind {
        Type::Bool => "bool".to_owned(),
        Type::Integer => "int".to_owned(),
        Type::Number => "float".to_owned(),
        Type::Text => "str".to_owned(),
        Type::Json => "_t.Any".to_owned(),
        Type::Object => "dict[str, _t.Any]".to_owned(),
        Type::Named(name) => type_name(name),
        Type::OneOf(members) => one_of(members, indent),
        Type::List(items) => format!("list[{}]", type_of(items, indent)),
    }
}

/// Returns the type of values. A type of exact values has no fractions and no integers beyond 64 bits:
/// with one, any number or any integer is of it.
fn one_of(members: &[&Literal], indent: usize) -> String {
    let literals: Vec<String> = members
        .iter()
        .filter_map(|member| literal(member))
        .collect();
    let mut distinct: Vec<String> = Vec::new();
    for literal in literals {
        if !distinct.contains(&literal) {
            distinct.push(literal);
        }
    }
    let mut types = Vec::new();
    if !distinct.is_empty() {
        types.push(literal_type(&distinct, indent));
    }
    let is_other = |member: &&&Literal| literal(member).is_none();
    let is_integer =
        |member: &&Literal| matches!(member, Literal::Number(n) if n.as_integer().is_some());
    let others: Vec<&&Literal> = members.iter().filter(is_other).collect();
    if !others.is_empty() {
        let all_integers = others.iter().all(|member| is_integer(member));
        types.push(if all_integers { "int" } else { "float" }.to_owned());
    }
    types.join(" | ")
}

fn literal_type(members: &[String], indent: usize) -> String {
    /// Characters of a line with the name of what has the type.
    const ROOM: usize = 60;
    let line = members.join(", ");
    if line.chars().count() <= ROOM {
        return format!("_t.Literal[{line}]");
    }
    let indent = " ".repeat(indent);
    let lines: Vec<String> = members
        .iter()
        .map(|m| format!("{indent}    {m},\n"))
        .collect();
    let members = lines.concat();
    format!("_t.Literal[\n{members}{indent}]")
}

/// Returns `true` for integers that checkers take as exact: mypy reads no larger ones.
fn is_exact(integer: i128) -> bool {
    integer.unsigned_abs() <= i64::MAX.unsigned_abs().into()
}

/// Returns a value as a type of exact values takes it.
fn literal(member: &Literal) -> Option<String> {
    match member {
        Literal::Null => Some("None".to_owned()),
        Literal::Bool(true) => Some("True".to_owned()),
        Literal::Bool(false) => Some("False".to_owned()),
        Literal::Text(text) => Some(text_literal(text)),
        Literal::Number(number) => number
            .as_integer()
            .filter(|integer| is_exact(*integer))
            .map(|integer| integer.to_string()),
        Literal::Array(_) | Literal::Object(_) => None,
    }
}

fn text_literal(text: &str) -> String {
    quoted(text, escape)
}

/// Returns a character as an escape of a text.
pub(super) fn escape(c: char) -> String {
    match u32::from(c) {
        code @ 0..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// Returns lines as documentation: a text that nothing in it ends.
fn doc(lines: &[String], indent: &str) -> String {
    let escaped: Vec<String> = lines
        .iter()
        .map(|line| line.replace('\\', "\\\\"))
        .collect();
    match &escaped[..] {
        [] => String::new(),
        [line] => format!("{indent}\"\"\"{}\"\"\"\n", inert(line)),
        lines => {
            let mut text = format!("{indent}\"\"\"");
            for (i, line) in lines.iter().enumerate() {
                let indent = if i == 0 { "" } else { indent };
                text += format!("{indent}{}", line.replace("\"\"\"", "\\\"\\\"\\\"")).trim_end();
                text.push('\n');
            }
            text + indent + "\"\"\"\n"
        }
    }
}

/// Escapes the quotes of a line whose last character stands before the end of the text.
fn inert(line: &str) -> String {
    if line.contains("\"\"\"") || line.ends_with('"') {
        line.replace('"', "\\\"")
    } else {
        line.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_standard_library_are_sorted() {
        let names: Vec<&str> = STDLIB
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        assert!(names.is_sorted() && names.iter().all(|name| is_package_name(name)));
        // From the first version to the last one.
        for name in [
            "json",
            "types",
            "typing",
            "distutils",
            "tomllib",
            "annotationlib",
            "__future__",
            "_dummy_thread",
            "_thread",
            "_zstd",
        ] {
            assert!(is_stdlib(name), "{name}");
        }
        assert!(!is_stdlib("models") && !is_stdlib("# Modules"));
    }
}
