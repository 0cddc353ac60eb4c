//! The generator on schema files, valid and invalid.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use runcomfy_codegen::{Builder, Diagnostic, Error, Generated, Layout};
use serde_json::{Map, Value, json};

/// Generates from files given by path and text.
fn generate(files: &[(&str, &str)]) -> Result<Generated, Error> {
    generate_as(Layout::Tree, files)
}

fn generate_as(layout: Layout, files: &[(&str, &str)]) -> Result<Generated, Error> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Builder::new()
        .schemas(folder.path())
        .out_dir("unused")
        .layout(layout)
        .generate()
}

/// Returns the generated files without their first line, which names the source file.
fn code(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let generated = generate(files).unwrap_or_else(|error| panic!("{error}"));
    let body = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    generated
        .files()
        .map(|(path, text)| (path.to_owned(), body(text)))
        .collect()
}

/// Returns the code without its comments.
fn bare(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let line = |line: &&str| !line.trim_start().starts_with("//");
    let strip = |text: String| text.lines().filter(line).collect::<Vec<_>>().join("\n");
    code(files)
        .into_iter()
        .map(|(path, text)| (path, strip(text)))
        .collect()
}

/// Returns the diagnostics of an invalid folder, each as its headline without the path.
fn diagnostics(files: &[(&str, &str)]) -> Vec<String> {
    let error = generate(files).expect_err("the files are invalid");
    let shown = |headline: String| headline.rsplit_once(".json:").unwrap().1.to_owned();
    error
        .diagnostics()
        .iter()
        .map(|d| shown(d.headline()))
        .collect()
}

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["prompt", "image_urls"],
        "properties": {
            "prompt": {"type": "string", "title": "Prompt", "maxLength": 800},
            "image_urls": {"type": "array", "minItems": 1, "items": {"type": "string", "format": "image_uri"},
                "validations": [{"validation_rule": "width/height≥", "validation_value": "0.33", "validation_error": "too tall"}]},
            "width×height": {"type": "string", "enum": ["16:9", "720p", "720P", ""], "default": "16:9"},
            "frames": {"type": "integer", "enum": [121, -1]},
            "loras": {"type": "array", "items": {"type": "object", "required": ["path"], "properties": {
                "path": {"type": "string"}, "scale": {"type": "float", "minimum": 0, "maximum": 2.0}}}},
            "type": {"type": "string"}, "self": {"type": "boolean"}, "33_video": {"type": "string", "format": "video_uri"},
            "big": {"type": "integer", "minimum": 0, "maximum": 18_446_744_073_709_551_615_u64},
            "above": {"type": "integer", "exclusiveMinimum": -1, "maximum": 18_446_744_073_709_551_615_u64},
            "either": {"type": "integer", "maximum": 18_446_744_073_709_551_615_u64},
            "free": {}, "open": {"type": "object"}, "list": {"type": "array"},
        },
    })
}

/// Reverses the members of every object of a JSON value.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let members = map.iter().rev().map(|(k, v)| (k.clone(), reversed(v)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(list) => list.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

#[test]
fn key_order_number_spelling_and_form_do_not_matter() {
    let path = "acme/stamp/edit.json";
    let bare_form = schema().to_string();
    let expected = code(&[(path, &bare_form)]);
    assert_eq!(code(&[(path, &reversed(&schema()).to_string())]), expected);
    assert_eq!(
        code(&[(path, &format!("\u{feff}\n{:#}\n", schema()))]),
        expected
    );
    assert_eq!(
        code(&[(
            path,
            &bare_form
                .replace("800", "800.0")
                .replace("\"float\"", "\"number\"")
        )]),
        expected
    );

    let output = json!({"type": "object", "properties": {"image": {"type": "string", "format": "uri"},
        "video": {"type": "string", "format": "uri"}, "images": {"type": "array", "items": {"type": "string", "format": "uri"}},
        "videos": {"type": "array", "items": {"type": "string", "format": "uri"}}}});
    let page = format!("{bare_form}{}", json!({"output": output}));
    let entry = json!({"model_id": "acme/stamp/edit", "kind": "model", "input_schema": schema(), "output_schema": {"output": output}});
    assert_eq!(code(&[(path, &page)]), expected);
    assert_eq!(code(&[(path, &entry.to_string())]), expected);
    let unwrapped =
        json!({"model_id": "acme/stamp/edit", "input_schema": schema(), "output_schema": output});
    assert_eq!(code(&[(path, &unwrapped.to_string())]), expected);
    let own = page.replace("\"videos\"", "\"clips\"");
    assert!(code(&[(path, &own)])["acme/stamp/edit.rs"].contains("::with_output("));
}

#[test]
fn default_of_a_required_property_is_no_promise() {
    let field = |required: &str| {
        let schema = json!({"properties": {
            "count": {"type": "integer", "default": 1}, "mode": {"enum": ["a", "b"], "default": "a"},
            "name": {"type": "string", "default": "x"}, "tiled": {"type": "boolean", "default": true},
        }, "required": [required]});
        let files = code(&[("acme/stamp.json", &schema.to_string())]);
        let text = &files["acme/stamp.rs"];
        let line = text
            .lines()
            .find(|line| line.contains(&format!("/// `{required}`")));
        line.unwrap().trim().to_owned()
    };
    for (required, expected) in [
        (
            "count",
            "/// `count`: an integer; the schema's default is `1`.",
        ),
        (
            "mode",
            "/// `mode`: one of [`Mode`]; the schema's default is `a`.",
        ),
        ("name", "/// `name`: a string; for example `x`."),
        (
            "tiled",
            "/// `tiled`: true or false; the schema's default is `true`.",
        ),
    ] {
        assert_eq!(field(required), expected);
    }
}

/// Some model, by the number or the names of its properties, breaks each of these lints.
#[test]
fn schemas_break_no_lint() {
    let schema = r#"{"properties": {"add": {"type": "boolean"}, "new": {"type": "object"}}}"#;
    let files = [("acme/stamp.json", schema), ("other/stamp.json", schema)];
    for (layout, root) in [(Layout::Tree, "lib.rs"), (Layout::OneFile, "models.rs")] {
        let generated = generate_as(layout, &files).unwrap();
        let (_, text) = generated.files().find(|(path, _)| *path == root).unwrap();
        for lint in [
            "fn_params_excessive_bools",
            "self_named_constructors",
            "should_implement_trait",
            "struct_excessive_bools",
            "too_many_arguments",
            "too_many_lines",
        ] {
            let allowed = text.matches(&format!("clippy::{lint},")).count();
            assert_eq!(allowed, 2, "{lint}\n{text}");
        }
    }
}

#[test]
fn another_language_changes_only_comments_and_texts() {
    let path = "acme/stamp/edit.json";
    let translated = schema()
        .to_string()
        .replace("\"Prompt\"", "\"提示词\"")
        .replacen('{', "{\"title\": \"输入结构\", ", 1);
    let texts = |files: BTreeMap<String, String>| -> String {
        let lines: Vec<String> = files
            .into_values()
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        lines
            .into_iter()
            .filter(|line| !line.contains("\"title\": "))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(
        texts(bare(&[(path, &translated)])),
        texts(bare(&[(path, &schema().to_string())]))
    );
}

#[test]
fn every_kind_of_property_gets_its_type() {
    let files = code(&[("acme/stamp/edit.json", &schema().to_string())]);
    let text = &files["acme/stamp/edit.rs"];
    for line in [
        "pub image_urls: Vec<::runcomfy::Media>,",
        "pub prompt: String,",
        "pub width_x_height: Option<WidthXHeight>,",
        "pub frames: Option<Frames>,",
        "pub loras: Option<Vec<LorasItem>>,",
        "pub r#type: Option<String>,",
        "pub self_: Option<bool>,",
        "pub v33_video: Option<::runcomfy::Media>,",
        "pub big: Option<u64>,",
        "pub above: Option<u64>,",
        "pub either: Option<i64>,",
        "pub free: Option<::runcomfy::schema::Json>,",
        "pub open: Option<::runcomfy::schema::Json>,",
        "pub list: Option<Vec<::runcomfy::schema::Json>>,",
        "pub struct LorasItem {",
        "    V16_9,",
        "    V720p,",
        "    V720P,",
        "    Empty,",
        "    V121,",
        "    Minus1,",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn model_can_be_leaf_and_branch() {
    let text = schema().to_string();
    let files = code(&[
        ("flux/flux-3/extend.json", &text),
        ("flux/flux-3/extend/draft.json", &text),
    ]);
    assert!(files["flux/flux_3/extend.rs"].contains("pub mod draft;"));
    assert!(files["flux/flux_3/extend.rs"].contains("pub struct Input"));
    assert!(files["lib.rs"].contains(
        "&self::flux::flux_3::extend::SCHEMA,\n    &self::flux::flux_3::extend::draft::SCHEMA"
    ));
}

#[test]
fn nothing_from_a_schema_becomes_code() {
    let evil = "*/ } #![x] \"#;\\ \n```\nmod evil {}\n```\n    let x; \u{202e}\0 [`Input`] <b> http://x {0}";
    let schema = json!({"type": "object", "description": evil, "required": [evil], "properties": {
        evil: {"type": "string", "title": evil, "description": evil, "default": evil},
        "e": {"type": "string", "enum": [evil, "*/", "\u{202e}", "🎉"], "x-evil": {evil: [evil]}},
        "m": {"type": "string", "format": "image_uri", "validations": [
            {"validation_rule": format!("{}<=", evil.replace('<', "")), "validation_value": 1, "validation_error": evil}]},
    }});
    let huge = json!({"type": "object", "properties": {"p": {"type": "string", "description": "*/ `x` ".repeat(150_000)}}});
    let files = code(&[
        ("acme/../evil/mod.json", &schema.to_string()),
        ("acme/#![x]/huge.json", &huge.to_string()),
    ]);
    for (path, text) in &files {
        assert!(!path.contains(".."), "{path}");
        assert!(!text.contains('\u{202e}') && !text.contains('\0'), "{path}");
        let parsed = syn::parse_file(text).unwrap();
        assert!(!parsed.items.iter().any(
            |item| matches!(item, syn::Item::Mod(m) if m.ident == "evil" && m.content.is_some())
        ));
        // No fence, and no indented block, which rustdoc would run as a test.
        for line in text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("///"))
        {
            assert!(
                !line.starts_with("     ") && !line.contains("```"),
                "{line}"
            );
        }
    }
}

#[test]
fn diagnostics_have_position_and_fix() {
    let property = |text: &str| format!("{{\"properties\": {{\n\"p\": {text}}}}}");
    for (text, expected) in [
        (
            "{",
            "1:1: error: this is not JSON: EOF while parsing an object",
        ),
        ("", "1:1: error: the file is empty"),
        ("[]", "1:1: error: a schema is a JSON object"),
        (
            "{\"a\": 1}",
            "1:1: error: this is not a model's input schema: it has no `properties`",
        ),
        (
            "{\"properties\": {}, \"properties\": {}}",
            "1:20: error: this object has the key `properties` twice; one of the two would be lost",
        ),
        (
            &property("{\"minimum\": \"0\"}"),
            "2:18: error: found \"0\", expected a number",
        ),
        (
            &property("{\"minimum\": 2, \"maximum\": 1}"),
            "2:32: error: no number is in 2..=1",
        ),
        (
            &property("{\"exclusiveMinimum\": 1, \"exclusiveMaximum\": 1}"),
            "2:50: error: no number is above 1 and below 1",
        ),
        (
            &property("{\"minItems\": 3, \"maxItems\": 2}"),
            "2:34: error: no array fits: `minItems` is 3 and `maxItems` is 2",
        ),
        (
            &property("{\"maxLength\": -1}"),
            "2:20: error: found -1, expected a whole number, 0 or more",
        ),
        (
            &property("{\"multipleOf\": 0}"),
            "2:21: error: found 0, expected a number above 0",
        ),
        (
            &property("{\"enum\": []}"),
            "2:15: error: an enum without members: no value would be valid",
        ),
        (
            &property("{\"enum\": [\"a\", \"a\"]}"),
            "2:21: error: \"a\" stands in the enum twice",
        ),
        (
            &property("{\"type\": \"number\", \"maximum\": 1, \"default\": 2}"),
            "2:50: error: the default breaks the property's own constraints: found 2, expected a number at most 1",
        ),
        (
            &property(
                "{\"validations\": [{\"validation_rule\": \"width_pixels=\", \"validation_value\": 1}]}",
            ),
            "2:43: error: unknown operator `=`",
        ),
        (
            &property(
                "{\"validations\": [{\"validation_rule\": \"width_pixels<\", \"validation_value\": \"wide\"}]}",
            ),
            "2:80: error: the rule's limit is \"wide\", expected a number",
        ),
        (
            &property("{\"type\": \"string\", \"enum\": [\"1:5\", \"1.5\"]}"),
            "2:41: error: the values \"1:5\" and \"1.5\" both become the variant `V1_5`",
        ),
        (
            &property("{}, \"P\": {}"),
            "2:1: error: the properties `P` and `p` both become the field `p`",
        ),
        (
            &property(
                "{\"validations\": [{\"validation_rule\": \"width_pixels>\", \"validation_value\": 400}, {\"validation_rule\": \"width_pixels<=\", \"validation_value\": \"320\"}]}",
            ),
            "2:86: error: no medium fits: `width_pixels` would have to be above 400 and at most 320",
        ),
        (
            "{\"model_id\": \"other/model\", \"input_schema\": {\"properties\": {}}}",
            "1:14: error: the file's path says that this is `acme/m`, its `model_id` says `other/model`",
        ),
    ] {
        let mut errors = diagnostics(&[("acme/m.json", text)]);
        errors.retain(|line| line.contains(" error: "));
        assert_eq!(errors, [expected], "{text}");
    }
}

#[test]
fn all_diagnostics_come_at_once_errors_first() {
    let warned = r#"{"properties": {"p": {"pattern": "x"}}}"#;
    let found = diagnostics(&[
        ("acme/b.json", "{"),
        ("acme/a.json", warned),
        ("acme/c.json", "[]"),
        ("top.json", warned),
    ]);
    let severities: Vec<bool> = found.iter().map(|f| f.contains(" error: ")).collect();
    assert_eq!(severities, [true, true, true, false, false], "{found:#?}");
    assert!(found[2].contains("`top` is not a model id"), "{found:#?}");
    let clash = diagnostics(&[("acme/4K.json", warned), ("acme/4k.json", warned)]);
    assert!(
        clash[0].contains("the ids `acme/4K` and `acme/4k` both become the module `v4k`"),
        "{clash:#?}"
    );
}

#[test]
fn colliding_names_are_reported_with_other_errors() {
    let collide =
        r#"{"properties": {"a": {"enum": ["x y", "x-y"]}, "promptImage": {}, "prompt_image": {}}}"#;
    let invalid = r#"{"properties": {"a": {"minimum": "0"}}}"#;
    let found = diagnostics(&[
        ("acme/broken.json", "{"),
        ("acme/invalid.json", invalid),
        ("acme/collide.json", collide),
        ("acme/stamp-2.json", "{\"properties\": {}}"),
        ("acme/stamp_2.json", "{\"properties\": {}}"),
    ]);
    for part in [
        "this is not JSON",
        "both become the variant `XY`",
        "both become the field `prompt_image`",
        "found \"0\", expected a number",
        "both become the module `stamp_2`",
    ] {
        let count = found.iter().filter(|f| f.contains(part)).count();
        assert_eq!(count, 1, "{part}: {found:#?}");
    }
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn files_that_cannot_be_models_are_reported() {
    let text = "{\"properties\": {}}";
    let five = "a/b/c/d/e.json";
    let found = diagnostics(&[(five, text), ("a/b/c/d/e/f.json", text)]);
    assert_eq!(
        found,
        ["1:1: error: `a/b/c/d/e/f` is not a model id: expected 2 to 5 segments, found 6"]
    );
    let generated = generate(&[
        (five, text),
        ("a/b.JSON", text),
        ("a/1/2/3/4/5/6/7/8/x.json", text),
        ("a/notes.txt", "no schema"),
        ("a/.JSON", text),
    ]);
    let generated = generated.unwrap();
    let warnings: Vec<String> = generated
        .warnings()
        .iter()
        .map(Diagnostic::headline)
        .collect();
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings[0].contains("/a/1/2/3/4/5/6/7/8:1:1: warning: the folder is not read"));
    assert!(warnings[1].contains("/a/b.JSON:1:1: warning: the file is not read"));
}

#[test]
fn collision_names_both_properties_once() {
    let value = r#"{"enum": ["x"]}"#;
    let nested = r#"{"type": "object", "properties": {"b": {"enum": ["y"]}}}"#;
    for (text, expected) in [
        (
            format!("{{\"self\": {value}, \"Self\": {value}}}"),
            "1:17: error: the properties `Self` and `self` both become the field `self_`",
        ),
        (
            format!("{{\"a_b\": {value}, \"a\": {nested}}}"),
            "1:17: error: the properties `b` inside of `a` and `a_b` both become the type `AB`",
        ),
        (
            "{\"p\": {\"enum\": [\"Self\", \"self\"]}}".to_owned(),
            "1:40: error: the values \"Self\" and \"self\" both become the variant `Self_`",
        ),
    ] {
        let text = format!("{{\"properties\": {text}}}");
        assert_eq!(diagnostics(&[("acme/m.json", &text)]), [expected], "{text}");
    }
}

/// Models that can be read can be generated, so that comparing them means something.
#[test]
fn colliding_names_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{"properties": {"promptImage": {}, "prompt_image": {}}}"#;
    std::fs::create_dir(folder.path().join("acme")).unwrap();
    std::fs::write(folder.path().join("acme/stamp.json"), text).unwrap();
    let error = Builder::new().schemas(folder.path()).read().unwrap_err();
    assert_eq!(error.diagnostics().len(), 1, "{error}");
}

#[test]
fn unknown_keywords_are_kept_and_reported() {
    let text = r#"{"required": ["ghost"], "properties": {"p": {"type": "file", "format": "3d_uri", "pattern": "x",
        "validations": [{"validation_rule": "duration_seconds<=", "validation_value": 10, "validation_error": "long"},
            {"validation_rule": "<b> <=", "validation_value": 1, "validation_error": ""}]}}}"#;
    let generated = generate(&[("acme/m.json", text)]).unwrap();
    let warnings: Vec<&str> = generated
        .warnings()
        .iter()
        .map(|w| w.message.as_str())
        .collect();
    assert_eq!(warnings.len(), 6, "{warnings:#?}");
    let (_, code) = generated
        .files()
        .find(|(path, _)| *path == "acme/m.rs")
        .unwrap();
    for kept in [
        r#""validation_rule": "<b> <=""#,
        r#""pattern": "x""#,
        r#""validation_rule": "duration_seconds <=""#,
        r#""format": "3d_uri""#,
        r#""type": "file""#,
    ] {
        assert!(code.contains(kept), "{kept}\n{code}");
    }
}

/// Generates a folder of real schemas, if there is one beside the checkout.
#[test]
fn corpus_generates_without_an_error() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    if !corpus.is_dir() {
        eprintln!("skipped: no corpus at {}", corpus.display());
        return;
    }
    let generated = Builder::new()
        .schemas(corpus)
        .out_dir("unused")
        .layout(Layout::OneFile)
        .generate()
        .unwrap();
    let [(_, text)] = generated.files().collect::<Vec<_>>()[..] else {
        panic!("one file")
    };
    syn::parse_file(text).unwrap();
    assert!(text.matches("pub static SCHEMA").count() >= 49);
}

#[test]
fn foreign_file_is_never_changed() {
    let folder = tempfile::tempdir().unwrap();
    let schemas = folder.path().join("schemas/acme");
    std::fs::create_dir_all(&schemas).unwrap();
    std::fs::write(schemas.join("m.json"), "{\"properties\": {}}").unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(out.join("mine.rs"), "fn mine() {}").unwrap();
    let generated = Builder::new()
        .schemas(folder.path().join("schemas"))
        .out_dir(&out)
        .layout(Layout::Tree)
        .generate()
        .unwrap();
    generated.write().unwrap();
    assert!(
        out.join("mine.rs").exists(),
        "it is not a stale file of the generator"
    );
    std::fs::write(out.join("acme.rs"), "fn mine() {}").unwrap();
    let error = generated.write().unwrap_err().to_string();
    assert!(
        error.contains("acme.rs") && error.contains("Move it away"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_to_string(out.join("acme.rs")).unwrap(),
        "fn mine() {}"
    );
}
