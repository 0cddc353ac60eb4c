//! A service in a process of its own, whose jobs have ended at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use runcomfy::Client;
use runcomfy_benches::Outcome;
use serde_json::json;

/// A service in a process of its own, whose jobs have ended at once.
pub(crate) struct Service {
    process: Child,
    address: SocketAddr,
}

impl Service {
    pub(crate) fn start() -> Outcome<Self> {
        let program: PathBuf = std::env::current_exe()?;
        let mut process = Command::new(program)
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self {
            address: address.trim().parse()?,
            process,
        })
    }

    /// Returns the URL for clients.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Returns a client of the service at this URL.
pub(crate) fn client(base_url: &str) -> Outcome<Client> {
    let builder = Client::builder().token("token").include_cost(true);
    Ok(builder.base_url(base_url).build()?)
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until the process is killed, and prints the address first.
pub(crate) fn serve() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || answer(stream));
    }
    Ok(())
}

static IDS: AtomicU64 = AtomicU64::new(1);

/// Answers one request after the other.
fn answer(stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).ok()? == 0 {
            return None;
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().ok()?;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        let id = first
            .split("/requests/")
            .nth(1)
            .and_then(|rest| rest.split(['/', ' ']).next());
        let body = match id {
            None => {
                json!({ "request_id": format!("request-{}", IDS.fetch_add(1, Ordering::Relaxed)) })
            }
            Some(id) if first.contains("/status") => {
                json!({ "request_id": id, "status": "completed" })
            }
            Some(id) => json!({
                "request_id": id, "status": "succeeded", "output": { "text": "a boat" }, "cost": 0.04,
            }),
        };
        let body = body.to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        let reply = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        writer.write_all(reply.as_bytes()).ok()?;
    }
}
