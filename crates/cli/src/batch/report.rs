//! The command `runcomfy batch report`.

use std::ffi::OsStr;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use runcomfy_batch::{Report, ReportError, ReportFormat, Store};

use super::store::Location;
use crate::failure::Failure;
use crate::show;
use crate::whole_file::Draft;

/// Writes all jobs, or the journal, to a file or to standard output.
///
/// # Errors
/// If the store cannot be read, or the report not be written.
pub(crate) async fn report(matches: &ArgMatches) -> Result<(), Failure> {
    let out = matches.get_one::<String>("out").map(PathBuf::from);
    let format = format(matches, out.as_deref());
    let is_journal = matches.get_flag("events");
    if is_journal && format == ReportFormat::Html {
        return Err(Failure::usage(
            "--events has no page: write the journal as jsonl or csv, with --format",
        ));
    }
    let location = Location::from_matches(matches)?;
    let store = location.open().await?;
    let written = Written {
        report: described(matches, &*store, &location, out.as_deref()),
        format,
        is_journal,
    };
    let Some(out) = out else {
        return written.to_stdout().await;
    };
    refuse_own_files(matches, location.as_file(), &out)?;
    refuse_other_files(&out)?;
    written.to_file(&out).await?;
    if !matches.get_flag("quiet") {
        show::note(&format!("wrote {}", out.display()));
    }
    Ok(())
}

/// Returns the format that the command line names, else the one of the file's extension.
fn format(matches: &ArgMatches, out: Option<&Path>) -> ReportFormat {
    let named = matches.get_one::<String>("format").map(String::as_str);
    let extension = out.and_then(Path::extension).and_then(OsStr::to_str);
    let of_word = |word: &str| {
        ReportFormat::ALL
            .iter()
            .find(|format| format.as_str() == word)
    };
    let format = named.or(extension).and_then(of_word);
    format.copied().unwrap_or(ReportFormat::JsonLines)
}

fn described<'a>(
    matches: &ArgMatches,
    batch: &'a dyn Store,
    location: &Location,
    out: Option<&Path>,
) -> Report<'a> {
    let resolve = format!("runcomfy batch resolve KEY {}", location.named());
    let mut report = Report::new(batch)
        .title(location.title())
        .resolve_with(resolve);
    if let Some(folder) = out.and_then(Path::parent) {
        report = report.folder(if folder == "" { Path::new(".") } else { folder });
    }
    if let Some(files) = matches.get_one::<String>("files") {
        report = report.files(files);
    }
    if matches.get_flag("no-prompts") {
        report = report.without_inputs();
    }
    report
}

/// Refuses to replace the jobs, or the store, by a report of them.
fn refuse_own_files(matches: &ArgMatches, store: Option<&Path>, out: &Path) -> Result<(), Failure> {
    let Ok(out) = out.canonicalize() else {
        return Ok(());
    };
    let file = matches.get_one::<String>("file").map(Path::new);
    let own = [store, file].into_iter().flatten();
    for own in own.filter_map(|path| path.canonicalize().ok()) {
        // Beside the store SQLite keeps files whose names begin with its own.
        let name = own.to_string_lossy();
        if out == own || out.to_string_lossy().starts_with(&format!("{name}-")) {
            return Err(Failure::usage(format!(
                "--out {} would replace the batch itself; nothing was written. Name another file",
                out.display()
            )));
        }
    }
    Ok(())
}

/// Ends of the names of files that a report replaces.
const REPLACED: [&str; 3] = ["jsonl", "csv", "html"];

/// Refuses to replace what is no report, such as a file of a job or a device.
fn refuse_other_files(out: &Path) -> Result<(), Failure> {
    let Ok(there) = out.symlink_metadata() else {
        return Ok(());
    };
    let extension = out.extension().and_then(OsStr::to_str);
    if there.is_file() && extension.is_some_and(|extension| REPLACED.contains(&extension)) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "--out {} would replace something that is no report; nothing was written. Name a file that ends in .jsonl, .csv or .html, or leave --out away for standard output",
        out.display()
    )))
}

/// A report and what is to be written of it.
struct Written<'a> {
    report: Report<'a>,
    format: ReportFormat,
    is_journal: bool,
}

impl Written<'_> {
    async fn write(&self, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
        if self.is_journal {
            self.report.write_events(self.format, out).await
        } else {
            self.report.write(self.format, out).await
        }
    }

    async fn to_file(&self, out: &Path) -> Result<(), Failure> {
        let unwritable = |error: io::Error| {
            Failure::unwritable(format!("{} could not be written: {error}", out.display()))
        };
        let mut draft = Draft::new(out).map_err(unwritable)?;
        match self.write(&mut draft).await {
            Ok(()) => draft.publish().map_err(unwritable),
            Err(ReportError::Io(error)) => Err(unwritable(error)),
            Err(error) => Err(error.into()),
        }
    }

    async fn to_stdout(&self) -> Result<(), Failure> {
        let written = self.write(&mut BufWriter::new(io::stdout())).await;
        match written {
            // A reader that needs no more, such as `head`.
            Err(ReportError::Io(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Store(error) => error.into(),
            error => Self::unwritable(error.to_string()),
        }
    }
}
