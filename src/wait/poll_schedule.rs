//! Decides when to poll a job next, and with which call.

use std::time::Duration;

use tokio::time::Instant;

use crate::job::status::{JobStatus, Status};
use crate::wait::run_times::Expected;

/// The poll schedule of one wait.
///
/// - A job that is queued cannot end before it starts, so the poll interval may be long: a quarter of
///   its age, or half the time that it is likely to stay in the queue.
/// - A running job of an unknown model is polled after a ninth of its age: its end is noticed, on
///   average, less than 6 % late, however long it runs.
/// - Where former jobs of the model are known, polls are rare before nine tenths of the shortest run
///   time, counted from when the job was last seen queued: each comes after three quarters of its
///   age, so that the end of a much shorter job is not noticed absurdly late. From then on there is a
///   poll every fourteenth of the typical run time, or after a ninth of its age if that is sooner.
#[derive(Clone, Debug)]
pub(crate) struct PollSchedule {
    fixed: Option<Duration>,
    expected: Option<Box<Expected>>,
    /// Time at which the job was submitted or resumed.
    begun: Instant,
    /// Time at which the job was last seen queued, or submitted: it has not run before.
    queued: Instant,
    queue: Option<QueueProgress>,
    phase: Phase,
    calls: Calls,
    /// Seconds by which the poll that first saw the job out of the queue was late.
    late: f32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Submitted,
    Resumed,
    Queued,
    Running,
    /// The status is not known to this version.
    Other,
}

/// The calls of former polls.
#[derive(Clone, Copy, Debug, Default)]
struct Calls {
    status_at: Option<Instant>,
    result_at: Option<Instant>,
    /// The last readable response was to a status request.
    last_was_status: bool,
    /// The result request after that has failed.
    result_failed: bool,
}

/// Progress of a job in the queue.
#[derive(Clone, Copy, Debug)]
struct QueueProgress {
    first_at: Instant,
    first: u32,
    /// The position when the job was last seen queued.
    last: u32,
}

/// Minimum poll interval.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// Minimum poll interval where the end is likely to be near.
const MIN_INTERVAL_NEAR_THE_END: Duration = Duration::from_millis(500);
/// Maximum poll interval, except where the run time of the model is known.
const MAX_INTERVAL: Duration = Duration::from_secs(60);
/// Minimum time between two polls by the call that alone would not do: the status of a job that is
/// polled by its result, and the result of a job whose status is not known.
const OTHER_CALL: Duration = Duration::from_secs(60);
/// Age of the last status from which the status is polled where a result could not be fetched.
const FAILED_RESULT: Duration = Duration::from_secs(10);
/// Maximum time to the first poll: a job may fail at once.
const MAX_FIRST_INTERVAL: Duration = Duration::from_secs(5);
/// Poll intervals as shares: of the age while queued, of the age while running, of the shortest known
/// run time while queued, of the typical run time near the end.
const QUEUED: f64 = 0.25;
const RUNNING: f64 = 0.115;
const QUEUED_KNOWN: f64 = 0.1;
const NEAR_THE_END: f64 = 0.07;
/// The quiet time as a share of the shortest known run time, and the poll interval in it as a share
/// of the age.
const QUIET: f64 = 0.9;
const IN_QUIET: f64 = 0.75;
/// Maximum share of a recorded run time that may be lateness.
const MAX_LATENESS: f32 = 0.25;
/// The share by which an interval may be longer or shorter, so that jobs that were submitted together
/// are not polled together.
const JITTER: f64 = 0.1;

impl PollSchedule {
    pub(crate) fn new(begun: Option<Instant>, expected: Option<Expected>, now: Instant) -> Self {
        let phase = match begun {
            Some(_) => Phase::Submitted,
            None => Phase::Resumed,
        };
        let begun = begun.unwrap_or(now);
        Self {
            fixed: None,
            expected: expected.map(Box::new),
            begun,
            queued: begun,
            queue: None,
            phase,
            calls: Calls::default(),
            late: 0.0,
        }
    }

    /// Uses a fixed poll interval, where there is one.
    pub(crate) fn fixed(mut self, interval: Option<Duration>) -> Self {
        self.fixed = interval;
        self
    }

    /// Takes in the status that a poll has shown, and how late the poll was.
    pub(crate) fn observe(&mut self, status: &JobStatus, late: Duration, now: Instant) {
        let had_begun = matches!(self.phase, Phase::Running | Phase::Other);
        self.phase = match status.status {
            Status::InQueue => Phase::Queued,
            Status::InProgress => Phase::Running,
            _ => Phase::Other,
        };
        if self.phase != Phase::Queued {
            if !had_begun {
                self.late = late.as_secs_f32();
            }
            return;
        }
        self.queued = now;
        self.late = 0.0;
        // A position beyond `u32` is as far away as its maximum.
        let ahead = status
            .queue_position
            .map(|ahead| u32::try_from(ahead).unwrap_or(u32::MAX));
        self.queue = ahead.map(|last| {
            let (first_at, first) = self
                .queue
                .map_or((now, last), |queue| (queue.first_at, queue.first));
            QueueProgress {
                first_at,
                first,
                last,
            }
        });
    }

    /// Returns `true` if the next poll is of the result alone: while the job runs it has the status
    /// too, though not the position in the queue.
    ///
    /// Now and then the status is polled instead: a result may say "in progress" of a job that has
    /// failed. After a result that could not be fetched that is sooner: the job may have ended, and
    /// its result may be what fails.
    pub(crate) fn polls_result(&self, now: Instant) -> bool {
        let status_age = self.calls.status_at.map_or(Duration::ZERO, |at| now - at);
        let status_is_due = if self.calls.result_failed {
            status_age >= FAILED_RESULT
        } else {
            status_age >= OTHER_CALL && !self.calls.last_was_status
        };
        self.phase == Phase::Running && !status_is_due
    }

    /// Returns `true` if the result may be polled beside a status that is not known.
    pub(crate) fn may_poll_result_too(&self, now: Instant) -> bool {
        let result_at = self.calls.result_at;
        result_at.is_none_or(|at| now - at >= OTHER_CALL)
    }

    /// Notes that a status request had a readable response.
    pub(crate) fn status_polled(&mut self, now: Instant) {
        self.calls.status_at = Some(now);
        self.calls.last_was_status = true;
        self.calls.result_failed = false;
    }

    /// Notes that a result request has failed.
    pub(crate) fn result_failed(&mut self, now: Instant) {
        self.calls.result_at = Some(now);
        self.calls.result_failed = true;
    }

    /// Notes that a result was requested.
    pub(crate) fn result_polled(&mut self, now: Instant) {
        self.calls.result_at = Some(now);
        self.calls.last_was_status = false;
    }

    /// Returns the run time of a job whose end was seen this late; `None` where rare polls may have
    /// made it long: in an outage, or with a long fixed interval.
    pub(crate) fn run_time(&self, late: Duration, now: Instant) -> Option<Duration> {
        let time = now - self.queued;
        let unsure = late + self.fixed.unwrap_or_default();
        let unsure = unsure.as_secs_f32() + self.late;
        (unsure <= MAX_LATENESS * time.as_secs_f32()).then_some(time)
    }

    /// Returns when the next poll is due; `random` is in `0..=1`.
    pub(crate) fn next(&self, now: Instant, random: f64) -> Instant {
        let interval = match (self.fixed, self.phase) {
            (_, Phase::Resumed) => return now,
            (Some(interval), _) => return now + interval,
            (None, Phase::Submitted) => self.known_queue_interval().min(MAX_FIRST_INTERVAL),
            (None, Phase::Queued) => self.queued_interval(now),
            (None, Phase::Running | Phase::Other) => match self.quiet(now) {
                Some(quiet) => quiet.min(self.age_interval(now, IN_QUIET)),
                None => self.running_interval(now),
            },
        };
        now + interval.mul_f64(1.0 + JITTER * (2.0 * random - 1.0))
    }

    fn queued_interval(&self, now: Instant) -> Duration {
        let by_age = (now - self.begun).mul_f64(QUEUED);
        let left = self.queue.and_then(|queue| queue.time_left(self.queued));
        let interval = left.map_or(by_age, |left| left / 2);
        interval.max(self.known_queue_interval()).min(MAX_INTERVAL)
    }

    fn known_queue_interval(&self) -> Duration {
        self.expected
            .as_ref()
            .map_or(MIN_INTERVAL, |known| known.min.mul_f64(QUEUED_KNOWN))
            .max(MIN_INTERVAL)
    }

    /// Returns the time to the earliest likely end, where that is still to come.
    fn quiet(&self, now: Instant) -> Option<Duration> {
        let end = self.queued + self.expected.as_ref()?.min.mul_f64(QUIET);
        // Not by less than an interval, or the jitter would make two polls of one.
        (end > now + MIN_INTERVAL_NEAR_THE_END).then(|| end - now)
    }

    fn running_interval(&self, now: Instant) -> Duration {
        let by_age = self.age_interval(now, RUNNING);
        let near_the_end = self
            .expected
            .as_ref()
            .filter(|known| now < self.queued + known.max.mul_f64(2.0 - QUIET));
        match near_the_end {
            Some(known) => known
                .typical
                .mul_f64(NEAR_THE_END)
                .min(by_age)
                .max(MIN_INTERVAL_NEAR_THE_END),
            None => by_age,
        }
        .min(MAX_INTERVAL)
    }

    fn age_interval(&self, now: Instant, share: f64) -> Duration {
        (now - self.begun).mul_f64(share).max(MIN_INTERVAL)
    }
}

impl QueueProgress {
    /// Returns the time until the job is at the front, if it moves as fast as it has moved so far.
    fn time_left(self, now: Instant) -> Option<Duration> {
        let moved = self
            .first
            .checked_sub(self.last)
            .filter(|moved| *moved > 0)?;
        let took = (now - self.first_at).as_secs_f64();
        let left = took * f64::from(self.last) / f64::from(moved);
        Duration::try_from_secs_f64(left).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(status: Status, queue_position: Option<u64>) -> JobStatus {
        JobStatus {
            queue_position,
            ..JobStatus::new(status)
        }
    }

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// Returns the times of the polls of a job that is queued and runs for so many seconds; the last
    /// one sees its end.
    fn polls(expected: Option<Expected>, queue: f64, run: f64) -> Vec<f64> {
        let start = Instant::now();
        let mut schedule = PollSchedule::new(Some(start), expected, start);
        let (mut now, mut polls) = (start, Vec::new());
        loop {
            now = schedule.next(now, 0.5);
            let age = (now - start).as_secs_f64();
            polls.push(age);
            if age >= queue + run {
                return polls;
            }
            let status = if age < queue {
                Status::InQueue
            } else {
                Status::InProgress
            };
            schedule.observe(&seen(status, None), Duration::ZERO, now);
        }
    }

    #[test]
    fn end_is_noticed_within_a_ninth_of_the_age() {
        for (queue, run) in [(2.0, 10.0), (15.0, 75.0), (100.0, 500.0)] {
            let polls = polls(None, queue, run);
            let late = polls[polls.len() - 1] / (queue + run) - 1.0;
            assert!(late < 0.12, "{polls:?}");
            assert!(polls.len() <= 35, "{} polls: {polls:?}", polls.len());
        }
    }

    #[test]
    fn polls_are_rare_until_the_earliest_likely_end() {
        for (queue, run) in [(2.0, 10.0), (15.0, 75.0), (100.0, 500.0)] {
            let known = Expected {
                min: s(run * 0.95),
                typical: s(run),
                max: s(run * 1.1),
            };
            let polls = polls(Some(known), queue, run);
            let late = polls[polls.len() - 1] / (queue + run) - 1.0;
            assert!(late < 0.08, "{polls:?}");
            assert!(polls.len() <= 10, "{} polls: {polls:?}", polls.len());
            let quiet = |pair: &[f64]| pair[1] - pair[0] > 0.2 * run;
            assert!(polls.windows(2).any(quiet), "{polls:?}");
        }
    }

    #[test]
    fn end_of_an_unusually_short_job_is_noticed_in_time() {
        let known = |max| Expected {
            min: s(580.0),
            typical: s(600.0),
            max: s(max),
        };
        for run in [7.0, 12.0, 60.0, 200.0, 400.0] {
            let polls = polls(Some(known(650.0)), 0.0, run);
            let late = polls[polls.len() - 1] / run - 1.0;
            assert!(late <= IN_QUIET, "{run} s: {polls:?}");
        }
        // Nor where one of many former jobs was short.
        let known = Expected {
            min: s(12.0),
            ..known(650.0)
        };
        for run in [14.0, 60.0, 200.0] {
            let polls = polls(Some(known), 0.0, run);
            let late = polls[polls.len() - 1] / run - 1.0;
            assert!(late < 0.12, "{run} s: {polls:?}");
        }
    }

    #[test]
    fn run_time_that_lateness_may_have_made_is_none() {
        let start = Instant::now();
        let mut schedule = PollSchedule::new(Some(start), None, start);
        schedule.observe(&seen(Status::InQueue, None), s(900.0), start + s(10.0));
        schedule.observe(&seen(Status::InProgress, None), s(1.0), start + s(20.0));
        schedule.observe(&seen(Status::InProgress, None), s(9.0), start + s(60.0));
        let end = start + s(110.0);
        assert_eq!(schedule.run_time(s(2.0), end), Some(s(100.0)));
        assert_eq!(schedule.run_time(s(25.0), end), None);
        let rare = schedule.clone().fixed(Some(s(30.0)));
        assert_eq!(rare.run_time(s(2.0), end), None);
        // It may have been queued for long before it was seen to run.
        let mut unseen = PollSchedule::new(Some(start), None, start);
        unseen.observe(&seen(Status::InProgress, None), s(50.0), start + s(60.0));
        assert_eq!(unseen.run_time(s(0.0), end), None);
    }

    #[test]
    fn queue_position_sets_the_interval() {
        let start = Instant::now();
        let mut schedule = PollSchedule::new(Some(start), None, start);
        schedule.observe(
            &seen(Status::InQueue, Some(20)),
            Duration::ZERO,
            start + s(1.0),
        );
        schedule.observe(
            &seen(Status::InQueue, Some(16)),
            Duration::ZERO,
            start + s(5.0),
        );
        // A second for each position, so it takes 16 more.
        let now = start + s(5.0);
        assert_eq!(schedule.next(now, 0.5) - now, s(8.0));
        // A position that does not change says nothing.
        let mut stuck = PollSchedule::new(Some(start), None, start);
        stuck.observe(
            &seen(Status::InQueue, Some(20)),
            Duration::ZERO,
            start + s(1.0),
        );
        stuck.observe(
            &seen(Status::InQueue, Some(20)),
            Duration::ZERO,
            start + s(5.0),
        );
        assert_eq!(stuck.next(now, 0.5) - now, s(1.25));
        // A queue of weeks is polled anyway.
        schedule.observe(
            &seen(Status::InQueue, Some(15)),
            Duration::ZERO,
            start + s(4000.0),
        );
        let later = start + s(4000.0);
        assert_eq!(schedule.next(later, 0.5) - later, MAX_INTERVAL);
    }

    #[test]
    fn resumed_job_is_polled_at_once_and_at_fixed_intervals() {
        let now = Instant::now();
        let mut schedule = PollSchedule::new(None, None, now).fixed(Some(s(2.0)));
        assert_eq!(schedule.next(now, 0.9), now);
        schedule.observe(&seen(Status::InProgress, None), Duration::ZERO, now);
        assert_eq!(schedule.next(now, 0.9), now + s(2.0));
        assert!(schedule.polls_result(now));
    }

    #[test]
    fn intervals_are_jittered_evenly() {
        let start = Instant::now();
        let mut schedule = PollSchedule::new(Some(start), None, start);
        let now = start + s(80.0);
        schedule.observe(&seen(Status::InProgress, None), Duration::ZERO, now);
        let interval = |random| (schedule.next(now, random) - now).as_secs_f64();
        for (random, expected) in [(0.0, 8.28), (0.5, 9.2), (1.0, 10.12)] {
            assert!(
                (interval(random) - expected).abs() < 1e-6,
                "{}",
                interval(random)
            );
        }
    }
}
