//! Model ids in the addresses of requests.

use axum::http::Uri;
use percent_encoding::percent_decode_str;

use crate::api_error::ApiError;

/// Reads the model id of an address. Each segment is decoded by itself: an encoded slash does not
/// separate segments, so an id with one is unknown.
pub(crate) fn model_id(uri: &Uri) -> Result<String, ApiError> {
    let path = uri.path().strip_prefix("/v1/models/").unwrap_or_default();
    let decode = |segment: &str| {
        let text = percent_decode_str(segment).decode_utf8().ok()?.into_owned();
        (!text.contains('/')).then_some(text)
    };
    let segments: Option<Vec<String>> = path.split('/').map(decode).collect();
    segments
        .map(|segments| segments.join("/"))
        .ok_or_else(|| ApiError::unknown_model(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_ids_are_decoded_by_segment() {
        let id = |path: &str| model_id(&path.parse().unwrap()).ok();
        assert_eq!(id("/v1/models/a/b-1/c").as_deref(), Some("a/b-1/c"));
        let hailuo = "/v1/models/minimax/Hailuo%20Video%2001%20Live";
        assert_eq!(id(hailuo).as_deref(), Some("minimax/Hailuo Video 01 Live"));
        assert_eq!(id("/v1/models/a%2Fb"), None);
        assert_eq!(id("/v1/models/a/%ff"), None);
    }
}
