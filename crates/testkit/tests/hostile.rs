//! The generator's promise about hostile schemas: whatever they say stays text.
//!
//! The same drawings are made by the fuzz target `schema_structured`, where the fuzzer chooses.
//! `RUNCOMFY_CASES` sets the number of folders, `RUNCOMFY_SEED` the first seed.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;

use runcomfy_codegen::{Builder, Layout};
use runcomfy_testkit::hostile::{self, File};
use runcomfy_testkit::inert;

/// Folders of schema files that are drawn by default.
const CASES: u64 = 1_000;

/// As much as the main thread of a build script has. Test threads have less, and unoptimized
/// parsers of Rust take much of it for deeply nested tables.
const STACK: usize = 8 << 20;

fn number_of(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable);
    text.map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number"))
    })
}

#[test]
fn hostile_schemas_stay_text() {
    let cases = number_of("RUNCOMFY_CASES", CASES);
    let first = number_of("RUNCOMFY_SEED", 1);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let made: u64 = std::thread::scope(|scope| {
        let worker = |thread: u64| {
            let folder = tempfile::tempdir().unwrap();
            let seeds = (first..first + cases).filter(move |seed| seed % threads == thread);
            seeds
                .map(|seed| u64::from(try_one(seed, &folder.path().join("schemas"))))
                .sum::<u64>()
        };
        let spawn = |thread| {
            let builder = std::thread::Builder::new().stack_size(STACK);
            builder.spawn_scoped(scope, move || worker(thread)).unwrap()
        };
        let workers: Vec<_> = (0..threads).map(spawn).collect();
        workers.into_iter().map(|w| w.join().unwrap()).sum()
    });
    println!("{cases} folders, code came of {made}");
    // Drawings that are all refused would show nothing about code.
    assert!(made >= cases / 10, "code came of only {made} of {cases}");
}

/// Gives whether code came of it.
fn try_one(seed: u64, folder: &Path) -> bool {
    let files = hostile::folder(&mut fastrand::Rng::with_seed(seed));
    inert::write(&files, folder).unwrap();
    let outcome = catch_unwind(AssertUnwindSafe(|| inert::check(folder)));
    match outcome.unwrap_or_else(|_| Err("the generator panicked".into())) {
        Ok(made) => made,
        Err(why) => panic!(
            "seed {seed}: {why}\n\nagain with RUNCOMFY_SEED={seed} RUNCOMFY_CASES=1\n\n{}",
            shown(&files)
        ),
    }
}

fn shown(files: &[File]) -> String {
    /// Enough of a file to see what is meant.
    const LONGEST: usize = 4_000;
    let one = |file: &File| {
        let text: String = file.text.chars().take(LONGEST).collect();
        format!("{:?}\n{text}\n", file.path)
    };
    files.iter().map(one).collect()
}

/// Schemas whose names meet those of Rust, of the generated code, or each other.
const MEETINGS: [(&str, &str); 9] = [
    (
        "a variant `ALL`",
        r#"{"properties": {"p": {"enum": ["ALL", "NAME", "VALUES"]}}}"#,
    ),
    (
        "a type `Default`",
        r#"{"properties": {"default": {"enum": ["a"]}}}"#,
    ),
    (
        "a setter `schema`",
        r#"{"properties": {"schema": {"type": "string"}}}"#,
    ),
    (
        "a field `gen`",
        r#"{"properties": {"gen": {"type": "string"}}}"#,
    ),
    (
        "types that differ in case",
        r#"{"properties": {"ab": {"type": "object", "properties": {}},
            "a": {"type": "object", "properties": {"b": {"type": "object", "properties": {}}}}}}"#,
    ),
    (
        "letters that grow in capitals",
        r#"{"properties": {"ß": {"type": "string"}, "ss": {"type": "string"}}}"#,
    ),
    (
        "properties of what is no object",
        r#"{"properties": {"u": {"type": ["object", "null"], "properties": {"a": {}}}}}"#,
    ),
    (
        "a type like the module below",
        r#"{"properties": {"\u65e5\u672c": {"enum": ["a"]}}}"#,
    ),
    (
        "methods and traits",
        r#"{"properties": {"field": {}, "properties": {}, "read": {}, "view": {}, "model": {},
            "from": {}, "serialize": {}, "as_str": {}, "record": {"properties": {"x": {}}},
            "clone": {"enum": ["Ok", "Err", "From", "Box", "Copy"]}, "debug": {"enum": ["z"]},
            "drop": {"properties": {}}, "fn": {"enum": ["fn"]}, "bool": {"enum": ["bool"]}}}"#,
    ),
];

/// Code that parses may still not compile: names are resolved later.
#[test]
fn a_sample_compiles() {
    /// Drawn folders beside the fixed ones.
    const SAMPLE: usize = 40;
    /// A text of a megabyte says nothing new to the compiler.
    const LONGEST: usize = 20_000;
    let package = tempfile::tempdir().unwrap();
    let mut modules = String::new();
    let mut refused = Vec::new();
    for (index, (what, text)) in MEETINGS.iter().enumerate() {
        let file = |path: &str, text: &str| File {
            path: path.into(),
            text: text.into(),
        };
        let files = [
            file("a/b.json", text),
            file("a/b/日本.json", "{\"properties\": {}}"),
        ];
        match module(&files) {
            Some(code) => add(
                package.path(),
                &format!("meeting{index}"),
                &code,
                &mut modules,
            ),
            None => refused.push(*what),
        }
    }
    let small = |files: &Vec<File>| files.iter().all(|file| file.text.len() < LONGEST);
    let drawn = (1..).map(|seed| (seed, hostile::folder(&mut fastrand::Rng::with_seed(seed))));
    let drawn = drawn.filter(|(_, files)| small(files));
    let drawn = drawn.filter_map(|(seed, files)| Some((seed, module(&files)?)));
    for (seed, code) in drawn.take(SAMPLE) {
        add(package.path(), &format!("seed{seed}"), &code, &mut modules);
    }
    std::fs::write(package.path().join("src/lib.rs"), modules).unwrap();
    compile(package.path());
    println!("refused as collisions: {refused:?}");
}

/// The code of a folder of schemas, where it is not refused.
fn module(files: &[File]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let schemas = folder.path().join("schemas");
    inert::write(files, &schemas).unwrap();
    let builder = Builder::new().schemas(schemas).out_dir("out");
    let generated = builder.layout(Layout::OneFile).generate().ok()?;
    generated.files().map(|(_, code)| code.to_owned()).next()
}

fn add(package: &Path, name: &str, code: &str, modules: &mut String) {
    std::fs::create_dir_all(package.join("src")).unwrap();
    std::fs::write(package.join(format!("src/{name}.rs")), code).unwrap();
    modules.push_str(&format!("pub mod {name};\n"));
}

fn compile(package: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifest = format!(
        "[package]\nname = \"sample\"\nedition = \"2024\"\n[dependencies]\nruncomfy = {{ path = {:?}, default-features = false }}\n[workspace]\n",
        root.display().to_string()
    );
    std::fs::write(package.join("Cargo.toml"), manifest).unwrap();
    std::fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let run = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline"])
        .current_dir(package)
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("sample"),
        )
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{shown}");
}
