//! A client of the protocol: lines of JSON on a pipe.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runcomfy_mcp::Server;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, WriteHalf, split};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Generation of the protocol that a client speaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Generation {
    /// A session begins with `initialize`.
    Initialize,
    /// Each request says who sends it.
    Stateless,
}

/// A client that is connected to a server.
pub(crate) struct Agent {
    out: Arc<tokio::sync::Mutex<WriteHalf<DuplexStream>>>,
    shared: Arc<Shared>,
    generation: Generation,
    capabilities: Value,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    next: Mutex<u64>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    notifications: Mutex<Vec<Value>>,
    /// Answer of the person to whatever the server asks.
    person: Mutex<Option<Value>>,
    questions: Mutex<Vec<Value>>,
    /// Ids of questions that the person has not answered.
    open: Mutex<Vec<Value>>,
}

/// Checks that a refusal says that nothing is charged.
pub(crate) fn assert_nothing_submitted(refusal: &Value) {
    let money = refusal["money"].as_str().unwrap();
    assert!(money.starts_with("Nothing was submitted"), "{refusal}");
}

/// Awaits calls that are made at one time.
pub(crate) async fn join_all(
    calls: impl Iterator<Item = impl Future<Output = Value>>,
) -> Vec<Value> {
    let mut calls: Vec<_> = calls.map(Box::pin).collect();
    let mut answers = Vec::new();
    std::future::poll_fn(|cx| {
        calls.retain_mut(|call| match call.as_mut().poll(cx) {
            std::task::Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if calls.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    answers
}

/// Maximum time for an answer, which a broken server never gives.
const TIMEOUT: Duration = Duration::from_secs(60);

impl Agent {
    pub(crate) async fn connect(
        server: &Server,
        generation: Generation,
        capabilities: Value,
    ) -> Self {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let (input, output) = split(theirs);
        let server = server.clone();
        let serving = tokio::spawn(async move { server.serve(input, output).await.unwrap() });
        let (read, write) = split(ours);
        let agent = Self {
            out: Arc::new(tokio::sync::Mutex::new(write)),
            shared: Arc::default(),
            generation,
            capabilities,
            serving,
        };
        let (shared, out) = (Arc::clone(&agent.shared), Arc::clone(&agent.out));
        tokio::spawn(async move {
            let mut lines = BufReader::new(read).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let message: Value = serde_json::from_str(&line).unwrap();
                if let Some(answer) = shared.take(message) {
                    write_line(&out, &answer).await;
                }
            }
        });
        if generation == Generation::Initialize {
            let params = json!({
                "protocolVersion": "2025-11-25",
                "capabilities": agent.capabilities,
                "clientInfo": { "name": "test", "version": "1" },
            });
            agent.request("initialize", params).await;
            let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
            write_line(&agent.out, &ready).await;
        }
        agent
    }

    /// Sends a request, and returns the whole response.
    pub(crate) async fn request(&self, method: &str, params: Value) -> Value {
        let (_, response) = self.begin(method, params).await;
        tokio::time::timeout(TIMEOUT, response)
            .await
            .unwrap_or_else(|_| panic!("{method} was not answered"))
            .unwrap()
    }

    /// Calls a tool, and gives up on the call once `until` has come.
    pub(crate) async fn cancelled(&self, params: Value, until: impl AsyncFn()) {
        let (id, mut response) = self.begin("tools/call", params).await;
        tokio::time::timeout(TIMEOUT, until()).await.unwrap();
        let mut cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled" });
        cancelled["params"] = json!({ "requestId": id, "reason": "the client gave up" });
        write_line(&self.out, &cancelled).await;
        // The next request is answered after the cancellation is read.
        self.request("tools/list", json!({})).await;
        assert!(response.try_recv().is_err(), "the call was answered before");
    }

    /// Sends a request, and returns its id and what receives the response.
    async fn begin(&self, method: &str, mut params: Value) -> (u64, oneshot::Receiver<Value>) {
        if self.generation == Generation::Stateless {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
            params["_meta"]["io.modelcontextprotocol/clientInfo"] =
                json!({ "name": "test", "version": "1" });
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
                self.capabilities.clone();
        }
        let id = {
            let mut next = self.shared.next.lock().unwrap();
            *next += 1;
            *next
        };
        let (sender, response) = oneshot::channel();
        self.shared.waiting.lock().unwrap().insert(id, sender);
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        write_line(&self.out, &request).await;
        (id, response)
    }

    /// Calls a tool, and returns its result.
    pub(crate) async fn result(&self, tool: &str, arguments: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        let response = self.request("tools/call", params).await;
        assert!(response["result"].is_object(), "{response}");
        response["result"].clone()
    }

    /// Calls a tool that succeeds, and returns its answer.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments).await;
        assert_ne!(result["isError"], true, "{result}");
        result["structuredContent"].clone()
    }

    /// Calls a tool that is refused, and returns the refusal.
    pub(crate) async fn refused(&self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        // A model reads the text.
        let text = result["content"][0]["text"].as_str().unwrap();
        let refusal: Value = serde_json::from_str(text).unwrap();
        assert!(
            refusal["error"].is_string() && refusal["next"].is_string(),
            "{refusal}"
        );
        refusal
    }

    /// Waits for the end of a job as an agent does, and returns its answer.
    pub(crate) async fn end(&self, id: &str) -> Value {
        loop {
            let answer = self.call("wait", json!({ "id": id })).await;
            let state = answer["state"].as_str().unwrap();
            if ["saved", "failed", "cancelled", "in_doubt"].contains(&state) {
                return answer;
            }
        }
    }

    /// Sets the answer of the person to questions.
    pub(crate) fn person(&self, answer: Value) {
        *self.shared.person.lock().unwrap() = Some(answer);
    }

    /// Lets the person answer the open questions.
    pub(crate) async fn answer(&self, answer: Value) {
        let open = std::mem::take(&mut *self.shared.open.lock().unwrap());
        for id in open {
            let answer = json!({ "jsonrpc": "2.0", "id": id, "result": answer });
            write_line(&self.out, &answer).await;
        }
    }

    pub(crate) fn questions(&self) -> Vec<Value> {
        self.shared.questions.lock().unwrap().clone()
    }

    pub(crate) fn notifications(&self) -> Vec<Value> {
        self.shared.notifications.lock().unwrap().clone()
    }

    /// Closes the connection, and waits until the server has noticed.
    pub(crate) async fn close(self) {
        self.out.lock().await.shutdown().await.unwrap();
        self.serving.await.unwrap();
    }
}

impl Shared {
    /// Takes a message, and returns the answer to a question.
    fn take(&self, message: Value) -> Option<Value> {
        match (message.get("id"), message.get("method")) {
            (Some(id), None) => {
                let waiting = self.waiting.lock().unwrap().remove(&id.as_u64()?);
                // Whoever gave up does not listen.
                let _ = waiting?.send(message);
                None
            }
            (Some(id), Some(_)) => {
                self.questions
                    .lock()
                    .unwrap()
                    .push(message["params"].clone());
                let Some(answer) = self.person.lock().unwrap().clone() else {
                    self.open.lock().unwrap().push(id.clone());
                    return None;
                };
                Some(json!({ "jsonrpc": "2.0", "id": id, "result": answer }))
            }
            _ => {
                self.notifications.lock().unwrap().push(message);
                None
            }
        }
    }
}

async fn write_line(out: &tokio::sync::Mutex<WriteHalf<DuplexStream>>, message: &Value) {
    let line = format!("{message}\n");
    // A server that is gone answers nothing.
    let _ = out.lock().await.write_all(line.as_bytes()).await;
}
