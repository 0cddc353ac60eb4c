//! The guide's code for a `build.rs` of one's own works as it is written there.

use std::path::Path;
use std::process::Command;

/// Returns the code blocks of the guide's section on one's own `build.rs`, in their order.
fn blocks() -> Vec<String> {
    let guide = include_str!("../docs/code-generator.md");
    let section = guide
        .split("\n## ")
        .find(|s| s.starts_with("Use it in your own"))
        .unwrap();
    section
        .split("```")
        .skip(1)
        .step_by(2)
        .map(|b| b.split_once('\n').unwrap().1.to_owned())
        .collect()
}

#[test]
#[ignore = "slow: runs cargo"]
fn a_crate_with_its_own_schemas_builds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let [dependencies, build, main] = &blocks()[..] else {
        panic!("three blocks")
    };
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    // The crates of this checkout in place of the published ones; without the client, which the
    // generated code does not need and which takes a minute to compile.
    let path = |crate_folder: &str| {
        root.join(crate_folder)
            .display()
            .to_string()
            .replace('\\', "/")
    };
    let manifest = format!(
        "[package]\nname = \"own\"\nedition = \"2024\"\n{}\n[workspace]\n[patch.crates-io]\nruncomfy = {{ path = \"{}\" }}\nruncomfy-codegen = {{ path = \"{}\" }}\nruncomfy-schema = {{ path = \"{}\" }}\n",
        dependencies
            .replace(
                "runcomfy = \"0.1\"",
                "runcomfy = { version = \"0.1\", default-features = false }"
            )
            .replace("\n[build", "serde_json = \"1\"\n\n[build"),
        path(""),
        path("codegen"),
        path("crates/schema"),
    );
    write("Cargo.toml", &manifest);
    std::fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    write("build.rs", build);
    write(
        "schemas/acme/stamp-2/text-to-image.json",
        r#"{"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "maxLength": 5}, "loras": {"type": "array", "items": {"type": "object", "required": ["path"], "properties": {"path": {"type": "string"}, "scale": {"type": "float", "minimum": 0, "maximum": 2}}}}}}"#,
    );
    // Setters with such names would hide the functions that `main` calls.
    write(
        "schemas/acme/taken.json",
        r#"{"properties": {"default": {}, "model": {}, "schema": {}, "serialize": {}, "deserialize": {}}}"#,
    );
    let rest = r##"
        fn main() {
            use runcomfy::Model;
            use runcomfy::schema::Record;
            type Taken = models::acme::taken::Input;
            let taken = Taken::default().default_(1).model_(2);
            assert_eq!((&*Taken::model().id, Taken::schema().properties().unwrap().len()), ("acme/taken", 5));
            assert_eq!(serde_json::to_string(&taken).unwrap(), r#"{"default":1,"model":2}"#);
            let lora = models::acme::stamp_2::text_to_image::LorasItem::new("a.safetensors").scale(3);
            let input = Input::new("too long").loras([lora]);
            println!("{}", serde_json::to_string(&input).unwrap());
            println!("{}", input.validate());
            let read = serde_json::from_str::<Input>(r#"{"text": "x", "loras": [{}]}"#);
            println!("{}", read.unwrap_err());
        }
    "##;
    write("src/main.rs", &format!("{main}{rest}"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("own-build");
    let run = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(folder.path())
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .env_remove("CI")
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[0],
        r#"{"text":"too long","loras":[{"path":"a.safetensors","scale":3}]}"#
    );
    assert_eq!(
        lines[1],
        "/text: found 8 characters, expected a string of at most 5 characters"
    );
    assert_eq!(
        lines[2],
        "/loras/0/scale: found 3, expected a number in 0..=2"
    );
    assert!(
        lines[3].contains("/loras/0/path: found nothing, expected a string"),
        "{}",
        lines[3]
    );
}
