//! Costs of a batch: jobs a second through a service that answers at once, CPU for a job against
//! `run_many`, and claims and memory with a million jobs in the store.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use runcomfy::{Client, WaitOptions};
use runcomfy_batch::{
    Batch, End, Ending, Incarnation, JobId, JobKey, Limits, Money, NewJob, Rate, SqliteStore, Store,
};
use runcomfy_benches::{Aim, Cost, Outcome, Row, Samples, differences, ratios, scratch};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use serde_json::json;

const MODEL: &str = "bytedance/dreamina-4-0/text-to-image";
/// Jobs of each run through the service.
const JOBS: u64 = 400;
const ROUNDS: usize = 5;
const CONCURRENCY: usize = 64;
/// The service has an outcome at once, so that polls need not wait.
const POLL_EVERY: Duration = Duration::from_millis(10);

const MANY: u64 = 1_000_000;
/// Jobs of one import.
const PART: u64 = 5000;
const CLAIMS: usize = 301;
/// Jobs of one claim.
const CLAIMED: usize = 16;

const ESTIMATE: Money = Money::from_micros(40_000);

fn main() -> Outcome {
    match std::env::args().nth(1).as_deref() {
        Some("serve") => return serve(),
        Some("many") => return runtime()?.block_on(many(&scratch("batch-many")?)),
        _ => {}
    }
    runtime()?.block_on(through_a_service(&scratch("batch")?))?;
    // In a process of its own, whose memory nothing else has touched.
    let many = Command::new(std::env::current_exe()?)
        .arg("many")
        .status()?;
    if many.success() {
        Ok(())
    } else {
        Err("the run with a million jobs has failed".into())
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Returns a job of about 300 bytes.
fn job(n: u64) -> Outcome<NewJob> {
    let id: JobId = format!("boat-{n:07}").parse()?;
    let prompt = format!(
        "Boat {n}: {}",
        "a lighthouse at dusk, seen from a boat in the fog; ".repeat(4)
    );
    Ok(NewJob::new(
        id,
        MODEL,
        json!({ "prompt": prompt, "seed": n }),
        ESTIMATE,
    ))
}

async fn import(store: &SqliteStore, number: u64) -> Outcome {
    let mut next = 1;
    while next <= number {
        let end = (next + PART).min(number + 1);
        let jobs: Outcome<Vec<NewJob>> = (next..end).map(job).collect();
        store.import(jobs?).await?;
        next = end;
    }
    Ok(())
}

/// Runs jobs in a batch and by `run_many` in turns.
async fn through_a_service(folder: &Path) -> Outcome {
    let service = Service::start()?;
    let (mut batch, mut many) = (Samples::default(), Samples::default());
    let mut rate = Samples::default();
    for round in 0..=ROUNDS {
        let folder = folder.join(round.to_string());
        fs::create_dir_all(&folder)?;
        let (seconds, ours) = run_batch(&service, &folder).await?;
        let theirs = run_many(&service).await?;
        // The first warms up.
        if round > 0 {
            rate.push(JOBS as f64 / seconds);
            batch.push(ours);
            many.push(theirs);
        }
        fs::remove_dir_all(&folder)?;
    }
    let row =
        |what: &str, unit| Row::new(format!("batch, {JOBS} jobs through SQLite: {what}"), unit);
    row("jobs a second", "").print(&rate);
    row("CPU for a job", "µs").print(&batch);
    row("CPU for a job of `run_many`", "µs").print(&many);
    row("against `run_many`", "×").print(&ratios(&batch, &many));
    row("more than `run_many`", "µs").print(&differences(&batch, &many));
    Ok(())
}

/// Returns the seconds of a batch, and its CPU for a job in microseconds.
async fn run_batch(service: &Service, folder: &Path) -> Outcome<(f64, f64)> {
    let store = Arc::new(SqliteStore::open(folder.join("a.batch.db"))?);
    import(&store, JOBS).await?;
    let client = service.client()?;
    let (began, before) = (Instant::now(), Cost::own_cpu()?);
    let running = Batch::new(
        Arc::clone(&store) as Arc<dyn Store>,
        client,
        folder.join("out"),
    )
    .concurrency(CONCURRENCY)
    .submits(CONCURRENCY)
    .min_free(0)
    .poll_every(POLL_EVERY)
    .start();
    let summary = running.summary().await?;
    let seconds = began.elapsed().as_secs_f64();
    let cpu = Cost::own_cpu()?.saturating_sub(before);
    if summary.counts.saved != JOBS {
        return Err(format!("expected {JOBS} saved jobs, found {:?}", summary.counts).into());
    }
    Ok((seconds, cpu.as_secs_f64() * 1e6 / JOBS as f64))
}

/// Returns the CPU for a job in microseconds.
async fn run_many(service: &Service) -> Outcome<f64> {
    let client = service.client()?;
    let before = Cost::own_cpu()?;
    let jobs = (0..JOBS).map(|n| Input::new(format!("Boat {n}")));
    let options = WaitOptions::new().poll_every(POLL_EVERY);
    let results = client
        .run_many(jobs)
        .concurrency(CONCURRENCY)
        .options(options);
    let failed = results.filter(|finished| std::future::ready(finished.result.is_err()));
    let failed = failed.count().await;
    if failed > 0 {
        return Err(format!("{failed} jobs of run_many have failed").into());
    }
    let cpu = Cost::own_cpu()?.saturating_sub(before);
    Ok(cpu.as_secs_f64() * 1e6 / JOBS as f64)
}

/// Claims, ends and counts jobs of a store with a million of them.
async fn many(folder: &Path) -> Outcome {
    let path = folder.join("a.batch.db");
    let store = SqliteStore::open(&path)?;
    let row = |what: &str, unit| Row::new(format!("batch, {MANY} jobs of 300 B: {what}"), unit);
    let one = |value: f64| std::iter::once(value).collect::<Samples>();
    let began = Instant::now();
    import(&store, MANY).await?;
    row("import", "s").print(&one(began.elapsed().as_secs_f64()));
    let limits = Limits::none().budget(Money::MAX);
    let rate = Rate::new(1_000_000, Duration::from_secs(1));
    store.set_limits(limits.rate(rate)).await?;
    let mut me = store.register("the benchmark", Duration::ZERO).await?;
    let (mut claims, mut received, mut settled) =
        (Samples::default(), Samples::default(), Samples::default());
    for _ in 0..CLAIMS {
        let (claim, keys) = claim(&store, &mut me).await?;
        claims.push(claim);
        let ids = keys
            .iter()
            .map(|key| Ok((key.clone(), key.as_str().parse()?)));
        let ids = ids.collect::<Outcome<Vec<_>>>()?;
        received.push(timed(store.received(me.id(), ids)).await?.0);
        let endings = keys.into_iter();
        let endings = endings.map(|key| Ending::new(key, End::Saved(json!({ "files": [] }))));
        let endings = endings.map(|ending| ending.cost(ESTIMATE)).collect();
        settled.push(timed(store.settle(me.id(), endings)).await?.0);
    }
    let (counting, counts) = timed(store.counts()).await?;
    if counts.saved != (CLAIMS * CLAIMED) as u64 {
        return Err(format!("found {counts:?}").into());
    }
    let claim = format!("a claim of {CLAIMED} within rate and budget");
    row(&claim, "ms").aim(Aim::AtMost(2.0)).print(&claims);
    row(&format!("{CLAIMED} ids stored"), "ms").print(&received);
    row(&format!("{CLAIMED} jobs settled"), "ms").print(&settled);
    row("counts and money", "ms").print(&one(counting));
    row("size of the file", "MiB").print(&one(fs::metadata(&path)?.len() as f64 / 1_048_576.0));
    row("peak memory", "MiB")
        .aim(Aim::AtMost(64.0))
        .print(&one(peak()? / 1024.0));
    drop((me, store));
    Ok(fs::remove_dir_all(folder)?)
}

/// Returns the milliseconds of a claim, and its keys.
async fn claim(store: &SqliteStore, me: &mut Incarnation) -> Outcome<(f64, Vec<JobKey>)> {
    let (time, claims) = timed(store.claim(me, CLAIMED)).await?;
    if claims.jobs.len() != CLAIMED {
        return Err(format!("claimed {} jobs, expected {CLAIMED}", claims.jobs.len()).into());
    }
    Ok((time, claims.jobs.into_iter().map(|job| job.key).collect()))
}

/// Returns the milliseconds of a commit, and its answer.
async fn timed<T>(commit: runcomfy_batch::Commit<'_, T>) -> Outcome<(f64, T)> {
    let began = Instant::now();
    let answer = commit.await?;
    Ok((began.elapsed().as_secs_f64() * 1e3, answer))
}

/// Returns the peak of the resident memory of this process, in KiB.
fn peak() -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no VmHWM")?.parse()?)
}

/// A service in a process of its own, whose jobs have ended at once.
struct Service {
    process: Child,
    address: SocketAddr,
}

impl Service {
    fn start() -> Outcome<Self> {
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

    fn client(&self) -> Outcome<Client> {
        let builder = Client::builder().token("token").include_cost(true);
        Ok(builder
            .base_url(format!("http://{}", self.address))
            .build()?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve() -> Outcome {
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
