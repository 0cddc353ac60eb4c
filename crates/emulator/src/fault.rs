//! Faults: which calls get a scripted reply.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::clock::Moment;
use crate::{Call, Reply};

/// Gives a scripted [`Reply`] to certain occurrences of a call.
///
/// Occurrences count from 1 since the fault was added. Every call of that kind counts, also one
/// that gets another reply. An `n` of 0 counts as 1.
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

/// Selects occurrences, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occurrence {
    Nth(usize),
    Every(usize),
    From(usize),
}

impl Occurrence {
    /// Returns `true` if occurrence `count` is selected. An `n` of 0 counts as 1.
    fn selects(self, count: usize) -> bool {
        match self {
            Self::Nth(n) => count == n.max(1),
            Self::Every(n) => count.is_multiple_of(n.max(1)),
            Self::From(n) => count >= n,
        }
    }
}

impl Fault {
    /// Creates a fault for the `n`-th call alone.
    pub fn nth(call: Call, n: usize, reply: Reply) -> Self {
        Self::new(call, Occurrence::Nth(n), reply)
    }

    /// Creates a fault for each `n`-th call: with 5 the fifth, the tenth and so on, with 1 every call.
    pub fn every(call: Call, n: usize, reply: Reply) -> Self {
        Self::new(call, Occurrence::Every(n), reply)
    }

    /// Creates a fault for the `n`-th call and all after it; with 1 every call.
    pub fn from_nth(call: Call, n: usize, reply: Reply) -> Self {
        Self::new(call, Occurrence::From(n), reply)
    }

    /// Ends the fault this time after it was added, on the emulator's clock. Default: it never ends.
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

/// Holds all scripted replies and active faults.
#[derive(Default)]
pub(crate) struct Faults {
    scripted: HashMap<Call, VecDeque<Reply>>,
    active: Vec<ActiveFault>,
}

struct ActiveFault {
    fault: Fault,
    until: Moment,
    count: usize,
}

impl Faults {
    /// Queues a reply for the next call that has none.
    pub(crate) fn queue(&mut self, call: Call, reply: Reply) {
        self.scripted.entry(call).or_default().push_back(reply);
    }

    pub(crate) fn add(&mut self, fault: Fault, now: Moment) {
        let until = now.saturating_add(fault.lasting.unwrap_or(Duration::MAX));
        self.active.push(ActiveFault {
            fault,
            until,
            count: 0,
        });
    }

    /// Counts a call and returns its reply, if there is one: a scripted one, else that of the first
    /// added fault that applies.
    pub(crate) fn reply(&mut self, call: Call, now: Moment) -> Option<Reply> {
        // A fault without an end is active even at the clock's last moment.
        self.active
            .retain(|active| now < active.until || active.until == Moment::MAX);
        let mut selected = None;
        for active in &mut self.active {
            if active.fault.call == call {
                active.count += 1;
                if selected.is_none() && active.fault.when.selects(active.count) {
                    selected = Some(&active.fault.reply);
                }
            }
        }
        let scripted = self.scripted.get_mut(&call).and_then(VecDeque::pop_front);
        scripted.or_else(|| selected.cloned())
    }

    /// Counts the scripted replies that have not been used.
    pub(crate) fn unplayed(&self) -> usize {
        self.scripted.values().map(VecDeque::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the selected occurrences among the first ten.
    fn selected(when: Occurrence) -> Vec<usize> {
        (1..=10).filter(|count| when.selects(*count)).collect()
    }

    #[test]
    fn occurrences_count_from_one() {
        assert_eq!(selected(Occurrence::Nth(3)), [3]);
        assert_eq!(selected(Occurrence::Every(4)), [4, 8]);
        assert_eq!(selected(Occurrence::From(8)), [8, 9, 10]);
        assert_eq!(selected(Occurrence::Nth(0)), [1]);
        assert_eq!(selected(Occurrence::Every(0)).len(), 10);
        assert_eq!(selected(Occurrence::From(0)).len(), 10);
    }

    #[test]
    fn scripted_reply_goes_before_a_fault_and_counts() {
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
    fn fault_ends_when_its_time_is_over() {
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
