//! Skills for agents: their files, their freshness, and that what they say to run does run.

use std::path::{Path, PathBuf};

use runcomfy_emulator::{Call, Reply};
use serde_json::{Value, json};

use crate::golden;
use crate::support::{Ended, Service, command};

/// The skill in the repository.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/skill/runcomfy")
}

fn read(path: &Path) -> String {
    // As git may check it out on Windows.
    std::fs::read_to_string(path).unwrap().replace("\r\n", "\n")
}

/// Runs the command in a folder, without token and network.
fn run(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = command();
    command.args(["skill"]).args(arguments).current_dir(folder);
    command.output().unwrap().into()
}

#[test]
fn sample_skill_is_fresh() {
    let out = sample();
    let check = std::env::var_os("UPDATE_EXPECT").is_none();
    let arguments = ["--built-in", "--out", out.to_str().unwrap()];
    let arguments = [&arguments[..], if check { &["--check"] } else { &[] }].concat();
    let ended = run(&out, &arguments);
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn skill_of_the_catalogue_has_prices() {
    let service = Service::new();
    let out = service.piped(&["skill", "--models", "**/edit", "--out", "skills/runcomfy"]);
    assert_eq!(
        (out.code, &*out.out),
        (0, "wrote 2 files for 1 model in skills/runcomfy\n")
    );
    let folder = service.folder.path().join("skills/runcomfy");
    let guide = read(&folder.join("SKILL.md"));
    let page = read(&folder.join("references/bytedance--dreamina-4-0--edit.md"));
    golden::check("skill.md", &format!("{guide}\n{page}"));
    // Agents' folders of skills expect this front matter.
    let mut lines = guide.lines();
    assert_eq!(lines.next(), Some("---"));
    assert_eq!(lines.next(), Some("name: runcomfy"));
    let description = lines.next().unwrap().strip_prefix("description: ").unwrap();
    let description: String = serde_json::from_str(description).unwrap();
    assert!((1..=1024).contains(&description.chars().count()));
    assert_eq!(lines.next(), Some("---"));
    assert!(guide.lines().count() < 500);
}

#[test]
fn check_names_the_files_that_differ() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = ["--built-in", "--out", "runcomfy"];
    let check = [&write[..], &["--check", "--output", "json"]].concat();
    let files = |ended: &Ended| -> Vec<String> {
        let line: Value = serde_json::from_str(ended.err.lines().last().unwrap()).unwrap();
        assert_eq!(line["kind"], "outdated");
        let faults = line["faults"].as_array().unwrap().iter();
        let text = |fault: &Value, key: &str| fault[key].as_str().unwrap().to_owned();
        faults
            .map(|fault| text(fault, "file") + ": " + &text(fault, "difference"))
            .collect()
    };
    let ended = run(folder, &check);
    assert_eq!(ended.code, 1);
    assert_eq!(files(&ended).len(), 4);
    assert!(!folder.join("runcomfy").exists());

    assert_eq!(run(folder, &write).code, 0);
    assert_eq!(run(folder, &check).code, 0);

    let file = |name: &str| folder.join("runcomfy").join(name);
    let guide = read(&file("SKILL.md"));
    std::fs::write(file("SKILL.md"), guide.clone() + "Pay twice.\n").unwrap();
    let page = "references/bytedance--dreamina-4-0--edit.md";
    std::fs::rename(file(page), file("references/gone.md")).unwrap();
    std::fs::write(file("references/mine.md"), "Mine.").unwrap();
    let ended = run(folder, &check);
    assert_eq!(ended.code, 1);
    assert_eq!(
        files(&ended),
        [
            "SKILL.md: differs".to_owned(),
            format!("{page}: is missing"),
            "references/gone.md: is of no model of the skill".to_owned(),
        ]
    );

    let written = run(folder, &[&write[..], &["--output", "json"]].concat()).good_json();
    assert_eq!(written["written"], json!([page, "SKILL.md"]));
    assert_eq!(written["removed"], json!(["references/gone.md"]));
    assert_eq!(read(&file("SKILL.md")), guide);
    assert_eq!(read(&file("references/mine.md")), "Mine.");
    assert_eq!(run(folder, &check).code, 0);
}

#[test]
fn file_of_somebody_else_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("runcomfy/SKILL.md");
    std::fs::create_dir(own.parent().unwrap()).unwrap();
    std::fs::write(&own, "My own skill.").unwrap();
    let ended = run(folder.path(), &["--built-in", "--out", "runcomfy"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.err.contains("nothing was written"), "{ended:?}");
    assert_eq!(read(&own), "My own skill.");
    assert_eq!(std::fs::read_dir(own.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn unusable_models_are_left_out_with_a_warning() {
    let service = Service::new();
    let text = json!({"type": "object", "properties": {"prompt": {"type": "string"}}});
    let models = json!([
        {"model_id": "a/B é|b", "display_name": "x|y", "categories": ["`z`"], "input_schema": text},
        {"model_id": "a/c", "input_schema": {"type": "object", "properties": 7}},
        {"model_id": "a/\u{202e}d", "input_schema": text},
    ]);
    let page = json!({"models": models, "total": 3, "limit": 100, "offset": 0});
    service
        .emulator
        .script(Call::Catalogue, Reply::json(200, &page));
    let ended = service.piped(&["skill", "--out", "runcomfy", "--output", "json"]);
    let json = ended.good_json();
    assert_eq!(json["models"], 1);
    assert_eq!(json["left_out"], json!(["a/c", "a/\u{202e}d"]));
    assert_eq!(ended.err.matches("is left out").count(), 2, "{ended:?}");
    let written = json["written"].as_array().unwrap();
    assert_eq!(written[0], "references/a--B___b.md");
    let guide = read(&service.folder.path().join("runcomfy/SKILL.md"));
    assert!(guide.contains(r"| x\|y; \`z\` |"), "{guide}");
}

/// Returns the commands in the `sh` blocks of a page.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    for block in page.split("```sh\n").skip(1) {
        let text = block.split("```").next().unwrap().replace("\\\n", " ");
        commands.extend(text.lines().map(|line| line.trim().to_owned()));
    }
    commands.retain(|line| !line.is_empty());
    commands
}

#[cfg(unix)]
#[test]
fn commands_of_a_skill_run_as_they_are() {
    let service = Service::new();
    let page = |name: &str| read(&sample().join(name));
    let guide = commands(&page("SKILL.md"));
    assert_eq!(guide.len(), 2, "{guide:?}");
    let submit = guide[1].clone();
    let mut lines = guide;
    // Run again, the command with the job file submits nothing.
    lines.push(submit);
    for entry in std::fs::read_dir(sample().join("references")).unwrap() {
        let examples = commands(&read(&entry.unwrap().path()));
        assert_eq!(examples.len(), 1);
        // The URLs in schemas are those of the service.
        let offline = examples
            .iter()
            .map(|line| format!("{line} --no-check-media"));
        lines.extend(offline);
    }
    let function = format!(
        "runcomfy() {{ '{}' \"$@\"; }}\n",
        env!("CARGO_BIN_EXE_runcomfy")
    );
    for line in lines {
        let line = line.replace("MODEL_ID", "bytedance/dreamina-4-0/text-to-image");
        let script = function.clone() + &line;
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-euc", &script])
            .current_dir(service.folder.path());
        for (name, value) in service.command(&[]).get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let ended = Ended::from(shell.output().unwrap());
        assert_eq!(ended.code, 0, "{line}: {ended:?}");
    }
    assert_eq!(service.emulator.count(Call::Submit), 1);
    assert_eq!(
        std::fs::read_dir(service.folder.path().join("out"))
            .unwrap()
            .count(),
        1
    );
}
