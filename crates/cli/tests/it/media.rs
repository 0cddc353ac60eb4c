//! The commands `probe` and `validate`, and local files instead of media URLs.

use std::path::Path;
use std::process::Command;

use runcomfy_emulator::{Call, Fault, Reply};
use serde_json::{Value, json};

use crate::support::{EDIT, PICTURE, Service, WIDE, command, with_stdin};

const SECRET: &str = "The password is swordfish.";

fn runcomfy(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runcomfy"));
    let output = command
        .args(["--output", "text"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.gif"), PICTURE).unwrap();
    std::fs::write(folder.path().join("wide.gif"), WIDE).unwrap();
    std::fs::write(folder.path().join("secret.txt"), SECRET).unwrap();
    folder
}

/// Starts a service whose every file is the wide image, and returns it with a URL.
fn serve() -> (Service, String) {
    let size = WIDE.len();
    let range = format!("bytes 0-{}/{size}", size - 1);
    let image = Reply::new(206, WIDE).header("content-range", range);
    let service = Service::with(|builder| builder.fault(Fault::every(Call::File, 1, image)));
    let url = service.emulator.base_url() + "/files/a/a.gif";
    (service, url)
}

#[test]
fn probe_prints_the_facts_of_each_source() {
    let folder = folder();
    let (_service, url) = serve();
    let data = "data:image/gif;base64,R0lGODlhgALgAQAAADs=";
    let sources = ["good.gif", &url, data, "secret.txt"];
    let all = [
        &["probe", "--allow-loopback", "--output", "record"],
        &sources[..],
    ]
    .concat();
    let (code, stdout, stderr) = runcomfy(folder.path(), &all);
    assert_eq!(code, 0, "{stderr}");
    let lines: Vec<Value> = stdout
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let gif = |source: &str, width| {
        json!({"source": source, "size_bytes": PICTURE.len(), "kind": "image", "format": "gif",
            "width": width, "height": 480, "orientation": 1})
    };
    assert_eq!(
        lines[..3],
        [gif("good.gif", 640), gif(&url, 5000), gif(data, 640)]
    );
    assert_eq!(lines[3]["size_bytes"], SECRET.len());
    assert!(lines[3]["unknown"].is_string() && lines[3]["kind"].is_null());

    let (_, stdout, _) = runcomfy(folder.path(), &["probe", "good.gif"]);
    assert!(
        stdout.starts_with("good.gif\n  size bytes        14\n"),
        "{stdout}"
    );
}

#[test]
fn probe_reports_sources_that_failed() {
    let folder = folder();
    let (_service, url) = serve();
    let (code, stdout, stderr) = runcomfy(folder.path(), &["probe", "none.gif", "good.gif", &url]);
    assert_eq!(code, 66);
    assert!(
        stdout.contains("none.gif\n  error") && stdout.contains("640"),
        "{stdout}"
    );
    assert!(stdout.contains("no public address"), "{stdout}");
    assert!(
        stderr.contains("2 of 3 sources could not be probed"),
        "{stderr}"
    );
    let as_json = ["probe", "none.gif", "good.gif", "--output", "record"];
    let (_, stdout, _) = runcomfy(folder.path(), &as_json);
    let lines: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let why = lines[0]["error"].as_str().unwrap();
    assert!(why.starts_with("could not be read"), "{why}");
    // One object for each source, and the failure.
    assert_eq!(
        (lines.len(), &lines[2]["error"]["exit_code"]),
        (3, &json!(66))
    );
}

#[test]
fn probe_reads_standard_input() {
    let mut probe = command();
    probe.args(["probe", "-", "--output", "record"]);
    let facts = with_stdin(&mut probe, PICTURE).good_json();
    assert_eq!(
        (&facts["source"], &facts["width"]),
        (&json!("-"), &json!(640))
    );
}

#[test]
fn validate_checks_values_and_media_at_once() {
    let folder = folder();
    let (_service, url) = serve();
    let check = |more: &[&str]| {
        let always = ["validate", EDIT, "--allow-loopback", "--prompt", "A boat"];
        runcomfy(folder.path(), &[&always, more].concat())
    };
    let (code, stdout, _) = check(&["--image-urls", "good.gif"]);
    assert_eq!(
        (code, &*stdout),
        (
            0,
            "valid for bytedance/dreamina-4-0/edit; nothing was submitted\n"
        )
    );

    let bad = [
        "--image-urls",
        "wide.gif",
        "--image-urls",
        &url,
        "--image-urls",
        "none.gif",
    ];
    let (code, _, stderr) = check(&[&bad[..], &["--scale", "7"]].concat());
    assert_eq!(code, 65);
    for line in [
        "--scale: found 7, expected a number in 0..=1",
        "--image-urls[0]: found a width of 5000, expected at most 4096 pixels",
        "--image-urls[1]: found a width of 5000, expected at most 4096 pixels",
        "--image-urls[2]: no such file: none.gif, expected a public https:// URL or a data: URI, or the path of a file",
    ] {
        assert!(stderr.contains(line), "{line}: {stderr}");
    }

    let (code, stdout, _) = check(&[
        "--image-urls",
        &url,
        "--no-check-media",
        "--output",
        "record",
    ]);
    let json: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &json["valid"]), (0, &json!(true)));
    assert_eq!(json["warnings"][0]["pointer"], "/image_urls/0");
}

/// A URL inside a `data:` URI is not requested.
#[test]
fn data_uri_is_probed_without_a_request() {
    let folder = folder();
    let uri = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>";
    let (code, stdout, stderr) = runcomfy(folder.path(), &["probe", uri]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("SVG or XML text"), "{stdout}");
}

/// A file that is not media is never sent, even if an input from elsewhere names it.
#[test]
fn only_media_files_leave_this_machine() {
    let folder = folder();
    let input = json!({"prompt": "x", "image_urls": ["secret.txt"]}).to_string();
    let (code, _, stderr) = runcomfy(
        folder.path(),
        &["run", EDIT, "--emulate", "--input", &input],
    );
    assert_eq!(code, 65);
    assert!(
        stderr.contains("/image_urls/0: found the file `secret.txt` (not a known media format"),
        "{stderr}"
    );
    assert!(!stderr.contains("swordfish"), "{stderr}");
}

#[test]
fn all_violations_of_files_are_reported_at_once() {
    let folder = folder();
    std::fs::write(folder.path().join("empty.png"), "").unwrap();
    std::fs::create_dir(folder.path().join("pictures")).unwrap();
    let large = std::fs::File::create(folder.path().join("large.gif")).unwrap();
    large.set_len(60 << 20).unwrap();
    let mut line = vec!["validate", EDIT, "--scale", "7"];
    for file in [
        "secret.txt",
        "good.gif",
        "empty.png",
        "pictures",
        "large.gif",
    ] {
        line.extend(["--image-urls", file]);
    }
    let (code, _, stderr) = runcomfy(folder.path(), &line);
    assert_eq!(code, 65);
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!(
        lines[1..lines.len() - 1],
        [
            "  --prompt: is missing, expected a string of at most 800 characters",
            "  --scale: found 7, expected a number in 0..=1",
            "  --image-urls[0]: found the file `secret.txt` (not a known media format), expected an image, a video or audio",
            "  --image-urls[2]: found the file `empty.png` (it is empty), expected an image, a video or audio",
            "  --image-urls[3]: found the folder `pictures`, expected a file",
            "  --image-urls[4]: found the file `large.gif`, with which the request has 81 MiB, expected at most 64 MiB in total; pass public https:// URLs instead",
        ]
    );
    let (code, stdout, _) = runcomfy(
        folder.path(),
        &[&line[..], &["--output", "record"]].concat(),
    );
    let json: Value = serde_json::from_str(&stdout).unwrap();
    let violations = json["error"]["violations"].as_array().unwrap();
    assert_eq!((code, violations.len()), (65, 6));
    assert_eq!(
        (&violations[2]["flag"], &violations[2]["actual"]),
        (&json!("--image-urls"), &json!("secret.txt"))
    );
}

/// Uses a file that exists and fails when it is read.
#[cfg(target_os = "linux")]
#[test]
fn unreadable_file_exits_with_66() {
    let folder = folder();
    let validate = [
        "validate",
        EDIT,
        "--prompt",
        "x",
        "--image-urls",
        "/proc/self/mem",
    ];
    let (code, _, stderr) = runcomfy(folder.path(), &validate);
    assert_eq!(code, 66);
    assert!(
        stderr.contains(
            "\n  --image-urls[0]: found the file `/proc/self/mem`, which cannot be read ("
        ),
        "{stderr}"
    );
    let (code, ..) = runcomfy(folder.path(), &[&validate[..], &["--scale", "7"]].concat());
    assert_eq!(code, 65);
}

#[test]
fn local_file_may_replace_a_media_url() {
    let folder = folder();
    let always = [
        "run",
        EDIT,
        "--emulate",
        "--poll-secs",
        "0",
        "--prompt",
        "A boat",
        "--image-urls",
    ];
    let (code, stdout, stderr) = runcomfy(folder.path(), &[&always[..], &["good.gif"]].concat());
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("saved "), "{stdout}");
    // The emulator checks the same rules.
    let (code, _, stderr) = runcomfy(folder.path(), &[&always[..], &["wide.gif"]].concat());
    assert_eq!(code, 65);
    assert!(stderr.contains("at most 4096 pixels"), "{stderr}");
}
