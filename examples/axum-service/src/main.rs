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
//!
//! A browser that leaves while its job is being submitted never learns the id. Standard error has it
//! then, or the idempotency key where the outcome is unknown.

mod failure;
mod progress;

use std::error::Error;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use failure::Failure;
use runcomfy::{Checked, Client, ClientBuilder, Orphan, RequestId};
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

/// Time for submits in flight to end at a shutdown. Container runtimes often kill after 30 s.
const GRACE: Duration = Duration::from_secs(25);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = ClientBuilder::from_env()?.on_orphan(keep).build()?;
    let (stop, shutdown) = watch::channel(false);
    let app = Router::new()
        .route("/jobs", post(submit))
        .route("/jobs/{request_id}", get(stream))
        .with_state(Service {
            client: client.clone(),
            shutdown,
        });

    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        asked_to_stop().await;
        // Streams end by themselves now. Submits in flight are answered before the server ends.
        stop.send_replace(true);
    });
    server.await?;
    // Browsers that have left have dropped their submits, which may still be in flight. Without this
    // the runtime would end first, and only their idempotency keys could be named.
    client.close(GRACE).await;
    println!("stopped");
    Ok(())
}

/// Keeps the name of a job that no browser knows. A real service would store it.
fn keep(orphan: Orphan) {
    let (model, key) = (orphan.model_id, orphan.idempotency_key);
    match orphan.request_id {
        Some(id) => eprintln!("job {id} of {model} has no reader; GET /jobs/{id} resumes it"),
        None => eprintln!("a job of {model} may exist; its idempotency key is {key}"),
    }
}

/// Submits a job. Its id is the response, so that it is known before anything else can fail.
///
/// `Json<Input>` would end at the first wrong shape, with a text; `Checked` has all violations.
async fn submit(
    State(service): State<Service>,
    Json(input): Json<Checked<Input>>,
) -> Result<Response, Failure> {
    let input = input.into_result()?;
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
