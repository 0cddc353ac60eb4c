//! A dependent of the published crates never builds the generator. Scripts that pack say how they are called.

use std::path::Path;
use std::process::{Command, Output};

fn run(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    assert!(
        status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&stderr)
    );
    String::from_utf8_lossy(&stdout).into_owned()
}

fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packaging");
    cargo
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "none");
    cargo
}

#[test]
#[ignore = "slow: runs cargo"]
fn unpacked_packages_need_no_generator() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    run(cargo(root).args([
        "package",
        "--workspace",
        "--no-verify",
        "--allow-dirty",
        "--offline",
        "--quiet",
    ]));
    let folder = tempfile::tempdir().unwrap();
    let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packaging/package");
    let mut patches = String::new();
    for name in [
        "runcomfy",
        "runcomfy-schema",
        "runcomfy-media",
        "runcomfy-probe",
        "runcomfy-models",
        "runcomfy-codegen",
        "runcomfy-macros",
    ] {
        let unpacked = format!("{name}-{}", env!("CARGO_PKG_VERSION"));
        let archive = packages.join(format!("{unpacked}.crate"));
        run(Command::new("tar")
            .arg("-xzf")
            .arg(archive)
            .arg("-C")
            .arg(folder.path()));
        patches += &format!("{name} = {{ path = \"../{unpacked}\" }}\n");
    }
    let client = folder
        .path()
        .join(format!("runcomfy-{}", env!("CARGO_PKG_VERSION")));
    let models = format!("runcomfy-models-{}/src", env!("CARGO_PKG_VERSION"));
    let schema = folder
        .path()
        .join(models)
        .join("bytedance/dreamina_4_0/edit.json");
    assert!(schema.exists(), "the schemas beside the code are packaged");
    for absent in ["build.rs", "schemas", "codegen"] {
        assert!(!client.join(absent).exists(), "{absent}");
    }

    let outside = folder.path().join("outside");
    std::fs::create_dir_all(outside.join("src")).unwrap();
    std::fs::write(outside.join("Cargo.toml"), format!(
        "[package]\nname = \"outside\"\nedition = \"2024\"\n[dependencies]\nruncomfy-models = \"0.1\"\nruncomfy = {{ version = \"0.1\", default-features = false }}\n[features]\nclient = [\"runcomfy/client\"]\n[workspace]\n[patch.crates-io]\n{patches}"
    )).unwrap();
    std::fs::write(
        outside.join("src/main.rs"),
        "fn main() { println!(\"{}\", runcomfy_models::ALL.len()); }",
    )
    .unwrap();
    std::fs::copy(root.join("Cargo.lock"), outside.join("Cargo.lock")).unwrap();

    // The bindings compile neither the generator nor procedural macros.
    let build =
        run(cargo(&outside).args(["build", "--offline", "--message-format=json", "--quiet"]));
    assert!(build.contains("runcomfy_models"), "{build}");
    for absent in ["codegen", "syn", "quote", "prettyplease", "proc-macro2"] {
        assert!(
            !build.contains(&format!("/{absent}-")) && !build.contains(&format!("#{absent}@")),
            "{absent} was built"
        );
    }
    // With the client, dependencies of reqwest compile a syn of their own, but not the generator.
    let with_client = run(cargo(&outside).args([
        "build",
        "--offline",
        "--features",
        "client",
        "--message-format=json",
        "--quiet",
    ]));
    assert!(with_client.contains("reqwest"), "{with_client}");
    for absent in ["runcomfy-codegen", "prettyplease", "jsonc-parser"] {
        assert!(!with_client.contains(absent), "{absent} was built");
    }

    // The macro's package is whole: it compiles, and finds a schema of its user.
    std::fs::create_dir_all(outside.join("schemas/acme")).unwrap();
    std::fs::write(
        outside.join("schemas/acme/stamp.json"),
        r#"{"properties": {"x": {}}}"#,
    )
    .unwrap();
    let manifest = std::fs::read_to_string(outside.join("Cargo.toml")).unwrap();
    let with_macro = manifest.replace("[features]", "runcomfy-macros = \"0.1\"\n[features]");
    std::fs::write(outside.join("Cargo.toml"), with_macro).unwrap();
    std::fs::write(
        outside.join("src/main.rs"),
        "mod stamp { runcomfy_macros::model!(\"schemas/acme/stamp.json\"); }\nfn main() { println!(\"{:?}\", stamp::Input::new().x(1)); }",
    )
    .unwrap();
    let shown = run(cargo(&outside).args(["run", "--offline", "--quiet"]));
    assert_eq!(shown.trim(), "Input { x: 1 }");
}

#[cfg(unix)]
#[test]
fn scripts_say_how_they_are_called() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let too_many: &[&str] = &["a", "b", "c", "d", "e"];
    let inherited: &[&str] = &["toString", "a"];
    for (interpreter, script, calls) in [
        ("bash", "packaging/archive", &[&[], too_many] as &[&[&str]]),
        ("bash", "packaging/formula", &[&[], too_many]),
        ("bash", "packaging/try", &[&[], too_many]),
        ("bash", "crates/wasm/build", &[&[], too_many, &["--debain"]]),
        ("bash", ".ci/agents/run", &[&[], too_many]),
        ("bash", ".ci/types/run", &[&[]]),
        ("python3", "packaging/wheel", &[&[], too_many, inherited]),
        (
            "node",
            "packaging/npm/pack.mjs",
            &[&[], too_many, inherited],
        ),
        ("node", "packaging/npm/registry.mjs", &[&[], too_many]),
    ] {
        for arguments in calls {
            let mut command = Command::new(interpreter);
            command.arg(root.join(script)).args(*arguments);
            let output = match command.output() {
                // `.ci/languages` and `packaging/try` need them, and say so.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                output => output.unwrap(),
            };
            let shown = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(64), "{command:?}\n{shown}");
            assert!(shown.starts_with(&format!("usage: {script} ")), "{shown}");
            assert_eq!(shown.lines().count(), 1, "{shown}");
        }
    }
}
