//! Schema files as somebody would write them who wants their texts to become code.

use serde_json::{Map, Value, json};

use crate::{Dice, instance};

/// A schema file.
#[derive(Clone, Debug)]
pub struct File {
    /// Below the schema folder, with forward slashes; its end, `.json`, included.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// Texts that mean something to Rust, rustdoc, cargo, a terminal, a file system or a shell.
const TEXTS: [&str; 60] = [
    "",
    " ",
    "\"",
    "\\",
    "\\\"",
    "*/ pub fn evil() {} /*",
    "#![x]",
    "#[cfg(any())]",
    "\n",
    "\r",
    "a\npub mod evil {}\n// ",
    "a\rb",
    "\n```\nevil()\n```\n",
    "    evil();",
    "\"#; mod evil {} //",
    "\0",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{2066}a\u{2069}",
    "\u{200f}",
    "\u{feff}",
    "\u{2028}",
    "\u{ad}",
    "\u{e0041}",
    "[`Input`](https://example.com)",
    "<script>",
    "{0} {x}",
    "${HOME} $(true) `true`",
    "cargo::rustc-env=EVIL=1",
    "x\ncargo::rustc-env=EVIL=1",
    "..",
    "../../evil",
    "/etc/passwd",
    "C:\\evil",
    "CON",
    "nul",
    "lib",
    "mod",
    "main",
    "self",
    "Self",
    "super",
    "crate",
    "_",
    "__",
    "r#type",
    "gen",
    "日本語",
    "🎉",
    "e\u{301}",
    "é",
    "ß",
    "ﬁ",
    "İ",
    "ı",
    "\u{1161}",
    "width×height",
    "16:9",
    "-1",
    "%00",
];

/// Names that generated code uses itself, Rust's words, and names that come out the same.
const NAMES: [&str; 72] = [
    "input",
    "Input",
    "output",
    "option",
    "some",
    "none",
    "result",
    "ok",
    "err",
    "vec",
    "string",
    "into",
    "default",
    "clone",
    "debug",
    "copy",
    "eq",
    "hash",
    "drop",
    "send",
    "sized",
    "from",
    "iterator",
    "box",
    "new",
    "validate",
    "extra",
    "with_extra",
    "check_media",
    "to_owned",
    "schema",
    "SCHEMA",
    "properties",
    "PROPERTIES",
    "keywords",
    "KEYWORDS",
    "keyword",
    "kind",
    "number",
    "literal",
    "rule",
    "model",
    "all",
    "ALL",
    "find",
    "index",
    "name",
    "wire",
    "id",
    "field",
    "read",
    "view",
    "value",
    "static",
    "type",
    "async",
    "gen",
    "try",
    "union",
    "macro",
    "dyn",
    "a",
    "b",
    "A",
    "ab",
    "aB",
    "a_b",
    "A b",
    "a-b",
    "item",
    "a_item",
    "ss",
];

/// Segments of model ids that are harmless, so that ids meet and nest.
const SEGMENTS: [&str; 8] = [
    "acme",
    "stamp",
    "4K",
    "4k",
    "edit",
    "flux-2",
    "日本語",
    "1.0",
];

/// What a file may hold that is no schema.
const JUNK: [&str; 8] = [
    "",
    "{",
    "[]",
    "null",
    "{\"properties\": {}}{",
    "\u{feff}",
    "{} {} {}",
    "//",
];

/// Some files for one folder, each with a path of its own.
pub fn folder(dice: &mut dyn Dice) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    for _ in 0..=dice.below(3) {
        let file = file(dice);
        if files.iter().all(|other| other.path != file.path) {
            files.push(file);
        }
    }
    files
}

fn file(dice: &mut dyn Dice) -> File {
    let count = if dice.once_in(80) {
        1
    } else {
        dice.between(2, 4)
    };
    let segments: Vec<String> = (0..count).map(|_| segment(dice)).collect();
    let id = segments.join("/");
    let text = text_of(dice, &id);
    File {
        path: format!("{id}.json"),
        text,
    }
}

/// A file name that every Unix takes.
fn segment(dice: &mut dyn Dice) -> String {
    /// Longer names are refused by most file systems; a few bytes are kept for the ending.
    const LONGEST: usize = 60;
    if !dice.once_in(4) {
        return (*dice.pick(&SEGMENTS)).into();
    }
    let text = text(dice).replace(['/', '\0'], "-");
    let name: String = text.chars().take(LONGEST).collect();
    match name.as_str() {
        "" | "." | ".." => "dots".into(),
        _ => name,
    }
}

fn text_of(dice: &mut dyn Dice, id: &str) -> String {
    if dice.once_in(80) {
        return (*dice.pick(&JUNK)).into();
    }
    let input = input(dice);
    let mut text = match dice.below(4) {
        0 => {
            let id = if dice.once_in(80) {
                text(dice)
            } else {
                id.to_owned()
            };
            let output = schema(dice, 2);
            json!({"model_id": id, "input_schema": input, "output_schema": output}).to_string()
        }
        1 => format!("{input}{}", json!({"output": schema(dice, 2)})),
        2 => format!("{input:#}"),
        _ => input.to_string(),
    };
    if dice.once_in(60) {
        // Cut off or damaged, at a character.
        let mut at = dice.below(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        match dice.below(3) {
            0 => text.truncate(at),
            1 => text.insert_str(at, self::text(dice).as_str()),
            _ => text.insert(at, *dice.pick(&['{', '}', '"', ',', '\\'])),
        }
    }
    text
}

fn input(dice: &mut dyn Dice) -> Value {
    let mut map = Map::new();
    if !dice.once_in(5) {
        map.insert("type".into(), "object".into());
    }
    if dice.once_in(4) {
        map.insert("description".into(), text(dice).into());
    }
    object(dice, 3, &mut map);
    if dice.once_in(300) {
        map.insert("x".into(), nested(dice));
    }
    Value::Object(map)
}

/// A schema deeper than any reader should follow.
fn nested(dice: &mut dyn Dice) -> Value {
    let depth = dice.between(20, 60);
    let wrap = |inner: Value| json!({"properties": {"p": {"type": "array", "items": inner}}});
    (0..depth).fold(json!({}), |inner, _| wrap(inner))
}

fn schema(dice: &mut dyn Dice, depth: u8) -> Value {
    let mut map = Map::new();
    let kinds = [
        "string", "integer", "number", "float", "boolean", "array", "object",
    ];
    let kind = *dice.pick(&kinds);
    match dice.below(12) {
        0 => {}
        1 if dice.once_in(3) => {
            map.insert("type".into(), json!([kind, "null"]));
        }
        2 if dice.once_in(3) => {
            map.insert("type".into(), text(dice).into());
        }
        _ => {
            map.insert("type".into(), kind.into());
        }
    }
    for keyword in ["title", "description"] {
        if dice.once_in(3) {
            map.insert(keyword.into(), text(dice).into());
        }
    }
    if dice.once_in(4) {
        map.insert("enum".into(), members(dice, kind).into());
    }
    if dice.once_in(4) {
        constraint(dice, &mut map);
    }
    if dice.once_in(4) {
        default(dice, kind, &mut map);
    }
    if dice.once_in(6) {
        let formats = ["image_uri", "video_uris", "uri"];
        let format = if dice.once_in(3) {
            text(dice)
        } else {
            (*dice.pick(&formats)).into()
        };
        map.insert("format".into(), format.into());
    }
    if dice.once_in(6) {
        let rules: Vec<Value> = (0..dice.below(3)).map(|_| rule(dice)).collect();
        map.insert("validations".into(), rules.into());
    }
    if dice.once_in(10) {
        map.insert(text(dice), any(dice, 2));
    }
    if depth > 0 && (kind == "array" || dice.once_in(20)) {
        map.insert("items".into(), schema(dice, depth - 1));
    }
    if depth > 0 && (kind == "object" || dice.once_in(20)) {
        object(dice, depth, &mut map);
    }
    Value::Object(map)
}

fn object(dice: &mut dyn Dice, depth: u8, map: &mut Map<String, Value>) {
    let mut properties = Map::new();
    for _ in 0..dice.below(6) {
        properties.insert(name(dice), schema(dice, depth - 1));
    }
    let mut required: Vec<Value> = Vec::new();
    for name in properties.keys() {
        if dice.once_in(3) {
            required.push(name.as_str().into());
        }
    }
    if dice.once_in(20) {
        required.push(text(dice).into());
    }
    map.insert("properties".into(), properties.into());
    if dice.once_in(2) {
        map.insert("required".into(), required.into());
    }
    if dice.once_in(10) {
        map.insert("additionalProperties".into(), dice.once_in(2).into());
    }
}

/// Mostly some, and different ones: others are refused before anything is made of them.
fn members(dice: &mut dyn Dice, kind: &str) -> Vec<Value> {
    let mut members = Vec::new();
    let careless = dice.once_in(60);
    for _ in 0..=dice.below(5) {
        let member = value_of(dice, kind);
        if careless || !members.contains(&member) {
            members.push(member);
        }
    }
    if careless && dice.once_in(4) {
        members.clear();
    }
    members
}

/// Mostly one that the schema allows.
fn default(dice: &mut dyn Dice, kind: &str, map: &mut Map<String, Value>) {
    let member = match map.get("enum") {
        Some(Value::Array(members)) if !members.is_empty() => Some(dice.pick(members).clone()),
        _ => None,
    };
    let value = match member {
        Some(member) if !dice.once_in(40) => member,
        _ if map
            .keys()
            .all(|name| ["type", "title", "description"].contains(&&**name)) =>
        {
            value_of(dice, kind)
        }
        _ if dice.once_in(40) => any(dice, 2),
        _ => return,
    };
    map.insert("default".into(), value);
}

fn constraint(dice: &mut dyn Dice, map: &mut Map<String, Value>) {
    let keywords = [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
    ];
    let keyword = *dice.pick(&keywords);
    let limit = match dice.below(4) {
        0 if keyword.contains("imum") || dice.once_in(20) => instance::number(dice),
        1 if dice.once_in(20) => any(dice, 1),
        _ => dice.between(1, 9).into(),
    };
    map.insert(keyword.into(), limit);
}

fn rule(dice: &mut dyn Dice) -> Value {
    let quantities = [
        "file_size_mb",
        "width_pixels",
        "width/height",
        "duration_seconds",
    ];
    let quantity = if dice.once_in(4) {
        text(dice)
    } else {
        (*dice.pick(&quantities)).into()
    };
    let operator = *dice.pick(&["<", "<=", ">", "≥", "==", "≤"]);
    let values = [json!(1), json!("0.33"), json!(2.5), json!(1e300)];
    let odd = [json!("1e400"), json!("inf"), json!("NaN"), json!("")];
    let value = if dice.once_in(60) {
        dice.pick(&odd).clone()
    } else {
        dice.pick(&values).clone()
    };
    json!({
        "validation_rule": format!("{quantity}{operator}"),
        "validation_value": value,
        "validation_error": text(dice),
    })
}

/// A value that is mostly of this type.
fn value_of(dice: &mut dyn Dice, kind: &str) -> Value {
    match kind {
        "string" => text(dice).into(),
        "integer" => dice.between(-3, 9).into(),
        "number" | "float" => instance::number(dice),
        "boolean" => dice.once_in(2).into(),
        "array" => (0..dice.below(3)).map(|_| any(dice, 1)).collect(),
        _ => json!({}),
    }
}

fn any(dice: &mut dyn Dice, depth: u8) -> Value {
    match dice.below(7) {
        0 => Value::Null,
        1 => dice.once_in(2).into(),
        2 => instance::number(dice),
        3 if depth > 0 => (0..dice.below(4)).map(|_| any(dice, depth - 1)).collect(),
        4 if depth > 0 => {
            let members = (0..dice.below(4)).map(|_| (text(dice), any(dice, depth - 1)));
            Value::Object(members.collect())
        }
        _ => text(dice).into(),
    }
}

fn name(dice: &mut dyn Dice) -> String {
    match dice.below(4) {
        0 => text(dice),
        // Plain names, so that most schemas have no collision.
        1 | 2 => format!("{}{}", *dice.pick(&NAMES), dice.below(3)),
        _ => (*dice.pick(&NAMES)).into(),
    }
}

/// A hostile text, two of them glued together, characters at random, or a very long one.
fn text(dice: &mut dyn Dice) -> String {
    match dice.below(300) {
        // Once in a long while: a drawing of this costs as much as thousands of others.
        299 if dice.once_in(600) => dice.pick(&TEXTS).repeat(50_000),
        250..299 => (0..dice.below(12)).map(|_| character(dice)).collect(),
        150..250 => format!("{}{}", dice.pick(&TEXTS), dice.pick(&TEXTS)),
        130..150 => (*dice.pick(&NAMES)).into(),
        _ => (*dice.pick(&TEXTS)).into(),
    }
}

fn character(dice: &mut dyn Dice) -> char {
    let planes = [0x80, 0x250, 0x3000, 0x1_0000, 0x11_0000];
    let below = *dice.pick(&planes);
    let code = u32::try_from(dice.below(below)).unwrap_or_default();
    char::from_u32(code).unwrap_or('\u{fffd}')
}
