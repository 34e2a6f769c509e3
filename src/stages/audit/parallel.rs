//! The same work for many files, on all cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Deep expressions take more stack than a thread has by default.
const STACK: usize = 64 * 1024 * 1024;

/// So many at a time, and fewer than this by one thread: a thread costs more than it saves there.
const BLOCK: usize = 64;

/// The answers in the order of the items.
pub(super) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    if threads == 1 || items.len() <= BLOCK {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let begin = next.fetch_add(BLOCK, Ordering::Relaxed);
            let Some(rest) = items.get(begin..).filter(|rest| !rest.is_empty()) else {
                return done;
            };
            let block = &rest[..rest.len().min(BLOCK)];
            done.push((begin, block.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut blocks = thread::scope(|scope| {
        let started: Vec<_> = (1..threads)
            .filter_map(|_| {
                thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker).ok()
            })
            .collect();
        // This thread works too; without others it does all of it.
        let mut blocks = worker();
        for thread in started {
            match thread.join() {
                Ok(done) => blocks.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        blocks
    });
    blocks.sort_by_key(|(begin, _)| *begin);
    blocks.into_iter().flat_map(|(_, block)| block).collect()
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn answers_keep_their_order() {
        for count in [0, 1, 64, 65, 1000] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(
                map(&items, |item| item * 2),
                items.iter().map(|i| i * 2).collect::<Vec<_>>()
            );
        }
    }
}
