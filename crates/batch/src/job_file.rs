//! Files of jobs: JSON Lines and CSV.

mod cell;
mod csv_rows;
mod fault;
mod header;
mod identity;
mod json_lines;
mod line;
mod plan;
mod position;
mod source;

use std::io::{self, BufRead};
use std::path::Path;

use csv_rows::CsvRows;
pub use fault::LineFault;
pub use identity::{DuplicateId, JobIds};
use json_lines::JsonLines;
pub use line::JobLine;
pub use plan::{Edited, Plan, Planned};

/// Format of a file of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobFormat {
    /// An object on each line, with the members `input` and, where wanted, `id`, `model` and `priority`.
    /// Empty lines are skipped.
    JsonLines,
    /// A header with the names of properties, then a row for each job. The columns `id`, `model` and
    /// `priority` are those of the job; `input.id` and so on are properties of these names. The cells are
    /// separated by commas, or by the semicolons or tabs of the header.
    Csv,
}

/// Reads the jobs of a file, one at a time.
///
/// The faults of a line are part of it, so that all of them can be reported at once. No line is
/// validated: that needs the schema of its model.
///
/// ```
/// use runcomfy_batch::{JobFormat, JobLines};
///
/// let file = b"id,prompt,seed\nfog,\"A boat, in fog\",7\n";
/// let mut lines = JobLines::new(&file[..], JobFormat::Csv)?;
/// let line = lines.next().unwrap()?;
/// assert_eq!((line.number(), line.id().unwrap().as_str()), (2, "fog"));
/// assert_eq!(line.input(None)["prompt"], "A boat, in fog");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct JobLines<R>(Lines<R>);

#[derive(Debug)]
enum Lines<R> {
    Json(JsonLines<R>),
    Csv(Box<CsvRows<R>>),
}

impl JobFormat {
    /// Returns the format of a file by its extension: CSV for `csv` and `tsv`, else JSON Lines.
    #[must_use]
    pub fn from_path(path: &Path) -> Self {
        let extension = path.extension().unwrap_or_default();
        let is_csv = ["csv", "tsv"]
            .iter()
            .any(|csv| extension.eq_ignore_ascii_case(csv));
        if is_csv { Self::Csv } else { Self::JsonLines }
    }
}

impl<R: BufRead> JobLines<R> {
    /// Starts reading a file, which may begin with a byte order mark.
    ///
    /// # Errors
    /// If it cannot be read, or is UTF-16.
    pub fn new(reader: R, format: JobFormat) -> io::Result<Self> {
        Ok(Self(match format {
            JobFormat::JsonLines => Lines::Json(JsonLines::new(reader)),
            JobFormat::Csv => Lines::Csv(Box::new(CsvRows::new(reader)?)),
        }))
    }
}

impl<R: BufRead> Iterator for JobLines<R> {
    type Item = io::Result<JobLine>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Lines::Json(lines) => lines.next(),
            Lines::Csv(rows) => rows.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use runcomfy::schema::ModelSchema;
    use serde_json::{Value, json};

    use super::*;

    fn read(text: &[u8], format: JobFormat) -> Vec<JobLine> {
        let lines = JobLines::new(text, format).unwrap();
        lines.map(Result::unwrap).collect()
    }

    fn faults(text: &[u8], format: JobFormat) -> Vec<String> {
        let lines = read(text, format);
        let faults = lines.iter().flat_map(JobLine::faults);
        faults.map(ToString::to_string).collect()
    }

    fn model() -> ModelSchema {
        let schema = json!({ "properties": {
            "prompt": { "type": "string" },
            "scale": { "type": "float" },
            "seed": { "type": "integer" },
            "sharp": { "type": "boolean" },
            "urls": { "type": "array", "items": { "type": "string" } },
            "sizes": { "type": "array", "items": { "type": "integer" } },
            "id": { "type": "string" },
        } });
        ModelSchema::parse(Some("a/b"), &[schema]).0.unwrap()
    }

    fn inputs(csv: &str) -> Vec<Value> {
        let model = model();
        let rows = read(csv.as_bytes(), JobFormat::Csv);
        rows.iter()
            .map(|row| row.input(Some(&model.input)))
            .collect()
    }

    #[test]
    fn json_line_has_a_job() {
        let text = "\u{feff}{\"input\": {\"prompt\": \"x\"}}\r\n\n  \n{\"id\": 7, \"model\": \"/a/b/\", \"priority\": -2, \"input\": {}}";
        let lines = read(text.as_bytes(), JobFormat::JsonLines);
        let [first, second] = &lines[..] else {
            panic!("{lines:?}")
        };
        assert_eq!((first.number(), first.id(), first.model()), (1, None, None));
        assert_eq!(first.input(None), json!({ "prompt": "x" }));
        assert_eq!((second.number(), second.priority()), (4, -2));
        assert_eq!(second.id().unwrap().as_str(), "7");
        assert_eq!(second.model(), Some("a/b"));
        assert!(lines.iter().all(|line| line.faults().is_empty()));
    }

    #[test]
    fn fault_of_a_json_line_has_its_place() {
        for (line, expected) in [
            (
                r#"{"input": {"prompt": "x"},}"#,
                "1:27: not JSON: trailing comma",
            ),
            (
                r#"{"input": {"a": 1, "a": 2}}"#,
                "1:17: `/input/a` appears more than once",
            ),
            (
                r#"{"input": {}} {"input": {}}"#,
                "1:15: found a second value",
            ),
            ("[1]", "1:1: found an array"),
            (r#"  {"id": "a"}"#, "1:3: the input is missing"),
            (r#"{"input": [1]}"#, "1:11: found an array"),
            (r#"{"input": {}, "id": ""}"#, "1:21: the id is not a job id"),
            (r#"{"input": {}, "id": 1.5}"#, "1:21: found a number"),
            (
                r#"{"input": {}, "model": 3}"#,
                "1:24: found 3, expected the id of a model",
            ),
            (
                r#"{"input": {}, "priority": 1e9}"#,
                "1:27: found 1000000000.0",
            ),
            (
                r#"{"inptu": {}, "input": {}}"#,
                "1:11: unknown member `inptu`; did you mean `input`?",
            ),
        ] {
            let found = faults(line.as_bytes(), JobFormat::JsonLines);
            assert!(found[0].starts_with(expected), "{line}: {found:?}");
            assert_eq!(found.len(), 1, "{line}");
        }
        let all = faults(
            br#"{"id": true, "model": null, "x": 1}"#,
            JobFormat::JsonLines,
        );
        assert_eq!(all.len(), 3, "{all:?}");
        let found = faults(b"{\"input\": {}}\n{\"\xff\"}\n", JobFormat::JsonLines);
        assert_eq!(
            found,
            ["2:3: the text is not UTF-8; save the file again as UTF-8"]
        );
        let line = &read(
            r#"{"input": {"ä": 1, "scale": 7}}"#.as_bytes(),
            JobFormat::JsonLines,
        )[0];
        let fault = line.fault_at("/scale", "too large");
        assert_eq!((fault.column, &*fault.pointer), (29, "/input/scale"));
    }

    #[test]
    fn cells_are_typed_by_the_schema() {
        let csv = "id,model,prompt,scale,seed,sharp,urls,sizes,input.id,priority\n\
                   a,b/c,007,0.5,7,TRUE,https://a/b.png,3,x,-2\n\
                   ,,\"two\nlines, \"\"quoted\"\"\",,,false,\"[\"\"a\"\",\"\"b\"\"]\",\"[1,2]\",,\n\
                   ,,x,much,1.5,yes,[a,b,,\n";
        let expected = [
            json!({ "prompt": "007", "scale": 0.5, "seed": 7, "sharp": true,
                "urls": ["https://a/b.png"], "sizes": [3], "id": "x" }),
            json!({ "prompt": "two\nlines, \"quoted\"", "sharp": false, "urls": ["a", "b"], "sizes": [1, 2] }),
        ];
        assert_eq!(inputs(csv)[..2], expected);
        let rows = read(csv.as_bytes(), JobFormat::Csv);
        assert_eq!(rows[0].id().unwrap().as_str(), "a");
        assert_eq!((rows[0].model(), rows[0].priority()), (Some("b/c"), -2));
        assert_eq!((rows[1].id(), rows[1].model()), (None, None));
        assert_eq!(rows[1].priority(), 0);
        // Values of another type are left for validation.
        let wrong = &inputs("scale,seed,sharp\nmuch,x,yes\n")[0];
        assert_eq!(
            *wrong,
            json!({ "scale": "much", "seed": "x", "sharp": "yes" })
        );
        assert_eq!(inputs("urls\n[broken\n")[0], json!({ "urls": ["[broken"] }));
    }

    #[test]
    fn csv_of_spreadsheets_is_read() {
        let model = model();
        for csv in [
            "\u{feff}prompt,seed\r\nx,1\r\n",
            "prompt;seed\nx;1",
            "prompt\tseed\n\n\nx\t1\n,\n",
            "\"prompt\",\"seed\"\n\"x\",\"1\"\n",
            "prompt,seed,,\nx,1,,\n,,,\n",
        ] {
            let csv = csv.replace("\n,\n", "\n\t\n");
            let rows = read(csv.as_bytes(), JobFormat::Csv);
            assert_eq!(rows.len(), 1, "{csv}");
            assert_eq!(rows[0].faults(), [], "{csv}");
            let input = rows[0].input(Some(&model.input));
            assert_eq!(input, json!({ "prompt": "x", "seed": 1 }), "{csv}");
        }
    }

    #[test]
    fn fault_of_a_row_has_its_place() {
        for (csv, expected) in [
            ("prompt,seed\nx\n", "2:1: found 1 cells, expected 2"),
            ("prompt,seed\na, b,7\n", "2:1: found 3 cells, expected 2"),
            (
                "prompt,prompt\nx,y\n",
                "1:8: found a second column `prompt`",
            ),
            ("id,prompt\n\"a\nb\",x\n", "2:1: the id is not a job id"),
            (
                "prompt,priority\nx,1.5\n",
                "2:3: found `1.5`, expected a priority",
            ),
            (
                "prompt,\nx,y\n",
                "2:3: found a cell in a column without a name",
            ),
            (
                "prompt,seed\n\n\nx,\"1\ny,2\n",
                "4:3: the quote is not closed",
            ),
        ] {
            let found = faults(csv.as_bytes(), JobFormat::Csv);
            assert!(found[0].starts_with(expected), "{csv}: {found:?}");
            assert_eq!(found.len(), 1, "{csv}");
        }
        let rows = read(b"seed,prompt\n1,\"a\nb\"\n2,c\n", JobFormat::Csv);
        let fault = rows[1].fault_at("/prompt/0", "too long");
        assert_eq!(fault.to_string(), "4:3: too long");
        assert_eq!(faults(b"prompt\n\xff\n", JobFormat::Csv).len(), 1);
    }

    #[test]
    fn utf_16_is_named() {
        for format in [JobFormat::JsonLines, JobFormat::Csv] {
            let lines = JobLines::new(&b"\xff\xfea\0\n\0"[..], format);
            let error = lines
                .and_then(|mut lines| lines.next().unwrap())
                .unwrap_err();
            assert!(error.to_string().contains("UTF-16"), "{error}");
        }
    }

    #[test]
    fn line_without_an_end_is_named() {
        let text = [b"{\"input\": {}}\n".to_vec(), vec![b' '; (64 << 20) + 1]].concat();
        let mut lines = JobLines::new(&text[..], JobFormat::JsonLines).unwrap();
        lines.next().unwrap().unwrap();
        let error = lines.next().unwrap().unwrap_err().to_string();
        assert!(
            error.contains("more than 64 MiB behind 1 others"),
            "{error}"
        );
    }

    #[test]
    fn long_file_is_read_row_by_row() {
        let mut csv = "id,prompt\n".to_owned();
        for n in 0..20_000 {
            writeln!(csv, "{n},\"boat {n}, in fog\"").unwrap();
        }
        let mut last = 0;
        for line in JobLines::new(csv.as_bytes(), JobFormat::Csv).unwrap() {
            let line = line.unwrap();
            last += 1;
            assert_eq!(line.number(), last + 1);
            assert_eq!(
                line.fault_at("/prompt", "").column,
                line.id().unwrap().as_str().len() + 2
            );
        }
        assert_eq!(last, 20_000);
    }

    #[test]
    fn ids_are_stable_and_told_apart() {
        let text = br#"{"input": {"p": 1}}
{"input": {"p": 2}}
{"input": {"p": 1}}
{"id": "a", "input": {"p": 1}}
{"id": "a#2", "input": {"p": 1}}
{"id": "a", "input": {"p": 3}}"#;
        let lines = read(text, JobFormat::JsonLines);
        let mut ids = JobIds::default();
        let mut assign = |line: &JobLine, repeat| {
            let ids = ids.assign(line, "m", &line.input(None), repeat);
            ids.map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>())
                .map_err(|error| error.to_string())
        };
        let first = assign(&lines[0], 1).unwrap().pop().unwrap();
        let other = assign(&lines[1], 1).unwrap();
        assert_ne!(other[0], first);
        assert_eq!(
            assign(&lines[2], 2).unwrap(),
            [format!("{first}#2"), format!("{first}#3")]
        );
        assert_eq!(assign(&lines[3], 1).unwrap(), ["a"]);
        assert_eq!(assign(&lines[4], 1).unwrap(), ["a#2"]);
        let duplicate = assign(&lines[5], 1).unwrap_err();
        assert_eq!(
            duplicate,
            "the id `a` is that of line 4 too, expected another one"
        );
        // Another order of the other lines gives the same ids.
        let mut again = JobIds::default();
        for (line, expected) in [(&lines[1], &other[0]), (&lines[2], &first)] {
            let ids = again.assign(line, "m", &line.input(None), 1).unwrap();
            assert_eq!(ids[0].as_str(), expected);
        }
    }

    #[test]
    fn repeated_id_stays_within_its_length() {
        let text = format!(r#"{{"id": "{}", "input": {{}}}}"#, "x".repeat(254));
        let line = &read(text.as_bytes(), JobFormat::JsonLines)[0];
        let assign = |repeat| JobIds::default().assign(line, "m", &json!({}), repeat);
        assert_eq!(assign(1).unwrap().len(), 1);
        assert!(assign(2).is_err());
    }
}
