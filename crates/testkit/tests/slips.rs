//! A slip of the service costs what it touches and nothing else: the build gives a warning,
//! and the names and rules of everything else are as they were.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use fastrand::Rng;
use runcomfy_codegen::{Builder, Generated, Layout};
use runcomfy_schema::naming::{ModuleNames, ident};
use runcomfy_testkit::cases::{Cases, rerun};
use serde_json::{Value, json};

/// Returns a good model with something of every kind.
fn good() -> Value {
    json!({
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string", "maxLength": 800},
            "mode": {"type": "string", "enum": ["fast", "slow", "16:9"], "default": "fast"},
            "scale": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5},
            "steps": {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 2},
            "image": {"type": "string", "format": "image_uri", "validations": [
                {"validation_rule": "file_size_mb<=", "validation_value": 5, "validation_error": "big"},
            ]},
            "loras": {"type": "array", "maxItems": 3, "items": {
                "type": "object", "required": ["path"],
                "properties": {"path": {"type": "string"}, "kind": {"enum": ["a", "b"]}},
            }},
        },
    })
}

/// Makes one slip in the model, and returns the property that it touches.
fn slip(model: &mut Value, rng: &mut Rng) -> &'static str {
    let bad_rule =
        |rule: &str, value: Value| json!({"validation_rule": rule, "validation_value": value});
    let (name, keyword, value) = match rng.u32(..12) {
        0 => ("mode", "default", json!("")),
        1 => ("scale", "default", json!(7)),
        2 => ("mode", "enum", json!(["fast", "Fast", "slow", "16:9"])),
        3 => (
            "mode",
            "enum",
            json!(["C", "C#", "c", "slow", "16:9", "16.9"]),
        ),
        4 => (
            "image",
            "validations",
            json!([bad_rule("file_size_mb!=", json!(5))]),
        ),
        5 => (
            "image",
            "validations",
            json!([bad_rule("width_pixels<", json!("wide"))]),
        ),
        6 => ("image", "validations", json!([{"validation_value": 5}])),
        7 => ("steps", "maximum", json!(0)),
        8 => ("steps", "multipleOf", json!(100)),
        9 => ("mode", "enum", json!([])),
        10 => ("mode", "enum", json!(["fast", "slow", "fast"])),
        _ => ("loras", "minItems", json!(4)),
    };
    model["properties"][name][keyword] = value;
    name
}

fn shuffled(value: &Value, rng: &mut Rng) -> Value {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            rng.shuffle(&mut members);
            let member = |(name, value): (&String, &Value)| (name.clone(), shuffled(value, rng));
            Value::Object(members.into_iter().map(member).collect())
        }
        Value::Array(list) => list.iter().map(|value| shuffled(value, rng)).collect(),
        other => other.clone(),
    }
}

fn generate(folder: &Path, files: &[(String, Value)]) -> Generated {
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap();
    }
    for (id, model) in files {
        let path = folder.join(format!("{id}.json"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, model.to_string()).unwrap();
    }
    let builder = Builder::new().schemas(folder).out_dir("out");
    builder.layout(Layout::Tree).generate().unwrap()
}

/// Returns the generated files.
fn code(generated: &Generated) -> BTreeMap<String, String> {
    let files = generated.files();
    files
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect()
}

/// Returns the fields of every struct and the variants of every enum but the one of a property.
fn names(code: &str, touched: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for item in syn::parse_file(code).unwrap().items {
        let (name, names) = match item {
            syn::Item::Struct(item) => {
                let fields = item.fields.iter().filter_map(|field| field.ident.as_ref());
                (item.ident, fields.map(ToString::to_string).collect())
            }
            syn::Item::Enum(item) => {
                let variants = item
                    .variants
                    .iter()
                    .map(|variant| variant.ident.to_string());
                (item.ident, variants.collect())
            }
            _ => continue,
        };
        if !name.to_string().eq_ignore_ascii_case(touched) {
            found.insert(name.to_string(), names);
        }
    }
    found
}

#[test]
fn slip_costs_what_it_touches_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("schemas");
    let other = ("acme/other/edit".to_owned(), good());
    let before = code(&generate(
        &folder,
        &[other.clone(), ("acme/stamp".into(), good())],
    ));
    for seed in Cases::from_env(60).seeds() {
        let mut rng = Rng::with_seed(seed);
        let mut model = good();
        let touched = slip(&mut model, &mut rng);
        let generated = generate(
            &folder,
            &[other.clone(), ("acme/stamp".into(), model.clone())],
        );
        let rerun = rerun(seed);
        assert!(
            !generated.warnings().is_empty(),
            "{touched}: {model}; {rerun}"
        );
        let after = code(&generated);
        assert_eq!(
            after.keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>()
        );
        for (path, text) in &after {
            if !path.starts_with("acme/stamp") {
                assert_eq!(text, &before[path], "{path}; {rerun}");
            } else if Path::new(path)
                .extension()
                .is_some_and(|ending| ending == "rs")
            {
                assert_eq!(
                    names(text, touched),
                    names(&before[path], touched),
                    "{model}; {rerun}"
                );
            } else {
                let mut schemas = [text, &before[path]]
                    .map(|text| -> Value { serde_json::from_str(text).unwrap() });
                for schema in &mut schemas {
                    schema["input_schema"]["properties"][touched] = Value::Null;
                }
                assert_eq!(schemas[0], schemas[1], "{model}; {rerun}");
            }
        }
        let reordered = shuffled(&model, &mut rng);
        let reordered = generate(&folder, &[("acme/stamp".into(), reordered), other.clone()]);
        assert_eq!(code(&reordered), after, "{model}; {rerun}");
    }
}

/// Returns a random id of characters that make trouble.
fn id(rng: &mut Rng) -> String {
    const SEGMENTS: [&str; 26] = [
        "crate",
        "self",
        "super",
        "Self",
        "mod",
        "lib",
        "type",
        "con",
        "日本",
        "モデル",
        "ünï",
        "wan-2-7",
        "wan-2.7",
        "wan 2.7",
        "4k",
        "4K",
        "v4k",
        "V4K",
        "a--b",
        "a_b",
        "a-b",
        "id__4k",
        "..x",
        "é",
        "e\u{301}",
        "runcomfy",
    ];
    let count = rng.usize(2..=5);
    let mut segment = || match rng.u32(..8) {
        0 => (0..rng.usize(1..4))
            .map(|_| {
                rng.choice(['a', 'A', '1', '-', '_', '.', ' ', '×', '日', 'ß', '🎉'])
                    .unwrap()
            })
            .collect(),
        _ => rng.choice(SEGMENTS).unwrap().to_owned(),
    };
    (0..count)
        .map(|_| segment())
        .collect::<Vec<String>>()
        .join("/")
}

#[test]
fn modules_of_random_ids_are_unique_stable_rust() {
    for seed in Cases::from_env(400).seeds() {
        let mut rng = Rng::with_seed(seed);
        let mut ids: Vec<String> = (0..rng.usize(1..60)).map(|_| id(&mut rng)).collect();
        let names = ModuleNames::new(ids.iter().map(String::as_str));
        let distinct: HashSet<&String> = ids.iter().collect();
        let paths: HashSet<String> = distinct.iter().map(|id| names.path(id).join("/")).collect();
        assert_eq!(paths.len(), distinct.len(), "{ids:?}; {}", rerun(seed));
        for name in ids.iter().flat_map(|id| names.path(id)) {
            // The identifier is the file's name, so that Rust finds the file.
            assert_eq!(ident(&name).trim_start_matches("r#"), name);
            syn::parse_str::<syn::Ident>(&name)
                .or_else(|_| syn::parse_str::<syn::Ident>(&format!("r#{name}")))
                .unwrap_or_else(|e| panic!("{name}: {e}; {}", rerun(seed)));
            assert!(name.is_ascii() && name == name.to_lowercase(), "{name}");
        }
        let before: Vec<_> = ids.iter().map(|id| (id.clone(), names.path(id))).collect();
        rng.shuffle(&mut ids);
        let again = ModuleNames::new(ids.iter().map(String::as_str));
        for (id, path) in before {
            assert_eq!(again.path(&id), path, "{}", rerun(seed));
        }
    }
}

#[test]
fn added_model_never_takes_the_path_of_another() {
    for seed in Cases::from_env(400).seeds() {
        let mut rng = Rng::with_seed(seed);
        let ids: Vec<String> = (0..rng.usize(1..20)).map(|_| id(&mut rng)).collect();
        let added = id(&mut rng);
        let old = ModuleNames::new(ids.iter().map(String::as_str));
        let new = ModuleNames::new(ids.iter().chain([&added]).map(String::as_str));
        let new_path = new.path(&added);
        for id in ids.iter().filter(|id| **id != added) {
            assert_ne!(old.path(id), new_path, "{id} {added}; {}", rerun(seed));
        }
    }
}

#[test]
fn added_member_never_takes_the_variant_of_another() {
    use runcomfy_schema::naming::variants;
    for seed in Cases::from_env(2_000).seeds() {
        let mut rng = Rng::with_seed(seed);
        let mut text = || -> String {
            (0..rng.usize(0..4))
                .map(|_| {
                    rng.choice(['a', 'A', 'b', 'B', '1', '-', '_', '.', '#', '×', '日'])
                        .unwrap()
                })
                .collect()
        };
        let mut members: Vec<String> = (0..6).map(|_| text()).collect();
        members.sort();
        members.dedup();
        let added = text();
        if members.contains(&added) {
            continue;
        }
        let old = variants(&members);
        members.push(added);
        let new = variants(&members);
        assert_eq!(
            new.iter().collect::<HashSet<_>>().len(),
            members.len(),
            "{members:?}"
        );
        assert!(
            !old.contains(&new[old.len()]),
            "{members:?} {new:?}; {}",
            rerun(seed)
        );
        for (old, new) in old.iter().zip(&new) {
            assert!(
                old == new || new.starts_with("Text_"),
                "{members:?}; {}",
                rerun(seed)
            );
        }
    }
}
