//! `kill -9` of workers and of their Postgres, together and apart, and pauses longer than the lease: no job is
//! paid twice, and none is lost.
//!
//! `RUNCOMFY_BATCH_JOBS` and `RUNCOMFY_BATCH_KILLS` set the numbers of jobs and of disturbances.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use runcomfy_batch::{Attempts, PostgresStore, Store};
use rustix::process::{Pid, Signal, kill_process};

use super::jobs::Jobs;
use super::kills::{SUBMITS, check_ends, doubts_of_kills, failing, number, summary};
use super::machines::Machines;
use crate::support::exit_code;

const MACHINES: usize = 3;
/// Lease of each worker, in seconds.
const LEASE: u64 = 3;
/// Maximum time without a job that is submitted.
const MAX_IDLE: Duration = Duration::from_secs(600);

/// Three machines of which the first has begun the batch, and their processes.
struct Fleet {
    machines: Machines,
    processes: Vec<Child>,
    restarts: u64,
}

impl Fleet {
    fn start(machines: Machines, count: usize) -> Self {
        let mut fleet = Self {
            machines,
            processes: Vec::new(),
            restarts: 0,
        };
        fleet.processes.push(fleet.spawn(0));
        // The others join what the first one has imported.
        let end = Instant::now() + MAX_IDLE;
        while fleet.imported() < count {
            assert!(Instant::now() < end, "nothing is imported");
            std::thread::sleep(Duration::from_millis(50));
        }
        for number in 1..MACHINES {
            fleet.processes.push(fleet.spawn(number));
        }
        fleet
    }

    fn imported(&self) -> usize {
        let server = &self.machines.server;
        if server.sql("SELECT to_regclass('boats.job') IS NOT NULL") == "f" {
            return 0;
        }
        let count = server.sql("SELECT count(*) FROM boats.job");
        count.parse().unwrap()
    }

    /// Starts `batch run` on the first machine, and `batch work` on the others.
    fn spawn(&self, number: usize) -> Child {
        let lease = LEASE.to_string();
        let settings = ["--lease", &*lease, "--concurrency", "100", "--quiet"];
        let mut command = match number {
            0 => {
                let price = ["--price-per-job", "0.10"];
                self.machines.run(0, &[&price[..], &settings].concat())
            }
            _ => self.machines.work(number, &settings),
        };
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    fn kill(&mut self, number: usize) {
        let process = &mut self.processes[number];
        process.kill().unwrap();
        process.wait().unwrap();
    }

    fn restart(&mut self, number: usize) {
        self.processes[number] = self.spawn(number);
    }

    fn signal(&self, number: usize, signal: Signal) {
        kill_process(Pid::from_child(&self.processes[number]), signal).unwrap();
    }

    /// Starts machines again that have found no server, as a supervisor does. Returns `true` if all have ended.
    fn revive(&mut self) -> bool {
        let mut have_ended = true;
        for number in 0..self.processes.len() {
            let Some(status) = self.processes[number].try_wait().unwrap() else {
                have_ended = false;
                continue;
            };
            match exit_code(status) {
                // Jobs have failed, or are in doubt.
                1 | 69 => {}
                66 | 75 => {
                    have_ended = false;
                    self.restarts += 1;
                    self.restart(number);
                }
                code => panic!("machine {number} has ended with {code}"),
            }
        }
        have_ended
    }

    /// Waits until the service has taken so many jobs, and a moment longer.
    fn until_submitted(&mut self, jobs: usize) {
        let (mut last, mut since) = (0, Instant::now());
        while self.machines.jobs.submitted() < jobs && !self.revive() {
            let now = self.machines.jobs.submitted();
            if now > last {
                (last, since) = (now, Instant::now());
            }
            assert!(since.elapsed() < MAX_IDLE, "no job is submitted");
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_micros(fastrand::u64(..20_000)));
    }
}

/// A test that fails leaves no process behind.
impl Drop for Fleet {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Numbers of kills and pauses.
#[derive(Debug, Default)]
struct Disturbances {
    worker_kills: u64,
    server_kills: u64,
    pauses: u64,
}

/// Disturbs machines and server while nine tenths of the jobs are submitted, and waits for the end.
fn disturb(fleet: &mut Fleet, count: usize, number: usize) -> Disturbances {
    let mut done = Disturbances::default();
    for round in 1..=number {
        // Some jobs never reach the service: they are refused, or a worker is killed before their submit.
        fleet.until_submitted(count * 9 / 10 * round / (number + 1));
        let machine = fastrand::usize(..MACHINES);
        // Workers twice, the server, both, and a pause in which the server is killed too.
        let (kills_worker, kills_server) = (round % 5 < 2 || round % 5 == 3, round % 5 >= 2);
        let pauses = round % 5 == 4;
        if pauses {
            fleet.signal(machine, Signal::STOP);
            done.pauses += 1;
        }
        if kills_server {
            fleet.machines.server.kill();
            done.server_kills += 1;
        }
        if kills_worker {
            fleet.kill(machine);
            done.worker_kills += 1;
        }
        if kills_server {
            fleet.machines.server.restart();
        }
        if pauses {
            std::thread::sleep(Duration::from_secs(LEASE) * 3 / 2);
            fleet.signal(machine, Signal::CONT);
        }
        if kills_worker {
            fleet.restart(machine);
        }
    }
    let end = Instant::now() + MAX_IDLE + Duration::from_millis(count as u64 * 10);
    while !fleet.revive() {
        assert!(Instant::now() < end, "the machines do not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    done
}

#[test]
fn killed_machines_pay_nothing_twice_and_lose_nothing() {
    let count = number("RUNCOMFY_BATCH_JOBS", 300);
    let kills = number("RUNCOMFY_BATCH_KILLS", 25);
    let Some(machines) = Machines::new(Jobs::with(count, failing)) else {
        return;
    };
    let begun = Instant::now();
    let mut fleet = Fleet::start(machines, count);
    let done = disturb(&mut fleet, count, kills);
    let machines = &fleet.machines;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (counts, attempts) = runtime.block_on(async {
        let store = PostgresStore::open(&machines.store).await.unwrap();
        let attempts = store.attempts(Attempts::All).await.unwrap();
        (store.counts().await.unwrap(), attempts)
    });
    let of_kills = doubts_of_kills(&attempts);
    println!(
        "{count} jobs, {done:?}, {} restarts, {:.0?}: {}",
        fleet.restarts,
        begun.elapsed(),
        summary(&machines.jobs, &counts, of_kills),
    );
    check_ends(&machines.jobs, &counts, &attempts, count);
    let bound = SUBMITS * (done.worker_kills + done.pauses + fleet.restarts);
    assert!(of_kills <= bound, "{of_kills} of {bound}");
    let report = machines.report();
    let saved = report.iter().filter(|job| job["state"] == "saved");
    let files = saved.map(|job| {
        let folder = Path::new(job["folder"].as_str().unwrap());
        folder.join(job["files"][0].as_str().unwrap())
    });
    let files: HashSet<PathBuf> = files.filter(|file| file.exists()).collect();
    assert_eq!(
        files.len() as u64,
        counts.saved,
        "each saved job has one file"
    );
}
