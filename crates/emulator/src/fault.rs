//! Faults: which calls get a scripted reply.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use runcomfy_schema::Literal;
use serde_json::Value;

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
    only: Condition,
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

    /// Restricts the fault to calls about this model: submits of its jobs, all calls for these jobs, and
    /// reads of its catalogue entry. Only such calls count as occurrences.
    ///
    /// # Panics
    ///
    /// Panics if the call is about no model, such as [`Call::Balance`]: the fault would never apply.
    #[track_caller]
    pub fn of_model(mut self, model_id: impl Into<String>) -> Self {
        let call = self.call;
        assert!(call.has_model(), "a `{call}` is about no model");
        self.only.model = Some(model_id.into());
        self
    }

    /// Restricts the fault to jobs whose input has this value for this property. With several
    /// properties all must match. Only calls about such jobs count as occurrences.
    ///
    /// The input of a submit is read before the fault applies, also for [`Reply::reset`].
    ///
    /// ```
    /// use runcomfy_emulator::{Call, Fault, Reply};
    ///
    /// let fault = Fault::every(Call::Submit, 1, Reply::job_fails("no boats"))
    ///     .of_model("bytedance/dreamina-4-0/text-to-image")
    ///     .of_input("prompt", "A boat");
    /// # let _ = fault;
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the call is about no job, such as [`Call::Catalogue`]: the fault would never apply.
    #[track_caller]
    pub fn of_input(mut self, property: impl Into<String>, value: impl Into<Value>) -> Self {
        let call = self.call;
        assert!(call.has_input(), "a `{call}` is about no input");
        let value = Literal::from(&value.into());
        self.only.input.push((property.into(), value));
        self
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
            only: Condition::default(),
            reply,
        }
    }
}

/// Restricts a fault to calls about certain jobs.
#[derive(Clone, Debug, Default)]
struct Condition {
    model: Option<String>,
    /// Names of properties and their values, which are compared as JSON Schema does: `1` equals `1.0`.
    input: Vec<(String, Literal)>,
}

/// The job or the model that a call is about, as far as it is about one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) model_id: Option<&'a str>,
    pub(crate) input: Option<&'a Value>,
}

impl Condition {
    fn holds(&self, subject: Subject<'_>) -> bool {
        let has = |(name, value): &(String, Literal)| {
            let found = subject.input.and_then(|input| input.get(name));
            found.is_some_and(|found| value == found)
        };
        let model = self.model.as_deref();
        (model.is_none() || model == subject.model_id) && self.input.iter().all(has)
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

impl ActiveFault {
    /// Returns `true` until the fault ends. One without an end is active even at the clock's last
    /// moment.
    fn is_active(&self, now: Moment) -> bool {
        now < self.until || self.until == Moment::MAX
    }
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

    /// Returns `true` if the input of this call decides whether a fault applies.
    pub(crate) fn depends_on_input(&self, call: Call) -> bool {
        let mut faults = self.active.iter().map(|active| &active.fault);
        faults.any(|fault| fault.call == call && !fault.only.input.is_empty())
    }

    /// Counts a call and returns its reply, if there is one: a scripted one, else that of the first
    /// added fault that applies.
    pub(crate) fn reply(&mut self, call: Call, subject: Subject<'_>, now: Moment) -> Option<Reply> {
        self.active.retain(|active| active.is_active(now));
        let mut selected = None;
        for active in &mut self.active {
            if active.fault.call == call && active.fault.only.holds(subject) {
                active.count += 1;
                if selected.is_none() && active.fault.when.selects(active.count) {
                    selected = Some(&active.fault.reply);
                }
            }
        }
        let scripted = self.scripted.get_mut(&call).and_then(VecDeque::pop_front);
        scripted.or_else(|| selected.cloned())
    }

    /// Removes all faults and scripted replies.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Counts the faults that have not ended.
    pub(crate) fn active(&self, now: Moment) -> usize {
        let active = self.active.iter();
        active.filter(|active| active.is_active(now)).count()
    }

    /// Counts the scripted replies that have not been used.
    pub(crate) fn unplayed(&self) -> usize {
        self.scripted.values().map(VecDeque::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
        let mut shown =
            |call| format!("{:?}", faults.reply(call, Subject::default(), Moment::ZERO));
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
        let is_busy = |faults: &mut Faults, now| {
            let reply = faults.reply(Call::Submit, Subject::default(), now);
            reply.is_some()
        };
        assert!(is_busy(&mut faults, Duration::from_secs(119)));
        assert!(!is_busy(&mut faults, minute * 2));
        faults.add(busy, minute);
        assert!(is_busy(&mut faults, Moment::MAX));
    }

    #[test]
    fn conditions_compare_model_and_input() {
        let fault = Fault::every(Call::Submit, 1, Reply::lost())
            .of_model("acme/paint")
            .of_input("size", json!([1, 2.0]));
        let holds = |model_id, input: &Value| {
            fault.only.holds(Subject {
                model_id: Some(model_id),
                input: Some(input),
            })
        };
        assert!(holds("acme/paint", &json!({ "size": [1.0, 2], "seed": 1 })));
        assert!(!holds("acme/paint", &json!({ "size": [1] })));
        assert!(!holds("acme/paint", &json!({})));
        assert!(!holds("acme/print", &json!({ "size": [1, 2] })));
        assert!(!fault.only.holds(Subject::default()));
        // 2^53 + 1, which as a float is 2^53.
        let seed = Fault::every(Call::Submit, 1, Reply::lost())
            .of_input("seed", 9_007_199_254_740_993_u64);
        let has_seed = |seed_of: u64| {
            seed.only.holds(Subject {
                model_id: None,
                input: Some(&json!({ "seed": seed_of })),
            })
        };
        assert!(has_seed(9_007_199_254_740_993) && !has_seed(9_007_199_254_740_992));
        let any = Condition::default();
        assert!(any.holds(Subject::default()));
    }
}
