//! One piece of work for each of many items, on all processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// As much as a main thread has. The parsers and printers of Rust recurse, and take much of it
/// when they are built without optimization, as build scripts are.
const STACK: usize = 8 << 20;

/// Fewer items than this for each thread are not worth starting it.
const FEWEST: usize = 8;

/// What `work` makes of each item, in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(items.len() / FEWEST).max(1);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut made = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return made;
            };
            made.push((index, work(item)));
        }
    };
    let mut made = thread::scope(|scope| {
        let spawn = |_| {
            let builder = thread::Builder::new().stack_size(STACK);
            // Where no thread is to be had, this one does all.
            builder.spawn_scoped(scope, worker).ok()
        };
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        let mut made = worker();
        for other in others {
            let theirs = other.join();
            made.extend(theirs.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        made
    });
    made.sort_unstable_by_key(|(index, _)| *index);
    made.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for count in [0, 1, 7, 1_000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|i| i * 2).collect();
            assert_eq!(map(&items, |i| i * 2), doubled);
        }
    }
}
