//! The generator's promise about hostile schemas: their texts stay texts.
//!
//! The fuzz target `schema_structured` checks the same folders, with the fuzzer's choices.
//! `RUNCOMFY_CASES` sets the number of folders, `RUNCOMFY_SEED` the first seed.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;

use runcomfy_codegen::{Builder, Layout};
use runcomfy_testkit::arbitrary::hostile::{self, SchemaFile};
use runcomfy_testkit::cases::{Cases, rerun};
use runcomfy_testkit::generated_code;

/// Number of folders of schema files of a thorough run.
const CASES: u64 = 1_000;

/// Size of the main thread's stack in a build script. Test threads have less, and unoptimized
/// parsers of Rust use much of it for deeply nested tables.
const STACK_BYTES: usize = 8 << 20;

#[test]
fn hostile_schemas_stay_text() {
    let cases = Cases::from_env(CASES);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let with_code: u64 = std::thread::scope(|scope| {
        let worker = |thread: u64| {
            let folder = tempfile::tempdir().unwrap();
            let seeds = cases.seeds().filter(move |seed| seed % threads == thread);
            seeds
                .map(|seed| u64::from(check(seed, &folder.path().join("schemas"))))
                .sum::<u64>()
        };
        let spawn = |thread| {
            let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
            builder.spawn_scoped(scope, move || worker(thread)).unwrap()
        };
        let workers: Vec<_> = (0..threads).map(spawn).collect();
        workers.into_iter().map(|w| w.join().unwrap()).sum()
    });
    println!("{} folders, {with_code} with code", cases.count);
    // Folders that are all refused would prove nothing about code.
    assert!(
        with_code >= cases.count / 10,
        "only {with_code} of {} folders have code",
        cases.count
    );
}

/// Checks one folder, and returns `true` if the generator makes code of it.
fn check(seed: u64, folder: &Path) -> bool {
    let files = hostile::folder(&mut fastrand::Rng::with_seed(seed));
    generated_code::write(&files, folder).unwrap();
    let outcome = catch_unwind(AssertUnwindSafe(|| generated_code::check(folder)));
    match outcome.unwrap_or_else(|_| Err("the generator panicked".into())) {
        Ok(has_code) => has_code,
        Err(why) => panic!("seed {seed}: {why}\n\n{}\n\n{}", rerun(seed), shown(&files)),
    }
}

fn shown(files: &[SchemaFile]) -> String {
    /// Maximum number of characters of a file in a message.
    const MAX_CHARACTERS: usize = 4_000;
    let one = |file: &SchemaFile| {
        let text: String = file.text.chars().take(MAX_CHARACTERS).collect();
        format!("{:?}\n{text}\n", file.path)
    };
    files.iter().map(one).collect()
}

/// Schemas whose names collide with those of Rust, of the generated code, or each other.
const COLLISIONS: [(&str, &str); 9] = [
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
#[ignore = "slow: runs cargo"]
fn sample_of_hostile_schemas_compiles() {
    /// Number of arbitrary folders besides the fixed ones.
    const SAMPLE: usize = 40;
    /// Maximum length of a file: a text of a megabyte is nothing new to the compiler.
    const MAX_FILE_BYTES: usize = 20_000;
    let package = tempfile::tempdir().unwrap();
    let mut modules = String::new();
    let mut refused = Vec::new();
    for (index, (what, text)) in COLLISIONS.iter().enumerate() {
        let file = |path: &str, text: &str| SchemaFile {
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
                &format!("collision{index}"),
                &code,
                &mut modules,
            ),
            None => refused.push(*what),
        }
    }
    let small = |files: &Vec<SchemaFile>| files.iter().all(|file| file.text.len() < MAX_FILE_BYTES);
    let arbitrary = (1..).map(|seed| (seed, hostile::folder(&mut fastrand::Rng::with_seed(seed))));
    let arbitrary = arbitrary.filter(|(_, files)| small(files));
    let arbitrary = arbitrary.filter_map(|(seed, files)| Some((seed, module(&files)?)));
    for (seed, code) in arbitrary.take(SAMPLE) {
        add(package.path(), &format!("seed{seed}"), &code, &mut modules);
    }
    std::fs::write(package.path().join("src/lib.rs"), modules).unwrap();
    compile(package.path());
    println!("refused as collisions: {refused:?}");
}

/// Returns the code of a folder of schemas, or `None` where the generator refuses it.
fn module(files: &[SchemaFile]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let schemas = folder.path().join("schemas");
    generated_code::write(files, &schemas).unwrap();
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
