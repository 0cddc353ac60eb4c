//! Arbitrary schema files of an author who wants their texts to become code.

use serde_json::{Map, Value, json};

use super::{Entropy, value};

/// A schema file.
#[derive(Clone, Debug)]
pub struct SchemaFile {
    /// Path below the schema folder, with forward slashes and the ending `.json`.
    pub path: String,
    /// Contents, which need not be JSON.
    pub text: String,
}

/// Texts with a meaning to Rust, rustdoc, cargo, a terminal, a file system or a shell.
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

/// Names that generated code uses itself, keywords of Rust, and names that become one identifier.
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

/// Harmless segments of model ids, few enough that ids collide and nest.
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

/// Contents of files that are no schema.
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

/// Returns some files for one folder, each with a path of its own.
pub fn folder(entropy: &mut dyn Entropy) -> Vec<SchemaFile> {
    let mut files: Vec<SchemaFile> = Vec::new();
    for _ in 0..=entropy.below(3) {
        let file = file(entropy);
        if files.iter().all(|other| other.path != file.path) {
            files.push(file);
        }
    }
    files
}

fn file(entropy: &mut dyn Entropy) -> SchemaFile {
    let count = if entropy.one_in(80) {
        1
    } else {
        entropy.between(2, 4)
    };
    let segments: Vec<String> = (0..count).map(|_| segment(entropy)).collect();
    let id = segments.join("/");
    let text = text_of(entropy, &id);
    SchemaFile {
        path: format!("{id}.json"),
        text,
    }
}

/// Returns a file name that every Unix accepts.
fn segment(entropy: &mut dyn Entropy) -> String {
    /// Maximum number of characters; most file systems refuse longer names.
    const MAX_CHARACTERS: usize = 60;
    if !entropy.one_in(4) {
        return (*entropy.pick(&SEGMENTS)).into();
    }
    let text = text(entropy).replace(['/', '\0'], "-");
    let name: String = text.chars().take(MAX_CHARACTERS).collect();
    match name.as_str() {
        "" | "." | ".." => "dots".into(),
        _ => name,
    }
}

fn text_of(entropy: &mut dyn Entropy, id: &str) -> String {
    if entropy.one_in(80) {
        return (*entropy.pick(&JUNK)).into();
    }
    let input = input(entropy);
    let mut text = match entropy.below(4) {
        0 => {
            let id = if entropy.one_in(80) {
                text(entropy)
            } else {
                id.to_owned()
            };
            let output = schema(entropy, 2);
            json!({"model_id": id, "input_schema": input, "output_schema": output}).to_string()
        }
        1 => format!("{input}{}", json!({"output": schema(entropy, 2)})),
        2 => format!("{input:#}"),
        _ => input.to_string(),
    };
    if entropy.one_in(60) {
        // Truncated or damaged, between two characters.
        let mut at = entropy.below(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        match entropy.below(3) {
            0 => text.truncate(at),
            1 => text.insert_str(at, self::text(entropy).as_str()),
            _ => text.insert(at, *entropy.pick(&['{', '}', '"', ',', '\\'])),
        }
    }
    text
}

fn input(entropy: &mut dyn Entropy) -> Value {
    let mut map = Map::new();
    if !entropy.one_in(5) {
        map.insert("type".into(), "object".into());
    }
    if entropy.one_in(4) {
        map.insert("description".into(), text(entropy).into());
    }
    object(entropy, 3, &mut map);
    if entropy.one_in(300) {
        map.insert("x".into(), nested(entropy));
    }
    Value::Object(map)
}

/// Returns a schema that is deeper than any parser should follow.
fn nested(entropy: &mut dyn Entropy) -> Value {
    let depth = entropy.between(20, 60);
    let wrap = |inner: Value| json!({"properties": {"p": {"type": "array", "items": inner}}});
    (0..depth).fold(json!({}), |inner, _| wrap(inner))
}

fn schema(entropy: &mut dyn Entropy, depth: u8) -> Value {
    let mut map = Map::new();
    let kinds = [
        "string", "integer", "number", "float", "boolean", "array", "object",
    ];
    let kind = *entropy.pick(&kinds);
    match entropy.below(12) {
        0 => {}
        1 if entropy.one_in(3) => {
            map.insert("type".into(), json!([kind, "null"]));
        }
        2 if entropy.one_in(3) => {
            map.insert("type".into(), text(entropy).into());
        }
        _ => {
            map.insert("type".into(), kind.into());
        }
    }
    for keyword in ["title", "description"] {
        if entropy.one_in(3) {
            map.insert(keyword.into(), text(entropy).into());
        }
    }
    if entropy.one_in(4) {
        map.insert("enum".into(), enum_values(entropy, kind).into());
    }
    if entropy.one_in(4) {
        constraint(entropy, &mut map);
    }
    if entropy.one_in(4) {
        default(entropy, kind, &mut map);
    }
    if entropy.one_in(6) {
        let formats = ["image_uri", "video_uris", "uri"];
        let format = if entropy.one_in(3) {
            text(entropy)
        } else {
            (*entropy.pick(&formats)).into()
        };
        map.insert("format".into(), format.into());
    }
    if entropy.one_in(6) {
        let rules: Vec<Value> = (0..entropy.below(3)).map(|_| rule(entropy)).collect();
        map.insert("validations".into(), rules.into());
    }
    if entropy.one_in(10) {
        map.insert(text(entropy), any(entropy, 2));
    }
    if depth > 0 && (kind == "array" || entropy.one_in(20)) {
        map.insert("items".into(), schema(entropy, depth - 1));
    }
    if depth > 0 && (kind == "object" || entropy.one_in(20)) {
        object(entropy, depth, &mut map);
    }
    Value::Object(map)
}

fn object(entropy: &mut dyn Entropy, depth: u8, map: &mut Map<String, Value>) {
    let mut properties = Map::new();
    for _ in 0..entropy.below(6) {
        properties.insert(name(entropy), schema(entropy, depth - 1));
    }
    let mut required: Vec<Value> = Vec::new();
    for name in properties.keys() {
        if entropy.one_in(3) {
            required.push(name.as_str().into());
        }
    }
    if entropy.one_in(20) {
        required.push(text(entropy).into());
    }
    map.insert("properties".into(), properties.into());
    if entropy.one_in(2) {
        map.insert("required".into(), required.into());
    }
    if entropy.one_in(10) {
        map.insert("additionalProperties".into(), entropy.one_in(2).into());
    }
}

/// Returns the values of an enum, mostly several and distinct: the parser refuses others.
fn enum_values(entropy: &mut dyn Entropy, kind: &str) -> Vec<Value> {
    let mut members = Vec::new();
    let careless = entropy.one_in(60);
    for _ in 0..=entropy.below(5) {
        let member = value_of(entropy, kind);
        if careless || !members.contains(&member) {
            members.push(member);
        }
    }
    if careless && entropy.one_in(4) {
        members.clear();
    }
    members
}

/// Adds a default, mostly one that the schema allows.
fn default(entropy: &mut dyn Entropy, kind: &str, map: &mut Map<String, Value>) {
    let member = match map.get("enum") {
        Some(Value::Array(members)) if !members.is_empty() => Some(entropy.pick(members).clone()),
        _ => None,
    };
    let value = match member {
        Some(member) if !entropy.one_in(40) => member,
        _ if map
            .keys()
            .all(|name| ["type", "title", "description"].contains(&&**name)) =>
        {
            value_of(entropy, kind)
        }
        _ if entropy.one_in(40) => any(entropy, 2),
        _ => return,
    };
    map.insert("default".into(), value);
}

fn constraint(entropy: &mut dyn Entropy, map: &mut Map<String, Value>) {
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
    let keyword = *entropy.pick(&keywords);
    let limit = match entropy.below(4) {
        0 if keyword.contains("imum") || entropy.one_in(20) => value::number(entropy),
        1 if entropy.one_in(20) => any(entropy, 1),
        _ => entropy.between(1, 9).into(),
    };
    map.insert(keyword.into(), limit);
}

fn rule(entropy: &mut dyn Entropy) -> Value {
    let quantities = [
        "file_size_mb",
        "width_pixels",
        "width/height",
        "duration_seconds",
    ];
    let quantity = if entropy.one_in(4) {
        text(entropy)
    } else {
        (*entropy.pick(&quantities)).into()
    };
    let operator = *entropy.pick(&["<", "<=", ">", "≥", "==", "≤"]);
    let values = [json!(1), json!("0.33"), json!(2.5), json!(1e300)];
    let odd = [json!("1e400"), json!("inf"), json!("NaN"), json!("")];
    let value = if entropy.one_in(60) {
        entropy.pick(&odd).clone()
    } else {
        entropy.pick(&values).clone()
    };
    json!({
        "validation_rule": format!("{quantity}{operator}"),
        "validation_value": value,
        "validation_error": text(entropy),
    })
}

/// Returns a value that is mostly of this type.
fn value_of(entropy: &mut dyn Entropy, kind: &str) -> Value {
    match kind {
        "string" => text(entropy).into(),
        "integer" => entropy.between(-3, 9).into(),
        "number" | "float" => value::number(entropy),
        "boolean" => entropy.one_in(2).into(),
        "array" => (0..entropy.below(3)).map(|_| any(entropy, 1)).collect(),
        _ => json!({}),
    }
}

fn any(entropy: &mut dyn Entropy, depth: u8) -> Value {
    match entropy.below(7) {
        0 => Value::Null,
        1 => entropy.one_in(2).into(),
        2 => value::number(entropy),
        3 if depth > 0 => (0..entropy.below(4))
            .map(|_| any(entropy, depth - 1))
            .collect(),
        4 if depth > 0 => {
            let members = (0..entropy.below(4)).map(|_| (text(entropy), any(entropy, depth - 1)));
            Value::Object(members.collect())
        }
        _ => text(entropy).into(),
    }
}

fn name(entropy: &mut dyn Entropy) -> String {
    match entropy.below(4) {
        0 => text(entropy),
        // Plain names, so that most schemas have no collision.
        1 | 2 => format!("{}{}", *entropy.pick(&NAMES), entropy.below(3)),
        _ => (*entropy.pick(&NAMES)).into(),
    }
}

/// Returns a hostile text, two of them joined, random characters, or a very long text.
fn text(entropy: &mut dyn Entropy) -> String {
    match entropy.below(300) {
        // Rarely: one of these costs as much as thousands of others.
        299 if entropy.one_in(600) => entropy.pick(&TEXTS).repeat(50_000),
        250..299 => (0..entropy.below(12)).map(|_| character(entropy)).collect(),
        150..250 => format!("{}{}", entropy.pick(&TEXTS), entropy.pick(&TEXTS)),
        130..150 => (*entropy.pick(&NAMES)).into(),
        _ => (*entropy.pick(&TEXTS)).into(),
    }
}

fn character(entropy: &mut dyn Entropy) -> char {
    let planes = [0x80, 0x250, 0x3000, 0x1_0000, 0x11_0000];
    let below = *entropy.pick(&planes);
    let code = u32::try_from(entropy.below(below)).unwrap_or_default();
    char::from_u32(code).unwrap_or('\u{fffd}')
}
