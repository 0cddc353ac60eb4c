//! One connection of a server.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::log::Log;
use super::request::Request;
use super::request::header;
use super::response::End;
use super::response::Response;

/// Longest head that is read; a client that sends more is at fault.
const MAX_HEAD_BYTES: usize = 1 << 20;

/// Answers one request after the other until a response ends the connection.
pub(super) async fn serve(
    mut stream: TcpStream,
    log: &Log,
    script: &(impl Fn(&Request) -> Response + Sync),
) -> io::Result<()> {
    // Otherwise a short response in two parts waits for a delayed acknowledgement.
    stream.set_nodelay(true)?;
    let mut received = Vec::new();
    loop {
        let Some((head, body)) = read(&mut stream, &mut received).await? else {
            return Ok(());
        };
        let response = script(&log.receive(head, body));
        if !response.delay.is_zero() {
            tokio::time::sleep(response.delay).await;
        }
        let head = response.head().into_bytes();
        stream.write_all(&[&head, response.body()].concat()).await?;
        log.send(response.body().len());
        match response.end {
            End::KeepAlive => {}
            End::Close => return stream.shutdown().await,
            End::Stall => return stream.read_u8().await.map(drop),
            End::Repeat(bytes, interval) => loop {
                if !interval.is_zero() {
                    tokio::time::sleep(interval).await;
                }
                stream.write_all(&bytes).await?;
                log.send(bytes.len());
            },
        }
    }
}

/// Reads a request's head and body; `None` where the client disconnects before its end.
async fn read(
    stream: &mut TcpStream,
    received: &mut Vec<u8>,
) -> io::Result<Option<(String, Vec<u8>)>> {
    let end = loop {
        if let Some(at) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if received.len() > MAX_HEAD_BYTES || stream.read_buf(received).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let length = header(&head, "content-length").and_then(|length| length.parse().ok());
    let all = end + length.unwrap_or(0);
    while received.len() < all {
        if stream.read_buf(received).await? == 0 {
            return Ok(None);
        }
    }
    let body = received[end..all].to_vec();
    received.drain(..all);
    Ok(Some((head, body)))
}
