//! Finds the commit and the date of this version, for `--version`.

use std::path::Path;
use std::process::Command;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Number of digits of a commit's hash that are shown.
const SHORT_HASH: usize = 9;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let (commit, commit_day) = if let Some(noted) = packaged(&version) {
        // The history of a checkout around a package, such as one that vendors it, is not ours.
        noted
    } else if is_release && Path::new("../../.git").exists() {
        let time = git(&["show", "-s", "--format=%ct"]);
        (commit(), time.and_then(|seconds| day(&seconds)))
    } else {
        // In a debug build a commit would compile the command again.
        (None, None)
    };
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok();
    let day = epoch.and_then(|seconds| day(&seconds)).or(commit_day);
    let parts: Vec<String> = [commit, day].into_iter().flatten().collect();
    let version = match &*parts.join(" ") {
        "" => version,
        about => format!("{version} ({about})"),
    };
    println!("cargo::rustc-env=RUNCOMFY_VERSION={version}");
}

/// Returns the short hash of the commit, if git is installed. Of the files of git only those are watched
/// that change with the commit.
fn commit() -> Option<String> {
    for name in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", name])?;
        // A file that does not exist would run this script at every build.
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", &format!("--short={SHORT_HASH}"), "HEAD"])
}

/// Returns the short hash of the commit and the day of the release, if this is a package: cargo has noted
/// the commit in it, and the changelog has the day.
fn packaged(version: &str) -> Option<(Option<String>, Option<String>)> {
    let note = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let hash = note.split_once("\"sha1\":").map(|(_, hash)| {
        let hash = hash.trim_start_matches([' ', '"']);
        hash.chars().take(SHORT_HASH).collect()
    });
    let changelog = std::fs::read_to_string("CHANGELOG.md").unwrap_or_default();
    let title = format!("## {version}, ");
    let day = changelog.lines().find_map(|line| line.strip_prefix(&title));
    // Before the release there are words in its place.
    let day = day.filter(|day| day.starts_with(|c: char| c.is_ascii_digit()));
    Some((hash, day.map(|day| day.trim().to_owned())))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}

/// Returns the day of a time in seconds since 1970, as `2026-11-28`.
fn day(seconds: &str) -> Option<String> {
    let seconds: u64 = seconds.trim().parse().ok()?;
    // Years begin in March here, so that a leap day is the last day of one.
    let days = seconds / DAY + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, after) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = year_of_era + era * 400 + after;
    Some(format!("{year:04}-{month:02}-{day:02}"))
}
