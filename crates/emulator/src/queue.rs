//! The queue: jobs wait in order of submission for a free slot.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use crate::clock::Moment;

/// A job's number in order of submission.
pub(crate) type Ticket = usize;

/// Names the phase of a job at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Waiting, with this number of jobs ahead.
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

/// Computes phases from the clock on demand, without timers.
///
/// A job starts when it has waited `min_wait` and a slot is free. Each query first starts the jobs
/// that were due, so a later cancellation cannot change the past. `now` must never decrease.
pub(crate) struct Queue {
    /// Minimum time that a job waits.
    min_wait: Duration,
    waiting: VecDeque<Ticket>,
    /// Moments at which the slots are free again, the earliest on top.
    slots: BinaryHeap<Reverse<Moment>>,
    states: Vec<State>,
}

/// Holds what is known of a job.
enum State {
    Waiting { since: Moment, run_time: Duration },
    Started { until: Moment },
    Cancelled { at: Moment },
}

impl Queue {
    pub(crate) fn new(slots: usize, min_wait: Duration) -> Self {
        let slots = std::iter::repeat_n(Reverse(Moment::ZERO), slots).collect();
        Self {
            min_wait,
            waiting: VecDeque::new(),
            slots,
            states: Vec::new(),
        }
    }

    /// Adds a job at the end of the queue.
    pub(crate) fn submit(&mut self, now: Moment, run_time: Duration) -> Ticket {
        let ticket = self.states.len();
        self.states.push(State::Waiting {
            since: now,
            run_time,
        });
        self.waiting.push_back(ticket);
        ticket
    }

    /// Returns the phase of a job; `None` for an unknown ticket.
    pub(crate) fn phase(&mut self, ticket: Ticket, now: Moment) -> Option<Phase> {
        self.start_due(now);
        Some(match *self.states.get(ticket)? {
            // Tickets ascend in the queue, also after cancellations.
            State::Waiting { .. } => Phase::Queued {
                ahead: self.waiting.partition_point(|other| *other < ticket),
            },
            State::Started { until } if until > now => Phase::Running,
            State::Started { until } => Phase::Finished { at: until },
            State::Cancelled { at } => Phase::Cancelled { at },
        })
    }

    /// Removes a job from the queue, and returns `true` if it was still waiting.
    pub(crate) fn cancel(&mut self, ticket: Ticket, now: Moment) -> bool {
        self.start_due(now);
        let Ok(index) = self.waiting.binary_search(&ticket) else {
            return false;
        };
        self.waiting.remove(index);
        self.states[ticket] = State::Cancelled { at: now };
        true
    }

    /// Starts the jobs that were due by `now`.
    fn start_due(&mut self, now: Moment) {
        while let Some(ticket) = self.waiting.front().copied()
            && let Some(mut slot) = self.slots.peek_mut()
            && let State::Waiting { since, run_time } = self.states[ticket]
        {
            let start = since.saturating_add(self.min_wait).max(slot.0);
            if start > now {
                return;
            }
            let until = start.saturating_add(run_time);
            *slot = Reverse(until);
            self.states[ticket] = State::Started { until };
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
        (0..queue.states.len())
            .map(|ticket| queue.phase(ticket, now).unwrap())
            .collect()
    }

    #[test]
    fn jobs_run_in_order_as_slots_become_free() {
        use Phase::{Finished, Queued, Running};
        let mut queue = Queue::new(2, s(1));
        for _ in 0..4 {
            queue.submit(s(0), s(10));
        }
        let all_queued = [0, 1, 2, 3].map(|ahead| Queued { ahead });
        assert_eq!(phases(&mut queue, s(0)), all_queued);
        let two_running = [Running, Running, Queued { ahead: 0 }, Queued { ahead: 1 }];
        assert_eq!(phases(&mut queue, s(1)), two_running);
        let next = [
            Finished { at: s(11) },
            Finished { at: s(11) },
            Running,
            Running,
        ];
        assert_eq!(phases(&mut queue, s(11)), next);
    }

    #[test]
    fn rare_queries_give_the_same_phases_as_frequent_ones() {
        let mut rare = Queue::new(3, s(2));
        let mut frequent = Queue::new(3, s(2));
        for second in 0..20 {
            rare.submit(s(second), s(7));
            frequent.submit(s(second), s(7));
            phases(&mut frequent, s(second));
        }
        for second in 20..60 {
            phases(&mut frequent, s(second));
        }
        assert_eq!(phases(&mut rare, s(60)), phases(&mut frequent, s(60)));
    }

    #[test]
    fn cancellation_moves_later_jobs_up() {
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
    fn jobs_wait_without_slots_and_run_without_an_end() {
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
    fn job_without_times_ends_at_once() {
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
