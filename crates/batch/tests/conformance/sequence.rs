//! Random sequences: what processes, the service and the person do.

use std::time::Duration;

use runcomfy::RequestId;
use runcomfy_batch::{
    Attempt, AttemptState, Attempts, Beat, Claims, End, Ending, JobId, JobKey, Limits, Money,
    NewJob, NextClaim, NotSent, Rate, Resolution, Retry, StoreErrorKind, Timestamp,
};
use serde_json::json;

use crate::process::take_first;
use crate::service::Answer;
use crate::subject::LEASE;
use crate::world::{Outcome, World};

/// Number of ids from which jobs are imported.
const IDS: u64 = 6;

/// Plays a whole sequence.
pub(crate) fn play(world: &mut World, steps: usize) {
    for _ in 0..steps {
        step(world);
        world.check();
    }
    drain(world);
    let shown = world.check();
    world.judge.check_end(&shown, &world.service);
}

fn step(world: &mut World) {
    let process = world.rng.usize(..world.processes.len());
    if world.processes[process].me.is_empty() && world.rng.bool() {
        return world.register(process);
    }
    match world.rng.u8(..103) {
        0..8 => import(world),
        8..10 => set_limits(world),
        10..18 => pass_time(world),
        18..30 => beat(world, process),
        30..44 => claim(world, process),
        44..58 => send(world, process),
        58..62 => give_up(world, process),
        62..74 => take_answer(world, process),
        74..86 => report(world, process),
        86..91 => finish(world, process),
        91..94 => world.kill(process),
        94 => restart_inside(world, process),
        95 => cancel(world),
        96 => withdraw(world),
        97..99 => resolve(world),
        99 => hold_back(world),
        102 => accept_service(world),
        _ => use_service(world, process),
    }
}

fn import(world: &mut World) {
    let rng = &mut world.rng;
    let jobs = (0..rng.usize(1..4)).map(|_| {
        let id: JobId = format!("job {}", rng.u64(..IDS)).parse().unwrap();
        // A few lines are edited between two imports.
        let prompt = if rng.u8(..12) == 0 {
            "edited"
        } else {
            "a boat"
        };
        let model = if rng.bool() { "a/b" } else { "c/d" };
        let estimate = Money::from_micros(rng.u64(..150));
        NewJob::new(id, model, json!({ "prompt": prompt }), estimate).priority(rng.i32(-1..2))
    });
    let jobs: Vec<_> = jobs.collect();
    let person = world.person.clone();
    world.make(&person, |store| store.import(jobs.clone()));
}

fn set_limits(world: &mut World) {
    let rng = &mut world.rng;
    let mut limits = Limits::none();
    let mut parts = None;
    if rng.u8(..3) > 0 {
        limits = limits.budget(Money::from_micros(rng.u64(..1200)));
    }
    if rng.bool() {
        let (gap, burst) = (Duration::from_millis(rng.u64(1..3000)), rng.u32(1..4));
        limits = limits.rate(Rate::new(1, gap).burst(burst));
        parts = Some((gap, burst as usize));
    }
    let person = world.person.clone();
    if let Outcome::Done(()) | Outcome::Lost = world.make(&person, |store| store.set_limits(limits))
    {
        world.judge.limits = limits;
        world.judge.rate = parts;
        world.judge.forget_claims();
    }
}

fn pass_time(world: &mut World) {
    let now = world.now().micros();
    match world.rng.u8(..12) {
        // The clock jumps, which leases do not survive by design: theirs is the database's clock.
        0 if !world.has_leases() => {
            let back = if world.rng.bool() { 40 } else { 3600 };
            world.set_time(Timestamp::from_micros(now - back * 1_000_000));
        }
        1..3 => world.pass(LEASE),
        3 => world.pass(Duration::from_secs(7200)),
        4 if !world.has_leases() => world.pass(Duration::from_secs(86_400)),
        5 => world.pass(Duration::from_secs(280)),
        _ => {
            let time = Duration::from_millis(world.rng.u64(..4000));
            world.pass(time);
        }
    }
}

fn beat(world: &mut World, process: usize) {
    let Some(id) = world.processes[process].id() else {
        return;
    };
    // Others may be put in doubt by it.
    for other in 0..world.processes.len() {
        let ended = world.processes[other]
            .id()
            .is_some_and(|other| world.has_ended(other));
        if ended {
            world.note_risk(other);
        }
    }
    let has_ended = world.has_ended(id);
    match world.make_as(process, |store, me| store.beat(me)) {
        Outcome::Done(beat) => {
            assert!(!has_ended);
            hear(world, process, &beat);
            let known = world.processes[process].unreported();
            for intent in world.intents_of(id) {
                assert!(
                    known.contains(&intent.key),
                    "{} is kept by nobody",
                    intent.key
                );
            }
        }
        Outcome::Lost => world.lives_until_lease_ends(id),
        Outcome::Failed => {}
        Outcome::Refused(kind) => {
            assert!(has_ended, "refused while it lives: {kind:?}");
            assert_eq!(kind, StoreErrorKind::IncarnationEnded);
            forget(world, process);
        }
    }
}

/// Takes the answer to a beat.
fn hear(world: &mut World, process: usize, beat: &Beat) {
    let Some(id) = world.processes[process].id() else {
        return;
    };
    world.lives_until_lease_ends(id);
    let attempts = world.read(&world.person[0].clone(), |store| {
        store.attempts(Attempts::All)
    });
    for key in &beat.doubts {
        let attempt = attempts.iter().find(|attempt| attempt.key == *key).unwrap();
        world.judge.check_doubt(key, attempt.owner, world.now());
        let mut living = world.processes.iter().filter(|_| !world.has_leases());
        assert!(!living.any(|process| process.id() == attempt.owner));
    }
    for adopted in &beat.adopted {
        world.processes[process]
            .running
            .insert(adopted.job.key.clone(), id);
    }
    // A job that its owner has not heard of is waited for by nobody.
    let waits = world.processes[process].waits();
    let is_mine =
        |attempt: &&Attempt| attempt.owner == Some(id) && attempt.state == AttemptState::Submitted;
    for attempt in attempts.iter().filter(is_mine) {
        let key = &attempt.key;
        assert!(waits.contains(key), "{key} is waited for by nobody");
    }
}

/// Does what the law wants of an incarnation that has ended: nothing that it has claimed is sent.
fn forget(world: &mut World, process: usize) {
    let by = world.processes[process].id();
    let says_so = world.rng.bool();
    let process = &mut world.processes[process];
    world.judge.at_risk.extend(process.unreported());
    let claimed = std::mem::take(&mut process.claimed);
    if let Some(by) = by.filter(|_| says_so) {
        let retry = Retry::After(Duration::from_secs(1));
        let not_sent = claimed
            .into_iter()
            .map(|job| (by, NotSent::new(job.key, "ended", retry)));
        process.not_sent.extend(not_sent);
    }
    process.me.clear();
}

fn restart_inside(world: &mut World, process: usize) {
    if world.processes[process].id().is_some() {
        note_lost_claims(world, process);
        forget(world, process);
    }
}

/// Notes intents of which the process has never heard: they are doubts if it ends before its next beat.
fn note_lost_claims(world: &mut World, process: usize) {
    let Some(id) = world.processes[process].id() else {
        return;
    };
    let known = world.processes[process].unreported();
    let intents = world.intents_of(id).into_iter().map(|intent| intent.key);
    world
        .judge
        .at_risk
        .extend(intents.filter(|key| !known.contains(key)));
}

fn claim(world: &mut World, process: usize) {
    let Some(id) = world.processes[process].id() else {
        return;
    };
    let room = world.rng.usize(..4);
    let has_ended = world.has_ended(id);
    match world.make_as(process, |store, me| store.claim(me, room)) {
        Outcome::Done(claims) => {
            assert!(!has_ended, "an ended incarnation has claimed");
            assert!(claims.jobs.len() <= room);
            check_claims(world, process, &claims);
            world.processes[process].claimed.extend(claims.jobs);
        }
        Outcome::Lost => note_lost_claims(world, process),
        Outcome::Failed => {}
        Outcome::Refused(kind) => {
            assert!(has_ended, "refused while it lives: {kind:?}");
            forget(world, process);
        }
    }
}

/// Each claim is an intent before it is heard of, and keeps within the budget.
fn check_claims(world: &World, process: usize, claims: &Claims) {
    let Some(id) = world.processes[process].id() else {
        return;
    };
    let intents = world.intents_of(id);
    for job in &claims.jobs {
        assert!(
            intents.iter().any(|intent| intent.key == job.key),
            "{} is no intent",
            job.key
        );
    }
    if !claims.jobs.is_empty() {
        let counts = world.read(&world.person[0], |store| store.counts());
        world.judge.check_budget(&counts.money);
    }
}

/// Sends one job. It may be that its incarnation has ended since: a process can be paused between its
/// last look at the lease and the submit.
fn send(world: &mut World, process: usize) {
    let Some(by) = world.processes[process].id() else {
        return;
    };
    if let Some(job) = world.processes[process].claimed.pop() {
        let answer = world.service.submit(&job, &mut world.rng);
        world.processes[process]
            .in_flight
            .push((by, job.key, answer));
    }
}

/// Finds that a job cannot be sent.
fn give_up(world: &mut World, process: usize) {
    let retry = draw_retry(world);
    let process = &mut world.processes[process];
    let (Some(by), Some(job)) = (process.id(), process.claimed.pop()) else {
        return;
    };
    process
        .not_sent
        .push((by, NotSent::new(job.key, "no connection", retry)));
}

fn draw_retry(world: &mut World) -> Retry {
    match world.rng.u8(..4) {
        0 => Retry::Never,
        1 => Retry::After(Duration::ZERO),
        _ => Retry::After(Duration::from_secs(world.rng.u64(..5000))),
    }
}

fn take_answer(world: &mut World, process: usize) {
    let number = world.processes[process].in_flight.len();
    if number == 0 {
        return;
    }
    let index = world.rng.usize(..number);
    let retry = draw_retry(world);
    let is_odd = world.rng.u8(..30) == 0;
    let process = &mut world.processes[process];
    let (by, key, answer) = process.in_flight.swap_remove(index);
    match answer {
        Answer::Accepted(id) => {
            if is_odd {
                // A service that gives two ids, or one for a key that nobody knows.
                process
                    .ids
                    .push((by, (key.clone(), "second".parse().unwrap())));
                process
                    .ids
                    .push((by, ("unknown".parse().unwrap(), id.clone())));
            }
            process.ids.push((by, (key, id)));
        }
        Answer::Refused => process
            .not_sent
            .push((by, NotSent::new(key, "refused", retry))),
        Answer::Lost => process.doubts.push((by, (key, "no response".to_owned()))),
    }
}

/// Stores facts of one kind; they are kept until the store has acknowledged them.
fn report(world: &mut World, process: usize) {
    match world.rng.u8(..4) {
        0 => report_ids(world, process),
        1 => report_not_sent(world, process),
        2 => report_doubts(world, process),
        _ => report_endings(world, process),
    }
}

fn report_ids(world: &mut World, process: usize) {
    let Some((by, ids)) = take_first(&world.processes[process].ids) else {
        return;
    };
    let stores = world.processes[process].stores.clone();
    let outcome = world.make(&stores, |store| store.received(by, ids.clone()));
    match outcome {
        Outcome::Done(_) => {
            let process = &mut world.processes[process];
            process.ids.retain(|(other, _)| *other != by);
            process
                .running
                .extend(ids.iter().map(|(key, _)| (key.clone(), by)));
            world.judge.acknowledged.extend(ids);
        }
        Outcome::Lost | Outcome::Failed => {}
        Outcome::Refused(kind) => panic!("ids are taken always: {kind:?}"),
    }
}

fn report_not_sent(world: &mut World, process: usize) {
    let Some((by, attempts)) = take_first(&world.processes[process].not_sent) else {
        return;
    };
    let stores = world.processes[process].stores.clone();
    let outcome = world.make(&stores, |store| store.not_sent(by, attempts.clone()));
    if let Outcome::Done(_) = outcome {
        world.processes[process]
            .not_sent
            .retain(|(other, _)| *other != by);
    }
}

fn report_doubts(world: &mut World, process: usize) {
    let Some((by, attempts)) = take_first(&world.processes[process].doubts) else {
        return;
    };
    let stores = world.processes[process].stores.clone();
    let outcome = world.make(&stores, |store| store.doubtful(by, attempts.clone()));
    if let Outcome::Done(_) = outcome {
        world.processes[process]
            .doubts
            .retain(|(other, _)| *other != by);
    }
}

fn report_endings(world: &mut World, process: usize) {
    let Some((by, endings)) = take_first(&world.processes[process].endings) else {
        return;
    };
    let stores = world.processes[process].stores.clone();
    let outcome = world.make(&stores, |store| store.settle(by, endings.clone()));
    if let Outcome::Done(_) = outcome {
        world.processes[process]
            .endings
            .retain(|(other, _)| *other != by);
    }
}

/// Ends a job at the service.
fn finish(world: &mut World, process: usize) {
    let keys: Vec<JobKey> = world.processes[process].running.keys().cloned().collect();
    if keys.is_empty() {
        return;
    }
    let key = &keys[world.rng.usize(..keys.len())];
    finish_job(world, process, key);
}

fn finish_job(world: &mut World, process: usize, key: &JobKey) {
    let end = match world.rng.u8(..5) {
        0 => End::Failed("no face in the picture".to_owned()),
        1 => End::Cancelled,
        _ => End::Saved(json!({ "files": ["1.png"] })),
    };
    let mut ending = Ending::new(key.clone(), end);
    if let Some(cost) = world.service.job(key).and_then(|job| job.cost) {
        ending = ending.cost(cost);
    }
    let process = &mut world.processes[process];
    if let Some(by) = process.running.remove(key) {
        process.endings.push((by, ending));
    }
}

fn cancel(world: &mut World) {
    let all = world.rng.u8(..3) == 0;
    let id = format!("job {}", world.rng.u64(..IDS)).parse().unwrap();
    let jobs = (!all).then(|| vec![id]);
    let person = world.person.clone();
    world.make(&person, |store| store.cancel(jobs.clone()));
}

/// Takes some jobs back, as a file does that has them no longer.
fn withdraw(world: &mut World) {
    let rng = &mut world.rng;
    let id = |n: u64| format!("job {n}").parse().unwrap();
    let jobs: Vec<JobId> = (0..2).map(|_| id(rng.u64(..IDS))).collect();
    let person = world.person.clone();
    world.make(&person, |store| store.withdraw(jobs.clone()));
}

/// Lets the person decide on an attempt, mostly one in doubt and mostly rightly.
fn resolve(world: &mut World) {
    let of = if world.rng.u8(..5) == 0 {
        Attempts::All
    } else {
        Attempts::InDoubt
    };
    let attempts = world.read(&world.person[0].clone(), |store| store.attempts(of.clone()));
    if attempts.is_empty() {
        return;
    }
    let attempt = &attempts[world.rng.usize(..attempts.len())];
    let truth: Option<RequestId> = world.service.job(&attempt.key).map(|job| job.id.clone());
    let resolution = match (truth, world.rng.u8(..10)) {
        // The service has forgotten it, as a person says.
        (_, 0..6) if attempt.state == AttemptState::Submitted => Resolution::Gone,
        (Some(id), 0..6) => Resolution::RequestId(id),
        (Some(_), 6) | (None, 0..5) => Resolution::NoJob,
        _ => Resolution::Resubmit,
    };
    let person = world.person.clone();
    let key = &attempt.key;
    let outcome = world.make(&person, |store| {
        store.resolve(key.clone(), resolution.clone())
    });
    if let Outcome::Done(()) | Outcome::Lost = outcome {
        match resolution {
            Resolution::Resubmit => world.judge.check_resubmit(attempt, world.now()),
            Resolution::NoJob => keeps_its_end(world, attempt),
            Resolution::RequestId(_) | Resolution::Gone => {}
        }
        match resolution {
            Resolution::RequestId(id) => {
                world.judge.acknowledged.insert((key.clone(), id));
            }
            // Of one that is known to have made no job it says nothing new.
            Resolution::NoJob if attempt.state == AttemptState::InDoubt => {
                world.judge.declared.insert(key.clone());
            }
            Resolution::NoJob | Resolution::Gone => {}
            Resolution::Resubmit => *world.judge.resubmits.entry(attempt.n).or_default() += 1,
        }
    }
}

/// A process submits to a service; now and then it is another one.
fn use_service(world: &mut World, process: usize) {
    let Some(me) = world.processes[process].id() else {
        return;
    };
    let address = draw_address(world);
    let person = world.person[0].clone();
    let before = world.read(&person, |store| store.service());
    let open = [Attempts::Held, Attempts::InDoubt].map(|of| {
        let attempts = world.read(&person, |store| store.attempts(of.clone()));
        !attempts.is_empty()
    });
    let mut others = world.judge.leases.keys().filter(|other| **other != me);
    let is_shared = others.any(|other| !world.has_ended(*other));
    let is_other = before.is_some_and(|before| before != address);
    let may_change = !is_other || !(open[0] || open[1] || is_shared);
    let unheard = world.judge.unheard_until.filter(|_| world.has_leases());
    let may_be_shared = unheard.is_some_and(|until| until > world.now());
    let has_ended = world.has_ended(me);
    match world.make_as(process, |store, me| {
        store.use_service(me.id(), address.clone())
    }) {
        Outcome::Done(()) => assert!(may_change && !has_ended, "jobs run at another service"),
        Outcome::Lost | Outcome::Failed => {}
        Outcome::Refused(StoreErrorKind::OtherService) => {
            assert!(is_other && (!may_change || may_be_shared));
        }
        Outcome::Refused(kind) => {
            assert!(has_ended, "refused while it lives: {kind:?}");
            forget(world, process);
        }
    }
}

fn accept_service(world: &mut World) {
    let (person, address) = (world.person.clone(), draw_address(world));
    world.make(&person, |store| store.accept_service(address.clone()));
}

fn draw_address(world: &mut World) -> String {
    let name = if world.rng.u8(..3) == 0 { "b" } else { "a" };
    format!("https://{name}.example/v1")
}

/// A declaration leaves the time of the doubt, from which the time counts in which the submit may arrive.
fn keeps_its_end(world: &World, before: &Attempt) {
    let attempts = world.read(&world.person[0], |store| store.attempts(Attempts::All));
    let after = attempts.iter().find(|attempt| attempt.key == before.key);
    assert_eq!(after.map(|after| after.ended_at), Some(before.ended_at));
}

fn hold_back(world: &mut World) {
    let time = Duration::from_millis(world.rng.u64(..20_000));
    let person = world.person.clone();
    if let Outcome::Done(()) | Outcome::Lost = world.make(&person, |store| store.hold_back(time)) {
        let until = world.now().micros() + u64::try_from(time.as_micros()).unwrap();
        let until = Timestamp::from_micros(until);
        world.judge.held_until = world.judge.held_until.max(until);
    }
}

/// Brings the sequence to its end: all facts are reported, all processes killed, and a last one works
/// without faults until nothing is left.
fn drain(world: &mut World) {
    world.has_faults = false;
    for process in 0..world.processes.len() {
        while !world.processes[process].in_flight.is_empty() {
            take_answer(world, process);
        }
        report_all(world, process);
        note_lost_claims(world, process);
        world.kill(process);
    }
    world.pass(Duration::from_secs(7200));
    let person = world.person.clone();
    world.make(&person, |store| store.set_limits(Limits::none()));
    world.judge.limits = Limits::none();
    world.judge.rate = None;
    world.register(0);
    for _ in 0..100 {
        if drain_once(world) {
            return;
        }
    }
    panic!("the batch does not end");
}

/// Does one round of the last process; returns `true` if nothing is left.
fn drain_once(world: &mut World) -> bool {
    beat(world, 0);
    if world.processes[0].me.is_empty() {
        // Its lease has ended while it waited.
        world.register(0);
        return false;
    }
    let Outcome::Done(claims) = world.make_as(0, |store, me| store.claim(me, 8)) else {
        panic!("no claim");
    };
    let next = claims.next;
    world.processes[0].claimed.extend(claims.jobs);
    while !world.processes[0].claimed.is_empty() {
        send(world, 0);
    }
    while !world.processes[0].in_flight.is_empty() {
        take_answer(world, 0);
    }
    report_all(world, 0);
    let running: Vec<_> = world.processes[0].running.keys().cloned().collect();
    for key in running {
        finish_job(world, 0, &key);
    }
    report_all(world, 0);
    match next {
        NextClaim::After(time) => world.pass(time),
        NextClaim::NoneReady => {
            let counts = world.read(&world.person[0].clone(), |store| store.counts());
            return counts.is_done();
        }
        _ => world.pass(Duration::from_secs(1)),
    }
    false
}

fn report_all(world: &mut World, process: usize) {
    for _ in 0..20 {
        report_ids(world, process);
        report_not_sent(world, process);
        report_doubts(world, process);
        report_endings(world, process);
    }
}
