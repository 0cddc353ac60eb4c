//! Odd schemas become bindings that compile without a word under Clippy's pedantic lints, or are refused
//! with a code.

use std::path::Path;

use runcomfy_codegen::{Builder, Code, Layout};
use serde_json::{Map, Value, json};

use super::support::{bindings_manifest, cargo, write};

/// Segments of ids that mean something to Rust, cargo or a file system.
fn ids() -> Vec<String> {
    let odd = [
        "Self",
        "self",
        "r#type",
        "r#",
        "union",
        "2fast",
        "33",
        "日本語",
        "раура1",
        "é",
        "e\u{301}",
        "🎉",
        "con",
        "nul.x",
        "COM1",
        "lib",
        "mod",
        "main",
        "async",
        "gen",
        "try",
        "dyn",
        "std",
        "core",
        "alloc",
        "runcomfy",
        "models",
        "schema",
        "input",
        "serde",
        "ALL",
        "find",
        "_",
        "__",
        "-",
        "a--b",
        "a  b",
        "a.b",
        "a,b",
        "a'b",
        "a+b",
        "a&b",
        "type",
        "crate",
        "super",
        "static",
        "true",
        "u8",
        "str",
        "Option",
        "Vec",
        "test",
        "allow",
        "derive",
        "macro_rules",
        "wan-2.7",
        "wan-2-7",
        "wan_2_7",
        "4k",
        "4K",
    ];
    let long = [
        "x".repeat(200),
        "日".repeat(60),
        "-x".repeat(90),
        "X".repeat(200),
    ];
    odd.into_iter().map(str::to_owned).chain(long).collect()
}

/// Members of enums, a list for each property.
fn enums() -> Vec<Vec<String>> {
    let long = |end: &str| "very long ".repeat(30) + end;
    let lists: [&[&str]; 22] = [
        &["", " ", "  "],
        &["-", "--", "_", "__"],
        &["🎉", "👩‍👩‍👧", "日本語", "é", "e\u{301}"],
        &["1", "01", "1.0", "1e3", "-1", "+1"],
        &["fast", "Fast", "FAST", "fAST"],
        &["720p", "720P", "720 p", "720-p"],
        &["C", "C#", "C++", "c"],
        &["self", "Self", "crate", "super", "r#self"],
        &["type", "fn", "gen", "async", "await", "dyn"],
        &[
            "Option", "Some", "None", "Ok", "Err", "Vec", "String", "Default",
        ],
        &["ALL", "All", "all", "as_str", "from_str", "VALUES"],
        &["16:9", "16-9", "1:69", "16：9"],
        &["*/", "\"#", "]]", "<b>", "`x`", "\\", "//"],
        &["a\nb", "a\r\nb", "\u{202e}", "\0", "\u{feff}"],
        &["1.5", "1,5", "1/5", "½"],
        &["true", "false", "null", "None"],
        &["Input", "Output", "Required", "Mode", "Text_a", "a"],
        &["ß", "SS", "ss", "ẞ", "ı", "i", "I", "İ"],
        &["{}", "{x}", "{{", "%s", "$x"],
        &["a b", "a  b", " a b", "a b "],
        &["2048x2048(1:1)", "2048X2048(1:1)"],
        &["only"],
    ];
    let mut lists: Vec<Vec<String>> = lists
        .iter()
        .map(|list| list.iter().map(|&text| text.to_owned()).collect())
        .collect();
    lists.push(vec![long(""), long("a"), long("A"), long("!"), long("?")]);
    lists.push((0..600).map(|i| format!("member {i}")).collect());
    lists
}

/// Names of properties, a list for each model. No two of a list become one field.
const NAMES: [&[&str]; 8] = [
    &[
        "new",
        "ID",
        "validate",
        "clone",
        "from",
        "self",
        "extra",
        "with_extra",
        "default",
    ],
    &[
        "type", "fn", "gen", "async", "await", "dyn", "crate", "super", "try", "union", "r#macro",
    ],
    &[
        "model",
        "schema",
        "SCHEMA2",
        "serialize",
        "deserialize",
        "into",
        "to_owned",
        "fields",
        "read",
    ],
    &[
        "to_string",
        "fmt",
        "eq",
        "ne",
        "hash",
        "cmp",
        "borrow",
        "as_ref",
        "try_into",
        "type_id",
        "drop",
    ],
    &[
        "33_video",
        "241",
        "-1",
        "",
        " ",
        "_",
        "日本語",
        "🎉",
        "width×height",
        "a.b",
        "a/c",
        "a~d",
    ],
    &[
        "Input", "Output", "Required", "Option", "Some", "None", "Vec", "String", "Default",
        "Result",
    ],
    &[
        "input",
        "required",
        "iter",
        "len",
        "is_empty",
        "as_str",
        "view",
        "blank",
        "check_media",
        "visit",
    ],
    &[
        "ids", "id_", "bool", "str", "u8", "i64", "Box", "std", "core", "runcomfy", "main", "test",
        "a`b",
    ],
];

/// Prose with a meaning to rustdoc, Rust or a terminal.
const PROSE: [&str; 14] = [
    "*/ pub fn evil() {} /*",
    "\"# ]] [link](https://example.com) [`Input`] <https://a.b> <b>bold</b> <script>",
    "```\nlet x = 1;\n```",
    "    indented\n\n\ttab",
    "# heading\r\n- item\r\n1. item\r\n> quote\r\n***\r\n| a | b |",
    "see https://example.com/a_b_c and `code` and ``more`` and `[x](y)`",
    "a `<b>` b `*` c `_` and a lone ` mark, over a line that is so long that it has to be wrapped at `>` some place",
    "\u{202e}\u{feff}\0\u{1b}[31m",
    "&amp; &lt; &#x41; \\ \\n {x} $x %s",
    "TODO: FIXME #[doc = \"x\"] #![allow(x)]",
    "<sks> and </details> and <!-- comment -->",
    "[^1]: footnote ~~strike~~ __bold__ ==mark==",
    "Mr. Smith e.g. WebGL OpenGL iOS macOS GitHub",
    "a\u{2028}b\u{2029}c\u{85}d",
];

fn property(kind: usize) -> Value {
    match kind % 9 {
        0 => json!({"type": "string", "maxLength": 9}),
        1 => json!({"type": "integer", "minimum": 0, "maximum": u64::MAX}),
        2 => json!({"type": "number", "exclusiveMinimum": -1e300, "default": 0.1}),
        3 => json!({"type": "boolean", "deprecated": true}),
        4 => json!({"type": "string", "enum": ["a", "b"], "default": "a"}),
        5 => json!({"type": "array", "format": "image_uris", "default": ["example.png"]}),
        6 => {
            json!({"type": "object", "required": ["a", "new"], "properties": {"a": {"enum": ["x"]},
            "new": {"type": "string"}, "list": {"type": "array", "items": {"type": "integer"}}}})
        }
        7 => {
            json!({"type": "array", "items": {"type": "object", "properties": {"b": {"enum": ["y"]}}}})
        }
        _ => json!({}),
    }
}

/// A model with these properties, of which some are required.
fn model(names: &[&str], required: usize) -> Value {
    let properties = names.iter().enumerate();
    let properties: Map<String, Value> = properties
        .map(|(i, name)| ((*name).to_owned(), property(i + required)))
        .collect();
    let required: Vec<&&str> = names.iter().take(required).collect();
    json!({"required": required, "properties": properties})
}

/// Nests arrays and objects.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({"type": "string"}), |inner, level| match level % 2 {
        0 => json!({"type": "array", "items": inner}),
        _ => json!({"type": "object", "properties": {"a": inner}}),
    })
}

/// Every odd model with its id.
fn models() -> Vec<(String, Value)> {
    let prompt = json!({"required": ["prompt"], "properties": {"prompt": {"type": "string"}}});
    let mut models: Vec<(String, Value)> = Vec::new();
    for id in ids() {
        models.push((format!("odd/{id}"), prompt.clone()));
    }
    models.push(("self/crate/super".to_owned(), prompt.clone()));
    let members = |list: &Vec<String>| json!({"type": "string", "enum": list, "default": list[0]});
    let all = enums();
    let properties = all
        .iter()
        .enumerate()
        .map(|(i, list)| (format!("mode_{i}"), members(list)));
    let properties: Map<String, Value> = properties.collect();
    models.push(("enums/all".to_owned(), json!({"properties": properties})));
    for (i, names) in NAMES.iter().enumerate() {
        for required in 0..3 {
            models.push((format!("names/{i}/{required}"), model(names, required)));
        }
    }
    let prose = PROSE.iter().enumerate().map(|(i, text)| {
        let rules = json!([{"validation_rule": "width_pixels<=", "validation_value": 9, "validation_error": text}]);
        (format!("p{i}"), json!({"type": "string", "title": text, "description": text, "default": text,
            "format": "image_uri", "validations": rules}))
    });
    let properties: Map<String, Value> = prose.collect();
    for (i, text) in PROSE.iter().enumerate() {
        let document = json!({"description": text, "properties": properties});
        models.push((format!("prose/{i}"), document));
    }
    let others = [
        json!({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}}}}),
        json!({"properties": {"a": {"$ref": "#/$defs/a", "description": "nearer", "default": "y", "title": "A"}},
            "$defs": {"a": {"type": "string", "enum": ["x", "y"], "default": "x"}}}),
        json!({"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#/none"}, "c": {"$ref": "#/properties/c"}}}),
        json!({"properties": {"a": nested(20)}}),
        json!({"properties": {"a": {"type": "integer", "default": "5"}, "b": {"type": "string", "default": 5},
            "c": {"type": "boolean", "default": "true"}, "d": {"type": "array", "default": "x"},
            "e": {"type": "object", "default": []}, "f": {"enum": ["a"], "default": 1},
            "g": {"type": "number", "default": null}, "h": {"type": "array", "items": {"enum": ["a"], "default": "b"}}}}),
        json!({"required": ["a", "a", "b", "none"], "properties": {"a": {"type": "integer", "default": "5"},
            "b": {"enum": ["a"], "default": 1}}}),
        json!({"properties": {"a": {"type": "integer", "enum": [1, -1, 1e3]}, "b": {"enum": [1.5, "x", null, true]},
            "c": {"type": "number", "enum": [0.1]}, "d": {"enum": [[1], {"a": 2}]}}}),
        json!({"properties": {}}),
    ];
    for (i, document) in others.into_iter().enumerate() {
        models.push((format!("others/{i}"), document));
    }
    let outputs = NAMES.iter().enumerate().map(|(i, names)| {
        let output = model(names, 0);
        let document =
            json!({"input_schema": {"properties": {}}, "output_schema": {"output": output}});
        (format!("outputs/{i}"), document)
    });
    models.extend(outputs);
    models
}

fn schemas(folder: &Path) {
    for (i, (id, document)) in models().iter().enumerate() {
        let text = match i % 4 {
            0 => format!("{document}"),
            1 => format!("{document:#}"),
            2 => format!("{document:#}").replace('\n', "\r\n"),
            _ => format!("\u{feff}{document:#}"),
        };
        write(folder, &format!("schemas/{id}.json"), &text);
    }
}

/// Uses both layouts; a crate for each.
#[test]
#[ignore = "slow: runs cargo"]
fn odd_schemas_compile_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    schemas(folder);
    let manifest = |name: &str| bindings_manifest(name, "");
    let lints = "[lints.rust]\nwarnings = \"deny\"\nmissing_docs = \"deny\"\n[lints.clippy]\nall = { level = \"deny\", priority = -1 }\npedantic = { level = \"deny\", priority = -1 }\n[lints.rustdoc]\nall = { level = \"deny\", priority = -1 }\n";
    let workspace = "[workspace]\nmembers = [\"tree\"]\n";
    write(folder, "Cargo.toml", &(manifest("odd") + lints + workspace));
    write(folder, "tree/Cargo.toml", &(manifest("tree") + lints));
    let builder = || Builder::new().schemas(folder.join("schemas"));
    let one = builder().out_dir(folder.join("src")).generate().unwrap();
    one.write().unwrap();
    let main = "//! Odd.\n/// Models.\npub mod models { include!(\"models.rs\"); }\n";
    write(folder, "src/lib.rs", main);
    let tree = builder()
        .out_dir(folder.join("tree/src"))
        .layout(Layout::Tree);
    tree.generate().unwrap().write().unwrap();
    for command in [
        &["clippy", "--workspace"][..],
        &["doc", "--workspace", "--no-deps"],
    ] {
        let mut cargo = cargo(folder, "shaped-build", command);
        let run = cargo.env("RUSTDOCFLAGS", "-D warnings").output().unwrap();
        let shown = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{command:?}: {shown}");
        assert!(!shown.contains("warning"), "{command:?}: {shown}");
    }
}

/// Schemas that have no bindings are refused with a code.
#[test]
fn what_cannot_be_bound_has_a_code() {
    let invalid = |text: &str, code: Code| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a/b.json", text);
        let error = Builder::new()
            .schemas(folder.path())
            .out_dir("out")
            .generate();
        let error = error.unwrap_err();
        let codes: Vec<Code> = error.diagnostics().iter().map(|d| d.code).collect();
        assert!(codes.contains(&code), "{text}: {error}");
    };
    let deep = |levels: usize| json!({"properties": {"a": nested(levels)}}).to_string();
    for (text, code) in [
        ("", Code::Documents),
        ("[]", Code::NotASchema),
        ("<!DOCTYPE html><html></html>", Code::WebPage),
        ("\u{feff} <html>", Code::WebPage),
        (
            "{\"properties\": {\"x\": {\"maximum\": 1e400}}}",
            Code::NotJson,
        ),
        (
            "{\"properties\": {\"x\": {\"maximum\": NaN}}}",
            Code::NotJson,
        ),
        ("{'properties': {}}", Code::NotJson),
        (
            "{\"properties\": {}, \"properties\": {}}",
            Code::RepeatedKey,
        ),
        (
            "{\"properties\": {\"aB\": {}, \"a_b\": {}}}",
            Code::PropertyNames,
        ),
        (
            "{\"properties\": {\"a b\": {}, \"a-b\": {}, \"a.b\": {}}}",
            Code::PropertyNames,
        ),
        (
            "{\"properties\": {\"self\": {}, \"self_\": {}}}",
            Code::PropertyNames,
        ),
        ("{\"properties\": 5}", Code::KeywordValue),
        ("{\"type\": \"string\"}", Code::NoInputSchema),
        (&deep(40), Code::TooDeep),
        (&"[".repeat(10_000), Code::NotJson),
    ] {
        invalid(text, code);
    }
}
