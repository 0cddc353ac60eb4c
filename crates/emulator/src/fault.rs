//! Which calls get a dictated reply.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::clock::Moment;
use crate::{Call, Reply};

/// A [`Reply`] for certain occurrences of a call, counted from 1 since the fault was added; every
/// call of that kind counts, whatever is answered.
///
/// ```
/// use std::time::Duration;
///
/// use runcomfy_emulator::{Call, Fault, Reply};
///
/// let third = Fault::nth(Call::Status, 3, Reply::reset());
/// let flaky = Fault::every(Call::Result, 5, Reply::html(502));
/// let broken = Fault::from_nth(Call::File, 2, Reply::half());
/// let busy = Fault::from_nth(Call::Submit, 1, Reply::refused(429, 429_000))
///     .lasting(Duration::from_secs(60));
/// # let _ = (third, flaky, broken, busy);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Fault {
    call: Call,
    when: Occurrence,
    lasting: Option<Duration>,
    reply: Reply,
}

/// Which occurrences are meant, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occurrence {
    Nth(usize),
    Every(usize),
    From(usize),
}

impl Occurrence {
    /// A 0 counts as 1, so that every fault has a meaning.
    fn meets(self, count: usize) -> bool {
        match self {
            Self::Nth(n) => count == n.max(1),
            Self::Every(n) => count.is_multiple_of(n.max(1)),
            Self::From(n) => count >= n,
        }
    }
}

impl Fault {
    /// The `n`-th call alone.
    pub fn nth(call: Call, n: usize, reply: Reply) -> Self {
        Self::new(call, Occurrence::Nth(n), reply)
    }

    /// Each `n`-th call: with 5 the fifth, the tenth, and so on; with 1 every call.
    pub fn every(call: Call, n: usize, reply: Reply) -> Self {
        Self::new(call, Occurrence::Every(n), reply)
    }

    /// The `n`-th call and all after it; with 1 every call.
    pub fn from_nth(call: Call, n: usize, reply: Reply) -> Self {
        Self::new(call, Occurrence::From(n), reply)
    }

    /// Ends the fault so long after it was added, on the emulator's clock.
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasting = Some(time);
        self
    }

    pub(crate) fn new(call: Call, when: Occurrence, reply: Reply) -> Self {
        Self {
            call,
            when,
            lasting: None,
            reply,
        }
    }
}

/// All replies that are dictated.
#[derive(Default)]
pub(crate) struct Faults {
    queues: HashMap<Call, VecDeque<Reply>>,
    standing: Vec<Standing>,
}

struct Standing {
    fault: Fault,
    until: Moment,
    seen: usize,
}

impl Faults {
    /// Adds a reply for the next call that has none.
    pub(crate) fn queue(&mut self, call: Call, reply: Reply) {
        self.queues.entry(call).or_default().push_back(reply);
    }

    pub(crate) fn add(&mut self, fault: Fault, now: Moment) {
        let until = now.saturating_add(fault.lasting.unwrap_or(Duration::MAX));
        self.standing.push(Standing {
            fault,
            until,
            seen: 0,
        });
    }

    /// Counts a call and gives its reply, if one is dictated: a queued one, else that of the fault
    /// added first.
    pub(crate) fn reply(&mut self, call: Call, now: Moment) -> Option<Reply> {
        // A fault without an end lasts even at the clock's end.
        self.standing
            .retain(|standing| now < standing.until || standing.until == Moment::MAX);
        let mut met = None;
        for standing in &mut self.standing {
            if standing.fault.call == call {
                standing.seen += 1;
                if met.is_none() && standing.fault.when.meets(standing.seen) {
                    met = Some(&standing.fault.reply);
                }
            }
        }
        let queued = self.queues.get_mut(&call).and_then(VecDeque::pop_front);
        queued.or_else(|| met.cloned())
    }

    /// How many queued replies nobody has asked for.
    pub(crate) fn unplayed(&self) -> usize {
        self.queues.values().map(VecDeque::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The occurrences among the first ten.
    fn met(when: Occurrence) -> Vec<usize> {
        (1..=10).filter(|count| when.meets(*count)).collect()
    }

    #[test]
    fn occurrences_count_from_one() {
        assert_eq!(met(Occurrence::Nth(3)), [3]);
        assert_eq!(met(Occurrence::Every(4)), [4, 8]);
        assert_eq!(met(Occurrence::From(8)), [8, 9, 10]);
        assert_eq!(met(Occurrence::Nth(0)), [1]);
        assert_eq!(met(Occurrence::Every(0)).len(), 10);
        assert_eq!(met(Occurrence::From(0)).len(), 10);
    }

    #[test]
    fn what_is_queued_goes_before_what_stands_and_counts() {
        let mut faults = Faults::default();
        let second = Reply::new(502, "");
        faults.add(Fault::nth(Call::Status, 2, second), Moment::ZERO);
        faults.queue(Call::Status, Reply::genuine());
        faults.queue(Call::Status, Reply::genuine());
        let mut shown = |call| format!("{:?}", faults.reply(call, Moment::ZERO));
        assert!(shown(Call::Status).contains("Genuine"));
        assert!(shown(Call::Status).contains("Genuine"));
        assert_eq!(shown(Call::Status), "None");
        assert_eq!(shown(Call::Cancel), "None");
    }

    #[test]
    fn a_fault_ends_when_its_time_is_over() {
        let mut faults = Faults::default();
        let minute = Duration::from_secs(60);
        let busy = Fault::from_nth(Call::Submit, 1, Reply::new(503, ""));
        faults.add(busy.clone().lasting(minute), minute);
        assert!(
            faults
                .reply(Call::Submit, Duration::from_secs(119))
                .is_some()
        );
        assert!(faults.reply(Call::Submit, minute * 2).is_none());
        faults.add(busy, minute);
        assert!(faults.reply(Call::Submit, Moment::MAX).is_some());
    }
}
