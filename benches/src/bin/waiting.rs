//! Costs of waiting: polls and delays for jobs of several lengths, in virtual time, against
//! fixed intervals; memory, connections and requests for ten thousand jobs that wait at once, in
//! real time, from an emulator in a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt;
use runcomfy::{Client, RunTimes, WaitOptions};
use runcomfy_benches::{Aim, Outcome, Row, Samples};
use runcomfy_emulator::{Call, Emulator};
use runcomfy_models::bytedance::dreamina_4_0::text_to_image::Input;
use tokio::time::Instant;

/// Number of jobs of each length; each is up to a tenth shorter or longer, by a fixed seed.
const RUNS: usize = 1000;
const SPREAD: f64 = 0.1;
/// Share of a job's time in the queue.
const QUEUED: f64 = 1.0 / 6.0;
/// Number of run times that the client keeps for a model.
const HISTORY: usize = 16;

const MANY: usize = 10_000;
/// Run time of each of the many jobs.
const MANY_RUN_FOR: Duration = Duration::from_mins(1);

fn main() -> Outcome {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return runtime()?.block_on(serve());
    }
    for seconds in [12.0, 90.0, 600.0] {
        for interval in [0.5, 2.0, 5.0] {
            let options = WaitOptions::new().poll_every(Duration::from_secs_f64(interval));
            let name = format!("every {interval} s");
            print(
                seconds,
                &name,
                (Aim::None, Aim::None),
                &in_virtual_time(seconds, &options, false)?,
            );
        }
        let options = WaitOptions::new();
        let aims = (Aim::AtMost(35.0), Aim::AtMost(6.0));
        print(
            seconds,
            "without history",
            aims,
            &in_virtual_time(seconds, &options, false)?,
        );
        let aims = (Aim::AtMost(10.0), Aim::AtMost(5.0));
        print(
            seconds,
            "with history",
            aims,
            &in_virtual_time(seconds, &options, true)?,
        );
    }
    runtime()?.block_on(many())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn print(seconds: f64, how: &str, aims: (Aim, Aim), (polls, delays): &(Samples, Samples)) {
    let row = |what: &str, unit| Row::new(format!("job of {seconds} s, {how}: {what}"), unit);
    row("polls", "").aim(aims.0).print(polls);
    row("delay", "%").aim(aims.1).print(delays);
}

/// Returns the polls of each job, and the delay before its end was noticed, in percent of its time.
fn in_virtual_time(
    seconds: f64,
    options: &WaitOptions,
    history: bool,
) -> Outcome<(Samples, Samples)> {
    let mut random = fastrand::Rng::with_seed(7);
    let (mut polls, mut delays) = (Samples::default(), Samples::default());
    let mut known = RunTimes::default();
    let warm_up = if history { HISTORY } else { 0 };
    for run in 0..RUNS + warm_up {
        let seconds = seconds * (1.0 + SPREAD * (2.0 * random.f64() - 1.0));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()?;
        let (count, late) = runtime.block_on(async {
            let emulator = Emulator::builder()
                .built_in_models()
                .queue_time(Duration::from_secs_f64(seconds * QUEUED))
                .run_time(Duration::from_secs_f64(seconds * (1.0 - QUEUED)))
                .start()
                .await?;
            let builder = Client::builder().token("t").base_url(emulator.base_url());
            let client = builder.run_times(known.clone()).build()?;
            let began = Instant::now();
            let job = client.submit(Input::new("A boat")).await?;
            job.wait().options(options.clone()).await?;
            let late = began.elapsed().as_secs_f64() / seconds - 1.0;
            if history {
                known = client.run_times();
            }
            let count = emulator.count(Call::Status) + emulator.count(Call::Result);
            Outcome::Ok((count, late))
        })?;
        if run >= warm_up {
            polls.push(count as f64);
            delays.push(late * 100.0);
        }
    }
    Ok((polls, delays))
}

/// The process of the emulator: prints its address, and when its input ends the counts of polls and connections.
async fn serve() -> Outcome {
    let emulator = Emulator::builder()
        .built_in_models()
        .slots(MANY)
        .run_time(MANY_RUN_FOR)
        .start()
        .await?;
    println!("{}", emulator.base_url());
    std::io::stdout().flush()?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    let polls = emulator.count(Call::Status) + emulator.count(Call::Result);
    println!("{polls} {}", emulator.connections().max_open);
    Ok(())
}

async fn many() -> Outcome {
    let mut server = Command::new(std::env::current_exe()?)
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = BufReader::new(server.stdout.take().ok_or("no output")?).lines();
    let address = said.next().ok_or("no address")??;
    let client = Client::builder().token("t").base_url(address).build()?;
    // Connections, buffers and threads are those of a process at rest that has worked before.
    let jobs = (0..64).map(|_| Input::new("A boat"));
    let warm = client
        .run_many(jobs)
        .options(WaitOptions::new().deadline(Duration::from_secs(2)));
    warm.collect::<Vec<_>>().await;
    let idle = resident()?;

    let jobs = (0..MANY).map(|_| Input::new("A boat"));
    let mut results = client.run_many(jobs).concurrency(MANY);
    let (mut max, mut ended, mut failed) = (idle, 0, 0);
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    while ended < MANY {
        let next = std::pin::pin!(results.next());
        let ticked = std::pin::pin!(tick.tick());
        match futures_util::future::select(next, ticked).await {
            futures_util::future::Either::Left((finished, _)) => {
                let finished = finished.ok_or("a result is missing")?;
                failed += usize::from(finished.result.is_err());
                ended += 1;
            }
            futures_util::future::Either::Right(_) => max = max.max(resident()?),
        }
    }
    drop(server.stdin.take());
    let seen = said.next().ok_or("no counts")??;
    server.wait()?;
    let (polls, connections) = seen.split_once(' ').ok_or("no counts")?;
    let one = |value: f64| std::iter::once(value).collect::<Samples>();
    let row = |what: &str, unit| Row::new(format!("{MANY} jobs of 60 s at once: {what}"), unit);
    row("failed", "").aim(Aim::AtMost(0.0)).print_count(failed);
    row("memory above the idle process", "MiB")
        .aim(Aim::AtMost(8.0))
        .print(&one((max - idle) as f64 / 1024.0));
    row("connections at once", "")
        .aim(Aim::AtMost(64.0))
        .print_count(connections.parse()?);
    row("polls per job", "").print(&one(polls.parse::<f64>()? / MANY as f64));
    Ok(())
}

/// Returns the resident memory of this process, in KiB.
fn resident() -> Outcome<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no VmRSS")?.parse()?)
}
