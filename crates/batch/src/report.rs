//! Reports of a batch: every job, or its journal, as a file.

mod csv_cell;
mod entry;
mod failure;
mod format;
mod page;
mod settings;
mod table;
mod transition;

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::event::Event;
use crate::store::Store;
use crate::timestamp::Timestamp;
use entry::Entry;
pub use failure::ReportError;
pub use format::ReportFormat;
use page::Page;
use settings::Settings;
use table::Table;
use transition::{Names, Transition};

/// Number of jobs or events that are read at once.
const PAGE: usize = 500;

/// Writes every job of a batch, or its journal, as JSON Lines, CSV or a page for browsers.
///
/// A job's money is that of all its attempts, so that the sums of a report are those of its jobs, also
/// while a batch runs. JSON Lines and CSV need the same memory for any number of jobs.
///
/// ```no_run
/// # async fn example(store: &dyn runcomfy_batch::Store) -> Result<(), runcomfy_batch::ReportError> {
/// use std::fs::File;
///
/// use runcomfy_batch::{Report, ReportFormat};
///
/// let mut file = File::create("boats.html")?;
/// Report::new(store).title("Boats").write(ReportFormat::Html, &mut file).await?;
/// # Ok(()) }
/// ```
#[must_use = "nothing is written before `write`"]
pub struct Report<'a> {
    store: &'a dyn Store,
    settings: Settings,
}

impl<'a> Report<'a> {
    /// Creates a report of a store.
    pub fn new(store: &'a dyn Store) -> Self {
        Self {
            store,
            settings: Settings {
                has_inputs: true,
                title: format!("Batch {}", store.id()),
                folder: PathBuf::from("."),
                files: None,
                resolve: "runcomfy batch resolve KEY".to_owned(),
                at: None,
            },
        }
    }

    /// Leaves the inputs of jobs out, and so their prompts.
    pub fn without_inputs(mut self) -> Self {
        self.settings.has_inputs = false;
        self
    }

    /// Sets the title of the page. Default: `Batch` and the id of the store.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.settings.title = title.into();
        self
    }

    /// Sets the folder of the page itself, from which it refers to saved files. Default: the current one.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.folder = folder.into();
        self
    }

    /// Sets the folder of the saved files, where they were moved. Default: the one that each job was saved
    /// in.
    pub fn files(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.files = Some(folder.into());
        self
    }

    /// Sets the command that resolves the doubt with the key `KEY`, to which the page adds a flag. Default:
    /// `runcomfy batch resolve KEY`.
    pub fn resolve_with(mut self, command: impl Into<String>) -> Self {
        self.settings.resolve = command.into();
        self
    }

    /// Sets the time that the page shows as its own. Default: now.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.settings.at = Some(time);
        self
    }

    /// Writes all jobs, in the order of their import.
    ///
    /// # Errors
    /// If the store cannot be read, or `out` not be written.
    pub async fn write(
        &self,
        format: ReportFormat,
        out: &mut (dyn Write + Send),
    ) -> Result<(), ReportError> {
        let mut table = match format {
            ReportFormat::JsonLines => Table::json_lines(),
            ReportFormat::Csv => Table::csv::<Entry>()?,
            ReportFormat::Html => return self.write_page(out).await,
        };
        let mut after = 0;
        loop {
            let entries = self.entries(after).await?;
            for entry in &entries {
                table.add(entry)?;
            }
            table.write(out)?;
            match entries.last() {
                Some(last) if entries.len() == PAGE => after = last.row.n,
                _ => return Ok(out.flush()?),
            }
        }
    }

    /// Writes the journal: every transition of every job with the process that made it, in
    /// their order. It has no page.
    ///
    /// # Errors
    /// If the store cannot be read, `out` not be written, or the format is a page.
    pub async fn write_events(
        &self,
        format: ReportFormat,
        out: &mut (dyn Write + Send),
    ) -> Result<(), ReportError> {
        let mut table = match format {
            ReportFormat::JsonLines => Table::json_lines(),
            ReportFormat::Csv => Table::csv::<Transition<'_>>()?,
            ReportFormat::Html => return Err(ReportError::no_page_of_events()),
        };
        let mut names = Names::default();
        let mut after = 0;
        loop {
            let events: Vec<Event> = self.store.events(after, PAGE).await?;
            names.read(self.store, &events).await?;
            for event in &events {
                table.add(&names.transition(event))?;
            }
            table.write(out)?;
            match events.last() {
                Some(last) if events.len() == PAGE => after = last.seq,
                _ => return Ok(out.flush()?),
            }
        }
    }

    async fn write_page(&self, out: &mut (dyn Write + Send)) -> Result<(), ReportError> {
        let now = || Timestamp::from_system_time(SystemTime::now());
        let at = self.settings.at.unwrap_or_else(now);
        let limits = self.store.limits().await?;
        let mut page = Page::new(&self.settings, at, limits.budget)?;
        let mut after = 0;
        loop {
            let entries = self.entries(after).await?;
            for entry in &entries {
                page.add(entry);
            }
            match entries.last() {
                Some(last) if entries.len() == PAGE => after = last.row.n,
                _ => break,
            }
        }
        page.strays(self.store.counts().await?.strays);
        page.write(out)?;
        Ok(out.flush()?)
    }

    async fn entries(&self, after: u64) -> Result<Vec<Entry>, ReportError> {
        let mut entries = Vec::new();
        for row in self.store.rows(None, after, PAGE).await? {
            entries.push(Entry::read(self.store, row, self.settings.has_inputs).await?);
        }
        Ok(entries)
    }
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("store", &self.store)
            .field("settings", &self.settings)
            .finish()
    }
}
