//! Every command reads the settings of `runcomfy-codegen.toml`, in the same way.

use runcomfy_codegen::Builder;
use runcomfy_codegen_cli::Pull;
use serde_json::{Value, json};

use crate::support::{git, run, write};

const STAMP: &str = r#"{"required": ["promptImage"], "properties": {
    "promptImage": {"type": "object", "properties": {"path": {"type": "string"}}},
    "mode": {"type": "string", "enum": ["fast", "C#"]}, "scale": {"type": "number", "x-odd": 1}
}}"#;

const SETTINGS: &str = r#"
exclude = ["acme/broken", "acme/gone"]
deny-warnings = true
[rename]
"acme/stamp-2.5" = "mark"
"acme/**#/promptImage" = "picture"
"acme/**#/mode=C#" = "CSharp"
[allow]
RC0020 = "acme/**"
"#;

/// A project with a good model, a broken one and settings that make up for it, in a git repository.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "schemas/acme/stamp-2.5.json", STAMP);
    write(root, "schemas/acme/broken.json", "{");
    write(root, "schemas/acme/gone.json", "{}");
    write(root, "runcomfy-codegen.toml", SETTINGS);
    git(root, &["init", "--quiet"]);
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "--message", "one"]);
    folder
}

const READERS: [&[&str]; 7] = [
    &["generate"],
    &["check"],
    &["lint"],
    &["diff", "schemas", "schemas"],
    &["diff", "HEAD", "HEAD"],
    &["export", "openapi"],
    &["export", "json-schema"],
];

#[test]
fn every_command_reads_the_settings() {
    let folder = project();
    let codegen = |arguments: &[&str]| run(folder.path(), arguments);
    for arguments in READERS {
        let (code, shown) = codegen(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {shown}");
    }
    // A warning that is not allowed is denied, and one of another model is not silenced.
    write(
        folder.path(),
        "runcomfy-codegen.toml",
        &SETTINGS.replace("RC0020 = \"acme/**\"", "RC0020 = \"other/**\""),
    );
    for arguments in READERS {
        let (code, shown) = codegen(arguments);
        assert_eq!(code, Some(65), "{arguments:?}: {shown}");
        assert!(shown.contains("error[RC0020]"), "{arguments:?}: {shown}");
    }
    // Without the settings the broken model fails all.
    std::fs::remove_file(folder.path().join("runcomfy-codegen.toml")).unwrap();
    for arguments in READERS {
        assert_eq!(codegen(arguments).0, Some(65), "{arguments:?}");
    }
    // A wrong setting is wrong usage everywhere.
    write(folder.path(), "runcomfy-codegen.toml", "exlude = \"x\"");
    for arguments in READERS.into_iter().chain([&["pull"] as &[&str]]) {
        let (code, shown) = codegen(arguments);
        assert_eq!(code, Some(64), "{arguments:?}: {shown}");
        assert!(shown.contains("exlude"), "{shown}");
    }
}

#[test]
fn export_has_the_given_names() {
    let folder = project();
    let (_, shown) = run(folder.path(), &["export", "openapi"]);
    let document: Value = serde_json::from_str(&shown).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in ["AcmeMarkInput", "AcmeMarkPicture", "AcmeMarkMode"] {
        assert!(schemas.contains_key(name), "{name}: {shown}");
    }
    let input = &schemas["AcmeMarkInput"];
    assert!(input["properties"]["promptImage"].is_object(), "{input}");
    assert!(document["paths"]["/models/acme/stamp-2.5"].is_object());
}

/// A name that is given keeps its variant where a new member would spell the others out.
#[test]
fn diff_knows_the_given_names() {
    let folder = project();
    let root = folder.path();
    write(
        root,
        "schemas/acme/stamp-2.5.json",
        &STAMP.replace("\"C#\"", "\"C#\", \"C\""),
    );
    let diff = || {
        let shown = run(root, &["diff", "HEAD", "schemas"]).1;
        assert!(shown.contains("\"C\" is also allowed now"), "{shown}");
        shown
    };
    let shown = diff();
    assert!(shown.contains("changes: 0 breaking"), "{shown}");
    let without = SETTINGS
        .replace("\"acme/**#/mode=C#\" = \"CSharp\"", "")
        .replace("deny-warnings = true", "");
    write(root, "runcomfy-codegen.toml", &without);
    let shown = diff();
    assert!(
        shown.contains("the variant of \"C#\" was named `C`"),
        "{shown}"
    );
}

#[test]
fn pull_reads_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |id: &str, property: Value| json!({"model_id": id, "input_schema": {"properties": {"x": property}}});
    let entries = [
        entry("acme/good", json!({"type": "string"})),
        entry("acme/odd", json!({"x-odd": 1})),
        entry("acme/old", json!({"minimum": "0"})),
        entry("b/odd", json!({"x-odd": 1})),
    ];
    let builder = Builder::new().exclude("acme/old").allow("RC0020", "b/**");
    let settings = builder.deny_warnings().read_settings().unwrap();
    let pull = Pull::plan_with(folder.path(), &entries, &[], true, &settings).unwrap();
    let files: Vec<String> = pull
        .changes()
        .as_slice()
        .iter()
        .map(|change| {
            change
                .path()
                .strip_prefix(folder.path())
                .unwrap()
                .display()
                .to_string()
        })
        .collect();
    assert_eq!(files, ["acme/good.json", "b/odd.json"]);
    let skipped: Vec<&str> = pull.skipped().iter().map(|s| &*s.model_id).collect();
    assert_eq!(skipped, ["acme/odd"]);
}

/// Written under one name, one model would be lost.
#[test]
fn two_models_of_one_given_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "schemas/acme/a.json", "{\"properties\": {}}");
    write(root, "schemas/acme/b.json", "{\"properties\": {}}");
    let settings = "[rename]\n\"acme/a\" = \"x\"\n\"acme/b\" = \"x\"\n";
    write(root, "runcomfy-codegen.toml", settings);
    for lang in ["rust", "ts", "python"] {
        let (code, shown) = run(root, &["generate", "--lang", lang, "--out", "out"]);
        assert_eq!(code, Some(65), "{shown}");
        assert!(
            shown.contains("`acme/a` becomes `x`, `acme/b` becomes `x`"),
            "{shown}"
        );
        assert!(!root.join("out").exists());
    }
}
