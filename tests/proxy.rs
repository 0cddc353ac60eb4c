//! Requests go through the proxy that was asked for, and through no other.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use runcomfy::{Client, ClientBuilder, RequestId, Status};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const BODY: &str = r#"{"request_id": "r-1", "status": "in_progress"}"#;

/// Answers one request with a status, as a service or as a proxy, and gives the request's head.
async fn answer_one(listener: TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let length = BODY.len();
    let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{BODY}");
    stream.write_all(reply.as_bytes()).await.unwrap();
    String::from_utf8(head).unwrap()
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn status(builder: ClientBuilder) -> Result<Status, runcomfy::Error> {
    let client = builder.token("t").build().unwrap();
    let id: RequestId = "r-1".parse().unwrap();
    Ok(client.json_job(id).status().await?.status)
}

#[tokio::test]
async fn a_proxy_gets_the_request_with_its_whole_address() {
    let (listener, proxy) = listen().await;
    // Nobody listens at the service's own address.
    let builder = Client::builder()
        .base_url("http://127.0.0.1:9/v1")
        .proxy(format!("http://user:pw@{proxy}"));
    let (status, head) = tokio::join!(status(builder), answer_one(listener));
    assert_eq!(status.unwrap(), Status::InProgress);
    let line = "GET http://127.0.0.1:9/v1/requests/r-1/status HTTP/1.1\r\n";
    assert!(head.starts_with(line), "{head}");
    assert!(head.contains("proxy-authorization: Basic "), "{head}");
}

#[tokio::test]
async fn the_last_word_about_proxies_counts() {
    let (listener, service) = listen().await;
    let builder = Client::builder()
        .base_url(format!("http://{service}"))
        .proxy("http://127.0.0.1:9")
        .no_proxy();
    let (status, head) = tokio::join!(status(builder), answer_one(listener));
    assert_eq!(status.unwrap(), Status::InProgress);
    assert!(head.starts_with("GET /v1/requests/r-1/status "), "{head}");
}

#[test]
fn a_faulty_proxy_is_told_without_its_password() {
    for faulty in ["socks5://user:s3cret@proxy.example", "http://user:s3cret@"] {
        let builder = Client::builder().token("t").proxy(faulty);
        assert!(!format!("{builder:?}").contains("s3cret"), "{builder:?}");
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), runcomfy::ErrorKind::Configuration);
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

/// The environment is the process's, so the test runs itself in another one, whose proxy is a
/// server of this one.
#[tokio::test]
async fn a_base_url_on_this_machine_is_asked_without_the_environments_proxy() {
    const NAME: &str = "proxy::a_base_url_on_this_machine_is_asked_without_the_environments_proxy";
    let (listener, address) = listen().await;
    if std::env::var_os("http_proxy").is_some() {
        let builder = Client::builder().base_url(format!("http://{address}"));
        let head = tokio::spawn(answer_one(listener));
        let client = builder.token("t").build().unwrap();
        // Sent once, and a proxy that hangs up ends it.
        let input = json!({});
        let once = client.submit_json("a/b", &input).deadline(Duration::ZERO);
        once.await.unwrap();
        let head = head.await.unwrap();
        assert!(head.starts_with("POST /v1/models/a/b "), "{head}");
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args([NAME, "--exact"]);
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        again.env(name, format!("http://{address}"));
    }
    for name in ["no_proxy", "NO_PROXY", "REQUEST_METHOD"] {
        again.env_remove(name);
    }
    let child = tokio::task::spawn_blocking(move || again.output().unwrap());
    tokio::select! {
        output = child => {
            let output = output.unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
        }
        accepted = listener.accept() => {
            drop(accepted);
            panic!("the proxy of the environment was asked");
        }
    }
}
