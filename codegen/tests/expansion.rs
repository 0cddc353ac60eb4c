//! The macro's door gives the builder's code, and says what keeps it from doing so.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use runcomfy_codegen::expansion::Expansion;
use runcomfy_codegen::{Builder, Code, Error};

const STAMP: &str = r#"{"required": ["a", "b"], "properties": {
    "a": {"type": "string"}, "b": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}},
    "mode": {"type": "string", "enum": ["fast", "slow"], "default": "fast"}
}}"#;

fn package(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn expand(files: &[(&str, &str)], arguments: &str) -> Result<Expansion, Error> {
    Expansion::new(package(files).path(), arguments)
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Returns the builder's `models.rs` for the schemas of a package.
fn built(package: &Path) -> String {
    let builder = Builder::new().schemas(package.join("schemas"));
    let builder = builder.settings(package.join("runcomfy-codegen.toml"));
    let generated = builder.out_dir(package.join("out")).generate().unwrap();
    generated.write().unwrap();
    std::fs::read_to_string(package.join("out/models.rs")).unwrap()
}

#[test]
fn macro_and_builder_give_the_same_code() {
    let settings = "[rename]\n\"acme/**#/a\" = \"first\"\n[derive]\n\"**#Input\" = \"Form\"\n";
    for settings in ["", settings] {
        let package = package(&[
            ("schemas/acme/stamp.json", STAMP),
            ("runcomfy-codegen.toml", settings),
        ]);
        let package = package.path();
        let expansion = Expansion::new(package, "\"schemas/acme/stamp.json\"").unwrap();
        let code = squeezed(&expansion.code);
        assert!(code.contains("pubstructInput"));
        assert_eq!(code.contains("derive(Form)"), !settings.is_empty());
        assert!(squeezed(&built(package)).contains(&code), "{code}");
        let files = ["schemas/acme/stamp.json", "runcomfy-codegen.toml"];
        assert_eq!(expansion.files, files.map(|file| package.join(file)));
    }
}

#[test]
fn path_below_schemas_or_argument_gives_the_id() {
    for (path, arguments) in [
        ("schemas/acme/stamp.json", ""),
        ("shared/schemas/acme/stamp.json", ","),
        ("stamp.json", ", id = \"acme/stamp\""),
        ("schemas/other/stamp.txt", ", id = \"acme/stamp\","),
    ] {
        let expansion = expand(&[(path, STAMP)], &format!("{path:?}{arguments}")).unwrap();
        let id = "pub const ID: &str = \"acme/stamp\";";
        assert!(expansion.code.contains(id), "{path}: {}", expansion.code);
        assert!(expansion.warnings.is_empty() && expansion.files.len() == 1);
    }
}

#[test]
fn wrong_arguments_are_explained() {
    let cases = [
        ("", "model!(\"schemas/acme/stamp.json\")"),
        ("7", "expected string literal"),
        ("\"schemas/acme/stamp.json\" 7", "expected"),
        (
            "\"schemas/acme/stamp.json\", name = \"x/y\"",
            "expected `id =",
        ),
        (
            "\"stamp.json\"",
            "model!(\"stamp.json\", id = \"vendor/model\")",
        ),
        ("\"schemas/acme/stamp.toml\"", "not a `.json` file"),
    ];
    for (arguments, expected) in cases {
        let error = expand(&[("stamp.json", STAMP)], arguments).unwrap_err();
        assert!(error.is_usage(), "{arguments}: {error}");
        assert!(error.to_string().contains(expected), "{arguments}: {error}");
    }
    let error = expand(&[], "\"schemas/acme/stamp.json\"").unwrap_err();
    let missing = error.to_string();
    assert!(
        missing.starts_with("could not read") && !error.is_usage(),
        "{missing}"
    );
}

#[test]
fn faults_of_a_schema_have_file_code_and_place() {
    let file = "schemas/acme/stamp.json";
    let wrong = "{\"properties\": {\"n\": {\"minimum\": \"0\"}}}";
    let error = expand(&[(file, wrong)], &format!("{file:?}")).unwrap_err();
    let [fault] = error.diagnostics() else {
        panic!("{error}")
    };
    assert!(fault.is_error());
    assert_eq!(
        (&*fault.path, fault.position.line, fault.position.column),
        (file, 1, 34)
    );

    let default = r#"{"properties": {"m": {"enum": ["a"], "default": "b"}}}"#;
    let expansion = expand(&[(file, default)], &format!("{file:?}")).unwrap();
    let codes: Vec<Code> = expansion.warnings.iter().map(|w| w.code).collect();
    let [code] = codes[..] else {
        panic!("{codes:?}")
    };
    let settings = "runcomfy-codegen.toml";
    let allow = format!("[allow]\n{code} = \"acme/*\"\n");
    let files = [(file, default), (settings, &*allow)];
    let expansion = expand(&files, &format!("{file:?}")).unwrap();
    assert!(expansion.warnings.is_empty());
    let files = [(file, default), (settings, "deny-warnings = true")];
    let error = expand(&files, &format!("{file:?}")).unwrap_err();
    assert!(error.diagnostics()[0].is_error());
}

#[test]
fn settings_of_other_models_are_no_faults() {
    let settings = |target: &str| format!("[rename]\n{target:?} = \"x\"\n");
    let expand = |settings: &str| {
        let file = "schemas/acme/stamp.json";
        let files = [(file, STAMP), ("runcomfy-codegen.toml", settings)];
        expand(&files, &format!("{file:?}"))
    };
    for target in ["acme/other#/p", "acme/**#/p", "acme/stamp", "acme/stamp#/a"] {
        expand(&settings(target)).unwrap();
    }
    expand("models = \"other/**\"\nexclude = \"acme/**\"").unwrap();
    let error = expand(&settings("acme/stamp#/nowhere")).unwrap_err();
    assert!(error.is_usage(), "{error}");
}
