//! A watch as server-sent events.

use std::convert::Infallible;

use axum::response::sse::Event as Message;
use futures_util::{Stream, stream};
use runcomfy::{Event, Output, Watch};
use serde_json::{Value, json};
use tokio::sync::watch;

/// State of a stream between two of its messages.
struct Progress {
    watch: Watch<Output>,
    shutdown: watch::Receiver<bool>,
}

/// Turns a watch into server-sent events. The last one is `output`, `error` or `shutdown`.
pub(crate) fn events(
    watch: Watch<Output>,
    shutdown: watch::Receiver<bool>,
) -> impl Stream<Item = Result<Message, Infallible>> {
    stream::unfold(Some(Progress { watch, shutdown }), |progress| async {
        let mut progress = progress?;
        let event = tokio::select! {
            event = progress.watch.next() => event,
            // A watch that is dropped leaves its job alone, so the browser can resume it.
            _ = progress.shutdown.wait_for(|shutdown| *shutdown) => {
                return Some((Ok(message("shutdown", &json!({"resume": true}))), None));
            }
        };
        if let Some(event) = event {
            return Some((Ok(describe(&event)), Some(progress)));
        }
        let last = match progress.watch.output().await {
            Ok(output) => message("output", &json!({ "urls": output.urls() })),
            // What an error prints contains no token and no query of a URL.
            Err(error) => message("error", &json!({ "message": error.to_string() })),
        };
        Some((Ok(last), None))
    })
}

fn describe(event: &Event) -> Message {
    match event {
        Event::Submitted => message("submitted", &json!({})),
        Event::Queued { position } => message("queued", &json!({ "position": position })),
        Event::Started => message("started", &json!({})),
        Event::Done(status) => message("done", &json!({ "status": status.to_string() })),
        other => message("other", &json!({ "text": format!("{other:?}") })),
    }
}

fn message(name: &str, data: &Value) -> Message {
    Message::default().event(name).data(data.to_string())
}
