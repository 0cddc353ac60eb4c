//! A submit that has no connection yet has sent nothing, and sends nothing once nobody waits for it.

use std::time::Duration;

use runcomfy::{Client, Outcome};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

const MOMENT: Duration = Duration::from_millis(250);

/// A server whose queue of connections is full, and what fills it.
async fn full_queue() -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut fillers = Vec::new();
    while let Ok(connected) = timeout(MOMENT, TcpStream::connect(address)).await {
        fillers.push(connected.unwrap());
        assert!(fillers.len() < 100, "the queue takes any number");
    }
    (listener, fillers)
}

/// Real time: the kernel's queue of connections knows no other.
#[tokio::test]
async fn submit_without_a_connection_is_never_sent() {
    let (listener, fillers) = full_queue().await;
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::builder().token("t").base_url(base_url);
    let client = client.build().unwrap();
    let input = json!({ "prompt": "A boat" });
    for _ in 0..4 {
        let submit = client.submit_json("acme/paint", &input);
        assert!(timeout(MOMENT, submit).await.is_err());
    }
    let late = client.submit_json("acme/paint", &input).deadline(MOMENT);
    let outcome = late.outcome().await;
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");

    drop(fillers);
    let mut posted = Vec::new();
    let until = tokio::time::Instant::now() + Duration::from_secs(4);
    while let Ok(accepted) = tokio::time::timeout_at(until, listener.accept()).await {
        let (mut stream, _) = accepted.unwrap();
        let mut bytes = Vec::new();
        timeout(MOMENT, stream.read_to_end(&mut bytes)).await.ok();
        posted.extend(bytes);
    }
    let posted = String::from_utf8_lossy(&posted);
    assert!(!posted.contains("A boat"), "{posted}");
}
