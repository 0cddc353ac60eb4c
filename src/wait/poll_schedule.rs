//! When to look at a job again, and what to ask.

use std::time::Duration;

use tokio::time::Instant;

use crate::job::status::JobStatus;
use crate::job::status::Status;
use crate::wait::run_times::Expected;

/// The looks of one wait.
///
/// - A job that is queued ends no sooner than it begins, so its looks may be far apart: a quarter of
///   its age, or half the time that its place in the queue still takes as it has moved so far.
/// - Of a running job of which nothing is known, the next look comes after a ninth of its age: its
///   end is noticed, on average, less than 6 % late, however long it takes.
/// - Where former jobs of the model are known it is quieter before nine tenths of the shortest,
///   counted from when it was last seen queued: each look comes after three quarters of its age, so
///   that one that is much shorter than they were is not noticed absurdly late. From there on there
///   is one every fourteenth of the typical time, or after a ninth of its age if that is sooner.
#[derive(Clone, Debug)]
pub(crate) struct PollSchedule {
    fixed: Option<Duration>,
    expected: Option<Box<Expected>>,
    /// Submitted, or taken up.
    begun: Instant,
    /// When it was seen queued for the last time, or submitted: it has not run before.
    queued: Instant,
    place: Option<Place>,
    phase: Phase,
    /// By how many seconds the look that first saw it no longer queued came later than planned.
    late: f32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Submitted,
    TakenUp,
    Queued,
    Running,
    /// A status that says nothing.
    Other,
}

/// How a job moves up in the queue.
#[derive(Clone, Copy, Debug)]
struct Place {
    first_at: Instant,
    first: u32,
    /// That of the time when it was seen queued for the last time.
    last: u32,
}

/// No two looks are closer.
const SHORTEST: Duration = Duration::from_secs(1);
/// Where the end is known to be near they may be.
const SHORTEST_NEAR_THE_END: Duration = Duration::from_millis(500);
/// None are farther apart, whatever the age, but where the model is known.
const LONGEST: Duration = Duration::from_secs(60);
/// The first look is no later: a job may fail at once.
const LATEST_FIRST: Duration = Duration::from_secs(5);
/// Steps as shares: of the age while queued, of the age while running, of the shortest known time
/// while queued, of the typical known time near the end.
const QUEUED: f64 = 0.25;
const RUNNING: f64 = 0.115;
const QUEUED_KNOWN: f64 = 0.1;
const NEAR_THE_END: f64 = 0.07;
/// The quiet time as a share of the shortest known, and the steps in it as a share of the age.
const QUIET: f64 = 0.9;
const IN_QUIET: f64 = 0.75;
/// The share of a run time that may be lateness.
const UNSURE: f32 = 0.25;
/// The share by which a step may be longer or shorter, so that jobs submitted together are not
/// looked at together.
const JITTER: f64 = 0.1;

impl PollSchedule {
    pub(crate) fn new(begun: Option<Instant>, expected: Option<Expected>, now: Instant) -> Self {
        let phase = match begun {
            Some(_) => Phase::Submitted,
            None => Phase::TakenUp,
        };
        let begun = begun.unwrap_or(now);
        Self {
            fixed: None,
            expected: expected.map(Box::new),
            begun,
            queued: begun,
            place: None,
            phase,
            late: 0.0,
        }
    }

    /// Looks at even distances instead.
    pub(crate) fn fixed(mut self, interval: Option<Duration>) -> Self {
        self.fixed = interval;
        self
    }

    /// Takes in what a look has shown, and by how much it came later than planned.
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
        // A place beyond four thousand million is as far away as that.
        let ahead = status
            .queue_position
            .map(|ahead| u32::try_from(ahead).unwrap_or(u32::MAX));
        self.place = ahead.map(|last| {
            let (first_at, first) = self
                .place
                .map_or((now, last), |place| (place.first_at, place.first));
            Place {
                first_at,
                first,
                last,
            }
        });
    }

    /// Whether to ask for the result straight away: it tells the status too while the job runs, but
    /// not the place in the queue.
    pub(crate) fn polls_result(&self) -> bool {
        self.phase == Phase::Running
    }

    /// How long a job has run, at the most, whose end was seen so much later than planned. `None`
    /// where it may be long because of the looks: in an outage, or where they were wanted far apart.
    pub(crate) fn run_time(&self, late: Duration, now: Instant) -> Option<Duration> {
        let time = now - self.queued;
        let unsure = late + self.fixed.unwrap_or_default();
        let unsure = unsure.as_secs_f32() + self.late;
        (unsure <= UNSURE * time.as_secs_f32()).then_some(time)
    }

    /// The next look; `random` lies in 0..1.
    pub(crate) fn next(&self, now: Instant, random: f64) -> Instant {
        let step = match (self.fixed, self.phase) {
            (_, Phase::TakenUp) => return now,
            (Some(interval), _) => return now + interval,
            (None, Phase::Submitted) => self.known_queue_step().min(LATEST_FIRST),
            (None, Phase::Queued) => self.queued_step(now),
            (None, Phase::Running | Phase::Other) => match self.quiet(now) {
                Some(quiet) => quiet.min(self.age_step(now, IN_QUIET)),
                None => self.running_step(now),
            },
        };
        now + step.mul_f64(1.0 + JITTER * (2.0 * random - 1.0))
    }

    fn queued_step(&self, now: Instant) -> Duration {
        let by_age = (now - self.begun).mul_f64(QUEUED);
        let left = self.place.and_then(|place| place.left(self.queued));
        let step = left.map_or(by_age, |left| left / 2);
        step.max(self.known_queue_step()).min(LONGEST)
    }

    fn known_queue_step(&self) -> Duration {
        self.expected
            .as_ref()
            .map_or(SHORTEST, |known| known.min.mul_f64(QUEUED_KNOWN))
            .max(SHORTEST)
    }

    /// The time to the earliest likely end, where that is still to come.
    fn quiet(&self, now: Instant) -> Option<Duration> {
        let end = self.queued + self.expected.as_ref()?.min.mul_f64(QUIET);
        // Not by less than a step, or the jitter would make two looks of one.
        (end > now + SHORTEST_NEAR_THE_END).then(|| end - now)
    }

    fn running_step(&self, now: Instant) -> Duration {
        let by_age = self.age_step(now, RUNNING);
        let near_the_end = self
            .expected
            .as_ref()
            .filter(|known| now < self.queued + known.max.mul_f64(2.0 - QUIET));
        match near_the_end {
            Some(known) => known
                .typical
                .mul_f64(NEAR_THE_END)
                .min(by_age)
                .max(SHORTEST_NEAR_THE_END),
            None => by_age,
        }
        .min(LONGEST)
    }

    fn age_step(&self, now: Instant, share: f64) -> Duration {
        (now - self.begun).mul_f64(share).max(SHORTEST)
    }
}

impl Place {
    /// The time until it has come to the front, if it moves on as it has moved.
    fn left(self, now: Instant) -> Option<Duration> {
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
            status,
            queue_position,
        }
    }

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// The looks at a job that is queued and runs for so many seconds; the last is its end's.
    fn looks(expected: Option<Expected>, queue: f64, run: f64) -> Vec<f64> {
        let start = Instant::now();
        let mut pace = PollSchedule::new(Some(start), expected, start);
        let (mut now, mut looks) = (start, Vec::new());
        loop {
            now = pace.next(now, 0.5);
            let age = (now - start).as_secs_f64();
            looks.push(age);
            if age >= queue + run {
                return looks;
            }
            let status = if age < queue {
                Status::InQueue
            } else {
                Status::InProgress
            };
            pace.observe(&seen(status, None), Duration::ZERO, now);
        }
    }

    #[test]
    fn without_history_the_end_is_noticed_within_a_ninth_of_the_age() {
        for (queue, run) in [(2.0, 10.0), (15.0, 75.0), (100.0, 500.0)] {
            let looks = looks(None, queue, run);
            let late = looks[looks.len() - 1] / (queue + run) - 1.0;
            assert!(late < 0.12, "{looks:?}");
            assert!(looks.len() <= 35, "{} looks: {looks:?}", looks.len());
        }
    }

    #[test]
    fn with_history_it_is_quiet_until_the_earliest_likely_end() {
        for (queue, run) in [(2.0, 10.0), (15.0, 75.0), (100.0, 500.0)] {
            let known = Expected {
                min: s(run * 0.95),
                typical: s(run),
                max: s(run * 1.1),
            };
            let looks = looks(Some(known), queue, run);
            let late = looks[looks.len() - 1] / (queue + run) - 1.0;
            assert!(late < 0.08, "{looks:?}");
            assert!(looks.len() <= 10, "{} looks: {looks:?}", looks.len());
            let quiet = |pair: &[f64]| pair[1] - pair[0] > 0.2 * run;
            assert!(looks.windows(2).any(quiet), "{looks:?}");
        }
    }

    #[test]
    fn a_job_much_shorter_than_its_history_is_noticed_in_time() {
        let known = |max| Expected {
            min: s(580.0),
            typical: s(600.0),
            max: s(max),
        };
        for run in [7.0, 12.0, 60.0, 200.0, 400.0] {
            let looks = looks(Some(known(650.0)), 0.0, run);
            let late = looks[looks.len() - 1] / run - 1.0;
            assert!(late <= IN_QUIET, "{run} s: {looks:?}");
        }
        // Nor where one of many was short.
        let known = Expected {
            min: s(12.0),
            ..known(650.0)
        };
        for run in [14.0, 60.0, 200.0] {
            let looks = looks(Some(known), 0.0, run);
            let late = looks[looks.len() - 1] / run - 1.0;
            assert!(late < 0.12, "{run} s: {looks:?}");
        }
    }

    #[test]
    fn a_run_time_that_lateness_may_have_made_is_none() {
        let start = Instant::now();
        let mut pace = PollSchedule::new(Some(start), None, start);
        pace.observe(&seen(Status::InQueue, None), s(900.0), start + s(10.0));
        pace.observe(&seen(Status::InProgress, None), s(1.0), start + s(20.0));
        pace.observe(&seen(Status::InProgress, None), s(9.0), start + s(60.0));
        let end = start + s(110.0);
        assert_eq!(pace.run_time(s(2.0), end), Some(s(100.0)));
        assert_eq!(pace.run_time(s(25.0), end), None);
        let rare = pace.clone().fixed(Some(s(30.0)));
        assert_eq!(rare.run_time(s(2.0), end), None);
        // It may have been queued for long before it was seen to run.
        let mut unseen = PollSchedule::new(Some(start), None, start);
        unseen.observe(&seen(Status::InProgress, None), s(50.0), start + s(60.0));
        assert_eq!(unseen.run_time(s(0.0), end), None);
    }

    #[test]
    fn the_place_in_the_queue_says_how_long_to_be_quiet() {
        let start = Instant::now();
        let mut pace = PollSchedule::new(Some(start), None, start);
        pace.observe(
            &seen(Status::InQueue, Some(20)),
            Duration::ZERO,
            start + s(1.0),
        );
        pace.observe(
            &seen(Status::InQueue, Some(16)),
            Duration::ZERO,
            start + s(5.0),
        );
        // A second a place, so it takes 16 more.
        let now = start + s(5.0);
        assert_eq!(pace.next(now, 0.5) - now, s(8.0));
        // One that does not move tells nothing.
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
        // A queue of weeks is looked at all the same.
        pace.observe(
            &seen(Status::InQueue, Some(15)),
            Duration::ZERO,
            start + s(4000.0),
        );
        let later = start + s(4000.0);
        assert_eq!(pace.next(later, 0.5) - later, LONGEST);
    }

    #[test]
    fn a_fixed_interval_is_kept_and_a_job_taken_up_is_looked_at_at_once() {
        let now = Instant::now();
        let mut pace = PollSchedule::new(None, None, now).fixed(Some(s(2.0)));
        assert_eq!(pace.next(now, 0.9), now);
        pace.observe(&seen(Status::InProgress, None), Duration::ZERO, now);
        assert_eq!(pace.next(now, 0.9), now + s(2.0));
        assert!(pace.polls_result());
    }

    #[test]
    fn steps_are_jittered_evenly() {
        let start = Instant::now();
        let mut pace = PollSchedule::new(Some(start), None, start);
        let now = start + s(80.0);
        pace.observe(&seen(Status::InProgress, None), Duration::ZERO, now);
        let step = |random| (pace.next(now, random) - now).as_secs_f64();
        for (random, expected) in [(0.0, 8.28), (0.5, 9.2), (1.0, 10.12)] {
            assert!((step(random) - expected).abs() < 1e-6, "{}", step(random));
        }
    }
}
