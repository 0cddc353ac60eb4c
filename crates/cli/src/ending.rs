//! The lines at the end of a job: its files and what they are, how long it took, and what it cost.

use std::io::{IsTerminal, stdout};
use std::time::Duration;

use console::{Alignment, Style, measure_text_width, pad_str};
use runcomfy::media::Facts;
use runcomfy::schema::{Json, MediaKind};

use crate::record::{Record, SavedFile};
use crate::show;

/// Number of columns of a line about a file: its name, its pixels, its duration and its size.
const COLUMNS: usize = 4;

/// Returns a line for each file, with the time and the cost of the job on the only line or on a last
/// one.
pub(crate) fn lines(record: &Record) -> Vec<String> {
    let rows: Vec<[String; COLUMNS]> = record.files.iter().map(row).collect();
    let mut lines = aligned(&rows);
    let mut total = total(record);
    if total.is_empty() {
        return lines;
    }
    if let [line] = &mut lines[..] {
        total.insert(0, line.clone());
        *line = total.join("  ");
    } else if !lines.is_empty() {
        let bytes = record.files.iter().filter_map(|file| file.facts.size_bytes);
        total.insert(0, size(bytes.sum()));
        total.insert(0, format!("{} files", lines.len()));
        lines.push(total.join("  "));
    }
    lines
}

/// Returns the line with a tick before it and its facts dimmed, where a terminal shows it.
pub(crate) fn decorated(line: &str) -> String {
    let line = show::plain(line);
    if !stdout().is_terminal() {
        return line.into_owned();
    }
    let tick = Style::new().green().apply_to("✓");
    match line.split_once("  ") {
        Some((name, facts)) => format!("{tick} {name}  {}", Style::new().dim().apply_to(facts)),
        None => format!("{tick} {line}"),
    }
}

fn row(file: &SavedFile) -> [String; COLUMNS] {
    let facts = &file.facts;
    let verb = if file.was_there { "kept" } else { "saved" };
    let size = facts.size_bytes.map(size);
    [
        format!("{verb} {}", file.path),
        pixels(facts).unwrap_or_default(),
        length(facts).unwrap_or_default(),
        size.unwrap_or_default(),
    ]
}

/// Returns width and height of an image or a video, as shown; with a question mark, if it may be turned.
fn pixels(facts: &Facts) -> Option<String> {
    let has_pixels = matches!(facts.kind, Some(MediaKind::Image | MediaKind::Video));
    let text = |(width, height)| format!("{width}×{height}");
    let stored = || facts.stored().map(|stored| text(stored) + "?");
    let unknown = || has_pixels.then(|| "pixels unknown".to_owned());
    facts.shown().map(text).or_else(stored).or_else(unknown)
}

/// Returns how long a video or a sound is.
fn length(facts: &Facts) -> Option<String> {
    let has_length = matches!(facts.kind, Some(MediaKind::Video | MediaKind::Audio));
    let known = facts
        .duration_seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map(|duration| format!("{} long", time(duration)));
    known.or_else(|| has_length.then(|| "length unknown".to_owned()))
}

/// Joins the columns, without those that are empty in each row.
fn aligned(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let widths: Vec<usize> = (0..COLUMNS)
        .map(|column| {
            let widths = rows.iter().map(|row| measure_text_width(&row[column]));
            widths.max().unwrap_or_default()
        })
        .collect();
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(&widths).filter(|(_, width)| **width > 0);
        let cells = cells.map(|(text, width)| pad_str(text, *width, Alignment::Left, None));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn total(record: &Record) -> Vec<String> {
    let elapsed = record.elapsed_seconds.map(Duration::from_secs_f64);
    let cost = if record.is_emulated {
        Some("free".to_owned())
    } else {
        record.cost.as_ref().and_then(usd).map(price)
    };
    [elapsed.map(time), cost].into_iter().flatten().collect()
}

/// Returns the number of a cost, which may be an object such as `{"usd": 0.04}`.
fn usd(cost: &Json) -> Option<f64> {
    cost.as_f64().or_else(|| cost.get("usd")?.as_f64())
}

/// Returns a price with its cents, and with more digits where it has them.
fn price(usd: f64) -> String {
    let cents = format!("${usd:.2}");
    let exact = format!("${usd}");
    if exact.len() > cents.len() && usd < 1.0 {
        exact
    } else {
        cents
    }
}

/// Returns a size in decimal units, as the limits of media have them.
fn size(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let number = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.0} KB", number / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number / 1e6),
        _ => format!("{:.1} GB", number / 1e9),
    }
}

fn time(time: Duration) -> String {
    match time.as_secs() {
        0..100 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 100..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file(path: &str, size: u64, pixels: Option<(u32, u32)>) -> SavedFile {
        let mut facts = Facts::default();
        facts.size_bytes = Some(size);
        (facts.width, facts.height) = pixels.unzip();
        facts.orientation = pixels.map(|_| 1);
        SavedFile {
            path: path.to_owned(),
            url: String::new(),
            facts,
            was_there: false,
        }
    }

    #[test]
    fn end_of_a_run_is_one_line() {
        let mut record = Record {
            files: vec![file("image.png", 53_211, Some((2048, 2048)))],
            elapsed_seconds: Some(4.08),
            cost: Some(json!(0.04)),
            ..Record::default()
        };
        let line = "saved image.png  2048×2048  53 KB  4.1 s  $0.04";
        assert_eq!(lines(&record), [line]);
        record.cost = Some(json!({ "usd": 1.5 }));
        assert!(lines(&record)[0].ends_with("4.1 s  $1.50"));
        record.is_emulated = true;
        assert!(lines(&record)[0].ends_with("4.1 s  free"));
    }

    #[test]
    fn several_files_have_aligned_lines_and_a_sum() {
        let record = Record {
            files: vec![
                file("image.png", 53_211, Some((2048, 2048))),
                file("a.txt", 12, None),
            ],
            elapsed_seconds: Some(125.0),
            ..Record::default()
        };
        let expected = [
            "saved image.png  2048×2048  53 KB",
            "saved a.txt                 12 bytes",
            "2 files  53 KB  2 min 5 s",
        ];
        assert_eq!(lines(&record), expected);
        assert_eq!(lines(&Record::default()), Vec::<String>::new());
    }

    #[test]
    fn unsure_facts_are_shown_as_such() {
        let mut image = file("a.heic", 1000, Some((4000, 3000)));
        image.facts.orientation = None;
        let mut sound = file("a.wav", 1000, None);
        sound.facts.kind = Some(MediaKind::Audio);
        let mut video = file("a.mp4", 1000, None);
        video.facts.kind = Some(MediaKind::Video);
        for (file, line) in [
            (image, "saved a.heic  4000×3000?  1 KB"),
            (sound, "saved a.wav  length unknown  1 KB"),
            (video, "saved a.mp4  pixels unknown  length unknown  1 KB"),
        ] {
            let record = Record {
                files: vec![file],
                ..Record::default()
            };
            assert_eq!(lines(&record), [line]);
        }
    }

    #[test]
    fn price_has_its_cents_and_more_where_it_needs() {
        for (usd, text) in [
            (0.04, "$0.04"),
            (0.5, "$0.50"),
            (12.0, "$12.00"),
            (0.0015, "$0.0015"),
        ] {
            assert_eq!(price(usd), text);
        }
    }
}
