//! The compiler as the judge of the classes: random pairs of schemas, and code that uses all of the old
//! one's bindings, in both ways in which bindings are used.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use runcomfy_codegen_cli::{Bindings, Class, Diff};
use serde_json::{Value, json};

use super::schema::{self, Choices};
use super::{compare, consumer, face, parse};

/// Number of random pairs that are not breaking for a dependency.
const PAIRS: usize = 60;

/// An old schema and a new one, and what the diff says about them.
struct Pair {
    documents: [Value; 2],
    code: [String; 2],
    diff: Diff,
}

impl Pair {
    fn new(documents: [Value; 2]) -> Option<Self> {
        let [old, new] = &documents;
        let diff = compare(&parse(old)?, &parse(new)?);
        let code = [face::code(old)?, face::code(new)?];
        Some(Self {
            documents,
            code,
            diff,
        })
    }

    /// Returns `true` if the compiler can see the change, and the diff does not call it breaking anyway.
    fn is_telling(&self) -> bool {
        self.code[0] != self.code[1] && !self.diff.is_breaking(Bindings::Dependency)
    }
}

/// Returns pairs that must stop compiling or not, whatever is drawn: for a dependency, and for modules
/// of the own crate.
fn known() -> Vec<(Pair, [bool; 2])> {
    let open = json!({"type": "object", "required": ["prompt"], "properties": {
        "prompt": {"type": "string"}, "speed": {"type": "string", "enum": ["slow", "fast"]}}});
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut document = open.clone();
        change(&mut document["properties"]);
        document
    };
    let renamed = json!({"type": "object", "required": ["text"], "properties": {
        "text": {"type": "string"}, "speed": {"type": "string", "enum": ["slow", "fast"]}}});
    let cases = [
        (open.clone(), [true, true]),
        (
            changed(&|p| p["speed"]["enum"] = json!(["slow", "fast", "flash"])),
            [true, false],
        ),
        (
            changed(&|p| p["style"] = json!({"type": "string"})),
            [true, false],
        ),
        (
            changed(&|p| p["speed"]["default"] = json!("slow")),
            [true, true],
        ),
        (
            changed(&|p| p["speed"]["enum"] = json!(["slow"])),
            [false, false],
        ),
        // Both members are spelt out, so the variant of `fast` has another name.
        (
            changed(&|p| p["speed"]["enum"] = json!(["slow", "fast", "Fast"])),
            [false, false],
        ),
        (renamed, [false, false]),
    ];
    let pair = |(new, compiles)| {
        let pair = Pair::new([open.clone(), new]).expect("it has code");
        (pair, compiles)
    };
    cases.into_iter().map(pair).collect()
}

/// A workspace with a crate of bindings, one that depends on it, and one that has its own.
struct Workspace(tempfile::TempDir);

impl Workspace {
    fn new(pairs: &[Pair]) -> Self {
        let workspace = Self(tempfile::tempdir().unwrap());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let runcomfy = format!(
            "runcomfy = {{ path = {:?}, default-features = false }}\n",
            root.display().to_string()
        );
        let manifest =
            "[workspace]\nresolver = \"3\"\nmembers = [\"bindings\", \"dependent\", \"own\"]\n";
        workspace.write("Cargo.toml", manifest);
        std::fs::copy(root.join("Cargo.lock"), workspace.path("Cargo.lock")).unwrap();
        for (name, extra) in [
            ("bindings", ""),
            ("dependent", "bindings = { path = \"../bindings\" }\n"),
            ("own", ""),
        ] {
            let text = format!(
                "[package]\nname = \"{name}\"\nedition = \"2024\"\n[dependencies]\n{runcomfy}{extra}"
            );
            workspace.write(&format!("{name}/Cargo.toml"), &text);
            workspace.write(&format!("{name}/src/lib.rs"), "");
        }
        for (i, pair) in pairs.iter().enumerate() {
            for (name, base, way) in [
                ("dependent", "bindings", Bindings::Dependency),
                ("own", "crate", Bindings::OwnCrate),
            ] {
                let path = format!("{base}::p{i}::acme::stamp");
                let code = consumer::code(&pair.code[0], &path, way);
                workspace.write(&format!("{name}/src/c{i}.rs"), &code);
            }
        }
        workspace
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Returns the pairs whose code does not compile in a crate.
    ///
    /// Errors of one sort keep the compiler from looking for others, so it runs again without the code
    /// that has failed, until the rest compiles.
    fn failing(&self, pairs: &[Pair], side: usize, way: Bindings) -> BTreeSet<usize> {
        let (name, home) = match way {
            Bindings::Dependency => ("dependent", "bindings"),
            Bindings::OwnCrate => ("own", "own"),
        };
        let mut modules = String::new();
        for (i, pair) in pairs.iter().enumerate() {
            self.write(&format!("{home}/src/p{i}.rs"), &pair.code[side]);
            modules += &format!("pub mod p{i};\n");
        }
        self.write(&format!("{home}/src/lib.rs"), &modules);
        let mut failing = BTreeSet::new();
        loop {
            let mut lib = if home == name {
                modules.clone()
            } else {
                String::new()
            };
            for i in (0..pairs.len()).filter(|i| !failing.contains(i)) {
                lib += &format!("mod c{i};\n");
            }
            self.write(&format!("{name}/src/lib.rs"), &lib);
            let found = self.check(name);
            if found.is_empty() {
                return failing;
            }
            failing.extend(found);
        }
    }

    /// Returns the numbers of the consumers that have an error.
    fn check(&self, package: &str) -> BTreeSet<usize> {
        // A target folder of its own, kept between runs: only these crates are compiled again.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diff-classes");
        let output = Command::new(env!("CARGO"))
            .args([
                "check",
                "--offline",
                "--message-format=json",
                "--package",
                package,
            ])
            .current_dir(self.0.path())
            .env("CARGO_TARGET_DIR", target)
            .output()
            .unwrap();
        let mut found = BTreeSet::new();
        let stdout = String::from_utf8(output.stdout).unwrap();
        for line in stdout.lines() {
            let message: Value = serde_json::from_str(line).unwrap();
            let message = &message["message"];
            if message["level"] != "error" {
                continue;
            }
            for span in message["spans"].as_array().unwrap() {
                let file = span["file_name"].as_str().unwrap();
                let number = file.rsplit(['/', '\\']).next().unwrap();
                let number = number.strip_prefix('c').and_then(|n| n.strip_suffix(".rs"));
                found.extend(number.and_then(|n| n.parse::<usize>().ok()));
            }
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.success(),
            found.is_empty(),
            "{stderr}{stdout}"
        );
        found
    }
}

#[test]
#[ignore = "slow: runs cargo"]
fn compiler_agrees_with_every_class() {
    let (mut pairs, expected): (Vec<Pair>, Vec<[bool; 2]>) = known().into_iter().unzip();
    let mut choices = Choices::endless(11);
    while pairs.len() < expected.len() + PAIRS {
        let old = schema::object(&mut choices, 2);
        let new = schema::mutated(&mut choices, &old, 2);
        pairs.extend(Pair::new([old, new]).filter(Pair::is_telling));
    }
    let workspace = Workspace::new(&pairs);
    let mut own_crate = 0;
    for (side, way) in [
        (0, Bindings::Dependency),
        (1, Bindings::Dependency),
        (0, Bindings::OwnCrate),
        (1, Bindings::OwnCrate),
    ] {
        let failing = workspace.failing(&pairs, side, way);
        for (i, pair) in pairs.iter().enumerate() {
            let [old, new] = &pair.documents;
            let breaks = side == 1 && pair.diff.is_breaking(way);
            assert_eq!(
                failing.contains(&i),
                breaks,
                "{way:?}, side {side}, pair {i}: {old} to {new}\n{}",
                pair.diff
            );
            if let Some(compiles) = expected.get(i).filter(|_| side == 1) {
                assert_eq!(!breaks, compiles[way as usize], "{old} to {new}");
            }
        }
        own_crate += pairs
            .iter()
            .filter(|p| p.diff.count(Class::OwnCrate) > 0)
            .count();
    }
    assert!(own_crate >= 4 * 20, "too few are of the class: {own_crate}");
}
