//! Pages in a browser, and the access log.

use std::io;
use std::sync::{Arc, Mutex};

use reqwest::{Method, Response};
use runcomfy_emulator::{Call, Fault, Reply};

use crate::support::{Caller, IMAGE, boat, builder, start};

const PAGE: &str = "http://localhost:5173";

async fn from_page(caller: &Caller, method: Method, path: &str, origin: &str) -> Response {
    let request = caller.request(method, path).header("Origin", origin);
    let request = request
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization");
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

#[tokio::test]
async fn allowed_page_may_call_and_read() {
    let busy = Fault::every(Call::Catalogue, 1, Reply::html(503));
    let (emulator, caller) = start(builder().allow_origin(PAGE).fault(busy)).await;
    let path = format!("/v1/models/{IMAGE}");
    let preflight = from_page(&caller, Method::OPTIONS, &path, PAGE).await;
    assert_eq!(preflight.status(), 204);
    assert_eq!(
        header(&preflight, "access-control-allow-origin"),
        Some(PAGE)
    );
    assert_eq!(
        header(&preflight, "access-control-allow-headers"),
        Some("authorization")
    );
    // A preflight is no call, and a fault can be read by the page.
    assert_eq!(emulator.requests().len(), 0);
    let fault = from_page(&caller, Method::GET, &path, PAGE).await;
    assert_eq!(
        (
            fault.status().as_u16(),
            header(&fault, "access-control-allow-origin")
        ),
        (503, Some(PAGE))
    );
}

#[tokio::test]
async fn other_pages_read_and_control_nothing() {
    let (emulator, caller) = start(builder().allow_origin(PAGE)).await;
    caller.job(IMAGE, &boat()).await;
    let other = "http://evil.example";
    let list = from_page(&caller, Method::GET, "/v1/models", other).await;
    assert_eq!(header(&list, "access-control-allow-origin"), None);
    let reset = from_page(&caller, Method::POST, "/_emulator/reset", other).await;
    assert_eq!(reset.status(), 403);
    assert_eq!(emulator.ledger().len(), 1);
    let reset = from_page(&caller, Method::POST, "/_emulator/reset", PAGE).await;
    assert_eq!((reset.status().as_u16(), emulator.ledger().len()), (200, 0));
}

/// A log that the test reads.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn access_log_has_a_line_for_each_request() {
    let log = Lines::default();
    let lost = Fault::nth(Call::Submit, 2, Reply::lost());
    let (_emulator, caller) = start(builder().access_log(log.clone()).fault(lost)).await;
    caller.job(IMAGE, &boat()).await;
    let submit = caller.request(Method::POST, &format!("/v1/models/{IMAGE}"));
    submit.body(boat().to_string()).send().await.unwrap_err();
    caller
        .request(Method::GET, "/nowhere?a=b")
        .send()
        .await
        .unwrap();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let words = |line: &str| -> Vec<String> {
        let words = line.split(' ').map(str::to_owned);
        words
            .enumerate()
            .filter(|(at, _)| ![0, 4].contains(at))
            .map(|(_, word)| word)
            .collect()
    };
    let lines: Vec<Vec<String>> = text.lines().map(words).collect();
    let path = format!("/v1/models/{IMAGE}");
    assert_eq!(
        lines,
        [
            ["POST", &path, "200", "submit"],
            ["POST", &path, "reset", "submit"],
            ["GET", "/nowhere?…", "404", "-"],
        ]
    );
}
