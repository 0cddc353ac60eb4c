//! Values of which each runtime has its own.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::{self, Handle};

/// A value for each runtime that uses a client.
///
/// A connection is driven by the runtime that made it, and a task in a queue by its own. Where that
/// runtime is idle, neither may hold up another.
pub(crate) struct PerRuntime<T> {
    /// The most recently used first. `None` is for use outside of a runtime.
    values: Mutex<VecDeque<(Option<runtime::Id>, T)>>,
}

/// Maximum number of runtimes that are remembered: few programs have more that live at a time, and a
/// runtime that has ended is forgotten so.
const MAX_RUNTIMES: usize = 16;

impl<T: Clone> PerRuntime<T> {
    pub(crate) fn new() -> Self {
        Self {
            values: Mutex::default(),
        }
    }

    /// Returns the value of the current runtime; `make` makes it where there is none, and learns how
    /// many other runtimes have one.
    ///
    /// # Errors
    /// The error of `make`.
    pub(crate) fn get<E>(&self, make: impl FnOnce(usize) -> Result<T, E>) -> Result<T, E> {
        let runtime = Handle::try_current().ok().map(|handle| handle.id());
        // Each change is whole before anything can panic.
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let known = values.iter().position(|(known, _)| *known == runtime);
        let found = known.and_then(|index| values.remove(index));
        let (_, value) = match found {
            Some(found) => found,
            None => (runtime, make(values.len())?),
        };
        values.push_front((runtime, value.clone()));
        values.truncate(MAX_RUNTIMES);
        Ok(value)
    }
}

impl<T> fmt::Debug for PerRuntime<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerRuntime").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runtime_keeps_its_own_value() {
        let values = PerRuntime::new();
        let own = || values.get(Ok::<_, ()>).unwrap();
        let runtimes = [(); MAX_RUNTIMES].map(|()| {
            let runtime = runtime::Builder::new_current_thread().build();
            runtime.unwrap()
        });
        for _ in 0..2 {
            for (index, runtime) in runtimes.iter().enumerate() {
                assert_eq!(runtime.block_on(async { own() }), index);
            }
        }
        // One more takes the place of the one that was used least recently.
        assert_eq!(own(), MAX_RUNTIMES);
        assert_eq!(runtimes[0].block_on(async { own() }), MAX_RUNTIMES);
        assert_eq!(runtimes[2].block_on(async { own() }), 2);
    }
}
