//! The page in a browser, where one is installed: Chromium without a window.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use runcomfy_batch::{ReportFormat, Store};
use serde_json::{Value, json};

use crate::sample::Sample;

/// Uses the page as a reader does, and leaves what it sees in `#seen`.
const READER: &str = include_str!("reader.js");

/// Maximum time of the browser, which needs some seconds on a busy machine.
const ENDS_WITHIN: Duration = Duration::from_secs(180);

fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let mut programs = folders
        .iter()
        .flat_map(|folder| names.map(|name| folder.join(name)));
    programs.find(|program| program.is_file())
}

/// Returns what the reader sees, and what the browser has printed on its console.
fn read(chromium: PathBuf, page: &str, sample: &Sample) -> (Value, Vec<String>) {
    let nonce = page
        .split("nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    let script = format!("<script nonce=\"{nonce}\">\n{READER}</script>\n</body>");
    let file = sample.folder.path().join("report.html");
    fs::write(&file, page.replace("</body>", &script)).unwrap();
    let (dom, printed) = (
        sample.folder.path().join("dom"),
        sample.folder.path().join("printed"),
    );
    let mut browser = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--enable-logging=stderr",
            "--virtual-time-budget=5000",
            "--window-size=1280,900",
            "--dump-dom",
        ])
        .arg(format!(
            "--user-data-dir={}",
            sample.folder.path().join("profile").display()
        ))
        .arg(format!("file://{}", file.display()))
        .stdout(File::create(&dom).unwrap())
        .stderr(File::create(&printed).unwrap())
        .spawn()
        .unwrap();
    // A browser that hangs must not hold up the tests.
    let deadline = Instant::now() + ENDS_WITHIN;
    while browser.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            browser.kill().unwrap();
            browser.wait().unwrap();
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let dom = String::from_utf8_lossy(&fs::read(dom).unwrap()).into_owned();
    let printed = String::from_utf8_lossy(&fs::read(printed).unwrap()).into_owned();
    let seen = dom.split("<pre id=\"seen\">").nth(1);
    let seen = seen.unwrap_or_else(|| panic!("the reader saw nothing:\n{printed}"));
    let seen = seen.split("</pre>").next().unwrap();
    let console = printed.lines().filter(|line| line.contains(":CONSOLE"));
    (
        serde_json::from_str(seen).unwrap(),
        console.map(str::to_owned).collect(),
    )
}

#[tokio::test]
async fn page_of_a_thousand_jobs_works_in_a_browser() {
    let Some(chromium) = chromium() else {
        eprintln!("skipped: no Chromium is installed");
        return;
    };
    let sample = Sample::create(1000).await;
    let page = Sample::write(sample.report(), ReportFormat::Html).await;
    let (seen, console) = read(chromium, &page, &sample);
    assert_eq!(console, [""; 0], "the console has messages");
    let counts = sample.store.counts().await.unwrap();
    let rows = sample.store.rows(None, 0, 1000).await.unwrap();
    let count = |matches: &dyn Fn(&runcomfy_batch::Row) -> bool| {
        rows.iter().filter(|row| matches(row)).count()
    };
    let expected = json!({
        "errors": [],
        "taken": null,
        "all": format!("1,000 jobs · {}", counts.money.committed()),
        "cards": 1000,
        "word": count(&|row| row.id.as_str().contains("boat-77")),
        "failed": counts.failed,
        "pressed": "failed",
        "model": count(&|row| row.model == "acme/<film>"),
        "both": count(&|row| row.model == "acme/<film>" && row.state == runcomfy_batch::State::Saved),
        "nothing": [0, true],
        "cleared": 1000,
        "prompts": ["block", "none"],
        "picture": true,
        "viewer": [true, true, false],
        "revealed": true,
    });
    assert_eq!(seen, expected);
}
