//! The token, signed queries and prompts are shown nowhere; the token is sent to the Model API
//! alone.

// A set-up that fails ends the test.
#![allow(clippy::unwrap_used)]

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use runcomfy::media::{CheckMedia, Uploading};
use runcomfy::{
    CancelOutcome, Client, Error, ErrorKind, Event as WatchEvent, Media, Model, Outcome, Upload,
    Uploader, WaitOptions,
};
use runcomfy_emulator::{Call, Emulator, Fault, Reply};
use runcomfy_models::bytedance::dreamina_4_0::{edit, text_to_image::Input};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const TOKEN: &str = "tok-5eCr3t";
/// A part of a prompt, and of the query of a signed URL.
const PROMPT: &str = "a-5eCr3t-boat";
const SIGNATURE: &str = "5eCr3t-s1gn4tur3";

async fn emulator() -> (Emulator, Client) {
    ear();
    let emulator = Emulator::builder().built_in_models().start().await.unwrap();
    let builder = Client::builder().token(TOKEN).base_url(emulator.base_url());
    assert!(!format!("{builder:?}").contains(TOKEN), "{builder:?}");
    (emulator, builder.build().unwrap())
}

fn hides(shown: &str) {
    for secret in [TOKEN, SIGNATURE] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

fn shows_nothing(value: &impl Debug) {
    hides(&format!("{value:?} {value:#?}"));
}

/// An error and all its causes.
fn hides_in(error: &Error) {
    hides(&format!("{error} {error:?} {error:#?}"));
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        hides(&format!("{cause} {cause:?}"));
        source = cause.source();
    }
}

fn signed(path: &str) -> String {
    format!("https://cdn.example/{path}?Expires=1&Signature={SIGNATURE}")
}

/// Writes down every span and event, whole.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<String>>);

impl Ear {
    fn hear(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut dyn Visit)) {
        let mut heard = self.0.lock().unwrap();
        write!(heard, "\n{} {}:", metadata.target(), metadata.name()).unwrap();
        record(&mut Words(&mut heard));
    }

    fn heard(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// The one of all tests: they run side by side, and each is heard.
fn ear() -> &'static Ear {
    static EAR: OnceLock<Ear> = OnceLock::new();
    EAR.get_or_init(|| {
        let ear = Ear::default();
        tracing::subscriber::set_global_default(ear.clone()).unwrap();
        ear
    })
}

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Ear {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.hear(span.metadata(), |words| span.record(words));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Words(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.hear(event.metadata(), |words| event.record(words));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// All that a job goes through, with trouble at every call.
#[tokio::test(start_paused = true)]
async fn spans_have_the_job_and_the_attempt_and_no_secret() {
    let (emulator, client) = emulator().await;
    let input = edit::Input::new([signed("in.png")], PROMPT);
    emulator.script(
        Call::Submit,
        Reply::refused(429, 0).retry_after(Duration::from_secs(3)),
    );
    let job = client.submit(&input).await.unwrap();
    for call in [Call::Status, Call::Result, Call::Cancel] {
        emulator.script(call, Reply::html(502));
    }
    job.status().await.unwrap();
    job.result().await.unwrap();
    job.cancel().await.unwrap();
    emulator.script(
        Call::Status,
        Reply::patched(json!({"status": signed("odd")})),
    );
    for body in [
        json!({"output": {"image": signed("out.png")}}).to_string(),
        signed("x"),
    ] {
        emulator.script(Call::Status, Reply::new(200, body));
    }
    let output = job.wait().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    job.download(&output, folder.path()).await.unwrap();
    emulator.script(Call::Submit, Reply::lost());
    client.submit(&input).await.unwrap_err();
    let many: Vec<Input> = (0..3).map(|_| Input::new(PROMPT)).collect();
    let mut many = client.run_many(many);
    while let Some(finished) = many.next().await {
        finished.result.unwrap();
    }
    let heard = ear().heard();
    hides(&heard);
    assert!(!heard.contains(PROMPT), "{heard}");
    let id = job.request_id().as_str();
    for said in [
        format!("submit: model=\"{}\"", edit::Input::ID),
        format!("status: request_id={id}"),
        format!("result: request_id={id}"),
        format!("cancel: request_id={id}"),
        format!(
            "poll: request_id={id} model=\"{}\" attempt=1",
            edit::Input::ID
        ),
        "attempt: attempt=2".to_owned(),
        format!("outputs: request_id={id}"),
        "download: host=\"127.0.0.1\" attempt=1".to_owned(),
        format!("request_id={id}"),
    ] {
        assert!(heard.contains(&said), "{said} in {heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_text_of_any_type_has_a_signed_query() {
    let (emulator, client) = emulator().await;
    // What goes in.
    let input = edit::Input::new([signed("in.png")], PROMPT).with_extra("more", signed("extra"));
    shows_nothing(&input);
    shows_nothing(&client.submit(&input));
    shows_nothing(&client.run(&input));
    let json = json!({"image_urls": [signed("in.png")], "prompt": 7});
    shows_nothing(&client.submit_json(edit::Input::ID, &json));
    shows_nothing(&client.run_many([input]));
    let model = edit::Input::model();
    shows_nothing(&model.input.media_in(&json));
    for wrong in [
        json!({"image_urls": [format!("ftp://cdn.example/a?{SIGNATURE}")]}),
        json!({"image_urls": signed("in.png"), "prompt": {"a": signed("b")}, "scale": signed("c")}),
        json!({"prompt": "x", "image_urls": [], "width×height": signed("d"), "odd": signed("e")}),
    ] {
        let violations = model.validate(&wrong);
        assert!(!violations.is_empty());
        shows_nothing(&violations);
        hides(&violations.to_string());
        let error = client
            .submit_json(edit::Input::ID, &wrong)
            .schema(model)
            .await
            .unwrap_err();
        hides_in(&error);
    }
    // What comes back.
    let said = json!({"error_code": 400_000, "error_message": format!("no such file: {}", signed("f")),
        "detail": [{"url": signed("g")}]});
    for reply in [
        Reply::json(422, &said),
        Reply::json(200, &said),
        Reply::json(500, &said),
        Reply::new(500, signed("h")),
        Reply::new(
            200,
            format!(r#"{{"request_id": 7, "status_url": "{}"}}"#, signed("i")),
        ),
        Reply::new(200, format!(r#"{{"status_url": "{}"#, signed("j"))),
        Reply::new(200, format!(r#"{{"request_id": "{}"}}"#, signed("k"))),
    ] {
        emulator.script(Call::Submit, reply);
        match client.submit(&Input::new("A boat")).outcome().await {
            Outcome::Accepted(job) => panic!("{job:?}"),
            Outcome::NotSent(error) | Outcome::Rejected(error) | Outcome::Unknown(error) => {
                hides_in(&error);
            }
        }
    }
    let job = client.submit(&Input::new("A boat")).await.unwrap();
    let ends = [
        json!({"status": "succeeded", "output": {"image": signed("out.png"), "deep": [{"x": signed("y")}]}}),
        json!({"status": "succeeded", "output": signed("out.png")}),
        json!({"status": "failed", "error": [{"errorCode": 7, "debugInfo": signed("z")}]}),
    ];
    for body in ends {
        for _ in 0..2 {
            emulator.script(Call::Result, Reply::json(200, &body));
        }
        let result = job.result().await.unwrap();
        shows_nothing(&result);
        shows_nothing(&result.output);
        emulator.script(
            Call::Status,
            Reply::json(200, &json!({"status": "completed"})),
        );
        match job.wait().await {
            Ok(output) => {
                shows_nothing(&output);
                shows_nothing(&client.download(&signed("out.png"), ".".as_ref()));
                shows_nothing(&job.download(&output, ".".as_ref()));
            }
            Err(error) => hides_in(&error),
        }
    }
    // Where it is fetched from.
    let folder = tempfile::tempdir().unwrap();
    for url in [
        signed("a.png"),
        format!("http://127.0.0.1:9/a?{SIGNATURE}"),
        format!("x?{SIGNATURE}"),
    ] {
        hides_in(&client.download(&url, folder.path()).await.unwrap_err());
    }
    for url in [
        format!("https://127.0.0.1/a?{SIGNATURE}"),
        format!("http://x/?{SIGNATURE}"),
    ] {
        let input = edit::Input::new([url], "A boat");
        let submit = client.submit(&input).check_media(CheckMedia::Everything);
        match submit.outcome().await {
            Outcome::Accepted(_) => {}
            Outcome::NotSent(error) | Outcome::Rejected(error) | Outcome::Unknown(error) => {
                hides_in(&error);
            }
        }
        let violations = input.check_media(&client).await.unwrap();
        shows_nothing(&violations);
        hides(&violations.to_string());
    }
}

/// An error whose cause tells more than it does.
#[derive(Debug)]
struct Told(String, Option<Box<Told>>);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Told {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_ref().map(|cause| &**cause as _)
    }
}

/// Puts nothing anywhere, and says so.
struct Broken;

impl Uploader for Broken {
    fn upload(&self, _: Upload) -> Uploading<'_> {
        let cause = Told(format!("PUT {}", signed("b")), None);
        let error = Told(format!("{}: HTTP 403", signed("a")), Some(cause.into()));
        Box::pin(async move { Err(error.into()) })
    }
}

#[tokio::test(start_paused = true)]
async fn an_uploaders_words_are_shown_without_queries() {
    let (emulator, _) = emulator().await;
    let builder = Client::builder().token(TOKEN).base_url(emulator.base_url());
    let client = builder.uploader(Broken).build().unwrap();
    let input = edit::Input::new([Media::from(vec![1, 2, 3])], "A boat");
    let submit = client.submit(&input).check_media(CheckMedia::Nothing);
    let error = submit.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Upload);
    hides_in(&error);
    let cause = std::error::Error::source(&error).unwrap();
    for (said, why) in [
        (error.to_string(), "cdn.example/a?… HTTP 403; nothing"),
        (cause.to_string(), "https://cdn.example/a?…"),
        (cause.source().unwrap().to_string(), "PUT https://cdn."),
    ] {
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_base_urls_password_is_not_shown() {
    for base in [
        format!("https://user:{SIGNATURE}@gate.example/v1?key={SIGNATURE}"),
        format!("https:/user:{SIGNATURE}@gate.example"),
        format!("user:{SIGNATURE}@gate.example"),
        format!("//user:{SIGNATURE}@gate.example"),
    ] {
        let builder = Client::builder().token(TOKEN).base_url(base);
        shows_nothing(&builder);
        hides_in(&builder.build().unwrap_err());
    }
    let shown = format!("{:?}", Client::builder().base_url("https://gate.example/x"));
    assert!(shown.contains("https://gate.example/x"), "{shown}");
}

/// Words of the service in every place that takes some.
#[tokio::test(start_paused = true)]
async fn no_text_of_the_service_has_a_signed_query() {
    let (emulator, client) = emulator().await;
    let models =
        json!({"models": [{"model_id": signed("id"), "preview": signed("p")}], "total": 1});
    for _ in 0..2 {
        emulator.script(Call::Catalogue, Reply::json(200, &models));
    }
    let entries = client.catalogue().entries().await.unwrap();
    assert!(entries[0].model_id().contains(SIGNATURE), "not for eyes");
    shows_nothing(&entries);
    shows_nothing(&client.catalogue().page(0, 1).await.unwrap());
    let balance = json!({"balance_usd": 1.5, "top_up": signed("pay")});
    emulator.script(Call::Balance, Reply::json(200, &balance));
    shows_nothing(&client.balance().await.unwrap());

    let job = client.submit(&Input::new("A boat")).await.unwrap();
    let odd = json!({"status": signed("s"), "outcome": signed("o"), "created_at": signed("c"), "finished_at": signed("f")});
    for call in [Call::Status, Call::Result, Call::Cancel] {
        emulator.script(call, Reply::json(200, &odd));
    }
    shows_nothing(&job.status().await.unwrap());
    let result = job.result().await.unwrap();
    assert!(result.created_at.as_ref().unwrap().contains(SIGNATURE));
    shows_nothing(&result);
    hides_in(&result.into_output().unwrap_err());
    let outcome = job.cancel().await.unwrap();
    assert!(matches!(&outcome, CancelOutcome::Other(text) if text.contains(SIGNATURE)));
    shows_nothing(&outcome);

    emulator.add_fault(Fault::from_nth(Call::Status, 1, Reply::json(200, &odd)));
    let limit = Duration::from_secs(100);
    let mut watch = job.wait().deadline(limit).watch();
    let mut told = false;
    while let Some(event) = watch.next().await {
        shows_nothing(&event);
        told |= matches!(&event, WatchEvent::UnknownStatus(text) if text.contains(SIGNATURE));
    }
    assert!(told);
    let late = watch.output().await.unwrap_err();
    let last = late.last_status().unwrap().status.to_string();
    assert!(last.contains(SIGNATURE), "{last}");
    hides_in(&late);
    let options = WaitOptions::new().deadline(limit);
    let mut many = client.run_many([Input::new("A boat")]).options(options);
    shows_nothing(&many.next().await.unwrap());
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
        hides_in(&error);
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
