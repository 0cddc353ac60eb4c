//! Finds the commit and the date of this version, for `--version`.

use std::path::Path;
use std::process::Command;

/// Seconds of a day.
const DAY: u64 = 86_400;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    // A tarball has no history, and the history of a checkout around it is not ours. In a debug build
    // a commit would compile the command again.
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let has_history = is_release && Path::new("../../.git").exists();
    let commit = if has_history { commit() } else { None };
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok();
    let epoch = epoch.or_else(|| git(&["show", "-s", "--format=%ct"]).filter(|_| commit.is_some()));
    let day = epoch
        .and_then(|seconds| seconds.trim().parse().ok())
        .map(day);
    let parts: Vec<String> = [commit, day].into_iter().flatten().collect();
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
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
    git(&["rev-parse", "--short=9", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}

/// Returns the day of a time since 1970, as `2026-11-28`.
fn day(seconds: u64) -> String {
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
    format!("{:04}-{month:02}-{day:02}", year_of_era + era * 400 + after)
}
