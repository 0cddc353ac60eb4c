//! CPU for one call: the client against plain reqwest that sends the same request to the same
//! server and reads the same response.

use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{redirect, retry};
use runcomfy::Client;
use runcomfy_benches::{Aim, Case, Cost, Outcome, Row, Samples, differences, ratios};
use runcomfy_models::bytedance::dreamina_4_0::edit::Input;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// Every contender has a short batch in every round, so that conditions are equal: the core of the
/// server's thread makes a call two or three times as expensive.
const ROUNDS: usize = 1001;
const BATCH: u32 = 20;

/// Maximum cost of all the care, in microseconds.
const CARE: Aim = Aim::AtMost(5.0);

const TOKEN: &str = "token";

/// Responses of the service to a submit and a status request.
const ACCEPTED: &str = r#"{"request_id":"0d9f7c52-6a0e-4d6b-9c51-3f2f4c1f9a10","status_url":"https://model-api.runcomfy.net/v1/requests/0d9f7c52-6a0e-4d6b-9c51-3f2f4c1f9a10/status","result_url":"https://model-api.runcomfy.net/v1/requests/0d9f7c52-6a0e-4d6b-9c51-3f2f4c1f9a10/result","cancel_url":"https://model-api.runcomfy.net/v1/requests/0d9f7c52-6a0e-4d6b-9c51-3f2f4c1f9a10/cancel"}"#;
const STATUS: &str = r#"{"request_id":"0d9f7c52-6a0e-4d6b-9c51-3f2f4c1f9a10","status":"in_queue","queue_position":3,"status_url":"https://model-api.runcomfy.net/v1/requests/0d9f7c52-6a0e-4d6b-9c51-3f2f4c1f9a10/status","result_url":"https://model-api.runcomfy.net/v1/requests/0d9f7c52-6a0e-4d6b-9c51-3f2f4c1f9a10/result"}"#;

fn main() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    // On threads of its own, whose time does not count.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    // One thread, so that its time is all that a call takes.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    status(&runtime, address)?;
    submit(&runtime, address)
}

fn status(runtime: &Runtime, address: SocketAddr) -> Outcome {
    let (client, http) = clients(address)?;
    let job = client.json_job("0d9f7c52-6a0e-4d6b-9c51-3f2f4c1f9a10".parse()?);
    let url = format!("http://{address}/v1/requests/0d9f7c52-6a0e-4d6b-9c51-3f2f4c1f9a10/status");
    race(
        runtime,
        "status",
        Some(CARE),
        async || job.status().await.map(drop).map_err(Into::into),
        async || read(http.get(&url).bearer_auth(TOKEN)).await,
    )
}

/// Both share one connection, and then each of their submits has its own, as the default client makes
/// them over HTTP/1.1.
fn submit(runtime: &Runtime, address: SocketAddr) -> Outcome {
    let [case, ..] = Case::all()?;
    let input: Input = case.input.ok_or("the first case is typed")?;
    let url = format!("http://{address}/v1/models/bytedance/dreamina-4-0/edit");
    let plain = async |http: &reqwest::Client| {
        let body = serde_json::to_vec(&input)?;
        let request = http.post(&url).bearer_auth(TOKEN);
        let request = request.header("idempotency-key", "0123456789abcdef0123456789abcdef");
        read(request.header(CONTENT_TYPE, "application/json").body(body)).await
    };
    let (shared, http) = clients(address)?;
    race(
        runtime,
        "submit, validated",
        Some(CARE),
        async || shared.submit(&input).await.map(drop).map_err(Into::into),
        async || plain(&http).await,
    )?;
    let default = Client::builder()
        .token(TOKEN)
        .base_url(format!("http://{address}"))
        .build()?;
    let closing = settings().pool_max_idle_per_host(0).build()?;
    race(
        runtime,
        "submit, own connection",
        None,
        async || default.submit(&input).await.map(drop).map_err(Into::into),
        async || plain(&closing).await,
    )
}

/// Returns both clients with the same settings.
fn clients(address: SocketAddr) -> Outcome<(Client, reqwest::Client)> {
    let http = settings().build()?;
    let client = Client::builder()
        .token(TOKEN)
        .base_url(format!("http://{address}"))
        .http_client(http.clone())
        .build()?;
    Ok((client, http))
}

fn settings() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .user_agent("calls")
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_mins(1))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
}

async fn read(request: reqwest::RequestBuilder) -> Outcome {
    let value: Value = request.send().await?.error_for_status()?.json().await?;
    match value.get("request_id") {
        Some(Value::String(_)) => Ok(()),
        _ => Err("another reply".into()),
    }
}

fn race<O: Future<Output = Outcome>, P: Future<Output = Outcome>>(
    runtime: &Runtime,
    name: &str,
    aim: Option<Aim>,
    ours: impl Fn() -> O,
    plain: impl Fn() -> P,
) -> Outcome {
    let (mut our, mut their) = (Samples::default(), Samples::default());
    for round in 0..=ROUNDS {
        let (mine, others) = (batch(runtime, &ours)?, batch(runtime, &plain)?);
        // The first warms up.
        if round > 0 {
            our.push(mine);
            their.push(others);
        }
    }
    let row = |what: &str, unit| Row::new(format!("calls, {name}: {what}"), unit);
    row("ours, CPU", "µs").print(&our);
    row("plain reqwest, CPU", "µs").print(&their);
    row("ours against plain reqwest", "×").print(&ratios(&our, &their));
    let more = row("ours less plain reqwest", "µs");
    let more = aim.into_iter().fold(more, Row::aim);
    more.print(&differences(&our, &their));
    Ok(())
}

/// Returns the CPU time of one call of a batch on this thread, in microseconds.
fn batch<F: Future<Output = Outcome>>(runtime: &Runtime, call: impl Fn() -> F) -> Outcome<f64> {
    runtime.block_on(async {
        let start = Cost::own_thread()?;
        for _ in 0..BATCH {
            call().await?;
        }
        let spent = Cost::own_thread()?.saturating_sub(start);
        Ok(spent.as_secs_f64() * 1e6 / f64::from(BATCH))
    })
}

/// Answers one request after the other.
fn serve(stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let (mut length, mut submit) = (0, false);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            submit |= line.starts_with("post ");
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().ok()?;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        let body = if submit { ACCEPTED } else { STATUS };
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        let reply = format!("{head}content-length: {length}\r\n\r\n{body}");
        writer.write_all(reply.as_bytes()).ok()?;
    }
}
