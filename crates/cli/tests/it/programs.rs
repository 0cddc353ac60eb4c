//! The programs that `code` and `init` write: they compile, run with the emulator and submit the same
//! job.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{EDIT, Ended, PICTURE, Service, TEXT_TO_IMAGE};
use serde_json::{Value, json};

const VIDEO: &str = "bytedance/dreamina-3-0/pro/image-to-video";

fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

/// Returns the dependency on a crate of this checkout. The client is without TLS, which an emulator does
/// not need and which takes a minute to compile.
fn dependency(name: &str, folder: &str) -> String {
    let path = checkout()
        .join(folder)
        .display()
        .to_string()
        .replace('\\', "/");
    let client = match name {
        "runcomfy" => ", default-features = false, features = [\"client\"]",
        _ => "",
    };
    format!("{name} = {{ path = \"{path}\"{client} }}\n")
}

/// Runs cargo in the folder of the service, with one target folder for all tests.
fn cargo(service: &Service, arguments: &[&str]) -> Ended {
    let mut cargo = Command::new(env!("CARGO"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    cargo
        .args(arguments)
        .args(["--quiet", "--offline"])
        .current_dir(service.folder.path())
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .env("RUNCOMFY_TOKEN", "t")
        .env(
            "RUNCOMFY_MODEL_API_BASE",
            service.emulator.base_url() + "/v1",
        )
        .env_remove("CI");
    cargo.output().unwrap().into()
}

fn write(service: &Service, name: &str, text: impl AsRef<[u8]>) {
    let path = service.folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Writes a package without programs.
fn package(service: &Service) {
    let manifest = format!(
        "[package]\nname = \"programs\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         serde_json = \"1\"\ntokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n{}{}",
        dependency("runcomfy", ""),
        dependency("runcomfy-models", "generated"),
    );
    write(service, "Cargo.toml", manifest);
    let lock = std::fs::read(checkout().join("Cargo.lock")).unwrap();
    write(service, "Cargo.lock", lock);
}

/// Characters with a meaning in Rust, JSON, comments or a shell.
const SPECIAL: &str = "It's \"#odd\"# \\ $HOME `id` */ 日本語 \n";

/// Command lines for built-in models.
const LINES: [&[&str]; 5] = [
    &[TEXT_TO_IMAGE, "--prompt", SPECIAL],
    &[
        EDIT,
        "--prompt",
        SPECIAL,
        "--scale",
        "1",
        "--force-single",
        "--width-x-height",
        "2560x1440(16:9)",
        "--image-urls",
        "a file.gif",
    ],
    &[
        EDIT,
        "--prompt",
        "x",
        "--image-urls",
        "a file.gif",
        "--image-urls",
        "https://a.example/1.jpg",
    ],
    &[
        VIDEO,
        "--prompt",
        "x",
        "--image-urls",
        "https://a.example/1.jpg",
        "--frames",
        "241",
        "--seed",
        "-1",
    ],
    &[
        TEXT_TO_IMAGE,
        "--input",
        r#"{"width×height": "1024x1024(1:1)", "prompt": "x"}"#,
    ],
];

fn service() -> Service {
    let service = Service::new();
    write(&service, "a file.gif", PICTURE);
    service
}

/// Returns the inputs that `run` would submit.
fn inputs(service: &Service) -> Vec<Value> {
    let dry = |line: &&[&str]| {
        let run = [&["run", "--dry-run", "--no-check-media"], *line].concat();
        service.json(&run).good_json()["input"].clone()
    };
    LINES.iter().map(dry).collect()
}

fn submitted(service: &Service) -> Vec<Value> {
    let entries = service.emulator.ledger().into_iter();
    entries.map(|entry| entry.input).collect()
}

#[test]
#[ignore = "slow: runs cargo"]
fn printed_programs_submit_the_same_job() {
    let service = service();
    package(&service);
    for (number, line) in LINES.iter().enumerate() {
        let code = service.run(&[&["code"], *line].concat());
        assert_eq!(code.code, 0, "{code:?}");
        write(&service, &format!("src/bin/p{number}.rs"), &code.out);
    }
    // A program for a model without a generated type.
    let schema = r#"{"properties": {"prompt": {"type": "string"}}}"#;
    write(&service, "schema.json", schema);
    let line = [
        "code",
        TEXT_TO_IMAGE,
        "--schema",
        "schema.json",
        "--prompt",
        SPECIAL,
    ];
    let code = service.json(&line).good_json();
    write(&service, "src/bin/p5.rs", code["rust"].as_str().unwrap());

    let mut expected = inputs(&service);
    expected.push(json!({ "prompt": SPECIAL }));
    let built = cargo(&service, &["build"]);
    assert_eq!((built.code, &*built.err), (0, ""), "{built:?}");
    for number in 0..expected.len() {
        let ran = cargo(&service, &["run", "--bin", &format!("p{number}")]);
        assert!(ran.code == 0 && ran.out.contains("\nsaved "), "{ran:?}");
    }
    assert_eq!(submitted(&service), expected);
}

#[cfg(unix)]
#[test]
fn printed_curl_calls_submit_the_same_job() {
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let service = service();
    for line in LINES {
        let code = service.json(&[&["code"], line].concat()).good_json();
        let mut shell = Command::new("sh");
        shell
            .args(["-euc", code["curl"].as_str().unwrap()])
            .current_dir(service.folder.path())
            .env_remove("RUNCOMFY_TOKEN")
            .env("RUNCOMFY_API_TOKEN", "t");
        let called = Ended::from(shell.output().unwrap());
        assert!(called.out.contains("request_id"), "{called:?}");
    }
    assert_eq!(submitted(&service), inputs(&service));
}

/// Returns texts that end a literal, a comment or a word early, or change the direction of text.
#[cfg(unix)]
fn hostile_texts() -> Vec<String> {
    let texts = [
        "src/*.rs",
        "*/*",
        "*/ fn evil() {} /*",
        "a\u{202e}b\u{2066}c",
        "one\nEOF\nfn evil() {}\r\n\t\u{1b}[31m",
        "$(id) `id` ${HOME} \\\\ \\\" '\"'",
        "\u{f8fe}0\u{f8ff} {} {0} %s",
        "\u{7f}\u{85}\u{2028}\u{feff}",
        "\"##### r#\"",
    ];
    let mut texts: Vec<String> = texts.map(str::to_owned).into();
    texts.push(format!("\"{}", "#".repeat(300)));
    texts
}

/// Returns the body that the printed curl call would send.
#[cfg(unix)]
fn sent_by_curl(service: &Service, printed: &str) -> Value {
    let (_, call) = printed
        .split_once("\n// The same submit with curl")
        .unwrap();
    let call = call.split_once("\n//\n").unwrap().1;
    let lines: Vec<&str> = call
        .trim_end()
        .split('\n')
        .map(|line| line.strip_prefix("// ").unwrap())
        .collect();
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", &format!("curl() {{ cat; }}\n{}", lines.join("\n"))])
        .current_dir(service.folder.path())
        .env("RUNCOMFY_TOKEN", "t");
    Ended::from(shell.output().unwrap()).good_json()
}

#[cfg(unix)]
#[test]
#[ignore = "slow: runs cargo"]
fn hostile_texts_survive_in_printed_code() {
    let schema = json!({"properties": {
        "a\nfn evil() {}": {"type": "string", "format": "image_uri"},
        "*/ ~/\u{202e}\"#": {"type": "string"},
    }});
    let service = Service::new();
    package(&service);
    write(
        &service,
        "free.json",
        r#"{"properties": {"prompt": {"type": "string"}}}"#,
    );
    write(&service, "odd.json", schema.to_string());
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut line = |words: &[&str]| lines.push(words.iter().map(|&word| word.into()).collect());
    for text in hostile_texts() {
        line(&[TEXT_TO_IMAGE, "--prompt", &text]);
        line(&[TEXT_TO_IMAGE, "--schema", "free.json", "--prompt", &text]);
    }
    let paths = [
        "m/s*/a.gif",
        "it's $x `y`.gif",
        "m/\u{202e}\nEOF\n",
        "-x \"*/\".gif",
    ];
    for path in paths {
        write(&service, path, PICTURE);
        line(&[EDIT, "--prompt", "*/ $x", "--image-urls", path]);
    }
    let runs = lines.len();
    let odd = json!({"a\nfn evil() {}": paths[2], "*/ ~/\u{202e}\"#": "x"}).to_string();
    lines.push(
        ["acme/\"odd\"", "--schema", "odd.json", "--input", &odd]
            .map(Into::into)
            .into(),
    );

    let mut program = String::new();
    let mut expected = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        let dry = [&["run", "--dry-run", "--no-check-media"], &line[..]].concat();
        let input = service.json(&dry).good_json()["input"].clone();
        let code = service.run(&[&["code"], &line[..]].concat());
        assert_eq!(code.code, 0, "{code:?}");
        assert_eq!(sent_by_curl(&service, &code.out), input, "{line:?}");
        expected.push(input);
        let text = code.out.replace("async fn main()", "pub async fn main()");
        program += &format!("mod p{number} {{\n{text}\n}}\n");
    }
    // The last program names a local file, which must be replaced by a URL first.
    let calls = (0..runs).map(|number| format!("    p{number}::main().unwrap();\n"));
    let calls: String = calls.collect();
    program += &format!("fn main() {{\n{calls}    if false {{ p{runs}::main().unwrap(); }}\n}}\n");
    write(&service, "src/bin/hostile.rs", program);
    let ran = cargo(&service, &["run", "--bin", "hostile"]);
    assert_eq!((ran.code, &*ran.err), (0, ""), "{ran:?}");
    assert_eq!(submitted(&service), expected[..runs]);
}

#[test]
fn code_rejects_invalid_input_and_standard_input() {
    let service = Service::new();
    let refused = service.json(&["code", TEXT_TO_IMAGE, "--scale", "7"]);
    assert_eq!(refused.code, 65);
    let refused = service.json(&["code", EDIT, "--prompt", "x", "--image-urls", "-"]);
    assert_eq!(refused.code, 2);
    // An input that the builder cannot express is parsed from JSON.
    let nothing = [
        "code",
        EDIT,
        "--input",
        r#"{"prompt": "x", "image_urls": [""]}"#,
    ];
    let code = service.json(&nothing);
    assert!(
        code.code == 65 || code.json()["rust"].is_string(),
        "{code:?}"
    );
}

#[test]
#[ignore = "slow: runs cargo"]
fn printed_programs_reproduce_the_flags_of_run() {
    let service = Service::new();
    package(&service);
    let code = |flags: &[&str], name: &str| {
        let line = [&["code", TEXT_TO_IMAGE, "--prompt", "x"], flags].concat();
        let code = service.run(&line);
        assert_eq!(code.code, 0, "{code:?}");
        write(&service, &format!("src/bin/{name}.rs"), &code.out);
        code.out
    };
    let waits = [
        "--timeout",
        "300",
        "--poll-secs",
        "0",
        "--cancel-if-queued-after",
        "60",
    ];
    let saves = ["--output-dir", "it's a folder", "--no-picture", "--open"];
    code(&[&waits[..], &saves[..]].concat(), "q0");
    code(&["--no-download", "--dry-run", "--emulate"], "q1");
    // Without a wait its options are left out.
    let text = code(&[&waits[2..], &["--no-wait"]].concat(), "q2");
    assert!(
        !text.contains("Duration") && !text.contains(".wait()"),
        "{text}"
    );
    let limits = "job.wait()\n        .deadline(Duration::from_secs(300))\n        \
         .poll_every(Duration::from_secs(0))\n        \
         .cancel_if_queued_after(Duration::from_secs(60))\n        .await?;";
    let text = std::fs::read_to_string(service.folder.path().join("src/bin/q0.rs")).unwrap();
    assert!(text.contains(limits), "{text}");
    let built = cargo(&service, &["build"]);
    assert_eq!((built.code, &*built.err), (0, ""), "{built:?}");
    for (name, printed) in [("q0", "\nsaved "), ("q1", "\nhttp"), ("q2", "submitted ")] {
        let ran = cargo(&service, &["run", "--bin", name]);
        assert!(ran.code == 0 && ran.out.contains(printed), "{ran:?}");
    }
    let folder = service.folder.path().join("it's a folder");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn code_rejects_base_urls_that_the_client_rejects() {
    let service = Service::new();
    let code = |base: &str| {
        let mut code = service.command(&["code", TEXT_TO_IMAGE, "--prompt", "x"]);
        Ended::from(code.env("RUNCOMFY_MODEL_API_BASE", base).output().unwrap())
    };
    for base in [
        "nonsense",
        "https://a.example/v1?x=1",
        "http://a.example/v1",
        "https://u:p@a.example",
    ] {
        let refused = code(base);
        assert_eq!(
            (refused.code, &*refused.out),
            (64, ""),
            "{base}: {refused:?}"
        );
    }
    for (base, address) in [
        ("", "https://model-api.runcomfy.net/v1"),
        (
            " https://a.example/*/it's/ ",
            "'https://a.example/*/it'\\''s/v1",
        ),
    ] {
        let printed = code(base).out;
        let call = format!("\n// curl -sS {address}/models/{TEXT_TO_IMAGE}");
        assert!(printed.contains(&call), "{call}: {printed}");
    }
}

/// Writes a project as `cargo new` does.
fn new_project(service: &Service) {
    write(
        service,
        "Cargo.toml",
        "[package]\nname = \"first\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n",
    );
    write(
        service,
        "src/main.rs",
        "fn main() {\n    println!(\"Hello, world!\");\n}\n",
    );
}

#[test]
fn written_programs_are_formatted() {
    let urls = [
        "https://pictures.example/of/a/boat/in/the/fog.png",
        "https://pictures.example/lake.png",
    ];
    let schema = json!({"required": ["images", "prompt", "size"], "properties": {
        "images": {"type": "array", "items": {"type": "string", "format": "image_uri"}, "default": urls},
        "prompt": {"type": "string"},
        "size": {"type": "integer", "minimum": 3},
    }});
    let (model, _) = runcomfy::schema::ModelSchema::parse(Some("acme/paint/draw"), &[schema]);
    let service = Service::with(|builder| builder.models(model));
    let built_in = runcomfy_models::ALL.iter().map(|model| model.id());
    for id in built_in.chain(["acme/paint/draw"]) {
        new_project(&service);
        service.json(&["init", id]).good_json();
        let mut rustfmt = Command::new("rustfmt");
        rustfmt.args(["--edition", "2024", "--check", "src/main.rs"]);
        let ended = rustfmt.current_dir(service.folder.path()).output().unwrap();
        assert!(ended.status.success(), "{id}: {ended:?}");
    }
}

#[test]
#[ignore = "slow: runs cargo"]
fn init_adds_a_program_that_runs() {
    let schema = json!({"required": ["text", "parts"], "properties": {
        "text": {"type": "string", "maxLength": 5},
        "parts": {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer", "minimum": 3}}},
    }});
    let (model, _) = runcomfy::schema::ModelSchema::parse(Some("acme/paint/draw"), &[schema]);
    let service = Service::with(|builder| builder.models(model));
    new_project(&service);
    let lock = std::fs::read(checkout().join("Cargo.lock")).unwrap();
    write(&service, "Cargo.lock", lock);
    let checkout = checkout().display().to_string();
    let init = ["init", EDIT, "acme/paint/draw", "--path", &checkout];
    let made = service.json(&init).good_json();
    let files = [
        "schemas/bytedance/dreamina-4-0/edit.json",
        "schemas/acme/paint/draw.json",
        "src/main.rs",
        "build.rs",
        "Cargo.toml",
    ];
    assert_eq!(
        (&made["written"], &made["run"]),
        (&json!(files), &json!("cargo run"))
    );

    without_tls(&service);
    let ran = cargo(&service, &["run"]);
    assert!(ran.code == 0 && ran.out.contains("\nsaved "), "{ran:?}");
    assert_eq!(ran.err, "", "no warnings");
    let entry = &service.emulator.ledger()[0];
    assert_eq!(entry.model_id, EDIT);

    // A second time for the same model, with a duplicate id.
    let changed = std::fs::read_to_string(service.folder.path().join("src/main.rs")).unwrap();
    write(&service, "src/main.rs", changed.replace("saved", "kept"));
    let again = ["init", &format!("/{EDIT}/"), EDIT, "--path", &checkout];
    let made = service.json(&again).good_json();
    assert_eq!(made["written"], json!([]));
    let kept = [
        "schemas/bytedance/dreamina-4-0/edit.json",
        "src/main.rs",
        "build.rs",
    ];
    assert_eq!(
        (&made["kept"], &made["run"]),
        (&json!(kept), &json!("cargo run"))
    );

    // A third time with another model first: existing files are kept, and the program is an example.
    let again = ["init", "acme/paint/draw", "--path", &checkout];
    let made = service.json(&again).good_json();
    assert_eq!(
        made["written"],
        json!(["examples/runcomfy.rs", "Cargo.toml"])
    );
    assert_eq!(
        made["kept"],
        json!(["schemas/acme/paint/draw.json", "build.rs"])
    );
    let ran = cargo(&service, &["run", "--example", "runcomfy"]);
    assert_eq!((ran.code, &*ran.err), (0, ""), "{ran:?}");
    let entry = &service.emulator.ledger()[1];
    assert_eq!(entry.input["parts"], json!({ "size": 3 }));
}

#[test]
fn init_adds_versions_and_keeps_other_files() {
    let service = Service::new();
    let nothing = service.json(&["init"]);
    assert_eq!(nothing.code, 66);
    assert!(nothing.out.contains("cargo new NAME"), "{nothing:?}");

    write(&service, "Cargo.toml", "[workspace]\n");
    assert_eq!(service.run(&["init"]).code, 65);

    new_project(&service);
    write(&service, "build.rs", "fn main() {}\n");
    let refused = service.run(&["init"]);
    assert_eq!((refused.code, service.files()), (65, 3), "{refused:?}");
    std::fs::remove_file(service.folder.path().join("build.rs")).unwrap();

    let unknown = service.run(&["init", "acme/none"]);
    assert_eq!((unknown.code, service.files()), (65, 2), "{unknown:?}");

    let made = service.run(&["init"]);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(
        made.out.contains("RUNCOMFY_TOKEN=any cargo run\n"),
        "{made:?}"
    );
    let manifest = std::fs::read_to_string(service.folder.path().join("Cargo.toml")).unwrap();
    for line in [
        "runcomfy = \"0.1\"\n",
        "[build-dependencies]\nruncomfy-codegen = \"0.1\"\n",
    ] {
        assert!(manifest.contains(line), "{line}: {manifest}");
    }
}

/// Replaces the dependency on the client by one without TLS.
fn without_tls(service: &Service) {
    let manifest = std::fs::read_to_string(service.folder.path().join("Cargo.toml")).unwrap();
    let own = "runcomfy = { path = ";
    let tls_free = "runcomfy = { default-features = false, features = [\"client\"], path = ";
    assert!(manifest.contains(own), "{manifest}");
    write(service, "Cargo.toml", manifest.replace(own, tls_free));
}

#[test]
#[ignore = "slow: runs cargo"]
fn init_extends_an_existing_project() {
    let service = Service::new();
    let manifest = "[package]\nname = \"first\"\nedition = \"2018\"\nbuild = \"make/custom.rs\"\n\n\
         [workspace]\n\n[dependencies]\ntokio = \"1\" # as ever\n\n# Not yet.\n[features]\n";
    write(&service, "Cargo.toml", manifest);
    write(
        &service,
        "src/main.rs",
        "fn main() { println!(\"Hello, world!\"); }\n",
    );
    write(&service, "src/bin/other.rs", "fn main() {}\n");
    write(&service, "make/custom.rs", "\n");
    let lock = std::fs::read(checkout().join("Cargo.lock")).unwrap();
    write(&service, "Cargo.lock", lock);
    let init = ["init", "--path", &checkout().display().to_string()];
    let made = service.json(&init).good_json();
    assert_eq!(made["run"], "cargo run --bin first");
    without_tls(&service);
    let ran = cargo(&service, &["run", "--bin", "first"]);
    assert!(ran.code == 0 && ran.out.contains("\nsaved "), "{ran:?}");
    assert_eq!(ran.err, "", "no warnings");
    let manifest = std::fs::read_to_string(service.folder.path().join("Cargo.toml")).unwrap();
    assert!(
        manifest.contains("\n# Not yet.\n[features]\n"),
        "{manifest}"
    );
    assert!(manifest.contains("# as ever\n"), "{manifest}");
}

#[test]
fn init_rejects_a_project_that_would_not_build() {
    let package = |more: &str| format!("[package]\nname = \"x\"\nedition = \"2024\"\n{more}");
    let comment = "// as runcomfy_codegen does\nfn main() {}\n";
    for (manifest, file, text, expected) in [
        (
            "[package]\nname = \"x\"\n".into(),
            "a",
            "",
            "the edition 2015",
        ),
        (package("build = false\n"), "a", "", "`build = false`"),
        (
            package(""),
            "build.rs",
            comment,
            "Add `runcomfy_codegen::Builder",
        ),
        (
            package("build = \"b.rs\"\n"),
            "b.rs",
            comment,
            "b.rs is another build script",
        ),
        (
            package("autoexamples = false\n"),
            "src/lib.rs",
            "",
            "`autoexamples = false`",
        ),
        (
            format!("dependencies = 7\n{}", package("")),
            "a",
            "",
            "expected a table",
        ),
        (package("["), "a", "", "is not TOML"),
    ] {
        let service = Service::new();
        write(&service, "Cargo.toml", &manifest);
        write(&service, file, text);
        let refused = service.run(&["init"]);
        assert!(
            refused.code == 65 && refused.err.contains(expected),
            "{refused:?}"
        );
        assert!(service.files() == 2, "{refused:?}");
        let after = std::fs::read_to_string(service.folder.path().join("Cargo.toml")).unwrap();
        assert_eq!(after, manifest);
    }
    // The name of the program is taken by another one.
    let service = Service::new();
    write(
        &service,
        "Cargo.toml",
        package("[[bin]]\nname = \"y\"\npath = \"src/app.rs\"\n"),
    );
    write(&service, "src/app.rs", "fn main() {}\n");
    let made = service.json(&["init"]).good_json();
    assert_eq!(made["run"], "cargo run --example runcomfy");
    // The checkout does not exist.
    let refused = service.run(&["init", "--path", "nowhere"]);
    assert_eq!(refused.code, 66, "{refused:?}");
}

#[test]
fn init_changes_nothing_if_a_file_is_unwritable() {
    let service = Service::new();
    new_project(&service);
    let manifest = std::fs::read(service.folder.path().join("Cargo.toml")).unwrap();
    write(&service, "schemas", "a file");
    let refused = service.run(&["init"]);
    assert!(
        refused.code == 1 && refused.err.contains("nothing was written"),
        "{refused:?}"
    );
    let after = || std::fs::read(service.folder.path().join("Cargo.toml")).unwrap();
    assert_eq!(after(), manifest);
    assert_eq!(service.files(), 3);
    // A dangling link is found only when it is written.
    #[cfg(unix)]
    {
        std::fs::remove_file(service.folder.path().join("schemas")).unwrap();
        let nowhere = Path::new("no/such/folder");
        std::os::unix::fs::symlink(nowhere, service.folder.path().join("build.rs")).unwrap();
        let refused = service.run(&["init"]);
        let before =
            format!("these files were already written: schemas/{TEXT_TO_IMAGE}.json, src/main.rs");
        assert!(
            refused.code == 1 && refused.err.contains(&before),
            "{refused:?}"
        );
        assert_eq!(after(), manifest);
    }
}

#[test]
fn relative_checkout_is_resolved_from_the_caller() {
    let service = Service::new();
    write(&service, "its/codegen/Cargo.toml", "");
    write(
        &service,
        "p/Cargo.toml",
        "[package]\nname = \"p\"\nedition = \"2024\"\n",
    );
    let made = service.json(&["init", "--dir", "p", "--path", "its"]);
    assert_eq!(made.code, 0, "{made:?}");
    let manifest = std::fs::read_to_string(service.folder.path().join("p/Cargo.toml")).unwrap();
    let line = manifest
        .lines()
        .find(|line| line.starts_with("runcomfy "))
        .unwrap();
    let path = line.split(['"', '\'']).nth(1).unwrap();
    assert!(
        Path::new(path).is_absolute() && Path::new(path).ends_with("its"),
        "{line}"
    );
}
