//! The token is shown nowhere and sent to the Model API alone.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use runcomfy::Client;
use runcomfy_emulator::{Call, Emulator, Reply};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TOKEN: &str = "tok-5eCr3t";

async fn emulator() -> (Emulator, Client) {
    let emulator = Emulator::builder().built_in_models().start().await.unwrap();
    let builder = Client::builder().token(TOKEN).base_url(emulator.base_url());
    assert!(!format!("{builder:?}").contains(TOKEN), "{builder:?}");
    (emulator, builder.build().unwrap())
}

fn hides(shown: &str) {
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn no_text_of_any_type_has_the_token() {
    let (emulator, client) = emulator().await;
    hides(&format!("{client:?} {client:#?}"));
    let job = client.submit(&Input::new("A boat")).await.unwrap();
    hides(&format!("{job:?} {:?}", job.wait()));
    for reply in [
        Reply::reset(),
        Reply::new(200, ""),
        Reply::json(500, &json!({})),
        Reply::json(
            401,
            &json!({"error_code": 400_004, "error_message": "bad token"}),
        ),
    ] {
        // A read is tried six times.
        for _ in 0..6 {
            emulator.script(Call::Status, reply.clone());
        }
        let error = job.status().await.unwrap_err();
        hides(&format!("{error} {error:?} {error:#?}"));
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            hides(&format!("{cause} {cause:?}"));
            source = cause.source();
        }
    }
}

/// A server on loopback that takes what it is sent and never answers more than `reply`.
async fn listen(reply: &'static str) -> (std::net::SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 64 << 10];
        let count = stream.read(&mut bytes).await.unwrap();
        stream.write_all(reply.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    });
    (address, heard)
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    let (emulator, client) = emulator().await;
    let (address, heard) = listen("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    for status in [301, 302, 303, 307, 308] {
        let target = format!("http://{address}/elsewhere");
        emulator.script(
            Call::Submit,
            Reply::new(status, "").header("Location", target),
        );
        let error = client.submit(&Input::new("A boat")).await.unwrap_err();
        hides(&error.to_string());
        assert!(error.to_string().contains("redirect"), "{error}");
    }
    assert_eq!(emulator.count(Call::Submit), 5);
    assert!(!heard.is_finished(), "nobody came");
    heard.abort();
}

#[tokio::test]
async fn downloads_go_without_the_token() {
    let (address, heard) = listen("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let client = Client::builder()
        .token(TOKEN)
        .download_from_any_host(true)
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{address}/out.png?sig=abc");
    let file = client.download(&url, folder.path()).await.unwrap();
    assert_eq!(std::fs::read(file).unwrap(), b"ok");
    let heard = heard.await.unwrap().to_lowercase();
    assert!(
        heard.starts_with("get /out.png?sig=abc") && !heard.contains("authorization"),
        "{heard}"
    );
    hides(&heard);
}
