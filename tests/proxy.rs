//! Requests go through the configured proxy, and through no other.

use std::process::Command;

use runcomfy::{Client, ClientBuilder, RequestId, RetryPolicy, Status};
use runcomfy_testkit::server::{Response, Server};
use serde_json::json;

const BODY: &str = r#"{"request_id": "r-1", "status": "in_progress"}"#;

/// Starts a server that answers every request with a status, as a service or as a proxy.
async fn serve() -> Server {
    Server::always(Response::ok(BODY)).await
}

async fn status(builder: ClientBuilder) -> Result<Status, runcomfy::Error> {
    let client = builder.token("t").build().unwrap();
    let id: RequestId = "r-1".parse().unwrap();
    Ok(client.json_job(id).status().await?.status)
}

#[tokio::test]
async fn proxy_gets_the_request_with_its_absolute_url() {
    let proxy = serve().await;
    // The service's own address refuses connections.
    let builder = Client::builder()
        .base_url("http://127.0.0.1:9/v1")
        .proxy(format!("http://user:pw@{}", proxy.address()));
    assert_eq!(status(builder).await.unwrap(), Status::InProgress);
    let head = &proxy.requests()[0].head;
    let line = "GET http://127.0.0.1:9/v1/requests/r-1/status HTTP/1.1\r\n";
    assert!(head.starts_with(line), "{head}");
    assert!(head.contains("proxy-authorization: Basic "), "{head}");
}

#[tokio::test]
async fn last_proxy_setting_wins() {
    let service = serve().await;
    let builder = Client::builder()
        .base_url(service.origin())
        .proxy("http://127.0.0.1:9")
        .no_proxy();
    assert_eq!(status(builder).await.unwrap(), Status::InProgress);
    let head = &service.requests()[0].head;
    assert!(head.starts_with("GET /v1/requests/r-1/status "), "{head}");
}

#[test]
fn invalid_proxy_is_reported_without_its_password() {
    for invalid in ["socks5://user:s3cret@proxy.example", "http://user:s3cret@"] {
        let builder = Client::builder().token("t").proxy(invalid);
        assert!(!format!("{builder:?}").contains("s3cret"), "{builder:?}");
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), runcomfy::ErrorKind::Configuration);
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

/// The environment belongs to the process, so the test runs itself in another process, whose proxy
/// is a server of this one.
#[tokio::test]
async fn loopback_base_url_bypasses_the_environments_proxy() {
    const NAME: &str = "proxy::loopback_base_url_bypasses_the_environments_proxy";
    let server = serve().await;
    if std::env::var_os("http_proxy").is_some() {
        // Sent once, and a proxy that hangs up ends it.
        let once = RetryPolicy::new().max_attempts(1);
        let builder = Client::builder().token("t").base_url(server.origin());
        let client = builder.retry(once).build().unwrap();
        client.submit_json("a/b", json!({})).await.unwrap();
        let head = &server.requests()[0].head;
        assert!(head.starts_with("POST /v1/models/a/b "), "{head}");
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args([NAME, "--exact"]);
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        again.env(name, server.origin());
    }
    for name in ["no_proxy", "NO_PROXY", "REQUEST_METHOD"] {
        again.env_remove(name);
    }
    let output = tokio::task::spawn_blocking(move || again.output().unwrap());
    let output = output.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    assert_eq!(server.connections(), 0, "the environment's proxy was used");
}
