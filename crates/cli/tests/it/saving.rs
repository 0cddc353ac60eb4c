//! The files of a job: their names, their sidecars, and what `resume` finds on disk.

use std::time::Duration;

use crate::support::{Service, TEXT_TO_IMAGE};
use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

const RUN: [&str; 6] = [
    "run",
    TEXT_TO_IMAGE,
    "--prompt",
    "A boat",
    "--poll-secs",
    "0",
];

#[test]
fn template_names_the_files() {
    let service = Service::new();
    let named = |template: &str| -> Value {
        let done = service.json(&[&RUN[..], &["--name", template]].concat());
        done.good_json()["files"][0]["path"].clone()
    };
    assert_eq!(named("{n}-{slug}.{ext}"), "1-a-boat.png");
    assert_eq!(
        named("{n}-{slug}.{ext}"),
        "1-a-boat-1.png",
        "nothing is overwritten"
    );
    let id = |service: &Service| service.emulator.ledger().last().unwrap().request_id.clone();
    let with_id = named("{model}-{id}-{name}.{ext}");
    let expected = format!(
        "bytedance-dreamina-4-0-text-to-image-{}-image.png",
        id(&service)
    );
    assert_eq!(with_id, json!(expected));
    // A resumed job has no prompt here.
    let resumed = [
        "resume",
        &id(&service),
        "--output-dir",
        "b",
        "--name",
        "{slug}-{id}",
    ];
    let resumed = service.json(&resumed).good_json();
    assert_eq!(
        resumed["files"][0]["path"],
        format!("b/image-{}", id(&service))
    );
}

#[test]
fn name_never_leads_out_of_the_folder() {
    let service = Service::new();
    for template in ["../{n}", "{x}.png", "{n", "/etc/x", "a\\b", ""] {
        let refused = service.run(&[&RUN[..], &["--name", template]].concat());
        assert_eq!(refused.code, 2, "{template}: {refused:?}");
    }
    assert_eq!(service.emulator.count(Call::Submit), 0);
    let mut prompt = RUN;
    prompt[3] = "../../etc/passwd";
    let run = [&prompt[..], &["--name", "..{slug}..{n}"]].concat();
    let done = service.json(&run).good_json();
    assert_eq!(done["files"][0]["path"], "etc-passwd..1");
}

#[test]
fn sidecar_describes_the_job_of_a_file() {
    let service = Service::new();
    let done = service
        .json(&[&RUN[..], &["--sidecar"]].concat())
        .good_json();
    let text = std::fs::read_to_string(service.folder.path().join("image.png.json")).unwrap();
    let sidecar: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(sidecar, done);
    assert_eq!(
        (&sidecar["model_id"], &sidecar["input"], &sidecar["cost"]),
        (
            &json!(TEXT_TO_IMAGE),
            &json!({ "prompt": "A boat" }),
            &json!(0.04)
        )
    );
    std::fs::write(service.folder.path().join("image-1.png.json"), "mine").unwrap();
    let taken = service.json(&[&RUN[..], &["--sidecar"]].concat());
    assert_eq!(
        (taken.code, &taken.json()["status"]),
        (1, &json!("succeeded"))
    );
    let kept = std::fs::read(service.folder.path().join("image-1.png.json")).unwrap();
    assert_eq!(kept, b"mine");
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
#[test]
fn resume_does_not_download_what_is_there() {
    let service = Service::new();
    let id = service.json(&RUN).good_json()["request_id"].clone();
    let id = id.as_str().unwrap();
    let downloads = service.emulator.count(Call::File);
    let resumed = service.run(&["resume", id]);
    assert!(
        resumed.out.starts_with("kept image.png  2048×2048  "),
        "{resumed:?}"
    );
    assert_eq!(
        (service.emulator.count(Call::File), service.files()),
        (downloads, 1)
    );
    // The file of another job, which has the same name, is not taken for it.
    let other = service
        .json(&[&RUN[..], &["--no-wait"]].concat())
        .good_json();
    let other = service.run(&["resume", other["request_id"].as_str().unwrap()]);
    assert!(other.out.starts_with("saved image-1.png  "), "{other:?}");
    // Nor is a part of the file.
    let file = service.folder.path().join("image.png");
    std::fs::OpenOptions::new()
        .write(true)
        .open(file)
        .unwrap()
        .set_len(9)
        .unwrap();
    let again = service.run(&["resume", id]);
    assert!(again.out.starts_with("saved image-2.png  "), "{again:?}");
}

#[test]
fn several_files_have_a_line_each_and_a_sum() {
    let service = Service::new();
    let id = service
        .json(&[&RUN[..], &["--no-download"]].concat())
        .good_json();
    let image = id["output"]["image"].as_str().unwrap().to_owned();
    let two = json!({ "output": [image, format!("{image}?n=2")] });
    let two = Fault::from_nth(Call::Result, 1, Reply::patched(two));
    service.emulator.add_fault(two);
    let shown = service.run(&["result", id["request_id"].as_str().unwrap()]);
    let size = std::fs::metadata(service.folder.path().join("image.png"));
    let kilobytes = |bytes: u64| format!("{:.0} KB", Duration::from_millis(bytes).as_secs_f64());
    let bytes = size.unwrap().len();
    let (one, two) = (kilobytes(bytes), kilobytes(2 * bytes));
    // The files are downloaded at the same time, so either may be the first.
    let mut lines: Vec<&str> = shown.out.lines().collect();
    lines[..2].sort_unstable();
    let expected = [
        format!("saved image-1.png  2048×2048  {one}"),
        format!("saved image.png    2048×2048  {one}"),
        format!("2 files  {two}  $0.04"),
    ];
    assert_eq!(
        (shown.code, lines),
        (0, expected.iter().map(String::as_str).collect())
    );
}
