//! Costs of a batch: jobs a second through a service that answers at once, CPU for a job against
//! `run_many`, and claims and memory with a million jobs in the store, in SQLite and in Postgres.

mod service;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use runcomfy::WaitOptions;
use runcomfy_batch::{
    Batch, End, Ending, Incarnation, JobId, JobKey, Limits, Money, NewJob, PostgresStore, Rate,
    SqliteStore, Store,
};
use runcomfy_benches::{Aim, Cost, Outcome, Row, Samples, differences, ratios, scratch};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use runcomfy_testkit::postgres::PostgresServer;
use serde_json::json;
use service::{Service, client, serve};

const MODEL: &str = "bytedance/dreamina-4-0/text-to-image";
/// Jobs of each run through the service.
const JOBS: u64 = 400;
/// Jobs of each run by processes that share a store.
const SHARED_JOBS: u64 = 2000;
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

/// Longer than the benchmark, which renews no lease.
const LEASE: Duration = Duration::from_hours(1);

const ESTIMATE: Money = Money::from_micros(40_000);

fn main() -> Outcome {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve"] => return serve(),
        ["work", place, base_url, out] => return runtime()?.block_on(work(place, base_url, out)),
        ["many", engine, place] => return runtime()?.block_on(many(engine, place)),
        _ => {}
    }
    let folder = scratch("batch")?;
    let service = Service::start()?;
    let runtime = runtime()?;
    runtime.block_on(through_a_service(&service, &folder))?;
    let file = |name: usize| {
        folder
            .join(format!("{name}.batch.db"))
            .display()
            .to_string()
    };
    runtime.block_on(by_processes(&service, &folder, "SQLite", 1, file))?;
    let server = PostgresServer::start();
    if let Some(server) = &server {
        for processes in [1, 3] {
            let batch = |name: usize| format!("{}?batch=by_{processes}_{name}", server.url());
            runtime.block_on(by_processes(
                &service, &folder, "Postgres", processes, batch,
            ))?;
        }
    }
    many_alone("SQLite", &file(0))?;
    if let Some(server) = &server {
        many_alone("Postgres", &server.url())?;
    }
    Ok(fs::remove_dir_all(folder)?)
}

/// Runs [`many`] in a process of its own, whose memory nothing else has touched.
fn many_alone(engine: &str, place: &str) -> Outcome {
    let mut many = Command::new(std::env::current_exe()?);
    if many.args(["many", engine, place]).status()?.success() {
        Ok(())
    } else {
        Err(format!("the run with a million jobs in {engine} has failed").into())
    }
}

/// Opens the store at the URL of a batch in Postgres, or else at the path of a file.
async fn open(place: &str) -> Outcome<Arc<dyn Store>> {
    Ok(if place.starts_with("postgres://") {
        Arc::new(PostgresStore::open(place).await?)
    } else {
        Arc::new(SqliteStore::open(place)?)
    })
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

async fn import(store: &dyn Store, number: u64) -> Outcome {
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
async fn through_a_service(service: &Service, folder: &Path) -> Outcome {
    let (mut batch, mut many) = (Samples::default(), Samples::default());
    let mut rate = Samples::default();
    for round in 0..=ROUNDS {
        let folder = folder.join(round.to_string());
        fs::create_dir_all(&folder)?;
        let (seconds, ours) = run_batch(service, &folder).await?;
        let theirs = run_many(service).await?;
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
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.join("a.batch.db"))?);
    import(&*store, JOBS).await?;
    let (began, before) = (Instant::now(), Cost::own_cpu()?);
    run(Arc::clone(&store), &service.base_url(), folder).await?;
    let seconds = began.elapsed().as_secs_f64();
    let cpu = Cost::own_cpu()?.saturating_sub(before);
    expect_saved(&*store, JOBS).await?;
    Ok((seconds, cpu.as_secs_f64() * 1e6 / JOBS as f64))
}

/// Runs the batch of a store until nothing is left to do.
async fn run(store: Arc<dyn Store>, base_url: &str, folder: &Path) -> Outcome {
    let running = Batch::new(store, client(base_url)?, folder.join("out"))
        .concurrency(CONCURRENCY)
        .submits(CONCURRENCY)
        .min_free(0)
        .poll_every(POLL_EVERY)
        .start();
    running.summary().await?;
    Ok(())
}

async fn expect_saved(store: &dyn Store, number: u64) -> Outcome {
    let counts = store.counts().await?;
    if counts.saved == number {
        Ok(())
    } else {
        Err(format!("expected {number} saved jobs, found {counts:?}").into())
    }
}

/// Runs batches by processes that share a store; `place` names the store of a round.
async fn by_processes(
    service: &Service,
    folder: &Path,
    engine: &str,
    processes: usize,
    place: impl Fn(usize) -> String,
) -> Outcome {
    let mut rate = Samples::default();
    for round in 0..=ROUNDS {
        let place = place(round);
        import(&*open(&place).await?, SHARED_JOBS).await?;
        let folder = folder.join(round.to_string());
        fs::create_dir_all(&folder)?;
        let began = Instant::now();
        let workers = (0..processes).map(|_| {
            let mut worker = Command::new(std::env::current_exe()?);
            worker.args(["work", &place, &service.base_url()]);
            worker.arg(&folder).spawn()
        });
        let workers = workers.collect::<std::io::Result<Vec<_>>>()?;
        for mut worker in workers {
            if !worker.wait()?.success() {
                return Err("a process of the batch has failed".into());
            }
        }
        // The first warms up.
        if round > 0 {
            rate.push(SHARED_JOBS as f64 / began.elapsed().as_secs_f64());
        }
        expect_saved(&*open(&place).await?, SHARED_JOBS).await?;
        fs::remove_dir_all(&folder)?;
    }
    let what = format!(
        "batch, {SHARED_JOBS} jobs through {engine}, processes: {processes}: jobs a second"
    );
    Row::new(what, "").print(&rate);
    Ok(())
}

/// Works on the batch of another process until nothing is left to do.
async fn work(place: &str, base_url: &str, folder: &str) -> Outcome {
    run(open(place).await?, base_url, Path::new(folder)).await
}

/// Returns the CPU for a job in microseconds.
async fn run_many(service: &Service) -> Outcome<f64> {
    let client = client(&service.base_url())?;
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
async fn many(engine: &str, place: &str) -> Outcome {
    let store = open(place).await?;
    let store = &*store;
    let row = |what: &str, unit| {
        Row::new(
            format!("batch, {MANY} jobs of 300 B in {engine}: {what}"),
            unit,
        )
    };
    let one = |value: f64| std::iter::once(value).collect::<Samples>();
    let began = Instant::now();
    import(store, MANY).await?;
    row("import", "s").print(&one(began.elapsed().as_secs_f64()));
    let limits = Limits::none().budget(Money::MAX);
    let rate = Rate::new(1_000_000, Duration::from_secs(1));
    store.set_limits(limits.rate(rate)).await?;
    let mut me = store.register("the benchmark", LEASE).await?;
    let (mut claims, mut received, mut settled) =
        (Samples::default(), Samples::default(), Samples::default());
    for _ in 0..CLAIMS {
        let (claim, keys) = claim(store, &mut me).await?;
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
    let (counting, _) = timed(store.counts()).await?;
    expect_saved(store, (CLAIMS * CLAIMED) as u64).await?;
    let claim = format!("a claim of {CLAIMED} within rate and budget");
    row(&claim, "ms").aim(Aim::AtMost(2.0)).print(&claims);
    row(&format!("{CLAIMED} ids stored"), "ms").print(&received);
    row(&format!("{CLAIMED} jobs settled"), "ms").print(&settled);
    row("counts and money", "ms").print(&one(counting));
    if let Ok(file) = fs::metadata(place) {
        row("size of the file", "MiB").print(&one(file.len() as f64 / 1_048_576.0));
    }
    row("peak memory", "MiB")
        .aim(Aim::AtMost(64.0))
        .print(&one(peak()? / 1024.0));
    Ok(())
}

/// Returns the milliseconds of a claim, and its keys.
async fn claim(store: &dyn Store, me: &mut Incarnation) -> Outcome<(f64, Vec<JobKey>)> {
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
