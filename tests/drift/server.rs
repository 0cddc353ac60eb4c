//! A server of broken replies.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::call::Call;
use super::reply::Reply;

/// The id of a case's job, by which the server knows the case.
pub(super) fn id_of(case: u64) -> String {
    format!("case-{case}")
}

/// The model that a case's job is submitted to, for the same.
pub(super) fn model_of(case: u64) -> String {
    format!("drift/{}", id_of(case))
}

/// Starts it in this thread.
pub(super) async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::task::spawn_local(serve(stream));
        }
    });
    address
}

/// Answers one request after the other, until a reply that is not whole.
async fn serve(mut stream: TcpStream) {
    let mut received = Vec::new();
    loop {
        let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
            // The client is gone.
            if !matches!(stream.read_buf(&mut received).await, Ok(1..)) {
                return;
            }
            continue;
        };
        let head = String::from_utf8(received[..end].to_vec()).unwrap();
        let submit = head.starts_with("POST /v1/models/");
        // All bodies are `{}` or nothing.
        let all = end + 4 + if submit { 2 } else { 0 };
        while received.len() < all {
            if !matches!(stream.read_buf(&mut received).await, Ok(1..)) {
                return;
            }
        }
        received.drain(..all);
        let reply = reply_to(&head);
        if stream.write_all(&reply.to_bytes()).await.is_err() || !reply.whole {
            return;
        }
    }
}

fn reply_to(head: &str) -> Reply {
    let path = head.split(' ').nth(1).unwrap();
    let digits: String = path
        .split_once("case-")
        .unwrap()
        .1
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let call = match path.rsplit('/').next().unwrap() {
        "status" => Call::Status,
        "result" => Call::Result,
        "cancel" => Call::Cancel,
        _ => Call::Submit,
    };
    Reply::of(digits.parse().unwrap(), call)
}
