//! Keeps the latest output files, each made when it is first fetched.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;

use crate::api_error::ApiError;
#[cfg(not(feature = "render"))]
use crate::fixed_files::make;
use crate::output::Output;
#[cfg(feature = "render")]
use crate::render::make;

/// Maximum number of files in the cache: a client fetches one file in ranges, seldom many by turns.
const MAX_CACHED_FILES: usize = 8;

/// Caches the latest files.
#[derive(Default)]
pub(crate) struct FileCache {
    files: Mutex<VecDeque<(String, Bytes)>>,
}

impl FileCache {
    /// Returns the file of a job, from the cache or newly made.
    pub(crate) async fn get(&self, request_id: &str, output: Output) -> Result<Bytes, ApiError> {
        if let Some(bytes) = self.cached(request_id) {
            return Ok(bytes);
        }
        // An image of 16 million pixels takes a while; other requests are served meanwhile.
        let made = tokio::task::spawn_blocking(move || Bytes::from(make(&output))).await;
        let bytes = made.map_err(|_| ApiError::internal("The file could not be made."))?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.truncate(MAX_CACHED_FILES - 1);
        files.push_front((request_id.to_owned(), bytes.clone()));
        Ok(bytes)
    }

    /// Forgets all files.
    pub(crate) fn clear(&self) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.clear();
    }

    fn cached(&self, request_id: &str) -> Option<Bytes> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files
            .iter()
            .find(|(id, _)| id == request_id)
            .map(|(_, bytes)| bytes.clone())
    }
}
