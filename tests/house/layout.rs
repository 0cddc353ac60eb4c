//! The architecture's invariants, as ARCHITECTURE.md states them.

use crate::tree::{File, files};

/// Each package with the packages of this workspace that it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("crates/schema", &[]),
    ("crates/media", &["runcomfy-schema"]),
    ("crates/wasm", &["runcomfy-schema"]),
    ("crates/probe", &["runcomfy-schema", "runcomfy-media"]),
    ("codegen", &["runcomfy-schema"]),
    ("crates/macros", &["runcomfy-codegen"]),
    (
        "",
        &[
            "runcomfy-schema",
            "runcomfy-media",
            "runcomfy-probe",
            "runcomfy-codegen",
        ],
    ),
    ("generated", &["runcomfy"]),
    ("crates/batch", &["runcomfy"]),
    ("crates/mcp", &["runcomfy", "runcomfy-batch"]),
    (
        "crates/emulator",
        &[
            "runcomfy",
            "runcomfy-schema",
            "runcomfy-media",
            "runcomfy-probe",
            "runcomfy-models",
        ],
    ),
    (
        "crates/cli",
        &[
            "runcomfy",
            "runcomfy-batch",
            "runcomfy-codegen",
            "runcomfy-emulator",
            "runcomfy-mcp",
            "runcomfy-media",
            "runcomfy-models",
            "runcomfy-probe",
            "runcomfy-schema",
        ],
    ),
    (
        "crates/codegen-cli",
        &["runcomfy", "runcomfy-codegen", "runcomfy-schema"],
    ),
];

/// Crates that read or write Rust source. Users compile them only through a build script, or through the
/// macro.
const RUST_SYNTAX: &[&str] = &["syn", "quote", "proc-macro2", "prettyplease"];

/// Crates that speak HTTP.
const HTTP: &[&str] = &["reqwest", "hyper", "axum", "tower", "http-body"];

const MAX_LIB_LINES: usize = 150;

fn manifest(folder: &str) -> File {
    let path = if folder.is_empty() {
        "Cargo.toml".to_owned()
    } else {
        format!("{folder}/Cargo.toml")
    };
    let text = std::fs::read_to_string(crate::tree::root().join(&path)).unwrap();
    File { path, text }
}

/// Returns the dependencies of the package in `folder` that are not allowed.
fn forbidden<'a>(manifest: &'a File, allowed: &[&str]) -> Vec<&'a str> {
    let dependencies = manifest.dependencies();
    let ours = dependencies
        .into_iter()
        .filter(|name| name.starts_with("runcomfy"));
    ours.filter(|name| !allowed.contains(name)).collect()
}

#[test]
fn no_arrow_between_crates_runs_up() {
    for (folder, allowed) in ARROWS {
        let manifest = manifest(folder);
        let forbidden = forbidden(&manifest, allowed);
        assert!(
            forbidden.is_empty(),
            "{} depends on {forbidden:?}",
            manifest.path
        );
    }
}

#[test]
fn every_published_package_has_its_arrows() {
    let manifests = files(&["Cargo.toml"]);
    let packages = manifests.iter().filter(|manifest| {
        manifest.text.starts_with("[package]") && !manifest.text.contains("publish = false")
    });
    for manifest in packages {
        let folder = manifest
            .path
            .trim_end_matches("Cargo.toml")
            .trim_end_matches('/');
        let known = ARROWS.iter().any(|(known, _)| *known == folder);
        assert!(known, "{} is missing from ARROWS", manifest.path);
    }
}

#[test]
fn arrow_that_runs_up_is_found() {
    let text = "[package]\nname = \"x\"\n\n[dependencies]\nruncomfy = { workspace = true }\nserde = \"1\"\n\n[dev-dependencies]\nruncomfy-emulator = \"1\"\n";
    let manifest = File::new("crates/schema/Cargo.toml", text);
    assert_eq!(forbidden(&manifest, &[]), ["runcomfy"]);
    assert_eq!(manifest.dependencies(), ["runcomfy", "serde"]);
}

#[test]
fn only_the_generator_knows_rust_syntax() {
    for (folder, _) in ARROWS.iter().filter(|(folder, _)| *folder != "codegen") {
        let manifest = manifest(folder);
        for name in manifest.dependencies() {
            assert!(
                !RUST_SYNTAX.contains(&name),
                "{} depends on {name}",
                manifest.path
            );
        }
    }
}

#[test]
fn schema_media_and_generator_know_no_http() {
    for folder in [
        "crates/schema",
        "crates/media",
        "codegen",
        "crates/macros",
        "generated",
    ] {
        let manifest = manifest(folder);
        for name in manifest.dependencies() {
            let knows = HTTP.contains(&name) || name == "tokio";
            assert!(!knows, "{} depends on {name}", manifest.path);
        }
    }
}

/// Files of the client that send requests outside `src/http/`: downloads go to other hosts than the
/// API's, with an HTTP client of their own that never has the token.
const SENDERS: &[&str] = &["src/download/fetcher.rs"];

/// Returns `true` if the file sends an HTTP request.
fn sends_requests(file: &File) -> bool {
    [".send()", ".execute("]
        .iter()
        .any(|call| file.text.contains(call))
}

#[test]
fn only_the_http_folder_of_the_client_sends_requests() {
    let files = files(&[".rs"]);
    let client = files.iter().filter(|file| file.path.starts_with("src/"));
    let (http, other): (Vec<_>, Vec<_>) =
        client.partition(|file| file.path.starts_with("src/http/"));
    assert!(
        http.iter().any(|file| sends_requests(file)),
        "nothing sends requests any more"
    );
    let senders: Vec<&str> = other
        .iter()
        .filter(|file| sends_requests(file))
        .map(|file| &*file.path)
        .collect();
    assert_eq!(
        senders, SENDERS,
        "files that send requests outside `src/http/`"
    );
}

#[test]
fn lib_files_are_short() {
    for file in files(&["lib.rs"]) {
        let lines = file.text.lines().count();
        assert!(
            lines <= MAX_LIB_LINES,
            "{} has {lines} lines, expected at most {MAX_LIB_LINES}: move code to a module",
            file.path
        );
    }
}

#[test]
fn every_fuzz_target_is_scheduled() {
    let workflow = ".github/workflows/scheduled.yml";
    let workflow = std::fs::read_to_string(crate::tree::root().join(workflow)).unwrap();
    let matrix = workflow
        .lines()
        .find_map(|line| line.trim().strip_prefix("target: ["));
    let mut scheduled: Vec<&str> = matrix.unwrap().trim_end_matches(']').split(", ").collect();
    scheduled.sort_unstable();
    let targets = files(&[".rs"]).into_iter().filter_map(|file| {
        let name = file.path.strip_prefix("fuzz/fuzz_targets/")?;
        Some(name.trim_end_matches(".rs").to_owned())
    });
    assert_eq!(targets.collect::<Vec<_>>(), scheduled);
}
