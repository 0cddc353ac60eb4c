//! The command `runcomfy batch list`.

use clap::ArgMatches;
use console::{Alignment, measure_text_width, pad_str};
use runcomfy_batch::{Row, State};
use serde_json::json;

use super::store;
use crate::failure::Failure;
use crate::format::Format;
use crate::show;

/// Number of jobs that are read at once.
const PAGE: usize = 1000;

/// Prints jobs in the order of their import: a table, or one line of JSON for each.
pub(crate) async fn list(matches: &ArgMatches, format: Format) -> Result<(), Failure> {
    let store = store::open(matches).await?;
    let state = matches.get_one::<String>("state");
    let state: Option<State> = state.and_then(|state| state.parse().ok());
    let mut after = 0;
    loop {
        let rows = store.rows(state, after, PAGE).await?;
        if let Some(last) = rows.last() {
            let is_first = after == 0;
            after = last.n;
            print(&rows, is_first, format);
        }
        if rows.len() < PAGE || show::lost().is_some() {
            break;
        }
    }
    if after == 0 && format.has_words() && !matches.get_flag("quiet") {
        show::note(&match state {
            Some(state) => format!(
                "no job is in the state `{state}`; `runcomfy batch status` counts the jobs by state"
            ),
            None => "the batch has no jobs".to_owned(),
        });
    }
    Ok(())
}

fn print(rows: &[Row], is_first: bool, format: Format) {
    let lines = if format.has_words() {
        show::plain(&table(rows, is_first)).into_owned()
    } else {
        let lines = rows.iter().map(|row| json!(row).to_string());
        lines.collect::<Vec<_>>().join("\n")
    };
    show::out(&lines);
}

/// Columns of the table: number, state, cost, id of the job, key, request id, and why.
const COLUMNS: usize = 7;

/// Returns a line for each job, on the first page under a head.
fn table(rows: &[Row], has_head: bool) -> String {
    let head = ["N", "STATE", "COST", "ID", "KEY", "REQUEST_ID", "NOTE"].map(str::to_owned);
    let lines = has_head.then_some(head).into_iter();
    let lines: Vec<[String; COLUMNS]> = lines.chain(rows.iter().map(cells)).collect();
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let widths = lines.iter().map(|line| measure_text_width(&line[column]));
        widths.max().unwrap_or_default()
    });
    let line = |line: &[String; COLUMNS]| {
        let cells = line.iter().zip(widths).enumerate();
        let cells = cells.map(|(column, (text, width))| {
            let is_number = matches!(column, 0 | 2);
            let side = if is_number {
                Alignment::Right
            } else {
                Alignment::Left
            };
            pad_str(text, width, side, None)
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn cells(row: &Row) -> [String; COLUMNS] {
    let attempt = row.attempt.as_ref();
    let cost = attempt.and_then(|attempt| attempt.cost);
    let key = attempt.map(|attempt| attempt.key.to_string());
    let request_id = attempt.and_then(|attempt| attempt.request_id.as_ref());
    let note = attempt.and_then(|attempt| attempt.note.as_deref());
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        row.n.to_string(),
        row.state.to_string(),
        or_dash(cost.map(|cost| cost.to_string())),
        row.id.to_string(),
        or_dash(key),
        or_dash(request_id.map(ToString::to_string)),
        // On one line.
        note.unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
    ]
}
