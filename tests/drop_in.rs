//! A schema dropped into `schemas/` is a binding after one build, from inside and from outside;
//! with nothing changed nothing is written; one changed schema rewrites two files; a removed file
//! takes its binding along; `check` mode fails the build and lists what is stale.
//!
//! The test works on a copy of the workspace, so that the checkout stays unchanged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

const SCHEMA: &str = r#"{
  "type": "object",
  "required": ["text"],
  "properties": {
    "text": {"type": "string", "maxLength": 5},
    "mode": {"type": "string", "enum": ["16:9", "720p"]}
  }
}
"#;

/// A copy of the workspace, and a crate outside of it that depends on its bindings.
struct Copy {
    _folder: tempfile::TempDir,
    workspace: PathBuf,
    outside: PathBuf,
}

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().join("runcomfy");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in [
            "Cargo.toml",
            "Cargo.lock",
            "clippy.toml",
            "build.rs",
            "README.md",
            "src",
            "schemas",
            "codegen",
            "generated",
            "crates",
            "examples",
        ] {
            copy(&root.join(part), &workspace.join(part));
        }
        let outside = folder.path().join("outside");
        write(
            &outside.join("Cargo.toml"),
            "[package]\nname = \"outside\"\nedition = \"2024\"\n[dependencies]\nruncomfy-models = { path = \"../runcomfy/generated\" }\nserde_json = \"1\"\n[workspace]\n",
        );
        // The same versions, so that cargo resolves none.
        copy(&root.join("Cargo.lock"), &outside.join("Cargo.lock"));
        Self {
            _folder: folder,
            workspace,
            outside,
        }
    }

    fn cargo(folder: &Path, arguments: &[&str], mode: &str) -> Output {
        // A target folder of its own, kept between runs: only this project is compiled again.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("drop-in");
        Command::new(env!("CARGO"))
            .args(arguments)
            .args(["--offline", "--color=never"])
            .current_dir(folder)
            .env("CARGO_TARGET_DIR", target)
            .env("RUNCOMFY_CODEGEN", mode)
            .output()
            .unwrap()
    }

    fn build(&self, mode: &str) -> Output {
        Self::cargo(
            &self.workspace,
            &["build", "--package", "runcomfy-models"],
            mode,
        )
    }

    fn generated(&self) -> PathBuf {
        self.workspace.join("generated/src")
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", text(output));
}

fn times(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let mut times = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            times.extend(self::times(&path));
        } else {
            times.push((
                path.clone(),
                fs::metadata(&path).unwrap().modified().unwrap(),
            ));
        }
    }
    times.sort();
    times
}

#[test]
#[ignore = "slow: runs cargo"]
fn one_build_after_a_change_is_enough() {
    let copy = Copy::new();
    succeeds(&copy.build("write"));
    let before = times(&copy.generated());

    // Nothing changed: nothing is written, whatever else is touched.
    write(&copy.workspace.join("schemas/README.txt"), "no schema\n");
    succeeds(&copy.build("write"));
    assert_eq!(times(&copy.generated()), before);

    // A new file: in check mode the build fails, names the file and the way out, writes nothing.
    let schema = copy
        .workspace
        .join("schemas/acme/stamp-2/text-to-image.json");
    write(&schema, SCHEMA);
    let stale = copy.build("check");
    assert!(!stale.status.success());
    for part in [
        "generated/src/acme.rs",
        "generated/src/acme/stamp_2/text_to_image.json",
        "generated/src/acme/stamp_2/text_to_image.rs",
        "RUNCOMFY_CODEGEN=write cargo build",
    ] {
        assert!(text(&stale).contains(part), "{part}: {}", text(&stale));
    }
    assert_eq!(times(&copy.generated()), before);

    // From outside, one build generates and uses it.
    write(
        &copy.outside.join("src/main.rs"),
        r#"
        use runcomfy_models::acme::stamp_2::text_to_image::{Input, Mode};
        fn main() {
            let input = Input::new("too long").mode(Mode::V16_9);
            println!("{} {}", serde_json::to_string(&input).unwrap(), input.validate());
        }
    "#,
    );
    let run = Copy::cargo(&copy.outside, &["run", "--quiet"], "write");
    succeeds(&run);
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        "{\"text\":\"too long\",\"mode\":\"16:9\"} /text: found 8 characters, expected a string of at most 5 characters\n"
    );

    // From inside too, and only what belongs to the model was written.
    succeeds(&copy.build("check"));
    let changed: Vec<_> = times(&copy.generated())
        .into_iter()
        .filter(|entry| !before.contains(entry))
        .collect();
    let mut names: Vec<_> = changed
        .iter()
        .map(|(path, _)| {
            path.strip_prefix(copy.generated())
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/")
        })
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "acme.rs",
            "acme/stamp_2.rs",
            "acme/stamp_2/text_to_image.json",
            "acme/stamp_2/text_to_image.rs",
            "lib.rs"
        ]
    );

    // A change of one model rewrites two files at most: its module and its schema.
    let before = times(&copy.generated());
    write(
        &schema,
        &SCHEMA.replace("\"maxLength\": 5", "\"maxLength\": 6"),
    );
    succeeds(&copy.build("write"));
    let changed = times(&copy.generated());
    let changed = changed.iter().filter(|entry| !before.contains(entry));
    assert_eq!(changed.count(), 2);

    // A removed file takes its binding along, folders included.
    fs::remove_dir_all(copy.workspace.join("schemas/acme")).unwrap();
    succeeds(&copy.build("write"));
    assert!(!copy.generated().join("acme.rs").exists() && !copy.generated().join("acme").exists());
    let gone = Copy::cargo(&copy.outside, &["check"], "write");
    assert!(text(&gone).contains("acme"), "{}", text(&gone));

    // An invalid file fails the build, reports its position, and leaves everything as it was.
    let before = times(&copy.generated());
    write(
        &schema,
        &SCHEMA.replace("\"maxLength\": 5", "\"maxLength\": \"five\""),
    );
    let broken = copy.build("write");
    assert!(!broken.status.success());
    for part in [
        "schemas/acme/stamp-2/text-to-image.json:5:45",
        "\"maxLength\": \"five\"",
        "^^^^^^ write a whole number, 0 or more",
    ] {
        assert!(text(&broken).contains(part), "{part}: {}", text(&broken));
    }
    assert_eq!(times(&copy.generated()), before);
}
