//! The guide's code for a `build.rs` of one's own works as it is written there.

use std::process::Output;

use super::support::{cargo, repository, write};

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

/// A crate outside of the workspace, as the guide says to set it up.
struct OwnCrate {
    folder: tempfile::TempDir,
    /// The beginning of `main.rs`.
    main: String,
}

impl OwnCrate {
    /// Each test has a package of its own, since they share a target folder.
    fn new(name: &str) -> Self {
        let [dependencies, build, main] = &blocks()[..] else {
            panic!("three blocks")
        };
        let own = Self {
            folder: tempfile::tempdir().unwrap(),
            main: main.clone(),
        };
        // The crates of this checkout in place of the published ones; without the client, which the
        // generated code does not need and which takes a minute to compile.
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n{}\n[workspace]\n[patch.crates-io]\nruncomfy = {{ path = \"{}\" }}\nruncomfy-codegen = {{ path = \"{}\" }}\nruncomfy-schema = {{ path = \"{}\" }}\n",
            dependencies
                .replace(
                    "runcomfy = \"0.1\"",
                    "runcomfy = { version = \"0.1\", default-features = false }"
                )
                .replace("\n[build", "serde_json = \"1\"\n\n[build"),
            repository(""),
            repository("codegen"),
            repository("crates/schema"),
        );
        own.write("Cargo.toml", &manifest);
        own.write("build.rs", build);
        own
    }

    fn write(&self, name: &str, text: &str) {
        write(self.folder.path(), name, text);
    }

    fn cargo(&self, command: &str) -> Output {
        cargo(self.folder.path(), "own-build", &[command, "--quiet"])
            .output()
            .unwrap()
    }
}

#[test]
#[ignore = "slow: runs cargo"]
fn a_crate_with_its_own_schemas_builds() {
    let own = OwnCrate::new("own-schemas");
    let write = |name: &str, text: &str| own.write(name, text);
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
    write("src/main.rs", &format!("{}{rest}", own.main));
    let run = own.cargo("run");
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

/// A model of the first and the last frame of a clip: two media and a text, all texts to Rust.
const TRANSITION: &str = r#"{"required": ["prompt", "image", "end_image"], "properties": {
    "end_image": {"type": "string", "format": "image_uri"},
    "image": {"type": "string", "format": "image_uri"},
    "prompt": {"type": "string"},
    "duration": {"type": "integer", "minimum": 1, "maximum": 15},
    "fps": {"type": "integer", "enum": [3, 4, 5, 6, 7]}
}}"#;

#[test]
#[ignore = "slow: runs cargo"]
fn a_call_that_compiles_keeps_its_meaning() {
    let own = OwnCrate::new("own-calls");
    let schema = |text: &str| own.write("schemas/acme/morph/transition.json", text);
    let program = |new: &str| {
        own.write(
            "src/main.rs",
            &format!(
                "pub mod models {{ runcomfy::include_models!(); }}
                #[allow(unused_imports)]
                use models::acme::morph::transition::{{Input, Required}};
                fn main() {{ println!(\"{{}}\", serde_json::to_string(&{new}).unwrap()); }}"
            ),
        );
    };
    let fails = |part: &str| {
        let check = own.cargo("check");
        let shown = String::from_utf8_lossy(&check.stderr).into_owned();
        assert!(!check.status.success(), "it compiles: {part}");
        assert!(shown.contains(part), "{part}: {shown}");
    };
    let named = r#"Input::new(Required { prompt: "a boat", image: "https://a/1", end_image: "https://a/2" }).fps(5_u8)"#;
    schema(TRANSITION);
    program(named);
    let run = own.cargo("run");
    assert_eq!(
        String::from_utf8_lossy(&run.stdout).trim(),
        r#"{"end_image":"https://a/2","image":"https://a/1","prompt":"a boat","fps":5}"#,
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    program(r#"Input::new("https://a/1", "https://a/2", "a boat")"#);
    fails("this function takes 1 argument");
    program(r#"Input::new(Required { prompt: "a boat", image: "https://a/1" })"#);
    fails("missing field `end_image`");

    // A required property is renamed, added or removed, and then all but one.
    program(named);
    schema(&TRANSITION.replace("\"image\"", "\"first_image\""));
    fails("has no field named `image`");
    schema(&TRANSITION.replace("\"end_image\"]", "\"end_image\", \"duration\"]"));
    fails("missing field `duration`");
    schema(&TRANSITION.replace(", \"end_image\"]", "]"));
    fails("has no field named `end_image`");
    schema(&TRANSITION.replace("\"prompt\", \"image\", ", ""));
    fails("Required");
}

/// A model of a list of media and one of an enum.
const LISTS: &str = r#"{"required": ["image_urls"], "properties": {
    "image_urls": {"type": "array", "format": "image_uris"},
    "modes": {"type": "array", "items": {"enum": ["fast", "slow"]}},
    "mode": {"enum": ["fast", "slow"]}
}}"#;

#[test]
#[ignore = "slow: runs cargo"]
fn compiler_explains_wrong_arguments() {
    let own = OwnCrate::new("own-messages");
    own.write("schemas/acme/lists.json", LISTS);
    let check = |call: &str| {
        own.write(
            "src/main.rs",
            &format!(
                "pub mod models {{ runcomfy::include_models!(); }}
                use models::acme::lists::Input;
                fn main() {{ println!(\"{{:?}}\", {call}); }}"
            ),
        );
        let check = own.cargo("check");
        let shown = String::from_utf8_lossy(&check.stderr).into_owned();
        (check.status.success(), shown)
    };
    for (call, parts) in [
        (
            "Input::new(\"https://a.example/1.png\")",
            &[
                "`&str` is not a list of values that convert to `runcomfy::Media`",
                "a single value is a list of one: `[value]`",
            ][..],
        ),
        (
            "Input::new([\"https://a.example/1.png\"]).modes(\"fast\")",
            &[
                "`&str` is not a list of `",
                "ModesItem`",
                "a list of one: `[value]`",
            ],
        ),
        (
            "Input::new([\"https://a.example/1.png\"]).modes([\"fast\"])",
            &["a text becomes a member of an enum with `.parse()?`"],
        ),
        (
            "Input::new([\"https://a.example/1.png\"]).mode(\"fast\")",
            &["expected `Mode`, found `&str`"],
        ),
    ] {
        let (succeeded, shown) = check(call);
        assert!(!succeeded, "{call}");
        for part in parts {
            assert!(shown.contains(part), "{call}: {part}: {shown}");
        }
        assert!(!shown.contains(".chars()"), "{shown}");
    }
    // Whatever is a list is taken, and types are inferred through it.
    for call in [
        "Input::new([std::path::Path::new(\"a.png\")])",
        "Input::new(vec![String::from(\"https://a.example/1.png\")]).modes([\"fast\".parse().unwrap()])",
        "Input::new(Some(\"https://a.example/1.png\")).mode(\"fast\".parse().unwrap())",
        "Input::new([\"a\", \"b\"].map(runcomfy::Media::from).iter())",
        "Input::new(Vec::<runcomfy::Media>::new()).modes([])",
    ] {
        let (succeeded, shown) = check(call);
        assert!(succeeded, "{call}: {shown}");
    }
}
