//! A line for each request.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use runcomfy_schema::Redacted;
use tokio::time::Instant;

use crate::access_log::AccessLog;
use crate::call::Call;
use crate::reply::NeverSent;
use crate::server::Server;

/// Logs a request when the head of its response is known, or when its client has left before.
pub(crate) async fn write(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(log) = server.service.settings.access_log.clone() else {
        return next.run(request).await;
    };
    let clock = &server.service.clock;
    let mut line = Line {
        log,
        date: clock.date(clock.now()),
        request: Redacted(&format!("{} {}", request.method(), request.uri())).to_string(),
        call: Call::from_request(request.method(), request.uri().path()),
        started: Instant::now(),
        outcome: "aborted".to_owned(),
    };
    let response = next.run(request).await;
    line.outcome = match response.extensions().get() {
        Some(NeverSent(instead)) => (*instead).to_owned(),
        None => response.status().as_u16().to_string(),
    };
    response
}

/// The line of one request, which is written when it is dropped.
struct Line {
    log: AccessLog,
    date: String,
    request: String,
    call: Option<Call>,
    started: Instant,
    outcome: String,
}

impl Drop for Line {
    fn drop(&mut self) {
        let call = self.call.map_or("-", Call::as_str);
        let millis = self.started.elapsed().as_millis();
        self.log.write(&format!(
            "{} {} {} {millis}ms {call}\n",
            self.date, self.request, self.outcome
        ));
    }
}
