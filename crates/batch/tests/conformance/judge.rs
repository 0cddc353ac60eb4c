//! Invariants of state and money, held against the facts that the test knows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runcomfy::RequestId;
use runcomfy_batch::{
    Attempt, AttemptState, Counts, Event, Funds, IncarnationId, JobKey, Limits, Money, Row,
    Spending, State, Timestamp,
};

use crate::service::Service;

/// Beginning of some ids.
pub(crate) const PREFIX: &str = "job 1";

/// States of the jobs that are listed.
pub(crate) const LISTED: [State; 2] = [State::Ready, State::Submitted];

/// Number of the jobs that are listed.
pub(crate) const MAX_LISTED: usize = 2;

/// All that a store shows.
#[derive(Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) counts: Counts,
    pub(crate) funds: Funds,
    /// Jobs whose ids begin with [`PREFIX`].
    pub(crate) by_prefix: BTreeMap<State, u64>,
    /// The last of these jobs in the states [`LISTED`].
    pub(crate) latest: Vec<Row>,
    pub(crate) rows: Vec<Row>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) events: Vec<Event>,
    pub(crate) service: Option<String>,
}

/// The facts that the test knows, apart from the store.
#[derive(Default)]
pub(crate) struct Judge {
    pub(crate) limits: Limits,
    /// The rate as claims, time and burst.
    pub(crate) rate: Option<(Duration, usize)>,
    pub(crate) held_until: Timestamp,
    /// Times of the claims since the rate or the clock was last set.
    claims: Vec<Timestamp>,
    /// Number of times that a person had a job submitted again.
    pub(crate) resubmits: BTreeMap<u64, usize>,
    /// Ids that the store has acknowledged.
    pub(crate) acknowledged: BTreeSet<(JobKey, RequestId)>,
    /// Attempts that a person has declared to have no job.
    pub(crate) declared: BTreeSet<JobKey>,
    /// Attempts that were in flight, or may have been, when their process was killed.
    pub(crate) at_risk: BTreeSet<JobKey>,
    /// Time at which the lease of each incarnation ends.
    pub(crate) leases: BTreeMap<IncarnationId, Timestamp>,
    /// Time until which an incarnation may live whose process never heard of its registration.
    pub(crate) unheard_until: Option<Timestamp>,
    settled: BTreeMap<JobKey, Money>,
    seen: usize,
    states: BTreeMap<u64, State>,
}

impl Judge {
    /// Forgets past claims: the rate or the clock was set.
    pub(crate) fn forget_claims(&mut self) {
        self.claims.clear();
    }

    /// Holds what a store shows against the facts.
    pub(crate) fn check(&mut self, shown: &Shown, service: &Service) {
        check_counts(shown);
        check_money(&shown.counts.money, &shown.attempts);
        for row in &shown.rows {
            check_pair(row);
            let charged = service.charged(row.n);
            let allowed = 1 + self.resubmits.get(&row.n).copied().unwrap_or_default();
            assert!(charged <= allowed, "job {} was paid {charged} times", row.n);
        }
        self.check_settled(&shown.attempts);
        self.check_ids(shown);
        self.check_events(shown);
    }

    /// Each attempt is settled once.
    fn check_settled(&mut self, attempts: &[Attempt]) {
        for attempt in attempts {
            let Some(cost) = attempt.cost else { continue };
            let first = *self.settled.entry(attempt.key.clone()).or_insert(cost);
            assert_eq!(first, cost, "{} was settled twice", attempt.key);
        }
    }

    /// No id is lost.
    fn check_ids(&self, shown: &Shown) {
        let ids = shown
            .attempts
            .iter()
            .filter_map(|attempt| Some((attempt.key.clone(), attempt.request_id.clone()?)));
        let ids: BTreeSet<_> = ids.collect();
        let strays = self.acknowledged.difference(&ids).count() as u64;
        assert!(
            shown.counts.strays >= strays,
            "an id was lost: {:?}",
            self.acknowledged
        );
    }

    fn check_events(&mut self, shown: &Shown) {
        for event in &shown.events[self.seen..] {
            let before = self
                .states
                .insert(event.n, event.to)
                .unwrap_or(State::Ready);
            assert_eq!(event.from, before, "a gap in the journal: {event:?}");
            let owner = shown
                .attempts
                .iter()
                .find(|attempt| Some(&attempt.key) == event.key.as_ref());
            let owner = owner.and_then(|attempt| attempt.owner);
            let is_owner = event.incarnation.is_some() && event.incarnation == owner;
            assert!(is_legal(event, is_owner), "{event:?}, owner {owner:?}");
            if (event.from, event.to) == (State::Ready, State::Intent) {
                self.check_claim(event.at);
            }
        }
        self.seen = shown.events.len();
        for row in &shown.rows {
            let state = self.states.get(&row.n).copied().unwrap_or(State::Ready);
            assert_eq!(
                row.state, state,
                "the journal misses a transition of {row:?}"
            );
        }
    }

    /// No two claims are closer than rate and burst allow, and none is made while claims are held back.
    fn check_claim(&mut self, at: Timestamp) {
        assert!(
            self.held_until <= at,
            "claimed at {at}, held back until {}",
            self.held_until
        );
        self.claims.push(at);
        let Some((gap, burst)) = self.rate else {
            return;
        };
        for (index, first) in self.claims.iter().enumerate() {
            let number = self.claims.len() - index;
            let slots = burst as u128 + at.since(*first).as_micros() / gap.as_micros();
            assert!(
                number as u128 <= slots,
                "{number} claims from {first} to {at}"
            );
        }
    }

    /// A claim keeps within the budget.
    pub(crate) fn check_budget(&self, money: &Spending) {
        assert_eq!(money.budget, self.limits.budget);
        if let Some(budget) = self.limits.budget {
            assert!(
                money.committed() <= budget,
                "claimed beyond the budget: {money:?}"
            );
        }
    }

    /// Only what may have been in flight for an ended incarnation is put in doubt.
    pub(crate) fn check_doubt(&self, key: &JobKey, owner: Option<IncarnationId>, now: Timestamp) {
        assert!(
            self.at_risk.contains(key),
            "{key} was never in flight at a kill"
        );
        let lease = owner.and_then(|owner| self.leases.get(&owner));
        if let Some(end) = lease {
            assert!(*end <= now, "{key} was put in doubt while its owner lives");
        }
    }

    /// A job is submitted again only once its last submit can no longer arrive.
    pub(crate) fn check_resubmit(&self, attempt: &Attempt, now: Timestamp) {
        let is_declared = self.declared.contains(&attempt.key);
        let is_unknown = match attempt.state {
            AttemptState::InDoubt => true,
            AttemptState::NoJob => is_declared,
            _ => false,
        };
        let Some(since) = attempt.ended_at.filter(|_| is_unknown) else {
            return;
        };
        let jumped_back = since.since(now) > Duration::from_secs(3000);
        assert!(
            now.since(since) >= Duration::from_secs(300) || jumped_back,
            "{attempt:?} is submitted again at {now}"
        );
    }

    /// At the end every job has ended or is in doubt, and every job that the service charges for is in
    /// the books.
    pub(crate) fn check_end(&self, shown: &Shown, service: &Service) {
        assert!(shown.counts.is_done(), "{:?}", shown.rows);
        for (key, job) in service.jobs() {
            let attempt = shown.attempts.iter().find(|attempt| attempt.key == *key);
            let attempt = attempt.unwrap_or_else(|| panic!("{key} is paid and unknown"));
            assert!(!matches!(
                attempt.state,
                AttemptState::Intent | AttemptState::Submitted
            ));
            let is_named = attempt.state != AttemptState::NoJob || self.declared.contains(key);
            assert!(
                is_named,
                "{key} is paid as {} and in no books: {attempt:?}",
                job.id
            );
        }
    }
}

fn check_counts(shown: &Shown) {
    for state in State::ALL {
        let rows = shown.rows.iter().filter(|row| row.state == *state).count();
        assert_eq!(shown.counts.of_state(*state), rows as u64, "{state}");
    }
    assert_eq!(shown.funds.spending, shown.counts.money);
    let ready = shown.rows.iter().filter(|row| row.state == State::Ready);
    let waiting: Money = ready.map(|row| row.estimate).sum();
    assert_eq!(shown.funds.waiting, waiting);
    let of_prefix = || {
        let rows = shown.rows.iter();
        rows.filter(|row| row.id.as_str().starts_with(PREFIX))
    };
    let mut by_prefix = BTreeMap::new();
    for row in of_prefix() {
        *by_prefix.entry(row.state).or_default() += 1;
    }
    assert_eq!(shown.by_prefix, by_prefix);
    let latest = of_prefix().rev().filter(|row| LISTED.contains(&row.state));
    assert!(shown.latest.iter().eq(latest.take(MAX_LISTED)));
    let doubts = shown
        .attempts
        .iter()
        .filter(|attempt| attempt.state == AttemptState::InDoubt);
    assert_eq!(shown.counts.doubts, doubts.count() as u64);
}

/// The money adds up, attempt by attempt.
fn check_money(money: &Spending, attempts: &[Attempt]) {
    let sum = |states: &[AttemptState], of: fn(&Attempt) -> Money| -> Money {
        attempts
            .iter()
            .filter(|attempt| states.contains(&attempt.state))
            .map(of)
            .sum()
    };
    let held = [AttemptState::Intent, AttemptState::Submitted];
    let ended = [
        AttemptState::Saved,
        AttemptState::Failed,
        AttemptState::Cancelled,
    ];
    assert_eq!(money.reserved, sum(&held, |attempt| attempt.reserved));
    assert_eq!(
        money.in_doubt,
        sum(&[AttemptState::InDoubt], |attempt| attempt.reserved)
    );
    assert_eq!(money.spent, sum(&ended, |attempt| attempt.cost.unwrap()));
    let by_estimate = sum(&ended, |attempt| {
        if attempt.cost_is_estimate {
            attempt.reserved
        } else {
            Money::ZERO
        }
    });
    assert_eq!(money.spent_by_estimate, by_estimate);
    if let (Some(budget), Some(left)) = (money.budget, money.left()) {
        assert_eq!(budget.plus(money.excess()), money.committed().plus(left));
    }
}

/// A job and its last attempt agree.
fn check_pair(row: &Row) {
    use AttemptState as A;
    let last = row.attempt.as_ref().map(|attempt| attempt.state);
    let agree = match row.state {
        State::Ready => {
            last.is_none_or(|last| !matches!(last, A::Intent | A::Submitted | A::Saved))
        }
        State::Intent => last == Some(A::Intent),
        State::Submitted => last == Some(A::Submitted),
        State::Saved => last == Some(A::Saved),
        State::Failed => matches!(last, Some(A::Failed | A::NoJob)),
        State::Cancelled => {
            last.is_none_or(|last| !matches!(last, A::Intent | A::Submitted | A::Saved))
        }
        State::InDoubt => last == Some(A::InDoubt),
    };
    assert!(agree, "{row:?}");
    if let Some(attempt) = &row.attempt {
        let needs_id = matches!(
            attempt.state,
            A::Submitted | A::Saved | A::Failed | A::Cancelled
        );
        assert_eq!(attempt.request_id.is_some(), needs_id, "{row:?}");
    }
}

/// Returns `true` if the law allows the transition; `is_owner`: the incarnation that made it owns the
/// attempt.
fn is_legal(event: &Event, is_owner: bool) -> bool {
    use State as S;
    let by_person = event.incarnation.is_none();
    match (event.from, event.to) {
        (from, to) if from == to => true,
        (S::Ready, S::Intent) | (S::Submitted, S::Saved | S::Cancelled) => is_owner,
        (S::Ready, S::Cancelled) | (S::Failed | S::Cancelled, S::Ready) => by_person,
        (S::Ready | S::Intent | S::InDoubt | S::Failed | S::Cancelled, S::Submitted) => true,
        (S::Intent, S::InDoubt) => !by_person,
        (S::Submitted, S::Failed)
        | (S::Intent | S::InDoubt, S::Ready | S::Failed | S::Cancelled) => is_owner || by_person,
        _ => false,
    }
}
