//! Types for other languages: what is written, and that it is found out of date.
//!
//! `tests/types` has the schemas, the settings and what is generated of them, which `.ci/types/run` gives
//! to the languages' own checkers.

use std::path::Path;

use crate::support::{run, write};

const LANGUAGES: [&str; 2] = ["ts", "python"];

fn project() -> &'static Path {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/types").as_ref()
}

/// A project with one model, and its types in each language.
fn small_project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let schema = r#"{"properties": {"mode": {"type": "string", "enum": ["a", "b"]}}}"#;
    write(folder.path(), "schemas/acme/stamp.json", schema);
    for lang in LANGUAGES {
        let (code, shown) = run(folder.path(), &["generate", "--lang", lang, "--out", lang]);
        assert_eq!(code, Some(0), "{shown}");
    }
    folder
}

/// Set `RUNCOMFY_GOLDEN=write` to write the files, then review them.
#[test]
fn types_are_as_committed() {
    let command = match std::env::var("RUNCOMFY_GOLDEN").as_deref() {
        Ok("write") => "generate",
        _ => "check",
    };
    for lang in LANGUAGES {
        let (code, shown) = run(project(), &[command, "--lang", lang, "--out", lang]);
        assert_eq!(code, Some(0), "{shown}");
    }
}

/// `RUNCOMFY_GOLDEN=write` writes them, too.
#[test]
fn types_of_the_examples_are_up_to_date() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let command = match std::env::var("RUNCOMFY_GOLDEN").as_deref() {
        Ok("write") => "generate",
        _ => "check",
    };
    for (lang, folder) in [
        ("ts", "examples/node/types"),
        ("python", "examples/python/runcomfy_models"),
    ] {
        let arguments = [command, "--lang", lang, "--out", folder];
        let (code, shown) = run(root.as_ref(), &arguments);
        assert_eq!(code, Some(0), "{shown}");
    }
}

#[test]
fn types_out_of_date_are_found() {
    for (lang, file, stale) in [
        ("ts", "ts/acme/stamp.d.ts", "ts/acme/gone.d.ts"),
        ("python", "python/acme/stamp.py", "python/acme/gone.py"),
    ] {
        let folder = small_project();
        let root = folder.path();
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        write(root, file, &text.replace("\"a\"", "\"c\""));
        write(root, stale, &text);
        let arguments = ["check", "--lang", lang, "--out", lang];
        let (code, shown) = run(root, &arguments);
        assert_eq!(code, Some(1), "{shown}");
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        assert!(shown.contains(name) && shown.contains("gone"), "{shown}");
        let again = format!("runcomfy-codegen generate --lang {lang} --out {lang}");
        assert!(shown.contains(&again), "{shown}");
        assert_eq!(
            run(root, &["generate", "--lang", lang, "--out", lang]).0,
            Some(0)
        );
        assert!(!root.join(stale).exists());
        assert_eq!(std::fs::read_to_string(root.join(file)).unwrap(), text);
        assert_eq!(run(root, &arguments).0, Some(0));
    }
}

#[test]
fn a_file_of_the_user_stays() {
    let folder = small_project();
    for (lang, file) in [("ts", "ts/index.d.ts"), ("python", "python/__init__.py")] {
        write(folder.path(), file, "mine\n");
        let (code, shown) = run(folder.path(), &["generate", "--lang", lang, "--out", lang]);
        assert_eq!(code, Some(74), "{shown}");
        assert_eq!(
            std::fs::read_to_string(folder.path().join(file)).unwrap(),
            "mine\n"
        );
    }
}

#[test]
fn files_of_other_languages_stay() {
    for (lang, stale, kept) in [
        ("ts", "out/gone.d.ts", ["out/gone.rs", "out/acme/gone.py"]),
        ("rust", "out/gone.rs", ["out/gone.d.ts", "out/acme/gone.py"]),
    ] {
        let folder = small_project();
        let root = folder.path();
        let text = std::fs::read_to_string(root.join("ts/acme/stamp.d.ts")).unwrap();
        for file in kept.iter().chain([&stale]) {
            write(root, file, &text);
        }
        let (code, shown) = run(root, &["generate", "--lang", lang, "--out", "out"]);
        assert_eq!(code, Some(0), "{shown}");
        for kept in kept {
            assert!(root.join(kept).exists(), "{lang}: {kept}: {shown}");
        }
        assert!(!root.join(stale).exists(), "{lang}: {shown}");
    }
}

#[test]
fn other_output_folders_below_stay() {
    for (lang, root_file) in [
        ("ts", "index.d.ts"),
        ("python", "__init__.py"),
        ("rust", "lib.rs"),
    ] {
        let folder = small_project();
        let root = folder.path();
        let generate = |out: &str| run(root, &["generate", "--lang", lang, "--out", out]);
        for out in ["out/web/models", "out"] {
            let (code, shown) = generate(out);
            assert_eq!(code, Some(0), "{lang} {out}: {shown}");
        }
        let check = ["check", "--lang", lang, "--out", "out/web/models"];
        let (code, shown) = run(root, &check);
        assert_eq!(code, Some(0), "{lang}: {shown}");
        // A folder of models is none.
        let text = std::fs::read_to_string(root.join("out").join(root_file)).unwrap();
        let stale = format!("out/gone/{root_file}");
        write(
            root,
            &stale,
            &text.replace(env!("CARGO_PKG_VERSION"), "from a.json"),
        );
        let (code, shown) = generate("out");
        assert_eq!(code, Some(0), "{lang}: {shown}");
        assert!(!root.join(stale).exists(), "{lang}: {shown}");
    }
}

#[test]
fn folders_with_more_than_generated_files_are_refused() {
    let folder = small_project();
    let root = folder.path();
    let (code, shown) = run(root, &["generate", "--lang", "ts", "--out", "web/types"]);
    assert_eq!(code, Some(0), "{shown}");
    let project = root.join("app");
    std::fs::create_dir(&project).unwrap();
    let whole = root.to_str().unwrap();
    for lang in ["ts", "python", "rust"] {
        for (from, out, schemas, expected) in [
            (root, ".", "schemas", "contains the schemas"),
            (root, "", "schemas", "contains the schemas"),
            (root, "..", "schemas", "contains the schemas"),
            (root, "/", "schemas", "contains the schemas"),
            (root, "new/..", "schemas", "contains the schemas"),
            (root, whole, "schemas", "contains the schemas"),
            (&project, "..", "../schemas", "contains the schemas"),
            (root, "..", "/schemas", "contains the working directory"),
        ] {
            for command in ["generate", "check"] {
                let arguments = [command, "--lang", lang, "--out", out, "--schemas", schemas];
                let (code, shown) = run(from, &arguments);
                assert_eq!(code, Some(64), "{arguments:?}: {shown}");
                assert!(shown.contains(expected), "{arguments:?}: {shown}");
                assert!(shown.contains("nothing was written"), "{shown}");
            }
        }
    }
    assert!(!root.join("new").exists() && !root.join("index.d.ts").exists());
    for lang in LANGUAGES {
        let (code, shown) = run(root, &["check", "--lang", lang, "--out", lang]);
        assert_eq!(code, Some(0), "{shown}");
    }
    // The schemas are elsewhere.
    let arguments = [
        "generate",
        "--lang",
        "ts",
        "--out",
        ".",
        "--schemas",
        "../schemas",
    ];
    let (code, shown) = run(&project, &arguments);
    assert_eq!(code, Some(0), "{shown}");
}

#[test]
fn settings_of_rust_are_refused() {
    let folder = small_project();
    for (arguments, expected) in [
        (&["generate", "--lang", "ts"] as &[&str], "--out <DIR>"),
        (&["check", "--lang", "python"], "--out <DIR>"),
        (
            &["generate", "--lang", "ts", "--out", "ts", "--one-file"],
            "--one-file",
        ),
        (
            &["check", "--lang", "ts", "--out", "ts", "--support", "::a"],
            "--support",
        ),
        (
            &["generate", "--lang", "c", "--out", "c"],
            "[possible values: rust, ts, python]",
        ),
    ] {
        let (code, shown) = run(folder.path(), arguments);
        assert_eq!(code, Some(64), "{arguments:?}: {shown}");
        assert!(shown.contains(expected), "{arguments:?}: {shown}");
    }
}

#[test]
fn folders_that_nothing_can_be_written_to_are_refused() {
    let folder = small_project();
    let root = folder.path();
    let schema = || std::fs::read_to_string(root.join("schemas/acme/stamp.json")).unwrap();
    let before = schema();
    for (lang, out, expected) in [
        ("ts", "schemas", "in the folder of the schemas"),
        ("python", "schemas/acme", "in the folder of the schemas"),
        ("rust", "schemas", "in the folder of the schemas"),
        ("ts", "schemas/types", "in the folder of the schemas"),
        ("rust", "./schemas/new/rust", "in the folder of the schemas"),
        ("python", "my-models", "Name the folder `my_models`"),
        ("python", "out/2models", "Name the folder `models_2models`"),
        ("python", "class", "Name the folder `models_class`"),
        (
            "python",
            "json",
            "would hide `json` of Python's standard library",
        ),
        ("python", "out/typing", "Name the folder `models_typing`"),
        ("python", "__future__", "Name the folder `models_future`"),
        (
            "python",
            "_collections_abc",
            "would hide `_collections_abc` of Python's standard library",
        ),
    ] {
        for command in ["generate", "check"] {
            let (code, shown) = run(root, &[command, "--lang", lang, "--out", out]);
            assert_eq!(code, Some(64), "{command} {lang} {out}: {shown}");
            assert!(shown.contains(expected), "{shown}");
            assert!(shown.contains("nothing was written"), "{shown}");
        }
    }
    assert_eq!(schema(), before);
    assert!(!root.join("json").exists());
    // In a package it is `app.types`.
    write(root, "app/__init__.py", "");
    for (lang, out) in [
        ("python", "app/types"),
        ("ts", "json"),
        ("ts", "my-models"),
        ("python", "Modelle_2"),
        ("python", "_models"),
        ("rust", "out-2"),
    ] {
        let (code, shown) = run(root, &["generate", "--lang", lang, "--out", out]);
        assert_eq!(code, Some(0), "{lang} {out}: {shown}");
    }
}

/// A type of the user's own is one of Rust: what is sent stays a number.
#[test]
fn types_of_rust_stay_there() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let schema = r#"{"properties": {"seed": {"type": "integer"}}}"#;
    write(root, "schemas/acme/stamp.json", schema);
    write(
        root,
        "runcomfy-codegen.toml",
        "[replace]\n\"acme/stamp#/seed\" = \"crate::Seed\"\n",
    );
    assert_eq!(
        run(root, &["generate", "--lang", "ts", "--out", "ts"]).0,
        Some(0)
    );
    let text = std::fs::read_to_string(root.join("ts/acme/stamp.d.ts")).unwrap();
    assert!(text.contains("seed?: number;"), "{text}");
}
