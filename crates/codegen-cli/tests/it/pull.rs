//! The command `pull`, which takes the catalogue whole or leaves the folder as it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use runcomfy_codegen::Builder;
use runcomfy_codegen_cli::diff;
use runcomfy_emulator::{Call, Emulator, Reply};
use runcomfy_schema::ModelSchema;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Number of models that need three responses of the catalogue.
const MANY: usize = 250;

fn model(id: &str, maximum: usize) -> ModelSchema {
    let document = json!({"properties": {
        "prompt": {"type": "string", "maxLength": 800},
        "scale": {"type": "float", "minimum": 0, "maximum": maximum}}});
    ModelSchema::parse(Some(id), &[document]).0.unwrap()
}

fn many(maximum: usize) -> Vec<ModelSchema> {
    let id = |i| format!("vendor-{}/model-{i}/text-to-image", i % 7);
    (0..MANY).map(|i| model(&id(i), maximum)).collect()
}

async fn serve(models: Vec<ModelSchema>) -> Emulator {
    let emulator = Emulator::builder().models(models).token("right");
    emulator.start().await.unwrap()
}

/// Holds a folder for the schemas, in which the command runs.
struct Project(TempDir);

impl Project {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn schemas(&self) -> PathBuf {
        self.0.path().join("schemas")
    }

    fn command(&self, emulator: &Emulator, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy-codegen"));
        command
            .current_dir(self.0.path())
            .arg("pull")
            .args(arguments)
            .env_clear()
            .env("RUNCOMFY_TOKEN", "right")
            .env("RUNCOMFY_MODEL_API_BASE", emulator.base_url());
        command
    }

    async fn pull(&self, emulator: &Emulator, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = self.command(emulator, arguments);
        let output = tokio::task::spawn_blocking(move || command.output());
        let Output {
            status,
            stdout,
            stderr,
        } = output.await.unwrap().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    }

    /// Returns every schema file with its text; each must be whole.
    fn files(&self) -> BTreeMap<PathBuf, String> {
        let mut files = BTreeMap::new();
        collect(&self.schemas(), &mut files);
        for (path, text) in &files {
            let whole: Result<Value, _> = serde_json::from_str(text);
            assert!(whole.is_ok(), "{} is cut: {text}", path.display());
        }
        files
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            files.insert(path, text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_model_becomes_an_equal_file() {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas");
    let own = Builder::new().schemas(schemas).read().unwrap();
    let served: Vec<ModelSchema> = many(1).into_iter().chain(own).collect();
    let all = served.len();
    let emulator = serve(served.clone()).await;
    let project = Project::new();
    let (code, stdout, stderr) = project.pull(&emulator, &[]).await;
    assert_eq!((code, &*stderr), (Some(0), ""));
    assert!(
        stdout.contains(&format!("added: {all}, replaced: 0, removed: 0")),
        "{stdout}"
    );
    assert_eq!(project.files().len(), all);
    assert_eq!(emulator.count(Call::Catalogue), all.div_ceil(100));

    let pulled = Builder::new().schemas(project.schemas()).read().unwrap();
    let difference = diff(&served, &pulled);
    assert!(difference.models.is_empty(), "{difference}");
    assert_eq!(difference.unchanged, all);

    // Nothing has changed, so nothing is written.
    let before = times(&project);
    let (_, stdout, _) = project.pull(&emulator, &[]).await;
    assert!(
        stdout.contains("added: 0, replaced: 0, removed: 0"),
        "{stdout}"
    );
    assert_eq!(times(&project), before);
}

fn times(project: &Project) -> Vec<std::time::SystemTime> {
    let files = project.files();
    let time = |path: &PathBuf| std::fs::metadata(path).unwrap().modified().unwrap();
    files.keys().map(time).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_reported_and_nothing_removed_unasked() {
    let old = serve(vec![
        model("a/kept", 2),
        model("a/gone", 1),
        model("b/other", 1),
    ])
    .await;
    let project = Project::new();
    project.pull(&old, &[]).await;
    let before = project.files();

    let new = serve(vec![
        model("a/kept", 1),
        model("b/other", 9),
        model("a/new", 1),
    ])
    .await;
    let (code, dry, _) = project.pull(&new, &["--dry-run", "--models", "a/*"]).await;
    assert_eq!((code, project.files()), (Some(0), before));
    for line in [
        "breaking    /scale: the range was 0..=2, is 0..=1",
        "schema files would be added: 1, replaced: 1, removed: 0",
        "kept, but not in the catalogue any more (`--prune` removes them): a/gone",
    ] {
        assert!(dry.contains(line), "{dry}");
    }
    assert!(!dry.contains("b/other"), "{dry}");

    let (_, wet, _) = project.pull(&new, &["--models", "a/*", "--prune"]).await;
    assert!(wet.contains("added: 1, replaced: 1, removed: 1"), "{wet}");
    let names: Vec<_> = project.files().into_keys().collect();
    let here = ["a/kept.json", "a/new.json", "b/other.json"];
    assert_eq!(names, here.map(|name| project.schemas().join(name)));
}

/// Every flag of the report is honoured, and the files are written whatever the exit code is.
#[tokio::test(flavor = "multi_thread")]
async fn changes_decide_on_the_exit_code() {
    let entries = |keywords: &Value| {
        let schema = json!({"properties": {"scale": keywords}});
        listing(&[json!({"model_id": "a/b", "input_schema": schema})])
    };
    let old = json!({"type": "string", "enum": ["x", "y"], "default": "x"});
    let cases = [
        (old.clone(), [false; 5]),
        // Breaking, own crate, default, text only.
        (
            json!({"type": "string", "enum": ["x"], "default": "x"}),
            [true, true, false, true, false],
        ),
        (
            json!({"type": "string", "enum": ["x", "y", "z"], "default": "x"}),
            [true, false, false, true, false],
        ),
        (
            json!({"type": "string", "enum": ["x", "y"], "default": "y"}),
            [false, false, true, true, false],
        ),
        (
            json!({"type": "string", "enum": ["x", "y"], "default": "x", "title": "X"}),
            [false, false, false, true, false],
        ),
    ];
    let flags: [&[&str]; 5] = [
        &["--fail-on-breaking"],
        &["--fail-on-breaking", "--bindings", "dependency"],
        &["--fail-on-default"],
        &["--exit-code"],
        &[],
    ];
    let forms: [&[&str]; 4] = [
        &["--quiet"],
        &["--json"],
        &["--format", "github"],
        &["--format=human"],
    ];
    let mut forms = forms.into_iter().cycle();
    let emulator = serve(Vec::new()).await;
    let old_file = json!({"model_id": "a/b", "input_schema": {"properties": {"scale": old}}});
    for (new, fails) in cases {
        for (flags, fails) in flags.into_iter().zip(fails) {
            let form = forms.next().unwrap();
            let project = Project::new();
            std::fs::create_dir_all(project.schemas().join("a")).unwrap();
            let path = project.schemas().join("a/b.json");
            std::fs::write(path, old_file.to_string()).unwrap();
            emulator.script(Call::Catalogue, entries(&new));
            let arguments = [flags, form].concat();
            let (code, stdout, stderr) = project.pull(&emulator, &arguments).await;
            assert_eq!(
                (code, &*stderr),
                (Some(i32::from(fails)), ""),
                "{new} {arguments:?}: {stdout}"
            );
            let file = project.files().into_values().next().unwrap();
            let file: Value = serde_json::from_str(&file).unwrap();
            assert_eq!(file["input_schema"]["properties"]["scale"], new);
            let changed = new != old;
            match form {
                ["--quiet"] => assert_eq!(stdout, ""),
                ["--json"] => {
                    let report: Value = serde_json::from_str(&stdout).unwrap();
                    assert_eq!(report["replaced"] == json!(["a/b"]), changed, "{report}");
                    assert_eq!(report["models"] != json!([]), changed, "{report}");
                }
                ["--format=human"] => {
                    assert!(stdout.contains("schema files added"), "{stdout}");
                }
                _ => assert_eq!(stdout.starts_with("::"), changed, "{stdout}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transient_failures_are_retried() {
    let emulator = serve(many(1)).await;
    emulator.script(Call::Catalogue, Reply::new(503, "out of order"));
    emulator.script(Call::Catalogue, Reply::genuine());
    emulator.script(Call::Catalogue, Reply::reset());
    emulator.script(Call::Catalogue, Reply::half());
    let project = Project::new();
    let (code, stdout, stderr) = project.pull(&emulator, &[]).await;
    assert_eq!((code, &*stderr), (Some(0), ""), "{stdout}");
    assert_eq!(project.files().len(), MANY);
    assert_eq!(emulator.count(Call::Catalogue), 3 + 3);
}

fn entry(id: &str, maximum: usize) -> Value {
    json!({"model_id": id, "input_schema": {"properties": {"scale": {"type": "float", "maximum": maximum}}}})
}

fn listing(entries: &[Value]) -> Reply {
    let listing = json!({"models": entries, "total": entries.len(), "limit": 100, "offset": 0});
    Reply::new(200, listing.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_entries_do_not_keep_the_others_out() {
    let emulator = serve(Vec::new()).await;
    let project = Project::new();
    let named = json!({"display_name": "No\nId", "input_schema": {}});
    let invalid = [
        entry("a/b", 1),
        entry("a/b", 1),
        named,
        json!({"model_id": 5}),
        entry("a/c", 1),
    ];
    emulator.script(Call::Catalogue, listing(&invalid));
    let (code, stdout, stderr) = project.pull(&emulator, &[]).await;
    assert_eq!(code, Some(65), "{stderr}");
    assert!(stdout.contains("added: 2, replaced: 0"), "{stdout}");
    assert_eq!(
        stderr,
        "error: an entry of the catalogue is skipped: it has no text `model_id`: {\"display_name\":\"No\\nId\",\"input_schema\":{}}\n\
         error: an entry of the catalogue is skipped: it has no text `model_id`: {\"model_id\":5}\n"
    );
    assert_eq!(emulator.count(Call::Catalogue), 1);

    // Of two different entries with one id, nobody knows which is right.
    emulator.script(
        Call::Catalogue,
        listing(&[entry("a/b", 1), entry("a/b", 2)]),
    );
    let (code, _, stderr) = project.pull(&emulator, &[]).await;
    assert_eq!(code, Some(69), "{stderr}");
    assert!(stderr.contains("listed 1 of its 2 models"), "{stderr}");
}

/// A model that is added while the listing is read moves the others, so that one comes twice and one
/// never.
#[tokio::test(flavor = "multi_thread")]
async fn listing_that_changes_meanwhile_is_not_taken() {
    let emulator = serve(Vec::new()).await;
    let project = Project::new();
    let page = |range: std::ops::Range<usize>, total: usize| {
        let entries: Vec<Value> = range.map(|i| entry(&format!("a/m{i}"), 1)).collect();
        Reply::new(200, json!({"models": entries, "total": total}).to_string())
    };
    emulator.script(Call::Catalogue, page(0..100, 110));
    emulator.script(Call::Catalogue, page(99..110, 111));
    let (code, _, stderr) = project.pull(&emulator, &[]).await;
    assert_eq!(code, Some(69), "{stderr}");
    assert!(stderr.contains("listed 110 of its 111 models"), "{stderr}");
    assert!(!project.schemas().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_token_leaves_the_folder_as_it_was() {
    let emulator = serve(many(1)).await;
    let project = Project::new();
    let mut command = project.command(&emulator, &[]);
    command.env("RUNCOMFY_TOKEN", "wrong");
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(77), "{stderr}");
    assert!(
        stderr.contains("nothing was written") && !stderr.contains("wrong"),
        "{stderr}"
    );
    assert!(!project.schemas().exists());
}

/// Killed while it waits for the second response, it has written nothing of the first.
#[tokio::test(flavor = "multi_thread")]
async fn kill_while_reading_writes_nothing() {
    let emulator = serve(many(2)).await;
    let project = Project::new();
    emulator.script(Call::Catalogue, Reply::genuine());
    emulator.script(Call::Catalogue, Reply::stall());
    let mut child = project
        .command(&emulator, &[])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while emulator.count(Call::Catalogue) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!project.schemas().exists());
}

/// Killed many times while it writes, it leaves every file whole, of the old state or the new.
#[tokio::test(flavor = "multi_thread")]
async fn kill_while_writing_leaves_whole_files() {
    /// Number of kills: the first with the first file, the last some milliseconds later.
    const ROUNDS: u64 = 12;
    let project = Project::new();
    project.pull(&serve(many(1)).await, &[]).await;
    let old = project.files();
    let emulator = serve(many(2)).await;
    let mut mixed = 0;
    for round in 0..ROUNDS {
        for (path, text) in &old {
            std::fs::write(path, text).unwrap();
        }
        let mut child = project
            .command(&emulator, &[])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It writes from when the first file changes.
        let (first, _) = old.first_key_value().unwrap();
        while std::fs::read_to_string(first).unwrap() == old[first]
            && child.try_wait().unwrap().is_none()
        {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_micros(round * 800)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let now = project.files();
        assert!(now.keys().eq(old.keys()));
        let new = now
            .iter()
            .filter(|(path, text)| old[*path] != **text)
            .count();
        mixed += usize::from(new > 0 && new < MANY);
    }
    println!("caught while writing: {mixed} of {ROUNDS}");
    assert!(mixed > 0, "never caught it while it was writing");
}
