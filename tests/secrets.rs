//! No text contains the token, a signed query or a prompt; only the Model API receives the token.

// A failed setup ends the test.
#![allow(clippy::unwrap_used)]

mod leaky_text;

use std::fmt::Debug;
use std::sync::OnceLock;
use std::time::Duration;

use fastrand::Rng;
use leaky_text::{Leaky, MARK, harmless};
use runcomfy::login::Website;
use runcomfy::media::{CheckMedia, Uploading};
use runcomfy::schema::{Redacted, RedactedPaths};
use runcomfy::testing::{self, Script};
use runcomfy::{
    CancelOutcome, Client, Error, ErrorKind, Event, Media, Model, Outcome, RetryPolicy, Token,
    Upload, Uploader, WaitOptions,
};
use runcomfy_emulator::{Call, Emulator, Fault, Reply};
use runcomfy_models::bytedance::dreamina_4_0::edit;
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::cases::{Cases, rerun};
use runcomfy_testkit::server::{Response, Server};
use runcomfy_testkit::trace::Trace;
use serde_json::json;

const TOKEN: &str = "tok-5eCr3t";
/// Text of every prompt.
const PROMPT: &str = "a-5eCr3t-boat";
/// Part of the query of every signed URL.
const SIGNATURE: &str = "5eCr3t-s1gn4tur3";

async fn emulator() -> (Emulator, Client) {
    trace();
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

/// Checks an error and all its causes.
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

/// Returns the trace of all tests: they run side by side in one process.
fn trace() -> &'static Trace {
    static TRACE: OnceLock<Trace> = OnceLock::new();
    TRACE.get_or_init(|| {
        let trace = Trace::new(tracing::Level::TRACE);
        tracing::subscriber::set_global_default(trace.clone()).unwrap();
        trace
    })
}

fn edit(image_urls: impl IntoIterator<Item = impl Into<Media>>) -> edit::Input {
    edit::Input::new(edit::Required {
        image_urls,
        prompt: PROMPT,
    })
}

/// A job runs with a fault at every call.
#[tokio::test(start_paused = true)]
async fn spans_name_job_and_attempt_and_no_secret() {
    let (emulator, client) = emulator().await;
    let input = edit([signed("in.png")]);
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
    let traced = trace().text();
    hides(&traced);
    assert!(!traced.contains(PROMPT), "{traced}");
    let id = job.request_id().as_str();
    for line in [
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
        assert!(traced.contains(&line), "{line} in {traced}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_text_of_any_type_has_a_signed_query() {
    let (emulator, client) = emulator().await;
    // Inputs.
    let input = edit([signed("in.png")]).with_extra("more", signed("extra"));
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
    // Responses.
    let refusal = json!({"error_code": 400_000, "error_message": format!("no such file: {}", signed("f")),
        "detail": [{"url": signed("g")}]});
    for reply in [
        Reply::json(422, &refusal),
        Reply::json(200, &refusal),
        Reply::json(500, &refusal),
        Reply::new(500, signed("h")),
        Reply::new(
            200,
            format!(r#"{{"request_id": 7, "status_url": "{}"}}"#, signed("i")),
        ),
        Reply::new(200, format!(r#"{{"status_url": "{}"#, signed("j"))),
        Reply::new(200, format!(r#"{{"request_id": "{}"}}"#, signed("k"))),
    ] {
        emulator.script(Call::Submit, reply);
        match client.submit(Input::new("A boat")).outcome().await {
            Outcome::Accepted(job) => panic!("{job:?}"),
            Outcome::NotSent(error) | Outcome::Rejected(error) | Outcome::Unknown(error) => {
                hides_in(&error);
            }
        }
    }
    let job = client.submit(Input::new("A boat")).await.unwrap();
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
    // Media and downloads.
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
        let input = edit([url]);
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

/// An error with a text and a cause.
#[derive(Debug)]
struct UploadError(String, Option<Box<UploadError>>);

impl std::fmt::Display for UploadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UploadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_ref().map(|cause| &**cause as _)
    }
}

/// An uploader that fails.
struct Broken;

impl Uploader for Broken {
    fn upload(&self, _: Upload) -> Uploading<'_> {
        let cause = UploadError(format!("PUT {}", signed("b")), None);
        let error = UploadError(format!("{}: HTTP 403", signed("a")), Some(cause.into()));
        Box::pin(async move { Err(error.into()) })
    }
}

#[tokio::test(start_paused = true)]
async fn uploader_error_is_shown_without_queries() {
    let (emulator, _) = emulator().await;
    let builder = Client::builder().token(TOKEN).base_url(emulator.base_url());
    let client = builder.uploader(Broken).build().unwrap();
    let input = edit([Media::from(vec![1, 2, 3])]);
    let submit = client.submit(&input).check_media(CheckMedia::Nothing);
    let error = submit.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Upload);
    hides_in(&error);
    let cause = std::error::Error::source(&error).unwrap();
    for (text, part) in [
        (error.to_string(), "cdn.example/a?… HTTP 403; nothing"),
        (cause.to_string(), "https://cdn.example/a?…"),
        (cause.source().unwrap().to_string(), "PUT https://cdn."),
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn base_url_is_shown_without_its_password() {
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

/// The service sends a signed URL in every member that is a text.
#[tokio::test(start_paused = true)]
async fn no_text_of_the_service_has_a_signed_query() {
    let (emulator, client) = emulator().await;
    let models =
        json!({"models": [{"model_id": signed("id"), "preview": signed("p")}], "total": 1});
    for _ in 0..2 {
        emulator.script(Call::Catalogue, Reply::json(200, &models));
    }
    let entries = client.catalogue().entries().await.unwrap();
    assert!(
        entries[0].model_id().contains(SIGNATURE),
        "the value itself is not redacted"
    );
    shows_nothing(&entries);
    shows_nothing(&client.catalogue().page(0, 1).await.unwrap());
    let balance = json!({"balance_usd": 1.5, "top_up": signed("pay")});
    emulator.script(Call::Balance, Reply::json(200, &balance));
    shows_nothing(&client.balance().await.unwrap());

    let job = client.submit(Input::new("A boat")).await.unwrap();
    let body = json!({"status": signed("s"), "outcome": signed("o"), "created_at": signed("c"), "finished_at": signed("f")});
    for call in [Call::Status, Call::Result, Call::Cancel] {
        emulator.script(call, Reply::json(200, &body));
    }
    shows_nothing(&job.status().await.unwrap());
    let result = job.result().await.unwrap();
    assert!(result.created_at.as_ref().unwrap().contains(SIGNATURE));
    shows_nothing(&result);
    hides_in(&result.into_output().unwrap_err());
    let outcome = job.cancel().await.unwrap();
    assert!(matches!(&outcome, CancelOutcome::Other(text) if text.contains(SIGNATURE)));
    shows_nothing(&outcome);

    for call in [Call::Status, Call::Result] {
        emulator.add_fault(Fault::from_nth(call, 1, Reply::json(200, &body)));
    }
    let limit = Duration::from_secs(100);
    let mut watch = job.wait().deadline(limit).watch();
    let mut unknown = false;
    while let Some(event) = watch.next().await {
        shows_nothing(&event);
        unknown |= matches!(&event, Event::UnknownStatus(text) if text.contains(SIGNATURE));
    }
    assert!(unknown);
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
    let job = client.submit(Input::new("A boat")).await.unwrap();
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
        // A read has up to six attempts.
        for _ in 0..6 {
            emulator.script(Call::Status, reply.clone());
        }
        let error = job.status().await.unwrap_err();
        hides_in(&error);
    }
}

#[tokio::test]
async fn redirect_is_not_followed_with_the_token() {
    let (emulator, client) = emulator().await;
    let server = Server::always(Response::ok("{}")).await;
    for status in [301, 302, 303, 307, 308] {
        let target = server.url("elsewhere");
        emulator.script(
            Call::Submit,
            Reply::new(status, "").header("Location", target),
        );
        let error = client.submit(Input::new("A boat")).await.unwrap_err();
        hides(&error.to_string());
        assert!(error.to_string().contains("redirect"), "{error}");
    }
    assert_eq!(emulator.count(Call::Submit), 5);
    assert_eq!(server.connections(), 0, "the redirect was followed");
}

#[tokio::test]
async fn header_that_quotes_the_token_is_shown_nowhere() {
    trace();
    let bearer = format!("Bearer {TOKEN}");
    for status in [200, 302, 401, 429] {
        let response = Response::new(status, "{}");
        let names = [
            "X-Echo",
            "Location",
            "Retry-After",
            "WWW-Authenticate",
            "Content-Type",
        ];
        let quoting = names.into_iter();
        let response = quoting.fold(response, |response, name| response.header(name, &bearer));
        let server = Server::always(response).await;
        let once = RetryPolicy::new().max_attempts(1);
        let builder = Client::builder().token(TOKEN).base_url(server.url(""));
        let client = builder.retry(once).build().unwrap();
        let job = client.json_job("r-1".parse().unwrap());
        hides_in(&job.status().await.unwrap_err());
        hides_in(&client.submit(Input::new("A boat")).await.unwrap_err());
        assert!(server.requests()[0].head.contains(TOKEN));
    }
    hides(&trace().text());
}

/// The website is sent the token too, and its responses are printed by `whoami` and `login`.
#[tokio::test]
async fn website_that_quotes_the_token_is_kept_without_it() {
    let hex: Vec<String> = TOKEN.bytes().map(|byte| format!("{byte:02x}")).collect();
    for quoted in [
        TOKEN.to_owned(),
        TOKEN.replace('-', "\\u002d"),
        hex.concat(),
        "dG9rLTVlQ3IzdA==".to_owned(),
    ] {
        let body = format!(r#"{{"id":"u-1 {quoted}","email":"{quoted}","{quoted}":["{quoted}"]}}"#);
        let server = Server::always(Response::ok(body)).await;
        let website = Website::new(server.url("")).unwrap();
        let user = website.user(&Token::new(TOKEN).unwrap()).await.unwrap();
        assert!(user.id().starts_with("u-1 …"), "{user:?}");
        let json = json!(user.json()).to_string();
        hides(&format!("{user:?} {json}"));
        assert!(!json.contains(quoted.trim_end_matches('=')), "{json}");
        assert!(server.requests()[0].head.contains(TOKEN));
    }
}

#[tokio::test]
async fn downloads_are_sent_without_the_token() {
    let server = Server::always(Response::ok("ok\0")).await;
    let client = Client::builder()
        .token(TOKEN)
        .download_from_any_host(true)
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = server.url("out.png?sig=abc");
    let file = client.download(&url, folder.path()).await.unwrap();
    assert_eq!(std::fs::read(file).unwrap(), b"ok\0");
    let head = server.requests()[0].head.to_lowercase();
    assert!(
        head.starts_with("get /out.png?sig=abc") && !head.contains("authorization"),
        "{head}"
    );
    hides(&head);
}

#[test]
fn redacted_text_shows_nothing_of_a_query() {
    for seed in Cases::from_env(40_000).seeds() {
        let leaky = Leaky::url(&mut Rng::with_seed(seed));
        for shown in [
            Redacted(&leaky.text).to_string(),
            RedactedPaths(&leaky.text).to_string(),
        ] {
            let leak = leaky.leak_in(&shown);
            assert_eq!(leak, None, "{leaky:?}\n{shown}\n{}", rerun(seed));
        }
    }
}

#[test]
fn text_without_a_secret_is_shown_unchanged() {
    for seed in Cases::from_env(40_000).seeds() {
        let text = harmless(&mut Rng::with_seed(seed));
        let shown = Redacted(&text).to_string();
        assert_eq!(shown, text, "{}", rerun(seed));
    }
}

/// Everything that a client shows of responses with one text in them.
struct Shown {
    /// `Display`, `Debug` and causes.
    texts: Vec<String>,
    /// Texts that a program reads of them.
    values: Vec<String>,
}

impl Shown {
    fn add(&mut self, value: &impl Debug) {
        self.texts.push(format!("{value:?} {value:#?}"));
    }

    fn add_error(&mut self, error: &Error) {
        self.add(error);
        self.texts.push(error.to_string());
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            self.texts.push(format!("{error} {error:?}"));
            cause = error.source();
        }
        self.values
            .push(format!("{:?} {:?}", error.detail(), error.excerpt()));
        let status = error.last_status().map(|last| last.status.to_string());
        self.values.extend(status);
    }

    fn add_outcome<T: Debug>(&mut self, outcome: Result<T, Error>) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.add(&value);
                Some(value)
            }
            Err(error) => {
                self.add_error(&error);
                None
            }
        }
    }
}

/// Returns the body of an error response with this text.
fn refusal(rng: &mut Rng, text: &str) -> String {
    let body = match rng.u8(..8) {
        0 => json!({"error_code": 400_001, "error_message": text}),
        1 => json!({"message": text}),
        2 => json!({"detail": {"error": {"message": text, "code": 7}}}),
        3 => json!({"detail": [{"loc": ["scale"], "msg": text}]}),
        4 => json!({"request_id": text, "error": text}),
        5 => json!({ text: [text] }),
        6 => return format!("<html><body>{text}</body></html>"),
        _ => return text.to_owned(),
    };
    let body = body.to_string();
    match rng.u8(..4) {
        0 => {
            let cut = rng.usize(..=body.len());
            let is_end = |at: &usize| body.is_char_boundary(*at);
            body[..(0..=cut).rev().find(is_end).unwrap_or_default()].to_owned()
        }
        _ => body,
    }
}

/// Has a scripted service send the text in one member of one response.
async fn shown_of(client: &Client, script: &Script, rng: &mut Rng, text: &str) -> Shown {
    let mut shown = Shown {
        texts: Vec::new(),
        values: Vec::new(),
    };
    let status = rng
        .choice([200, 400, 401, 402, 404, 422, 500, 503])
        .unwrap_or(200);
    let refused = testing::Response::text(status, refusal(rng, text));
    let job = client.json_job("r-1".parse().unwrap());
    match rng.u8(..8) {
        0 => {
            script.respond(testing::Call::Submit, refused);
            let input = json!({});
            let submit = client.submit_json("acme/paint", &input);
            shown.add_outcome(submit.await);
        }
        1 => {
            script.respond(testing::Call::Status, refused);
            shown.add_outcome(job.status().await);
        }
        2 => {
            let body = json!({"status": text, "queue_position": text});
            script.respond(testing::Call::Status, testing::Response::json(200, body));
            if let Some(status) = shown.add_outcome(job.status().await) {
                shown.values.push(status.status.to_string());
            }
        }
        3 => {
            let body = json!({"outcome": text});
            script.respond(testing::Call::Cancel, testing::Response::json(200, body));
            if let Some(CancelOutcome::Other(outcome)) = shown.add_outcome(job.cancel().await) {
                shown.values.push(outcome);
            }
        }
        4 => {
            let body = json!({"status": "failed", "error": [{"debugInfo": text}], "created_at": text, "finished_at": text});
            script.respond(testing::Call::Result, testing::Response::json(200, body));
            if let Some(result) = shown.add_outcome(job.result().await) {
                shown
                    .values
                    .push(format!("{:?} {:?}", result.error, result.created_at));
                shown.add_outcome(result.into_output());
            }
        }
        5 => {
            let body =
                json!({"status": "succeeded", "output": {"image": text, "more": {text: [text]}}});
            script.respond(testing::Call::Result, testing::Response::json(200, body));
            if let Some(result) = shown.add_outcome(job.result().await) {
                shown.values.push(json!(result.output).to_string());
            }
        }
        6 => {
            let body = json!({"models": [{"model_id": text, "description": text}], "total": 1});
            script.respond(testing::Call::Other, testing::Response::json(200, body));
            if let Some(page) = shown.add_outcome(client.catalogue().page(0, 1).await) {
                shown.values.push(json!(page.entries[0].json()).to_string());
            }
        }
        _ => {
            let body = json!({"balance_usd": 1.5, "note": text});
            script.respond(testing::Call::Other, testing::Response::json(200, body));
            if let Some(balance) = shown.add_outcome(client.balance().await) {
                shown.values.push(json!(balance.json()).to_string());
            }
        }
    }
    shown
}

fn scripted() -> (Script, Client) {
    trace();
    let script = Script::new();
    let once = RetryPolicy::new().max_attempts(1);
    let builder = script.client_builder().token(TOKEN).retry(once);
    (script, builder.build().unwrap())
}

#[tokio::test(start_paused = true)]
async fn response_that_quotes_the_token_is_kept_without_it() {
    let (script, client) = scripted();
    for seed in Cases::from_env(10_000).seeds() {
        let mut rng = Rng::with_seed(seed);
        let leaky = Leaky::token(&mut rng, TOKEN);
        let shown = shown_of(&client, &script, &mut rng, &leaky.text).await;
        for shown in shown.texts.iter().chain(&shown.values) {
            let leak = leaky.leak_in(shown);
            assert_eq!(leak, None, "{leaky:?}\n{shown}\n{}", rerun(seed));
        }
    }
    hides(&trace().text());
}

/// The judge knows what was quoted, and decodes nothing: most of its letters and digits must not be shown.
#[tokio::test(start_paused = true)]
async fn token_in_spellings_of_spellings_is_kept_from_texts() {
    let is_part = |c: &char| c.is_ascii_alphanumeric();
    let (script, client) = scripted();
    for seed in Cases::from_env(4_000).seeds() {
        let mut rng = Rng::with_seed(seed);
        let (leaky, quoted) = Leaky::nested_token(&mut rng, TOKEN);
        let shown = shown_of(&client, &script, &mut rng, &leaky.text).await;
        let quoted: String = quoted.chars().filter(is_part).collect();
        let quoted = quoted.as_bytes();
        for shown in shown.texts.iter().chain(&shown.values) {
            let plain: String = shown.chars().filter(is_part).collect();
            let parts = quoted.windows(quoted.len() * 5 / 6);
            let leak = parts
                .map(|part| str::from_utf8(part).unwrap())
                .find(|part| plain.contains(part));
            assert_eq!(leak, None, "{leaky:?}\n{shown}\n{}", rerun(seed));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn response_with_a_signed_url_is_shown_without_its_query() {
    let (script, client) = scripted();
    for seed in Cases::from_env(10_000).seeds() {
        let mut rng = Rng::with_seed(seed);
        let leaky = Leaky::url(&mut rng);
        let shown = shown_of(&client, &script, &mut rng, &leaky.text).await;
        for shown in &shown.texts {
            let leak = leaky.leak_in(shown);
            assert_eq!(leak, None, "{leaky:?}\n{shown}\n{}", rerun(seed));
        }
    }
    let traced = trace().text();
    assert!(!traced.contains(MARK), "{traced}");
}
