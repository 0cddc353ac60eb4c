//! `generate` in a repository that has schemas and nothing else.

use std::path::Path;
use std::process::Command;

use crate::support::{run, write};

const SCHEMA: &str = r#"{"required": ["prompt"], "properties": {"prompt": {"type": "string"}}}"#;

/// Ids of modules whose names Rust and file systems do not take as they are.
const IDS: [&str; 4] = ["x/crate/self", "x/super/y", "x/日本/モデル", "acme/stamp"];

fn write_schemas(folder: &Path) {
    for id in IDS {
        write(folder, &format!("schemas/{id}.json"), SCHEMA);
    }
}

#[test]
fn first_generate_leaves_a_crate() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "schemas/acme/stamp.json", "{");
    assert_eq!(run(root, &["generate"]).0, Some(65));
    assert!(!root.join("generated").exists(), "an error writes nothing");

    write_schemas(root);
    let (exit_code, shown) = run(root, &["generate"]);
    assert_eq!(exit_code, Some(0), "{shown}");
    assert!(
        shown.contains("`models = { path = \"generated\" }`"),
        "{shown}"
    );
    assert!(shown.starts_with("+ generated/Cargo.toml\n+ "), "{shown}");
    let manifest = std::fs::read_to_string(root.join("generated/Cargo.toml")).unwrap();
    for line in [
        "default = [\"all\"]",
        "acme-stamp = []",
        "x-u65e5-u672c = []",
    ] {
        assert!(manifest.lines().any(|l| l == line), "{line}: {manifest}");
    }
    assert_eq!(run(root, &["check"]).0, Some(0));
    let (_, shown) = run(root, &["generate"]);
    assert_eq!(shown, "0 files changed\n");
}

#[test]
fn crate_is_started_only_where_nothing_is() {
    for options in [
        &["--out", "src"][..],
        &["--one-file"],
        &["--support", "::acme::runcomfy"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        write_schemas(folder.path());
        let (exit_code, shown) = run(folder.path(), &[&["generate"], options].concat());
        assert_eq!(exit_code, Some(0), "{shown}");
        assert!(!folder.path().join("generated/Cargo.toml").exists());
    }
    let folder = tempfile::tempdir().unwrap();
    write_schemas(folder.path());
    write(folder.path(), "generated/src/mine.rs", "fn mine() {}");
    assert_eq!(run(folder.path(), &["generate"]).0, Some(0));
    assert!(!folder.path().join("generated/Cargo.toml").exists());
}

#[test]
#[ignore = "slow: runs cargo"]
fn new_crate_can_be_depended_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_schemas(root);
    assert_eq!(run(root, &["generate"]).0, Some(0));

    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let repository = std::fs::canonicalize(repository).unwrap();
    let path = |name: &str| {
        let path = repository.join(name).display().to_string();
        path.replace('\\', "/")
    };
    // The crates of this checkout in place of the published ones.
    let manifest = format!(
        "[package]\nname = \"app\"\nedition = \"2024\"\n[dependencies]\nmodels = {{ path = \"../generated\" }}\n[patch.crates-io]\nruncomfy = {{ path = \"{}\" }}\nruncomfy-schema = {{ path = \"{}\" }}\n",
        path(""),
        path("crates/schema")
    );
    write(root, "app/Cargo.toml", &manifest);
    let main = "use models::acme::stamp::Input;\nfn main() {\n    println!(\"{} {}\", models::ALL.len(), models::x::crate_::self_::ID);\n    assert!(Input::new(\"a boat\").validate().is_empty());\n}\n";
    write(root, "app/src/main.rs", main);
    std::fs::copy(path("Cargo.lock"), root.join("app/Cargo.lock")).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-crate");
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(root.join("app"))
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .env("RUSTFLAGS", "-D warnings")
        .env_remove("CI")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(shown.trim(), "4 x/crate/self");
}
