//! Calls that begin when they are first polled.

use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A plan until it is first polled, then the future that carries it out.
pub(crate) enum LazyCall<'a, P, T> {
    New(Box<P>),
    Running(Pin<Box<dyn Future<Output = T> + Send + 'a>>),
}

impl<'a, P, T: Send + 'a> LazyCall<'a, P, T> {
    /// Polls the call, which `start` makes of the plan.
    pub(crate) fn poll<F: Future<Output = T> + Send + 'a>(
        &mut self,
        cx: &mut Context<'_>,
        start: impl FnOnce(P) -> F,
    ) -> Poll<T> {
        // A future of no size needs no memory.
        let placeholder = || Self::Running(Box::pin(pending()));
        if let Self::New(_) = self
            && let Self::New(plan) = std::mem::replace(self, placeholder())
        {
            *self = Self::Running(Box::pin(start(*plan)));
        }
        match self {
            Self::Running(call) => call.as_mut().poll(cx),
            Self::New(_) => Poll::Pending,
        }
    }
}

impl<P, T> LazyCall<'_, P, T> {
    pub(crate) fn new(plan: P) -> Self {
        Self::New(Box::new(plan))
    }

    /// Changes the plan; without effect once the call runs.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut P)) {
        if let Self::New(plan) = self {
            change(plan);
        }
    }
}
