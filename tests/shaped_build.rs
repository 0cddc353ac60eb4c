//! A crate outside of this workspace shapes its bindings, and neither rustc nor Clippy complains.

use std::path::Path;
use std::process::Output;

use runcomfy_codegen::{Builder, Layout};

use super::support::{self, bindings_manifest, repository, write};

/// Uses names that collide, ids that are keywords, and every setting.
const STAMP: &str = r##"{"required": ["text"], "properties": {
    "text": {"type": "string"}, "promptImage": {"type": "string"}, "seed": {"type": "integer", "minimum": 0},
    "mode": {"type": "string", "enum": ["fast", "Fast", "C", "C#"], "default": "slow"},
    "日本": {"enum": ["日本"]}, "a_b": {"enum": ["x"]}, "a": {"type": "object", "properties": {"b": {"enum": ["y"]}}},
    "size": {"$ref": "#/$defs/size"}, "old": {"type": "string", "deprecated": true}
}, "$defs": {"size": {"type": "string", "enum": ["1:1", "16:9"]}}}"##;

/// Has two required properties, numbers, an enum with a default and an output of its own.
const MORPH: &str = r#"{"input_schema": {"required": ["image", "end_image"], "properties": {
    "image": {"type": "string", "format": "image_uri"}, "end_image": {"type": "string", "format": "image_uri"},
    "frames": {"type": "integer", "enum": [121, 241]},
    "scale": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5, "title": "Scale"},
    "ratio": {"enum": ["16:9", "1:1"], "default": "16:9"}
}}, "output_schema": {"output": {"type": "object", "properties": {
    "video": {"type": "string", "format": "uri"}, "seed": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}
}}}}"#;

const SETTINGS: &str = r#"
exclude = "acme/broken"
deprecated-attribute = true
header = "Bindings of a test"
[rename]
"acme/stamp" = "marks"
"acme/**#/promptImage" = "picture"
"acme/**#/mode=fast" = "Quick"
[replace]
"acme/**#/seed" = "crate::Seed"
[derive]
"acme/**#Input" = "marker::Marked"
[attribute]
"acme/**#Input" = "allow(clippy::derive_partial_eq_without_eq)"
[allow]
RC0020 = "acme/**"
"#;

const MAIN: &str = r#"#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic)]
//! Uses the bindings.

pub mod models {
    //! Bindings of the models.
    runcomfy::include_models!();
}
#[allow(deprecated)]
pub mod stamp {
    //! Holds the same model, by the macro.
    runcomfy_macros::model!("schemas/acme/stamp.json");
}
use std::collections::HashMap;
use std::path::Path;

use models::acme::marks::{Input, Mode};
use models::acme::morph::{self, Ratio};
use runcomfy::Model;
use runcomfy::schema::{Field, Json, Kind, View};

/// A seed that is never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(i64);

impl Field for Seed {
    fn view(&self) -> Option<View<'_>> {
        self.0.view()
    }
    fn read(value: Json) -> Result<Self, Json> {
        i64::read(value).map(Self)
    }
    fn blank() -> Self {
        Self(0)
    }
}

/// A program's own settings, which have the generated enums.
#[derive(Debug, Default, serde::Deserialize, serde::Serialize)]
struct Config {
    ratio: Ratio,
    weights: HashMap<Ratio, u8>,
}

/// Calls that name their arguments, numbers, enums and the output.
fn doors() {
    let scale: Option<f64> = None;
    let mut input = morph::Input::new(morph::Required {
        image: "https://a.example/1.png",
        end_image: Path::new("last.png"),
    })
    .frames(121_u8)
    .ratio("1:1".parse().unwrap_or_default());
    input.scale = scale;
    assert!(input.validate().is_empty());
    assert_eq!(morph::Input::FRAMES.members, [121, 241]);
    let numbers = morph::Input::SCALE;
    assert!(numbers.minimum < numbers.default && numbers.default < numbers.maximum);

    let text = "{\"ratio\": \"1:1\", \"weights\": {\"16:9\": 2}}";
    let config: Config = serde_json::from_str(text).unwrap_or_default();
    assert_eq!((config.ratio, config.weights[&Ratio::default()]), (Ratio::V1_1, 2));
    assert_eq!(Ratio::try_from("16:9"), Ok(Ratio::V16_9));
    assert_eq!(<&str>::from(Ratio::V16_9), "16:9");
    assert!(Ratio::V16_9 < Ratio::V1_1);
    let possible = <Ratio as clap::ValueEnum>::value_variants();
    assert_eq!(possible, Ratio::ALL);

    // A form, without an instance.
    let properties = morph::Input::model().input.properties().unwrap_or_default();
    let scale = properties.iter().find(|property| &*property.name == "scale");
    let scale = scale.map(|property| (property.schema.kind, property.schema.title()));
    assert_eq!(scale, Some((Kind::Number, Some("Scale"))));

    let output = "{\"video\": \"https://a.example/1.mp4\", \"seed\": 7, \"tags\": [\"a\"], \"new\": 1}";
    let output: <morph::Input as Model>::Output = serde_json::from_str(output).unwrap_or_default();
    assert_eq!((output.seed(), output.video()), (Some(7), Some("https://a.example/1.mp4")));
    assert_eq!(output.tags(), Some(vec!["a".to_owned()]));
    assert_eq!(output.get("new").and_then(Json::as_i64), Some(1));
    let sounds = "{\"audio\": \"https://a.example/1.mp3\", \"audios\": [\"https://a.example/2.mp3\"]}";
    let sounds: runcomfy::Output = serde_json::from_str(sounds).unwrap_or_default();
    assert_eq!(sounds.audio(), Some("https://a.example/1.mp3"));
    assert_eq!(sounds.audios(), ["https://a.example/2.mp3"]);
}

fn main() {
    doors();
    assert_eq!(Mode::Quick.as_str(), "fast");
    #[expect(deprecated)]
    let old = Input::new("x").old("y");
    assert!(old.validate().is_empty());
    let input = Input::new("x").picture("p").seed(Seed(7)).mode(Mode::Text_C_hash);
    println!("{:?}", input.validate());
    let same = stamp::Input::new("x").picture("p").seed(Seed(7)).mode(stamp::Mode::Text_C_hash);
    assert_eq!(format!("{input:?}"), format!("{same:?}"));
    let names = models::ALL.iter().map(|model| model.id());
    println!("{:?} {:?}", names.collect::<Vec<_>>(), models::find("x/crate/self").is_some());
    println!("{}", tree::x::crate_::self_::ID);
}
"#;

/// Runs Clippy in the crate, which must succeed, and returns what it prints.
fn clippy(folder: &Path) -> String {
    let (succeeded, shown) = try_clippy(folder);
    assert!(succeeded, "{shown}");
    shown
}

/// Runs Clippy in the crate. Returns `true` if it succeeds, and what it prints.
fn try_clippy(folder: &Path) -> (bool, String) {
    let run = cargo(folder, &["clippy", "--workspace"]);
    let shown = String::from_utf8_lossy(&run.stderr).into_owned();
    (run.status.success(), shown)
}

fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    support::cargo(folder, "shaped-build", arguments)
        .output()
        .unwrap()
}

#[test]
#[ignore = "slow: runs cargo"]
fn shaped_bindings_compile_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (codegen, macros) = (repository("codegen"), repository("crates/macros"));
    let own = bindings_manifest("own", "\"clap\"");
    write(
        folder,
        "Cargo.toml",
        &format!(
            "{own}tree = {{ path = \"tree\" }}\nmarker = {{ path = \"marker\" }}\nclap = {{ version = \"4\", default-features = false, features = [\"std\"] }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\nruncomfy-macros = {{ path = \"{macros}\" }}\n\
             [build-dependencies]\nruncomfy-codegen = {{ path = \"{codegen}\" }}\n[workspace]\nmembers = [\"tree\", \"marker\"]\n"
        ),
    );
    write(
        folder,
        "tree/Cargo.toml",
        &bindings_manifest("tree", "\"clap\""),
    );
    write(
        folder,
        "marker/Cargo.toml",
        "[package]\nname = \"marker\"\nedition = \"2024\"\n[lib]\nproc-macro = true\n",
    );
    let marker = "#[proc_macro_derive(Marked)]\npub fn marked(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n    proc_macro::TokenStream::new()\n}\n";
    write(folder, "marker/src/lib.rs", marker);
    write(
        folder,
        "build.rs",
        "//! Generates the bindings.\nfn main() {\n    runcomfy_codegen::Builder::new().build_script();\n}\n",
    );
    write(folder, "runcomfy-codegen.toml", SETTINGS);
    write(folder, "src/main.rs", MAIN);
    // A warning is printed once for each version of a file, and the target folder outlives the test.
    let new_version = |schema: &str| schema.replacen('{', &format!("{{\"title\": {folder:?}, "), 1);
    write(folder, "schemas/acme/stamp.json", &new_version(STAMP));
    let morph = MORPH.replacen(
        "\"required\"",
        &format!("\"title\": {folder:?}, \"required\""),
        1,
    );
    write(folder, "schemas/acme/morph.json", &morph);
    write(folder, "schemas/acme/broken.json", "{");
    let prompt = r#"{"required": ["prompt"], "properties": {"prompt": {"type": "string"}}}"#;
    let prompt = &new_version(prompt);
    for id in [
        "x/crate/self",
        "x/super/y",
        "x/日本/モデル",
        "x/wan-2-7",
        "x/wan-2.7",
        "x/4k",
        "x/4K",
    ] {
        write(folder, &format!("schemas/{id}.json"), prompt);
    }
    let tree = Builder::new()
        .schemas(folder.join("schemas"))
        .exclude("acme/broken")
        .layout(Layout::Tree)
        .deny_warnings();
    let warnings = ["RC0014", "RC0015", "RC0016", "RC0018", "RC0020", "RC0035"];
    let allow = |tree: Builder, code: &str| tree.allow(code, "**");
    let tree = warnings.into_iter().fold(tree, allow);
    tree.out_dir(folder.join("tree/src"))
        .generate()
        .unwrap()
        .write()
        .unwrap();

    let first = clippy(folder);
    for code in ["RC0014", "RC0015", "RC0016", "RC0018", "RC0035"] {
        assert!(
            first.contains(&format!("warning[{code}]")),
            "{code}: {first}"
        );
    }
    // Cargo would repeat them at every build.
    for _ in 0..2 {
        let again = clippy(folder);
        assert!(!again.contains("warning"), "{again}");
    }
    assert!(!clippy(folder).contains("Checking"));
    let run = cargo(folder, &["run", "--quiet"]);
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

/// A program that has its model from the macro.
const MACRO: &str = r#"#![warn(clippy::all, clippy::pedantic, missing_docs)]
//! Uses the macro.

pub mod stamp {
    //! The model.
    runcomfy_macros::model!("schemas/acme/stamp.json");
}

fn main() {
    println!("{:?}", stamp::Input::new("x").validate());
}
"#;

#[test]
#[ignore = "slow: runs cargo"]
fn macro_follows_its_schema_and_settings() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let manifest = format!(
        "{}runcomfy-macros = {{ path = \"{}\" }}\n[workspace]\n",
        bindings_manifest("door", ""),
        repository("crates/macros")
    );
    write(folder, "Cargo.toml", &manifest);
    write(folder, "src/main.rs", MACRO);
    write(folder, "runcomfy-codegen.toml", "");
    let schema = |property: &str| {
        let text = format!(
            "{{\"required\": [\"text\"], \"properties\": {{\"text\": {{\"type\": \"string\"}}, {property}}}}}"
        );
        write(folder, "schemas/acme/stamp.json", &text);
    };
    schema(r#""mode": {"enum": ["a", "b"]}"#);
    let shown = clippy(folder);
    assert!(!shown.contains("warning"), "{shown}");
    assert!(!clippy(folder).contains("Checking door"));

    schema(r#""mode": {"enum": ["a", "b"], "default": "c"}"#);
    let shown = clippy(folder);
    for part in [
        "schemas/acme/stamp.json:1:",
        "warning[RC0018]",
        "main.rs:6:",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(
        shown.matches("warning: ").count(),
        2,
        "one and the sum: {shown}"
    );

    write(
        folder,
        "runcomfy-codegen.toml",
        "[allow]\nRC0018 = \"acme/*\"\n",
    );
    let shown = clippy(folder);
    assert!(!shown.contains("warning"), "{shown}");

    schema(r#""n": {"minimum": "0"}"#);
    let (succeeded, shown) = try_clippy(folder);
    assert!(!succeeded, "{shown}");
    for part in [
        "error[RC0012]",
        "--> schemas/acme/stamp.json:1:",
        "main.rs:6:",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    schema(r#""n": {"minimum": 0}"#);
    assert!(clippy(folder).contains("Checking door"));
}
