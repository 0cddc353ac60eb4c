//! The command `import`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use runcomfy_codegen_cli::Page;
use serde_json::{Value, json};

use crate::diff_classes::{self, Choices};
use crate::page_makers::Maker;

const PAGE: &str = "curl https://model-api.runcomfy.net/v1/models/acme/stamp/edit\n\
    {\"type\": \"object\", \"properties\": {\"width×height\": {\"type\": \"string\"}}}";

/// Imports a page; returns the exit code and standard error.
fn import(folder: &Path, page: &[u8]) -> (Option<i32>, String) {
    std::fs::write(folder.join("page.txt"), page).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy-codegen"));
    let output = command
        .current_dir(folder)
        .args(["import", "page.txt"])
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn encoding_of_a_page_never_changes_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let latin: Vec<u8> = PAGE.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let expected = "error: page.txt:2:41: found the byte 0xD7, which is not UTF-8; save the page as UTF-8; \
        nothing was written for it\n";
    assert_eq!(
        import(folder.path(), &latin),
        (Some(65), expected.to_owned())
    );
    assert!(!folder.path().join("schemas").exists());

    let wide = "\u{feff}".to_owned() + PAGE;
    let wide: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(import(folder.path(), &wide), (Some(0), String::new()));
    let file = folder.path().join("schemas/acme/stamp/edit.json");
    assert!(
        std::fs::read_to_string(file)
            .unwrap()
            .contains("\"width×height\"")
    );
}

/// Returns the page of a real model as a browser, an editor or a printer has saved it.
fn saved(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn saved_pages_give_the_schema_of_the_model() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../schemas/bytedance/dreamina-4-0/edit.json"
    );
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let expected = expected.get("input_schema").unwrap_or(&expected);
    for name in [
        "save.mhtml",
        "linenos-prefix.txt",
        "html-linenos.html",
        "md-escaped.md",
        "pdf-wrap.txt",
    ] {
        let page = Page::read(&saved(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(page.model_id, "bytedance/dreamina-4-0/edit", "{name}");
        assert!(
            page.output_schema.is_some() && page.notes.is_empty(),
            "{name}"
        );
        let Value::Object(mut found) = page.input_schema else {
            panic!("{name}")
        };
        let mut expected = expected.as_object().unwrap().clone();
        found.remove("title");
        expected.remove("title");
        assert_eq!(Value::from(found), Value::from(expected), "{name}");
    }
}

const TEXTS: [&str; 14] = [
    "the text",
    "Supports 1–10 images; larger or more images increase processing time.",
    "a \"quoted\" word and a back\\slash",
    "two\nlines\tand a tab",
    "≥ 5 & < 3, &amp; too",
    "_under_ *star* [x] `code` #1 | a",
    "don't, it's",
    "“typographic” – and … more",
    "https://storage-public.runcomfy.net/tools/7002/media-files/usecase5-1-1-input.jpg",
    "multi-reference fusion of many-many images at the very same time",
    "10\u{a0}MB",
    "C:\\new\\table",
    "1024x1024(1:1)",
    "{\"type\": \"object\", \"properties\": {}}",
];

/// Returns an arbitrary schema with texts of all sorts.
fn schema(choices: &mut Choices<'_>) -> Value {
    let mut schema = diff_classes::object(choices, 3);
    let properties = schema["properties"].as_object_mut().unwrap();
    for index in 0..=choices.below(4) {
        let name = ["image_urls", "prompt", "width×height", "v_2", "items"][choices.below(5)];
        let text = |choices: &mut Choices<'_>| json!(TEXTS[choices.below(TEXTS.len())]);
        let members: Vec<Value> = (0..=choices.below(3)).map(|_| text(choices)).collect();
        let property = match index % 3 {
            0 => json!({"type": "string", "description": text(choices), "default": text(choices)}),
            1 => json!({"description": text(choices), "enum": members}),
            _ => json!({"type": "array", "items": {"type": "object", "title": text(choices),
                "required": ["path"], "properties": {"path": {"description": text(choices)}}}}),
        };
        properties.insert(name.to_owned(), property);
    }
    schema
}

/// Returns a schema without what a note says was uncertain: typographic signs and no-break spaces.
fn without_signs(schema: &Value) -> String {
    schema.to_string().replace('’', "'").replace('\u{a0}', " ")
}

/// Whatever saves a page, its schema is read as it is or the page is refused with a place.
#[test]
fn no_page_gives_another_schema_silently() {
    let cases = std::env::var("RUNCOMFY_CASES").map_or(60, |n| n.parse().unwrap());
    let mut read: BTreeMap<Maker, usize> = BTreeMap::new();
    for seed in 1..=cases {
        let mut choices = Choices::endless(seed);
        let expected = schema(&mut choices);
        for maker in Maker::ALL {
            let page = maker.page(&expected, &mut choices);
            let shown = || format!("{maker:?}, seed {seed}: {expected}\n{page}");
            match Page::read(page.as_bytes()) {
                Ok(found) => {
                    assert!(!maker.is_lost(), "{}", shown());
                    assert_eq!(found.model_id, "acme/z_stamp-2/edit", "{}", shown());
                    if found.notes.is_empty() {
                        assert_eq!(found.input_schema, expected, "{}", shown());
                    } else {
                        let found = without_signs(&found.input_schema);
                        assert_eq!(found, without_signs(&expected), "{}", shown());
                    }
                    *read.entry(maker).or_default() += 1;
                }
                Err(error) => {
                    assert!(error.position.is_some(), "{error}: {}", shown());
                    assert!(!maker.is_readable(), "{error}: {}", shown());
                }
            }
        }
    }
    println!("of {cases} pages of each sort were read: {read:#?}");
    for maker in Maker::ALL.into_iter().filter(|maker| !maker.is_lost()) {
        assert!(read.get(&maker) > Some(&0), "none of {maker:?} was read");
    }
}
