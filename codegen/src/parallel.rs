//! Runs one function over many items, on all processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Stack size of a thread: as much as a main thread has. The parsers and printers of Rust recurse,
/// and use much of it when they are built without optimization, as build scripts are.
const STACK: usize = 8 << 20;

/// Minimum number of items that are worth starting a thread for.
const MIN_ITEMS: usize = 8;

/// Returns the result of `work` for each item, in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(items.len() / MIN_ITEMS).max(1);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return results;
            };
            results.push((index, work(item)));
        }
    };
    let mut results = thread::scope(|scope| {
        let spawn = |_| {
            let builder = thread::Builder::new().stack_size(STACK);
            // If no thread can be started, this one does all the work.
            builder.spawn_scoped(scope, worker).ok()
        };
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        let mut results = worker();
        for other in others {
            let more = other.join();
            results.extend(more.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        for count in [0, 1, 7, 1_000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|i| i * 2).collect();
            assert_eq!(map(&items, |i| i * 2), doubled);
        }
    }
}
