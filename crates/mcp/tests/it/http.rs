//! The tools over HTTP are for whoever has the token, on this machine alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use runcomfy_mcp::{ServeErrorKind, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{EDIT, World, boat, emulator, sqlite};

const TOKEN: &str = "0123456789abcdef";

/// Sends a request by hand, and returns the status and the whole response.
async fn post(address: SocketAddr, headers: &[(&str, &str)], body: &Value) -> (u16, String) {
    let body = body.to_string();
    let mut request = format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("{request}\r\n{body}").as_bytes())
        .await
        .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let status = response.split(' ').nth(1).unwrap().parse().unwrap();
    (status, response)
}

/// Returns the JSON-RPC response in an HTTP response.
fn message(response: &str) -> Value {
    let lines = response
        .lines()
        .map(|line| line.strip_prefix("data:").unwrap_or(line).trim());
    let mut messages = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .find(|message| message.get("result").is_some())
        .unwrap_or_else(|| panic!("{response}"))
}

async fn listen(server: &Server) -> SocketAddr {
    let any = "127.0.0.1:0".parse().unwrap();
    let listening = server.listen(any, TOKEN).await.unwrap();
    let url = listening.url();
    let address = url
        .strip_prefix("http://")
        .and_then(|url| url.strip_suffix("/mcp"));
    let address = address.unwrap().parse().unwrap();
    tokio::spawn(listening.serve());
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn job_is_paid_once_over_http_in_both_generations() {
    let world = World::new(emulator()).await;
    let server = world.server(sqlite(world.folder.path())).build();
    let address = listen(&server).await;
    let bearer = format!("Bearer {TOKEN}");
    // Without sessions: each request says who sends it.
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "submit", "arguments": boat("boat-1"), "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        } } });
    let headers = [
        ("Authorization", &*bearer),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "submit"),
    ];
    let (status, response) = post(address, &headers, &call).await;
    assert_eq!(status, 200, "{response}");
    let first = message(&response)["result"]["structuredContent"].clone();
    assert!(first["request_id"].is_string(), "{first}");
    // With a session.
    let initialize = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" } } });
    let authorized = [("Authorization", &*bearer)];
    let (status, response) = post(address, &authorized, &initialize).await;
    assert_eq!(status, 200, "{response}");
    let session = response.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("mcp-session-id")
            .then(|| value.trim().to_owned())
    });
    let session = session.unwrap();
    let mut call = call;
    call["params"].as_object_mut().unwrap().remove("_meta");
    let headers = [
        ("Authorization", &*bearer),
        ("Mcp-Session-Id", &session),
        ("MCP-Protocol-Version", "2025-11-25"),
    ];
    let (_, response) = post(address, &headers, &call).await;
    let again = message(&response)["result"]["structuredContent"].clone();
    assert_eq!(first["request_id"], again["request_id"]);
    assert_eq!(world.paid(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_local_file_is_read_for_a_client_over_http() {
    let world = World::new(emulator()).await;
    let read = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&read);
    let server = world.server(sqlite(world.folder.path()));
    let server = server.attach(move |_, input| {
        count.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { (input, Vec::new()) })
    });
    let server = server.build();
    let address = listen(&server).await;
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("Authorization", &*bearer),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
    ];
    let mut messages = Vec::new();
    for (tool, path) in [
        ("validate", "/etc/hostname"),
        ("validate", "/nowhere/a.png"),
        ("submit", "a.png"),
        ("submit", "file:///a.png"),
        ("submit", "-"),
        ("batch_submit", "a.png"),
    ] {
        let job = json!({
            "model": EDIT, "input": { "prompt": "b", "image_urls": [path] }, "key": "a",
        });
        let arguments = match tool {
            "submit" => job,
            "validate" => json!({ "model": job["model"], "input": job["input"] }),
            _ => json!({ "batch": "b", "jobs": [job] }),
        };
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": tool, "arguments": arguments, "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {},
            } } });
        let headers = [&headers[..], &[("Mcp-Name", tool)]].concat();
        let (_, response) = post(address, &headers, &call).await;
        let result = &message(&response)["result"];
        assert_eq!(result["isError"], true, "{response}");
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains("local files are sent only where"), "{text}");
        messages.push(text.replace(path, "PATH"));
    }
    // The refusal of a file that is missing is that of one that exists.
    assert_eq!(messages[0], messages[1]);
    assert_eq!(read.load(Ordering::Relaxed), 0);
    assert_eq!(world.paid(), 0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused_before_anything_is_read() {
    let world = World::new(emulator()).await;
    let server = world.server(sqlite(world.folder.path())).build();
    let address = listen(&server).await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let bearer = format!("Bearer {TOKEN}");
    for headers in [
        &[][..],
        &[("Authorization", "Bearer 0123456789abcdeX")],
        &[("Authorization", "Bearer 0123456789abcde")],
        &[("Authorization", "0123456789abcdef")],
    ] {
        let (status, response) = post(address, headers, &list).await;
        assert_eq!(status, 401, "{response}");
        assert!(!response.contains(TOKEN));
    }
    // A page of a browser, with whatever token.
    let page = [
        ("Authorization", &*bearer),
        ("Origin", "https://evil.example"),
    ];
    let (status, response) = post(address, &page, &list).await;
    assert_eq!(status, 403, "{response}");
    let taken = address.to_string();
    for (address, token, expected) in [
        ("0.0.0.0:0", TOKEN, ServeErrorKind::Address),
        ("[::]:0", TOKEN, ServeErrorKind::Address),
        (&*taken, TOKEN, ServeErrorKind::Address),
        ("127.0.0.1:0", "0123456789abcde", ServeErrorKind::Token),
    ] {
        let error = server.listen(address.parse().unwrap(), token).await;
        assert_eq!(error.unwrap_err().kind(), expected, "{address}");
    }
    server.close().await;
}
