//! The tool `batch_report`.

use std::fs;
use std::io;
use std::path::PathBuf;

use rmcp::model::{CallToolResult, ContentBlock};
use runcomfy_batch::{Report, ReportFormat};
use serde_json::{Value, json};

use super::Call;
use super::result::resource;
use crate::refusal::Refusal;

impl Call<'_> {
    pub(super) async fn batch_report(&self) -> Result<CallToolResult, Refusal> {
        let name = self.arguments.optional_text("format")?.unwrap_or("html");
        let mut formats = ReportFormat::ALL.iter().copied();
        let format = formats
            .find(|format| format.as_str() == name)
            .ok_or_else(|| {
                Refusal::new(
                    format!("`format` is {name:?}, expected html, csv or jsonl"),
                    "Call it again with one of these.",
                )
            })?;
        let folder = self.shared.settings.folder.clone();
        let resolve = self.shared.settings.resolve("KEY");
        let mut report = Report::new(&*self.shared.store)
            .title("Jobs of agents")
            .folder(&folder)
            .resolve_with(resolve);
        if self.arguments.flag("inputs")? == Some(false) {
            report = report.without_inputs();
        }
        let mut text = Vec::new();
        let written = report.write(format, &mut text).await;
        written.map_err(|error| unwritten(&error))?;
        let file = folder.join(format!("report.{}", format.as_str()));
        let file = tokio::task::spawn_blocking(move || publish(file, &text)).await;
        let file = file.map_err(|error| unwritten(&error))?;
        let file = file.map_err(|error| unwritten(&error))?;
        let answer: Value = json!({
            "file": file.display().to_string(),
            "next": "Show the path to the user; a page opens in a browser.",
        });
        let mut result = CallToolResult::structured(answer);
        result
            .content
            .extend(resource(&file).map(ContentBlock::resource_link));
        Ok(result)
    }
}

/// Writes a file whole or not at all; an earlier report is replaced.
fn publish(file: PathBuf, text: &[u8]) -> io::Result<PathBuf> {
    let hidden = file.with_extension("part");
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&hidden, text)?;
    fs::rename(&hidden, &file)?;
    std::path::absolute(file)
}

fn unwritten(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(
        format!("the report could not be written: {error}"),
        "Tell the user.",
    )
}
