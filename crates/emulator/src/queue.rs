//! When each job runs: a first-come queue before a number of slots.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use crate::clock::Moment;

/// A job's number, in the order of submission.
pub(crate) type Ticket = usize;

/// Where a job stands at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not begun; so many jobs are before it.
    Queued {
        ahead: usize,
    },
    Running,
    Finished {
        at: Moment,
    },
    Cancelled {
        at: Moment,
    },
}

/// The queue, computed from the clock whenever somebody looks: there are no timers.
///
/// A job begins when it has waited `least_wait` and a slot is free. Each look first settles what
/// has begun until now, so a later cancellation cannot change the past. Times must not go back.
pub(crate) struct Queue {
    /// The least time that a job waits.
    least_wait: Duration,
    waiting: VecDeque<Ticket>,
    /// When each slot is free again, the earliest on top.
    slots: BinaryHeap<Reverse<Moment>>,
    courses: Vec<Course>,
}

/// What is known of a job's course.
enum Course {
    Waiting { since: Moment, run_time: Duration },
    Begun { until: Moment },
    Cancelled { at: Moment },
}

impl Queue {
    pub(crate) fn new(slots: usize, least_wait: Duration) -> Self {
        let slots = std::iter::repeat_n(Reverse(Moment::ZERO), slots).collect();
        Self {
            least_wait,
            waiting: VecDeque::new(),
            slots,
            courses: Vec::new(),
        }
    }

    /// Takes a job in at the queue's end.
    pub(crate) fn submit(&mut self, now: Moment, run_time: Duration) -> Ticket {
        let ticket = self.courses.len();
        self.courses.push(Course::Waiting {
            since: now,
            run_time,
        });
        self.waiting.push_back(ticket);
        ticket
    }

    /// Where the job stands; `None` for a ticket that was never given.
    pub(crate) fn phase(&mut self, ticket: Ticket, now: Moment) -> Option<Phase> {
        self.settle(now);
        Some(match *self.courses.get(ticket)? {
            // Tickets ascend within the queue, whatever was taken out of it.
            Course::Waiting { .. } => Phase::Queued {
                ahead: self.waiting.partition_point(|other| *other < ticket),
            },
            Course::Begun { until } if until > now => Phase::Running,
            Course::Begun { until } => Phase::Finished { at: until },
            Course::Cancelled { at } => Phase::Cancelled { at },
        })
    }

    /// Takes the job out of the queue, if it still stands there.
    pub(crate) fn cancel(&mut self, ticket: Ticket, now: Moment) -> bool {
        self.settle(now);
        let Ok(index) = self.waiting.binary_search(&ticket) else {
            return false;
        };
        self.waiting.remove(index);
        self.courses[ticket] = Course::Cancelled { at: now };
        true
    }

    /// Lets begin what had to begin until now.
    fn settle(&mut self, now: Moment) {
        while let Some(ticket) = self.waiting.front().copied()
            && let Some(mut slot) = self.slots.peek_mut()
            && let Course::Waiting { since, run_time } = self.courses[ticket]
        {
            let begin = since.saturating_add(self.least_wait).max(slot.0);
            if begin > now {
                return;
            }
            let until = begin.saturating_add(run_time);
            *slot = Reverse(until);
            self.courses[ticket] = Course::Begun { until };
            self.waiting.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn phases(queue: &mut Queue, now: Moment) -> Vec<Phase> {
        (0..queue.courses.len())
            .map(|ticket| queue.phase(ticket, now).unwrap())
            .collect()
    }

    #[test]
    fn jobs_run_in_order_as_slots_come_free() {
        use Phase::{Finished, Queued, Running};
        let mut queue = Queue::new(2, s(1));
        for _ in 0..4 {
            queue.submit(s(0), s(10));
        }
        let all_wait = [0, 1, 2, 3].map(|ahead| Queued { ahead });
        assert_eq!(phases(&mut queue, s(0)), all_wait);
        let two_run = [Running, Running, Queued { ahead: 0 }, Queued { ahead: 1 }];
        assert_eq!(phases(&mut queue, s(1)), two_run);
        let next = [
            Finished { at: s(11) },
            Finished { at: s(11) },
            Running,
            Running,
        ];
        assert_eq!(phases(&mut queue, s(11)), next);
    }

    #[test]
    fn a_long_silence_gives_the_same_as_looking_all_the_time() {
        let mut lazy = Queue::new(3, s(2));
        let mut watched = Queue::new(3, s(2));
        for second in 0..20 {
            lazy.submit(s(second), s(7));
            watched.submit(s(second), s(7));
            phases(&mut watched, s(second));
        }
        for second in 20..60 {
            phases(&mut watched, s(second));
        }
        assert_eq!(phases(&mut lazy, s(60)), phases(&mut watched, s(60)));
    }

    #[test]
    fn cancelling_moves_the_others_up() {
        let mut queue = Queue::new(1, s(0));
        for _ in 0..4 {
            queue.submit(s(0), s(10));
        }
        assert!(!queue.cancel(0, s(0)), "the first runs at once");
        assert!(queue.cancel(1, s(4)) && !queue.cancel(1, s(4)));
        let mut queue_at = |ticket, now| queue.phase(ticket, now);
        assert_eq!(queue_at(3, s(4)), Some(Phase::Queued { ahead: 1 }));
        assert_eq!(queue_at(2, s(10)), Some(Phase::Running));
        assert_eq!(queue_at(3, s(20)), Some(Phase::Running));
        assert_eq!(queue_at(1, s(20)), Some(Phase::Cancelled { at: s(4) }));
        assert_eq!(queue_at(4, s(20)), None);
    }

    #[test]
    fn nothing_runs_without_slots_and_nothing_ends_without_an_end() {
        let mut queue = Queue::new(0, s(0));
        queue.submit(s(0), s(0));
        assert_eq!(
            queue.phase(0, s(9_999_999)),
            Some(Phase::Queued { ahead: 0 })
        );
        let mut queue = Queue::new(1, s(0));
        queue.submit(s(1), Duration::MAX);
        assert_eq!(queue.phase(0, s(9_999_999)), Some(Phase::Running));
    }

    #[test]
    fn without_times_a_job_is_done_at_once() {
        let mut queue = Queue::new(1, s(0));
        for ticket in 0..3 {
            queue.submit(s(5), s(0));
            assert_eq!(
                queue.phase(ticket, s(5)),
                Some(Phase::Finished { at: s(5) })
            );
        }
    }
}
