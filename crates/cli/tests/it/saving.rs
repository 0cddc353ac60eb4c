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
        format!("b/image-{}.png", id(&service))
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
    assert_eq!(done["files"][0]["path"], "etc-passwd..1.png");
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

/// Returns the names in a folder, those of hidden files too.
fn names(service: &Service) -> Vec<String> {
    let entries = std::fs::read_dir(service.folder.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Serves `reply` in the place of each file.
fn serve(service: &Service, reply: Reply) {
    service
        .emulator
        .add_fault(Fault::every(Call::File, 1, reply));
}

/// Makes `output` that of each job.
fn give(service: &Service, output: &Value) {
    let reply = Reply::patched(json!({ "output": output }));
    service
        .emulator
        .add_fault(Fault::every(Call::Result, 1, reply));
}

#[test]
fn page_in_place_of_an_image_is_no_success() {
    let service = Service::new();
    serve(&service, Reply::html(200));
    let ended = service.json(&[&RUN[..], &["--sidecar", "--job-file", "job.json"]].concat());
    let record = ended.json();
    assert_eq!(
        (ended.code, service.emulator.count(Call::File)),
        (1, 3),
        "{ended:?}"
    );
    assert_eq!(
        (&record["status"], &record["files"]),
        (&json!("succeeded"), &json!([]))
    );
    let failed = &record["failed_files"][0];
    assert_eq!(
        (&failed["path"], &failed["url"]),
        (&json!("image.html"), &record["output"]["image"])
    );
    let text = record["warnings"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("an HTML page where an image was expected"),
        "{text}"
    );
    assert_eq!(record["error"]["exit_code"], 1);
    assert_eq!(names(&service), ["image.html", "job.json"]);
    // Run again, the command saves the image, once it is there, and submits nothing.
    service.emulator.clear_faults();
    let again = service.json(&[&RUN[..], &["--job-file", "job.json"]].concat());
    assert_eq!(again.good_json()["files"][0]["path"], "image.png");
    assert_eq!(service.emulator.count(Call::Submit), 1);
}

#[test]
fn page_is_said_to_be_kept_in_words() {
    let service = Service::new();
    let page = "data:image/png;base64,PGh0bWw+U29ycnk8L2h0bWw+";
    give(&service, &json!({ "image": page }));
    let ended = service.run(&RUN);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.out.starts_with("not saved: data:image/png (")
            && ended.out.ends_with("(see image.html)\n"),
        "{ended:?}"
    );
    assert!(
        ended
            .err
            .contains("an HTML page where an image was expected"),
        "{ended:?}"
    );
    assert!(
        ended.err.contains("saving it again brings the same") && !ended.err.contains("Save them"),
        "{ended:?}"
    );
    assert!(!ended.err.contains("PGh0bWw"), "{ended:?}");
    assert_eq!(names(&service), ["image.html"]);
}

#[test]
fn extension_is_that_of_the_bytes() {
    let service = Service::new();
    serve(
        &service,
        Reply::new(200, crate::support::PICTURE).header("content-type", "image/png"),
    );
    let done = service.json(&RUN).good_json();
    let file = &done["files"][0];
    assert_eq!(
        (
            &file["path"],
            &file["format"],
            &file["width"],
            &file["size_bytes"]
        ),
        (&json!("image.gif"), &json!("gif"), &json!(640), &json!(14))
    );
    let id = done["request_id"].as_str().unwrap();
    let resumed = service.run(&["resume", id]);
    assert!(
        cfg!(not(any(target_os = "linux", target_os = "macos")))
            || resumed.out.starts_with("kept image.gif  640×480  14 bytes"),
        "{resumed:?}"
    );
    let named = service.json(&["result", id, "--name", "{slug}.{ext}"]);
    assert_eq!(named.good_json()["files"][0]["path"], "image-1.gif");
}

#[test]
fn data_uris_are_saved_and_a_broken_one_is_named() {
    let service = Service::new();
    let picture = "data:image/png;base64,R0lGODlhgALgAQAAADs=";
    give(
        &service,
        &json!({ "images": [picture], "mesh": "data:model/gltf-binary;base64,Z2xURgIAAAA=" }),
    );
    let run = [&RUN[..], &["--job-file", "job.json"]].concat();
    let done = service.json(&run).good_json();
    let paths: Vec<&Value> = done["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["path"])
        .collect();
    assert_eq!(paths, ["image.gif", "mesh.glb"]);
    assert_eq!(done["output"]["images"][0], picture);
    assert!(!done["files"].to_string().contains("R0lGODlh"));
    let again = service.run(&run);
    assert!(again.out.starts_with("kept image.gif"), "{again:?}");

    let service = Service::new();
    give(
        &service,
        &json!({ "images": [picture, "data:image/png;base64,@@@"] }),
    );
    let ended = service.json(&RUN);
    let record = ended.json();
    assert_eq!(
        (ended.code, &record["files"][0]["path"]),
        (1, &json!("image.gif"))
    );
    let warning = record["warnings"][0]["text"].as_str().unwrap();
    assert!(warning.contains("`/images/1`"), "{warning}");
    let message = record["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("1 of 2 files could not be saved\n  data:image/png"),
        "{message}"
    );
    assert_eq!(record["failed_files"][0]["path"], Value::Null);
    assert_eq!(names(&service), ["image.gif"]);
}

#[test]
fn output_without_files_says_so() {
    for output in [json!({ "text": "A boat" }), json!({}), Value::Null] {
        let service = Service::new();
        give(&service, &output);
        for format in ["record", "pretty", "json"] {
            let done = service.piped(&[&RUN[..], &["--output", format]].concat());
            assert_eq!((done.code, service.files()), (0, 0), "{output} {done:?}");
            let why = "the output has nothing to save";
            match format {
                "record" => {
                    let warnings = done.json()["warnings"].clone();
                    assert_eq!(warnings.as_array().unwrap().len(), 1, "{warnings}");
                    assert!(warnings[0]["text"].as_str().unwrap().starts_with(why));
                }
                _ => assert!(done.err.contains(why), "{output} {done:?}"),
            }
        }
        let none = service.json(&[&RUN[..], &["--no-download"]].concat());
        assert_eq!(none.good_json()["warnings"], json!([]));
    }
}

/// The command is killed while it has a page on disk, before it would try again.
#[cfg(unix)]
#[test]
fn killed_command_leaves_no_name_that_lies() {
    let service = Service::new();
    serve(&service, Reply::html(200));
    let mut child = service
        .command(&[&RUN[..], &["--output", "record"]].concat())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while service.emulator.count(Call::File) < 2 {
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for name in names(&service) {
        let is_partial = name.rsplit('.').next() == Some("part");
        assert!(name.starts_with('.') && is_partial, "{name}");
    }
    service.emulator.clear_faults();
    let id = service.emulator.ledger()[0].request_id.clone();
    let resumed = service.json(&["resume", &id]).good_json();
    assert_eq!(resumed["files"][0]["path"], "image.png");
}
