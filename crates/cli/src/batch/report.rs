//! The command `runcomfy batch report`.

mod target;

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
    let jobs = matches.get_one::<String>("file").map(Path::new);
    target::refuse_own_files(&location, jobs, &out)?;
    target::refuse_other_files(&out)?;
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
