//! The tool `result`.

use std::path::Path;

use rmcp::model::{CallToolResult, ContentBlock, Resource};
use runcomfy_batch::{Row, State};
use serde_json::{Value, json};
use url::Url;

use super::Call;
use crate::answer;
use crate::preview::preview;
use crate::refusal::Refusal;
use crate::server::Shared;

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
    if let Some(kind) = media_type(file) {
        resource = resource.with_mime_type(kind);
    }
    match std::fs::metadata(file) {
        Ok(about) => Some(resource.with_size(about.len())),
        // It was moved by whoever wanted it.
        Err(_) => Some(resource),
    }
}

/// Returns the media type of a file by its extension.
pub(crate) fn media_type(file: &Path) -> Option<&'static str> {
    let extension = file.extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "ogg" => "audio/ogg",
        _ => return None,
    })
}

/// Returns a small picture of the first file that is one.
async fn preview_of(row: &Row) -> Option<ContentBlock> {
    let files = answer::files(row).into_iter();
    let mut images =
        files.filter(|file| media_type(file).is_some_and(|kind| kind.starts_with("image/")));
    let file = images.next()?;
    let image = tokio::task::spawn_blocking(move || preview(&file))
        .await
        .ok()??;
    Some(ContentBlock::image(image, "image/jpeg"))
}
