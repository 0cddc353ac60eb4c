//! A web service that runs jobs for browsers: `POST /jobs` submits one, `GET /jobs/{id}` streams its
//! progress as server-sent events. It shuts down without losing a job.
//!
//! ```sh
//! runcomfy emulator --port 8188    # in another terminal; it needs no account
//! RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any cargo run -p runcomfy-example-axum-service
//! curl -s -X POST localhost:3000/jobs -H 'content-type: application/json' -d '{"prompt": "A boat"}'
//! curl -sN localhost:3000/jobs/REQUEST_ID
//! ```
//!
//! A stream that nobody reads any more, or that ends at a shutdown, leaves its job alone: the same
//! URL resumes it, in this process or in the next.

mod failure;
mod progress;

use std::error::Error;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use failure::Failure;
use runcomfy::{Client, RequestId};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Everything that a request needs.
#[derive(Clone)]
struct Service {
    /// One client for all requests, so that they share rate limit, retry budget and poller.
    client: Client,
    /// Becomes `true` when the service shuts down.
    shutdown: watch::Receiver<bool>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let (stop, shutdown) = watch::channel(false);
    let app = Router::new()
        .route("/jobs", post(submit))
        .route("/jobs/{request_id}", get(stream))
        .with_state(Service { client, shutdown });

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        asked_to_stop().await;
        // Streams end by themselves now. Submits in flight are answered before the server ends.
        stop.send_replace(true);
    });
    server.await?;
    println!("stopped");
    Ok(())
}

/// Submits a job. Its id is the response, so that it is known before anything else can fail.
async fn submit(
    State(service): State<Service>,
    Json(input): Json<Input>,
) -> Result<Response, Failure> {
    let job = service.client.submit(&input).await?;
    let created = json!({ "request_id": job.request_id().as_str() });
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

/// Streams the progress of a job, whoever submitted it.
async fn stream(
    State(service): State<Service>,
    Path(request_id): Path<String>,
) -> Result<Response, Failure> {
    let request_id: RequestId = request_id.parse()?;
    let watch = service.client.job::<Input>(request_id).watch();
    let events = progress::events(watch, service.shutdown);
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response())
}

/// Returns when the process receives Ctrl-C or, on Unix, `SIGTERM`.
async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Without handlers the process ends at once, as it would without this function.
    let _ = interrupted.await;
}
