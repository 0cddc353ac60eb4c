//! A batch whose jobs run at one service, and a command that would look for them at another one; and jobs that the
//! service does not know any more.

use std::process::Stdio;
use std::time::Duration;

use runcomfy_emulator::{Call, Fault, Reply};

use super::jobs::{FILE, Jobs};
use crate::support::Ended;

const MINUTE: Duration = Duration::from_secs(60);

/// Starts a batch whose jobs run for a minute, and kills it after their submit.
fn killed(count: usize) -> Jobs {
    let jobs = Jobs::with(count, |builder| builder.run_time(MINUTE));
    let mut command = jobs.service.command(&Jobs::arguments(FILE, &[]));
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let store = jobs.path("boats.jsonl.batch.db");
    let is_submitted = || {
        let status = ["batch", "status", FILE, "--output", "json"];
        store.exists() && jobs.service.run(&status).json()["jobs"]["submitted"] == count
    };
    while jobs.submitted() < count || !is_submitted() {
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    jobs
}

impl Jobs {
    /// Runs a command in the folder of these jobs, at the service of others.
    fn at(&self, other: &Jobs, arguments: &[&str]) -> Ended {
        let mut command = other.service.command(arguments);
        command.current_dir(self.service.folder.path());
        Ended::from(command.output().unwrap())
    }

    fn batch(&self, line: &str) -> Ended {
        let arguments: Vec<&str> = ["batch"].into_iter().chain(line.split(' ')).collect();
        self.service.run(&arguments)
    }

    /// Makes the service know no job.
    fn forget(&self) {
        for call in [Call::Status, Call::Result] {
            let unknown = Fault::from_nth(call, 1, Reply::refused(404, 404_001));
            self.service.emulator.add_fault(unknown);
        }
    }
}

#[test]
fn running_jobs_are_not_looked_for_at_another_service() {
    let (jobs, other) = (killed(2), Jobs::new(0));
    let addresses = [&jobs, &other].map(|jobs| jobs.service.emulator.base_url());
    let mut commands = vec![
        Jobs::arguments(FILE, &[]),
        Jobs::arguments(FILE, &["--no-submit"]),
    ];
    if cfg!(feature = "mcp") {
        commands.push(vec!["mcp", "--store", "boats.jsonl.batch.db"]);
    }
    for arguments in commands {
        let refused = jobs.at(&other, &arguments);
        assert_eq!(refused.code, 64, "{arguments:?} {refused:?}");
        for text in addresses.each_ref().into_iter().map(|url| &**url).chain([
            "nothing was submitted",
            "RUNCOMFY_MODEL_API_BASE",
            "--store FILE",
        ]) {
            assert!(refused.err.contains(text), "{text}: {refused:?}");
        }
    }
    assert_eq!((jobs.submitted(), other.submitted()), (2, 0));
    jobs.service.emulator.advance(MINUTE);
    jobs.ends(&[], 0);
    assert_eq!(jobs.pictures(), 2);
    // Now nothing is left there, and a further job goes to the other service.
    let lines = std::fs::read_to_string(jobs.path(FILE)).unwrap();
    jobs.write(FILE, lines.clone() + &lines.replace("boat-", "ship-"));
    let moved = jobs.at(&other, &Jobs::arguments(FILE, &[]));
    assert_eq!((moved.code, other.submitted()), (0, 2), "{moved:?}");
}

#[test]
fn service_that_has_moved_is_accepted_by_a_person() {
    let (jobs, other) = (killed(1), Jobs::new(0));
    let accept = [
        "batch",
        "doctor",
        FILE,
        "--accept-service",
        "--output",
        "json",
    ];
    let accepted = jobs.at(&other, &accept).good_json();
    let address = other.service.emulator.base_url() + "/v1";
    assert_eq!(accepted["service"], address);
    let refused = jobs.run(FILE, &[]);
    assert_eq!(refused.code, 64, "{refused:?}");
    assert_eq!(jobs.at(&jobs, &accept).good_json()["held"][0]["n"], 1);
    jobs.service.emulator.advance(MINUTE);
    jobs.ends(&[], 0);
}

#[test]
fn job_without_its_files_is_given_up_by_a_person_alone() {
    let jobs = Jobs::with(1, |builder| {
        builder.fault(Fault::from_nth(Call::File, 1, Reply::html(404)))
    });
    let ended = jobs.ends(&[], 1);
    assert!(
        ended.err.contains("the files of 1 job are not saved"),
        "{ended:?}"
    );
    let doctor = jobs
        .batch(&format!("doctor {FILE} --output json"))
        .good_json();
    let key = doctor["held"][0]["key"].as_str().unwrap().to_owned();
    let resolve = format!("resolve {key} {FILE} --no-job");
    jobs.service.emulator.clear_faults();
    let refused = jobs.batch(&resolve);
    assert_eq!(refused.code, 65, "{refused:?}");
    assert!(refused.err.contains("nothing was changed"), "{refused:?}");
    let lost = Fault::from_nth(Call::File, 1, Reply::html(404));
    jobs.service.emulator.add_fault(lost);
    let gone = jobs.batch(&resolve);
    assert_eq!(gone.code, 0, "{gone:?}");
    assert!(
        gone.out.contains("its job or its files no more"),
        "{gone:?}"
    );
    let counts = jobs
        .batch(&format!("status {FILE} --output json"))
        .good_json();
    assert_eq!(
        (&counts["jobs"]["failed"], jobs.submitted()),
        (&1.into(), 1)
    );
}

#[test]
fn job_that_the_service_forgets_is_not_given_up() {
    let jobs = killed(2);
    jobs.forget();
    for _ in 0..2 {
        let ended = jobs.ends(&[], 1);
        let words = [
            "the files of 2 jobs are not saved",
            "token and the address",
            "batch resolve KEY boats.jsonl --no-job",
        ];
        for word in words {
            assert!(ended.err.contains(word), "{word}: {ended:?}");
        }
    }
    jobs.service.emulator.clear_faults();
    jobs.service.emulator.advance(MINUTE);
    jobs.ends(&[], 0);
    assert_eq!((jobs.submitted(), jobs.pictures()), (2, 2));
}

#[test]
fn job_that_is_gone_is_ended_by_a_person() {
    let jobs = killed(1);
    let key = jobs.service.emulator.ledger()[0]
        .idempotency_key()
        .unwrap()
        .to_owned();
    let no_job = format!("resolve {key} {FILE} --no-job");
    let known = jobs.batch(&no_job);
    assert_eq!(known.code, 65, "{known:?}");
    assert!(known.err.contains("the service knows the job"), "{known:?}");
    let refused = jobs.at(&Jobs::new(0), &no_job_words(&no_job));
    assert_eq!(refused.code, 64, "{refused:?}");
    jobs.forget();
    assert_eq!(jobs.batch(&no_job).code, 0);
    let status = jobs.batch(&format!("status {FILE} --output json")).json();
    assert_eq!(status["jobs"]["failed"], 1);
    // It was accepted, and may be charged.
    assert_eq!(status["money"]["spent"], 0.04);
    jobs.ends(&[], 1);
    let resubmit = format!("resolve {key} {FILE} --resubmit");
    assert_eq!(jobs.batch(&resubmit).code, 0);
    jobs.service.emulator.clear_faults();
    jobs.service
        .ending_jobs_with(jobs.service.polls() + 1, || jobs.ends(&[], 0));
    assert_eq!((jobs.submitted(), jobs.pictures()), (2, 1));
}

/// Returns a line of `batch` as arguments.
fn no_job_words(line: &str) -> Vec<&str> {
    ["batch"].into_iter().chain(line.split(' ')).collect()
}
