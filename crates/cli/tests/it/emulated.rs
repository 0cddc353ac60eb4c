//! `--emulate` is the same run: what it prints is compared with a run against an emulator that was
//! started by itself, for arbitrary command lines.

use std::path::Path;
use std::time::Duration;

use fastrand::Rng;
use runcomfy_testkit::cases::{Cases, rerun};

use crate::support::{EDIT, Ended, PICTURE, Service, TEXT_TO_IMAGE, WIDE, command};

/// A GIF image of 2 x 2 pixels.
const TINY: &[u8] = b"GIF89a\x02\x00\x02\x00\x00\x00\x00;";
/// More than the 15 MB that the schema allows, in any unit.
const TOO_LARGE: usize = 17_000_000;

/// Number of command lines. Most end in a message, others run for half a second.
const CASES: u64 = 80;

/// Command lines that run at the same time.
const CONCURRENCY: u64 = 8;

/// Fills a folder with the files that command lines name.
fn fill(folder: &Path) {
    let mut large = PICTURE.to_vec();
    large.resize(TOO_LARGE, 0);
    for (name, bytes) in [
        ("good.gif", PICTURE),
        ("wide.gif", WIDE),
        ("tiny.gif", TINY),
        ("large.gif", &large),
        ("text.txt", b"no picture"),
        ("input.json", br#"{"prompt": "from a file"}"#),
        ("broken.json", b"{'prompt': 1}"),
        ("empty.json", b""),
    ] {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    std::fs::create_dir(folder.join("folder")).unwrap();
}

/// Values of flags, good ones and others.
fn values(flag: &str) -> &'static [&'static str] {
    match flag {
        "--prompt" => &["A boat", "", "@input.json", "漢字"],
        "--image-urls" => &[
            "good.gif",
            "wide.gif",
            "tiny.gif",
            "large.gif",
            "text.txt",
            "folder",
            "missing.gif",
            "good.gif,tiny.gif",
            "http://127.0.0.1:9/a.png",
            "https://127.0.0.1/a.png",
            "https://nohost.invalid/a.png",
            "htps://example.com/a.png",
            "data:image/gif;base64,R0lGODlhgALgAQAAADs=",
            "data:image/gif;base64,R0lGODlhAgACAAAAADs=",
            "data:image/gif;base64,*",
        ],
        "--scale" => &["0.5", "7", "big", "-1"],
        "--width-x-height" => &["2048x2048(1:1)", "2048x2048", "1x1"],
        "--force-single" => &["true", "yes"],
        "--input" => &[
            r#"{"prompt": "a", "image_urls": ["good.gif"]}"#,
            r#"{"prompt": "a", "prompt": "b"}"#,
            r#"{"prompt": "a", "lora": {}}"#,
            r#"["x"]"#,
            "@input.json",
            "@broken.json",
            "@empty.json",
            "@missing.json",
        ],
        // A schema that can be read is one that the emulator inside of the command has as well.
        "--schema" => &["broken.json", "missing.json"],
        "--output" => &["json", "pretty", "record", "text", "yaml"],
        "--output-dir" => &["new/folder", "good.gif"],
        "--timeout" => &["60", "5m", "-1", "soon"],
        _ => &[],
    }
}

/// Returns the arguments of a run without `--emulate`.
fn arguments(rng: &mut Rng) -> Vec<String> {
    let models = [
        TEXT_TO_IMAGE,
        TEXT_TO_IMAGE,
        TEXT_TO_IMAGE,
        EDIT,
        EDIT,
        EDIT,
        "bytedance/dreamina-4-0/text-to-imag",
        "dreamina",
        "acme/unknown/model",
    ];
    let model = rng.choice(models).unwrap();
    let mut words = ["run", model, "--poll-secs", "0"]
        .map(str::to_owned)
        .to_vec();
    // A run that gets anywhere needs a prompt.
    if rng.u8(..10) > 0 {
        words.extend(["--prompt".to_owned(), "A boat".to_owned()]);
    }
    let flags = [
        "--image-urls",
        "--image-urls",
        "--image-urls",
        "--scale",
        "--width-x-height",
        "--force-single",
        "--input",
        "--schema",
        "--output",
        "--output-dir",
        "--timeout",
        "--unchecked",
        "--no-check-media",
        "--allow-loopback",
        "--no-wait",
        "--no-download",
        "--quiet",
        "--verbose",
        "--promt",
    ];
    for _ in 0..rng.usize(..4) {
        let flag = rng.choice(flags).unwrap();
        let value = rng.choice(values(flag));
        match value {
            Some(value) if rng.bool() => words.push(format!("{flag}={value}")),
            Some(value) => words.extend([flag.to_owned(), (*value).to_owned()]),
            None => words.push(flag.to_owned()),
        }
    }
    words
}

/// Replaces what differs between two runs of any kind, and what is said to differ with `--emulate`.
fn comparable(text: &str, service: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.replace(service, "BASE").lines() {
        // The emulator inside of the command has a port that nobody knows.
        let line = without_ids(&without_ports(line));
        // The steps of a run, whose times and number depend on how busy this machine is.
        if line.ends_with(" s)") {
            continue;
        }
        // Advice about other models, and about a job that ends with the command.
        let differs = [
            "--unchecked sends the input anyway",
            "The emulator has the built-in models",
            "The job was emulated",
        ];
        let differs = differs.iter().any(|text| line.contains(text));
        lines.push(if differs { "ADVICE".to_owned() } else { line });
    }
    lines.join("\n")
}

/// Replaces each `http://127.0.0.1:PORT` of a file that was served.
fn without_ports(line: &str) -> String {
    const START: &str = "http://127.0.0.1:";
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(START) {
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let is_file = after[digits..].starts_with("/files") || after[digits..].starts_with("/v1");
        text += before;
        text += if is_file { "BASE" } else { START };
        rest = if is_file { &after[digits..] } else { after };
    }
    text + rest
}

/// Replaces each request id, date, duration and cost.
fn without_ids(line: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-:._".contains(c);
    let mut text = String::new();
    for piece in line.split_inclusive(|c| !is_part(c)) {
        let word = piece.trim_end_matches(|c| !is_part(c));
        let hyphens: Vec<usize> = word.match_indices('-').map(|(at, _)| at).collect();
        let is_id = word.len() >= 36 && hyphens.starts_with(&[8, 13, 18, 23]);
        let is_date = word.len() >= 20 && word.contains('T') && word.starts_with("20");
        let is_time = word.len() > 1 && word.trim_end_matches("ms").parse::<f64>().is_ok();
        text += match (is_id, is_date, is_time && word.contains('.')) {
            (true, ..) => "ID",
            (_, true, _) => "DATE",
            (.., true) => "NUMBER",
            _ => word,
        };
        text += &piece[word.len()..];
    }
    // An emulated run ends with its true cost.
    match text.strip_suffix("  free") {
        Some(saved) => format!("{saved}  $NUMBER"),
        None => text,
    }
}

/// Runs a command line in a new folder, and returns what can be compared.
fn run(service: &Service, words: &[String], emulate: bool) -> (i32, String, String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let mut run = if emulate {
        command()
    } else {
        service.command(&[])
    };
    run.args(words);
    if emulate {
        run.arg("--emulate");
    }
    let ended = Ended::from(run.current_dir(folder.path()).output().unwrap());
    let base = service.emulator.base_url();
    let mut files = Vec::new();
    list(folder.path(), folder.path(), &mut files);
    files.sort_unstable();
    (
        ended.code,
        comparable(&ended.out, &base),
        comparable(&ended.err, &base),
        files,
    )
}

/// Lists the files below a folder, without request ids.
fn list(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            let path = path.strip_prefix(root).unwrap().display().to_string();
            files.push(without_ids(&path));
        }
    }
}

#[test]
fn emulated_run_prints_what_any_run_prints() {
    // The times of the emulator inside of the command, where nobody watches.
    let service = Service::with(|builder| {
        builder
            .queue_time(Duration::from_millis(200))
            .run_time(Duration::from_millis(300))
            .slots(100)
    });
    let check = |seed: u64| {
        let words = arguments(&mut Rng::with_seed(seed));
        let real = run(&service, &words, false);
        let emulated = run(&service, &words, true);
        assert_eq!(emulated, real, "{words:?}; {}", rerun(seed));
        real.0
    };
    let seeds: Vec<u64> = Cases::from_env(CASES).seeds().collect();
    let mut codes = Vec::new();
    for seeds in seeds.chunks(usize::try_from(CONCURRENCY).unwrap()) {
        std::thread::scope(|scope| {
            let runs: Vec<_> = seeds
                .iter()
                .map(|seed| scope.spawn(move || check(*seed)))
                .collect();
            for run in runs {
                codes.push(run.join().unwrap());
            }
        });
    }
    if seeds.len() >= 50 {
        // The command lines reach every end.
        assert!(codes.contains(&0) && codes.contains(&65), "{codes:?}");
    }
}

/// The emulator would refuse the file as well, in the words of the service.
#[test]
fn emulated_run_checks_files_before_it_submits() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let mut run = command();
    run.args(["run", EDIT, "--prompt", "x", "--image-urls", "large.gif"]);
    run.args(["--emulate", "--output", "pretty"]);
    let ended = Ended::from(run.current_dir(folder.path()).output().unwrap());
    assert_eq!(ended.code, 65, "{ended:?}");
    assert!(
        ended.err.contains("--image-urls[0]: found 17 MB"),
        "{ended:?}"
    );
    assert!(!ended.err.contains("422001"), "{ended:?}");
}
