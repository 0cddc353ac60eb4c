//! A batch in Postgres: workers on many machines, here in folders of their own.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use runcomfy_testkit::postgres::PostgresServer;
use serde_json::{Value, json};

use super::jobs::{FILE, Jobs};
use crate::support::{EDIT, Ended, PICTURE};

/// A service with a file of jobs, and a server with a batch.
pub(super) struct Machines {
    pub(super) jobs: Jobs,
    pub(super) server: PostgresServer,
    pub(super) store: String,
}

impl Machines {
    /// Returns `None`, with a message, where no Postgres is installed.
    pub(super) fn new(jobs: Jobs) -> Option<Self> {
        let server = PostgresServer::start()?;
        let store = format!("{}?batch=boats", server.url());
        Some(Self {
            jobs,
            server,
            store,
        })
    }

    /// Returns a command on a machine, which has a folder of its own.
    pub(super) fn command(&self, machine: usize, arguments: &[&str]) -> Command {
        let folder = self.folder(machine);
        std::fs::create_dir_all(&folder).unwrap();
        let mut command = self.jobs.service.command(arguments);
        command.current_dir(folder);
        command
    }

    pub(super) fn folder(&self, machine: usize) -> PathBuf {
        self.jobs.path(&format!("machine-{machine}"))
    }

    /// Returns `batch run` on a machine.
    pub(super) fn run(&self, machine: usize, more: &[&str]) -> Command {
        let file = self.jobs.path(FILE);
        let more = [&["--store", &*self.store], more].concat();
        let arguments = Jobs::arguments(file.to_str().unwrap(), &more);
        self.command(machine, &arguments)
    }

    /// Returns `batch work` on a machine.
    pub(super) fn work(&self, machine: usize, more: &[&str]) -> Command {
        let arguments = [&["batch", "work", "--store", &*self.store], more].concat();
        self.command(machine, &arguments)
    }

    /// Runs another command of the batch, on the first machine.
    fn ask(&self, arguments: &[&str]) -> Ended {
        let arguments = [&["batch"], arguments, &["--store", &*self.store]].concat();
        Ended::from(self.command(0, &arguments).output().unwrap())
    }

    /// Waits until the service has taken so many jobs.
    pub(super) fn until_submitted(&self, jobs: usize) {
        while self.jobs.submitted() < jobs {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Returns the jobs of the report.
    pub(super) fn report(&self) -> Vec<Value> {
        let report = self.ask(&["report"]);
        assert_eq!(report.code, 0, "{report:?}");
        let lines = report.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

pub(super) fn spawn(command: &mut Command) -> Child {
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().unwrap()
}

pub(super) fn end(child: Child) -> Ended {
    Ended::from(child.wait_with_output().unwrap())
}

#[test]
fn workers_share_a_batch_and_name_their_files() {
    let jobs = Jobs::with(40, |builder| builder.run_time(Duration::from_millis(100)));
    let Some(machines) = Machines::new(jobs) else {
        return;
    };
    let missing = end(spawn(&mut machines.work(1, &[])));
    assert_eq!(missing.code, 66, "{missing:?}");
    assert!(missing.err.contains("there is no batch at"), "{missing:?}");
    let first = spawn(&mut machines.run(0, &["--concurrency", "2"]));
    machines.until_submitted(1);
    let second = spawn(&mut machines.work(1, &["--concurrency", "2"]));
    let pids = [first.id(), second.id()];
    let lock = machines.folder(1).join("boats.worker/lock");
    let owner = format!("process {}", pids[1]);
    while !std::fs::read_to_string(&lock).is_ok_and(|text| text == owner) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let same = end(spawn(&mut machines.work(1, &[])));
    assert_eq!(same.code, 75, "{same:?}");
    assert!(
        same.err.contains(&format!("process {}", pids[1])),
        "{same:?}"
    );
    for child in [first, second] {
        let ended = end(child);
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    assert_eq!(machines.jobs.submitted(), 40);
    let mut workers = HashSet::new();
    for job in machines.report() {
        let (folder, file) = (&job["folder"], &job["files"][0]);
        let path = PathBuf::from(folder.as_str().unwrap()).join(file.as_str().unwrap());
        let machine = usize::from(path.starts_with(machines.folder(1).canonicalize().unwrap()));
        let worker = job["worker"].as_str().unwrap().to_owned();
        let name = format!("process {} on ", pids[machine]);
        assert!(path.exists() && worker.starts_with(&name), "{job}");
        workers.insert(worker);
    }
    assert_eq!(workers.len(), 2, "one has done nothing");
    let csv = machines.ask(&["report", "--format", "csv"]);
    let page = machines.ask(&["report", "--format", "html"]);
    for worker in workers {
        assert!(csv.out.contains(&worker) && page.out.contains(&worker));
    }
}

#[test]
fn lines_with_local_files_need_a_shared_folder() {
    let Some(machines) = Machines::new(Jobs::new(0)) else {
        return;
    };
    let shared = machines.jobs.path("shared");
    std::fs::create_dir_all(shared.join("shots")).unwrap();
    std::fs::write(shared.join("shots/a.gif"), PICTURE).unwrap();
    machines.jobs.write("own.gif", PICTURE);
    let line = |path: PathBuf| {
        let input = json!({ "image_urls": [path], "prompt": "Boat" });
        json!({ "model": EDIT, "input": input }).to_string()
    };
    machines.jobs.write(FILE, line(shared.join("shots/a.gif")));
    let refused = end(spawn(&mut machines.run(0, &[])));
    assert_eq!(refused.code, 65, "{refused:?}");
    assert!(refused.err.contains("--shared-dir DIR"), "{refused:?}");
    let here = ["--shared-dir", shared.to_str().unwrap()];
    machines
        .jobs
        .write(FILE, line(machines.jobs.path("own.gif")));
    let outside = end(spawn(&mut machines.run(0, &here)));
    assert_eq!(outside.code, 65, "{outside:?}");
    assert!(
        outside.err.contains("own.gif`, expected one in the folder"),
        "{outside:?}"
    );
    machines.jobs.write(FILE, line(shared.join("shots/a.gif")));
    let imported = end(spawn(
        &mut machines.run(0, &[&here[..], &["--budget", "0.01"]].concat()),
    ));
    assert_eq!(imported.code, 3, "{imported:?}");
    let _ = machines.server.sql("UPDATE boats.batch SET budget = NULL");
    // A worker without the folder leaves the job to one that sees it by another path.
    let without = end(spawn(&mut machines.work(1, &[])));
    assert_eq!(without.code, 69, "{without:?}");
    assert!(
        without.err.contains("start it with --shared-dir DIR"),
        "{without:?}"
    );
    assert_eq!(machines.jobs.submitted(), 0);
    let elsewhere = machines.jobs.path("elsewhere");
    std::fs::rename(&shared, &elsewhere).unwrap();
    let there = ["--shared-dir", elsewhere.to_str().unwrap()];
    let worked = end(spawn(&mut machines.work(1, &there)));
    assert_eq!(worked.code, 0, "{worked:?}");
    let ledger = machines.jobs.service.emulator.ledger();
    let sent = ledger[0].input["image_urls"][0].as_str().unwrap();
    assert!(sent.starts_with("data:image/gif"), "{sent}");
    // The file is gone, and its job known.
    std::fs::create_dir(&shared).unwrap();
    let again = end(spawn(&mut machines.run(0, &here)));
    assert_eq!((again.code, ledger.len()), (0, 1), "{again:?}");
}

#[test]
fn password_of_the_store_is_printed_nowhere() {
    let jobs = Jobs::new(2);
    let Some(mut machines) = Machines::new(jobs) else {
        return;
    };
    let with = |secret: &str| machines.server.url().replace("postgres@", secret);
    machines.store = with("postgres:hunter2@") + "?batch=boats";
    let mut ended = vec![end(spawn(&mut machines.run(0, &["--budget", "0.05"])))];
    for arguments in [
        &["status", "--output", "json"][..],
        &["doctor"],
        &["list"],
        &["report", "--format", "html"],
        &["resolve", "0123456789abcdef-1-1", "--no-job"],
    ] {
        ended.push(machines.ask(arguments));
    }
    machines.store = with("postgres:hun?ter2@");
    ended.push(machines.ask(&["status"]));
    machines.store = "postgres://me:hunter2@127.0.0.1:1/none".to_owned();
    ended.push(machines.ask(&["status"]));
    let codes: Vec<i32> = ended.iter().map(|ended| ended.code).collect();
    assert_eq!(codes, [3, 0, 0, 0, 0, 65, 2, 75]);
    for Ended { out, err, .. } in ended {
        let text = out + &err;
        assert!(
            !text.contains("hunter2") && !text.contains("ter2"),
            "{text}"
        );
    }
}

#[test]
fn password_comes_from_the_file_of_passwords() {
    use std::os::unix::fs::PermissionsExt;

    let Some(machines) = Machines::new(Jobs::new(1)) else {
        return;
    };
    let _ = machines.server.sql(
        "CREATE ROLE worker LOGIN PASSWORD 'se:cret'; GRANT CREATE ON DATABASE postgres TO worker",
    );
    let rules = "host all worker 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
    std::fs::write(machines.server.data().join("pg_hba.conf"), rules).unwrap();
    let _ = machines.server.sql("SELECT pg_reload_conf()");
    let store = machines.server.url().replace("postgres@", "worker@");
    let file = machines.jobs.path(FILE);
    let arguments = Jobs::arguments(file.to_str().unwrap(), &["--store", &store]);
    let passwords = machines.jobs.path("passwords");
    std::fs::write(&passwords, "*:*:*:worker:se\\:cret\n").unwrap();
    for (mode, code) in [(0o644, 66), (0o600, 0)] {
        std::fs::set_permissions(&passwords, PermissionsExt::from_mode(mode)).unwrap();
        let mut command = machines.command(0, &arguments);
        let ended = end(spawn(command.env("PGPASSFILE", &passwords)));
        assert_eq!(ended.code, code, "{ended:?}");
    }
    let mut command = machines.command(0, &arguments);
    let ended = end(spawn(command.env("PGPASSWORD", "other")));
    assert_eq!(ended.code, 66, "{ended:?}");
    assert!(
        ended.err.contains("the server refuses this role"),
        "{ended:?}"
    );
}

/// The texts of the command about servers that it cannot use, with the system's part left out.
#[test]
fn server_that_cannot_be_used_is_temporary_or_not() {
    let Some(machines) = Machines::new(Jobs::new(1)) else {
        return;
    };
    let rules = "host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
    let _ = machines
        .server
        .sql("CREATE ROLE guarded LOGIN PASSWORD 'right'");
    std::fs::write(machines.server.data().join("pg_hba.conf"), rules).unwrap();
    let _ = machines.server.sql("SELECT pg_reload_conf()");
    let url = machines.server.url();
    let as_role = |role: &str| url.replace("postgres@", &format!("{role}@"));
    let missing_database = url.strip_suffix("postgres").unwrap().to_owned() + "missing";
    let file = machines.jobs.path(FILE);
    for (store, code, text) in [
        (
            "postgres://me@127.0.0.1:1/boats".to_owned(),
            75,
            "postgres://…@127.0.0.1:1/boats: the server of the store cannot be reached; nothing was submitted. Start the server, or fix the address or the network, and run the command again (",
        ),
        (
            as_role("guarded:wrong"),
            66,
            "the server refuses this role or its password; nothing was stored, and nothing is submitted. Check both, and `pg_hba.conf` of the server (",
        ),
        (
            as_role("nobody"),
            66,
            "the server refuses this role or its password; nothing was stored, and nothing is submitted. Check both, and `pg_hba.conf` of the server (",
        ),
        (
            missing_database,
            66,
            "the server has no such database; nothing was stored, and nothing is submitted. Create it, or fix its name in the URL (",
        ),
    ] {
        let run = Jobs::arguments(file.to_str().unwrap(), &["--store", &store]);
        let work = ["batch", "work", "--store", &store];
        let status = ["batch", "status", "--store", &store];
        for arguments in [&run[..], &work, &status] {
            let ended = end(spawn(&mut machines.command(0, arguments)));
            assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
            assert!(ended.err.contains(text), "{arguments:?}: {ended:?}");
        }
    }
    // A batch is created by the first run alone.
    let ended = end(spawn(&mut machines.work(0, &[])));
    assert_eq!(ended.code, 66, "{ended:?}");
    assert!(
        ended.err.contains("there is no batch at") && ended.err.contains("create it with"),
        "{ended:?}"
    );
    assert_eq!(machines.jobs.submitted(), 0);
}

#[test]
fn changed_server_is_named_and_accepted_by_a_person() {
    let Some(machines) = Machines::new(Jobs::new(3)) else {
        return;
    };
    let imported = end(spawn(&mut machines.run(0, &["--budget", "0.05"])));
    assert_eq!(
        (imported.code, machines.jobs.submitted()),
        (3, 1),
        "{imported:?}"
    );
    let _ = machines
        .server
        .sql("UPDATE boats.server SET timeline = '0000007F'; UPDATE boats.batch SET budget = NULL");
    let mut process = spawn(&mut machines.work(1, &[]));
    let told = machines.ask(&["doctor"]);
    assert!(told.out.contains("--accept-server` accepts it"), "{told:?}");
    std::thread::sleep(Duration::from_millis(300));
    assert!(process.try_wait().unwrap().is_none());
    assert_eq!(machines.jobs.submitted(), 1);
    let accepted = machines.ask(&["doctor", "--accept-server"]);
    assert!(
        accepted.out.contains("jobs are claimed again"),
        "{accepted:?}"
    );
    let worked = end(process);
    assert_eq!(worked.code, 0, "{worked:?}");
    assert!(
        worked.err.contains("the server is another one"),
        "{worked:?}"
    );
    assert_eq!(machines.jobs.submitted(), 3);
}

/// A database that was dropped, or another one, does not know what this machine has paid for.
#[test]
fn batch_that_the_server_has_lost_is_not_paid_again() {
    let Some(machines) = Machines::new(Jobs::new(3)) else {
        return;
    };
    let run = |more: &[&str]| end(spawn(&mut machines.run(0, more)));
    assert_eq!(run(&[]).code, 0);
    let _ = machines.server.sql("DROP SCHEMA boats CASCADE");
    let worker = machines.folder(0).join("boats.worker");
    for traces in ["boats.worker/intents.jsonl", "boats.out"] {
        let refused = run(&[]);
        assert_eq!(refused.code, 65, "{refused:?}");
        assert!(refused.err.contains("3 jobs of this file"), "{refused:?}");
        assert!(refused.err.contains(traces), "{refused:?}");
        assert_eq!(machines.jobs.submitted(), 3);
        std::fs::remove_dir_all(&worker).unwrap();
    }
    let ended = run(&["--out", "again"]);
    assert_eq!((ended.code, machines.jobs.submitted()), (0, 6), "{ended:?}");
}

#[test]
fn worker_at_another_service_is_refused() {
    let jobs = Jobs::with(1, |builder| builder.run_time(Duration::from_secs(60)));
    let Some(machines) = Machines::new(jobs) else {
        return;
    };
    let mut child = spawn(&mut machines.run(0, &[]));
    let submitted = "SELECT count(*) FROM boats.job WHERE state = 'submitted'";
    machines.until_submitted(1);
    while machines.server.sql(submitted) != "1" {
        std::thread::sleep(Duration::from_millis(10));
    }
    let other = Jobs::new(0);
    let address = other.service.emulator.base_url() + "/v1";
    let elsewhere =
        |mut command: Command| end(spawn(command.env("RUNCOMFY_MODEL_API_BASE", &address)));
    for is_living in [true, false] {
        for command in [machines.work(1, &[]), machines.run(1, &[])] {
            let refused = elsewhere(command);
            assert_eq!(refused.code, 64, "{is_living}: {refused:?}");
            assert!(refused.err.contains(&address), "{refused:?}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!((machines.jobs.submitted(), other.submitted()), (1, 0));
    machines
        .jobs
        .service
        .emulator
        .advance(Duration::from_secs(60));
    let ended = end(spawn(&mut machines.run(1, &[])));
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn file_is_no_batch_of_many_machines() {
    let jobs = Jobs::new(1);
    let work = ["batch", "work", "--store", "boats.batch.db"];
    let refused = jobs.service.run(&work);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("resume this one with"), "{refused:?}");
    let more = ["--shared-dir", "."];
    let refused = jobs.ends(&more, 2);
    assert!(
        refused.err.contains("is for a store in Postgres"),
        "{refused:?}"
    );
    assert_eq!(jobs.submitted(), 0);
}
