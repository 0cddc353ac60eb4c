//! `--metrics`: what Prometheus scrapes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use runcomfy_emulator::{Call, Reply};

use super::jobs::{FILE, Jobs};

const RULES: &str = include_str!("../../../../../packaging/prometheus/runcomfy.rules.yml");

/// Samples by their names with labels, as a strict reader takes them.
#[derive(Debug)]
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    /// Parses the text format: each metric has help and type once, its samples behind them, and nothing twice.
    fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let (mut samples, mut known, mut now) = (BTreeMap::new(), BTreeSet::new(), ("", ""));
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').unwrap();
                assert!(known.insert(name) && words.ends_with('.'), "{line}");
                let kind = lines.next().unwrap().strip_prefix("# TYPE ").unwrap();
                let (same, kind) = kind.split_once(' ').unwrap();
                assert_eq!(same, name);
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
                now = (name, kind);
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap();
            let base = match now.1 {
                "histogram" => ["_bucket", "_sum", "_count"]
                    .iter()
                    .find_map(|end| name.strip_suffix(end))
                    .unwrap(),
                _ => name,
            };
            assert_eq!(base, now.0, "{line}");
            let labels = labels.strip_suffix('}').unwrap();
            for label in labels.split(',') {
                let (label, value) = label.split_once('=').unwrap();
                assert!(label.bytes().all(|b| b.is_ascii_lowercase()), "{line}");
                assert!(value.len() >= 2 && value.starts_with('"') && value.ends_with('"'));
            }
            let value: f64 = value.parse().unwrap();
            assert!(value >= 0.0, "{line}");
            assert!(samples.insert(series.to_owned(), value).is_none(), "{line}");
        }
        let scrape = Self(samples);
        scrape.check_histograms();
        scrape
    }

    /// Checks that buckets grow, and that the last one has all.
    fn check_histograms(&self) {
        for (series, count) in &self.0 {
            let Some((name, _)) = series.split_once("_count{") else {
                continue;
            };
            let buckets = self.0.iter().filter_map(|(series, value)| {
                let labels = series.strip_prefix(name)?.strip_prefix("_bucket{")?;
                let bound = labels.split("le=\"").nth(1)?.strip_suffix("\"}")?;
                let bound = bound.replace('+', "").to_lowercase();
                Some((bound.parse::<f64>().unwrap(), *value))
            });
            let mut buckets: Vec<(f64, f64)> = buckets.collect();
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(
                buckets.is_sorted_by(|one, other| one.1 <= other.1),
                "{name}"
            );
            assert_eq!(*buckets.last().unwrap(), (f64::INFINITY, *count), "{name}");
        }
    }

    fn value(&self, name: &str, label: &str) -> f64 {
        let label = if label.is_empty() {
            String::new()
        } else {
            format!(",{label}")
        };
        let series = format!("runcomfy_batch_{name}{{batch=\"boats.jsonl\"{label}}}");
        *self
            .0
            .get(&series)
            .unwrap_or_else(|| panic!("{series} in {self:?}"))
    }

    fn names(&self) -> BTreeSet<&str> {
        let names = self
            .0
            .keys()
            .map(|series| series.split('{').next().unwrap());
        names.collect()
    }
}

/// Sends a request, and returns the status and the body.
fn get(address: &str, target: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split("\r\n").next().unwrap();
    (status.to_owned(), body.to_owned())
}

#[test]
fn metrics_add_up_and_have_all_that_alerts_need() {
    let jobs = Jobs::with(6, |builder| builder.run_time(Duration::from_secs(60)));
    let service = &jobs.service.emulator;
    for reply in [
        Reply::lost(),
        Reply::refused(429, 429_001),
        Reply::refused(422, 422_001),
    ] {
        service.script(Call::Submit, reply);
    }
    let more = ["--metrics", "0", "--budget", "0.50", "--concurrency", "4"];
    let mut command = jobs.service.command(&Jobs::arguments(FILE, &more));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().unwrap().unwrap();
        if let Some(rest) = line.strip_prefix("metrics are at http://") {
            break rest.strip_suffix("/metrics").unwrap().to_owned();
        }
    };
    let scrape = loop {
        // Nobody answers before the batch runs.
        let (status, text) = get(&address, "/metrics");
        assert_eq!(status, "HTTP/1.1 200 OK");
        let scrape = Scrape::parse(&text);
        if scrape.value("submits_total", "outcome=\"accepted\"") >= 4.0
            && scrape.value("jobs", "state=\"submitted\"") >= 4.0
        {
            break scrape;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(get(&address, "/secrets").0, "HTTP/1.1 404 Not Found");
    child.kill().unwrap();
    child.wait().unwrap();
    for (name, label, value) in [
        ("store_up", "", 1.0),
        ("in_doubt", "", 1.0),
        ("strays", "", 0.0),
        ("jobs", "state=\"in_doubt\"", 1.0),
        ("jobs", "state=\"failed\"", 1.0),
        ("submits_total", "outcome=\"accepted\"", 4.0),
        ("submits_total", "outcome=\"unknown\"", 1.0),
        // One is submitted again.
        ("submits_total", "outcome=\"rejected\"", 2.0),
        ("throttled_total", "", 1.0),
        ("money_usd", "kind=\"budget\"", 0.5),
        ("money_usd", "kind=\"in_doubt\"", 0.04),
        ("money_usd", "kind=\"reserved\"", 0.16),
        ("submit_seconds_count", "", 7.0),
        ("run_seconds_count", "", 0.0),
    ] {
        let found = scrape.value(name, label);
        assert!((found - value).abs() < 1e-9, "{name} {label} {found}");
    }
    let words = RULES.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let named: BTreeSet<&str> = words.filter(|word| word.starts_with("runcomfy_")).collect();
    assert!(named.len() >= 4, "{named:?}");
    assert!(named.is_subset(&scrape.names()), "{named:?}");
}

#[test]
fn address_in_use_is_refused_before_a_submit() {
    let jobs = Jobs::new(1);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = jobs.ends(&["--metrics", &port], 75);
    assert!(ended.err.contains("nothing was submitted"), "{ended:?}");
    assert_eq!(jobs.submitted(), 0);
}

/// Runs Prometheus's own reader, where it is installed: Debian has it in the package `prometheus`.
#[test]
fn rules_are_those_of_prometheus() {
    let rules = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../packaging/prometheus/runcomfy.rules.yml"
    );
    let Ok(checked) = Command::new("promtool")
        .args(["check", "rules", rules])
        .output()
    else {
        return eprintln!("skipped: promtool is not installed");
    };
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(
        checked.status.success() && text.contains("4 rules found"),
        "{checked:?}"
    );
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text =
        runcomfy_batch::Metrics::new().to_text("boats", Some(&runcomfy_batch::Counts::default()));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let checked = child.wait_with_output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
}
