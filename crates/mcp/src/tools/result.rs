//! The tool `result`.

use std::path::Path;

use rmcp::model::{CallToolResult, ContentBlock, Resource};
use runcomfy::media::Facts;
use runcomfy_batch::{Row, State};
use serde_json::{Value, json};
use url::Url;

use super::Call;
use crate::answer;
use crate::preview::preview;
use crate::refusal::Refusal;
use crate::shared::Shared;

impl Call<'_> {
    pub(super) async fn result(&self) -> Result<CallToolResult, Refusal> {
        let with_preview = self.arguments.flag("preview")?.unwrap_or(true);
        Ok(result_of(self.shared, &self.row().await?, with_preview).await)
    }
}

/// Returns a job as the result of a call, with links to its files.
pub(crate) async fn result_of(shared: &Shared, row: &Row, with_preview: bool) -> CallToolResult {
    let mut answer = answer::job(shared, row);
    if row.state != State::Saved {
        return CallToolResult::structured(Value::Object(answer));
    }
    if let Some(output) = row.output() {
        answer.insert("output".to_owned(), output.clone());
    }
    answer.insert(
        "next".to_owned(),
        json!("The files are saved on this machine; show their paths to the user."),
    );
    let mut result = CallToolResult::structured(Value::Object(answer));
    result.content.extend(links(row));
    if with_preview && let Some(image) = preview_of(row).await {
        result.content.push(image);
    }
    result
}

/// Returns links to the saved files of a job.
fn links(row: &Row) -> impl Iterator<Item = ContentBlock> {
    let files = answer::files(row);
    files
        .into_iter()
        .filter_map(|file| Some(ContentBlock::resource_link(resource(&file)?)))
}

/// Returns a file as a resource.
pub(crate) fn resource(file: &Path) -> Option<Resource> {
    let address = Url::from_file_path(file).ok()?;
    let name = file.file_name()?.to_string_lossy().into_owned();
    let mut resource = Resource::new(address, name);
    // A file that was moved by whoever wanted it has neither type nor size.
    if let Ok(facts) = Facts::from_file(file) {
        if let Some(media_type) = facts.media_type() {
            resource = resource.with_mime_type(media_type);
        }
        if let Some(bytes) = facts.size_bytes {
            resource = resource.with_size(bytes);
        }
    }
    Some(resource)
}

/// Returns a small picture of the first file that is one.
async fn preview_of(row: &Row) -> Option<ContentBlock> {
    let files = answer::files(row);
    let image = tokio::task::spawn_blocking(move || files.iter().find_map(|file| preview(file)));
    let image = image.await.ok()??;
    Some(ContentBlock::image(image, "image/jpeg"))
}
