//! JSON Lines, CSV and the journal.

use runcomfy_batch::{Money, Report, ReportError, ReportFormat, Store};
use serde_json::Value;

use crate::sample::{HOSTILE, Sample};

fn sum(lines: &[Value], member: &str) -> Money {
    let sums = lines
        .iter()
        .map(|line| Money::from_usd(line[member].as_f64().unwrap()).unwrap());
    sums.sum()
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn json_lines_have_every_job_and_add_up() {
    let sample = Sample::create(1200).await;
    let text = Sample::write(sample.report(), ReportFormat::JsonLines).await;
    let lines = json_lines(&text);
    let numbers: Vec<u64> = lines
        .iter()
        .map(|line| line["n"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=1200).collect::<Vec<_>>());
    let money = sample.store.counts().await.unwrap().money;
    assert_eq!(sum(&lines, "total_spent"), money.spent);
    assert_eq!(sum(&lines, "total_reserved"), money.reserved);
    assert_eq!(sum(&lines, "total_in_doubt"), money.in_doubt);
    // The first job was paid twice, and its first attempt is not its last one.
    assert!(lines[0]["total_spent"].as_f64() > lines[0]["cost"].as_f64());
    assert_eq!(lines[0]["input"]["prompt"], HOSTILE);
}

#[tokio::test]
async fn reports_are_recognized_and_other_files_are_not() {
    let sample = Sample::create(40).await;
    for format in ReportFormat::ALL {
        let text = Sample::write(sample.report(), *format).await;
        let begin = &text.as_bytes()[..text.len().min(1024)];
        assert_eq!(ReportFormat::recognize(begin), Some(*format));
    }
    for format in [ReportFormat::JsonLines, ReportFormat::Csv] {
        let mut journal = Vec::new();
        let report = sample.report();
        report.write_events(format, &mut journal).await.unwrap();
        assert_eq!(ReportFormat::recognize(&journal), Some(format));
    }
    for other in [
        "",
        "{\"id\":\"a\",\"input\":{}}",
        "{\"n\":1}",
        "{\"key\":\"0-1-1\",\"request_id\":\"r\"}",
        "{\"batch\":\"0\",\"key\":\"0-1-1\",\"id\":\"a\",\"n\":1}",
        "n,id,prompt\n",
        "<!doctype html>\n<html lang=\"en\">\n",
    ] {
        assert_eq!(ReportFormat::recognize(other.as_bytes()), None, "{other}");
    }
    let cut = "{\"n\":12,\"id\":\"ä";
    let cut = &cut.as_bytes()[..cut.len() - 1];
    assert_eq!(ReportFormat::recognize(cut), Some(ReportFormat::JsonLines));
}

#[tokio::test]
async fn csv_adds_up_and_has_no_formula() {
    let sample = Sample::create(40).await;
    let text = Sample::write(sample.report(), ReportFormat::Csv).await;
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let head = table.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|column| column == name).unwrap();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let sum = |name: &str| -> Money {
        rows.iter()
            .map(|row| row[column(name)].parse::<Money>().unwrap())
            .sum()
    };
    let money = sample.store.counts().await.unwrap().money;
    assert_eq!(rows.len(), 40);
    assert_eq!(sum("spent"), money.spent);
    assert_eq!(sum("reserved"), money.reserved);
    assert_eq!(sum("in_doubt"), money.in_doubt);
    assert_eq!(&rows[0][column("prompt")], HOSTILE);
    assert_eq!(&rows[1][column("prompt")], "'=HYPERLINK(\"http://x\")");
    let cells = rows.iter().flatten();
    assert!(
        cells
            .into_iter()
            .all(|cell| !cell.starts_with(['=', '+', '-', '@']))
    );
}

#[tokio::test]
async fn journal_has_every_transition() {
    let sample = Sample::create(700).await;
    for format in [ReportFormat::JsonLines, ReportFormat::Csv] {
        let mut out = Vec::new();
        sample
            .report()
            .write_events(format, &mut out)
            .await
            .unwrap();
        let events = sample.store.events(0, usize::MAX).await.unwrap();
        let text = String::from_utf8(out).unwrap();
        if format == ReportFormat::JsonLines {
            let lines = json_lines(&text);
            let numbers = lines.iter().map(|line| line["seq"].as_u64().unwrap());
            assert!(numbers.eq(events.iter().map(|event| event.seq)));
            assert_eq!(lines[0]["process"], "process 4711");
            assert_eq!(
                (&lines[0]["from"], &lines[0]["to"]),
                (&"ready".into(), &"intent".into())
            );
        } else {
            let mut table = csv::Reader::from_reader(text.as_bytes());
            assert_eq!(table.records().map(Result::unwrap).count(), events.len());
        }
    }
    let page = sample
        .report()
        .write_events(ReportFormat::Html, &mut Vec::new())
        .await;
    assert!(matches!(page, Err(ReportError::Io(_))), "{page:?}");
}

#[tokio::test]
async fn empty_batch_has_a_report_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let store = runcomfy_batch::SqliteStore::open(folder.path().join("a.batch.db")).unwrap();
    for format in ReportFormat::ALL {
        let text = Sample::write(Report::new(&store), *format).await;
        match format {
            ReportFormat::JsonLines => assert_eq!(text, ""),
            ReportFormat::Csv => assert_eq!(text.lines().count(), 1),
            ReportFormat::Html => assert!(text.contains("0 jobs at"), "{text}"),
        }
    }
}

#[tokio::test]
async fn inputs_can_be_left_out() {
    let sample = Sample::create(40).await;
    for format in ReportFormat::ALL {
        let with = Sample::write(sample.report(), *format).await;
        let without = Sample::write(sample.report().without_inputs(), *format).await;
        assert!(with.contains("with a lantern"), "{format:?}");
        assert!(!without.contains("with a lantern"), "{format:?}");
    }
}
