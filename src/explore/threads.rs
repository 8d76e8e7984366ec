//! Sharing work among threads.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope, ScopedJoinHandle};

/// To which of `count` threads a hash falls; by bits that the sets of numbers do not go by.
pub(super) fn share_of(hash: u64, count: usize) -> usize {
    // A remainder would take a division for each transition.
    (((hash & 0xffff_ffff) * count as u64) >> 32) as usize
}

/// Lets so many threads do the same work, until all is done. Where the system has no more threads to give, those
/// that there are do all of it, and this one if it is alone.
pub(crate) fn spawn_workers<'scope>(
    scope: &'scope Scope<'scope, '_>,
    count: usize,
    work: impl Fn() + Clone + Send + 'scope,
) {
    for number in 0..count {
        if thread::Builder::new().spawn_scoped(scope, work.clone()).is_err() {
            if number == 0 {
                work();
            }
            break;
        }
    }
}

/// Lets each worker do its job on a thread of its own, and returns what they come to, in order. Small jobs, that
/// of an only worker, and those for which the system has no thread left are done on this thread.
pub(super) fn on_threads<W: Send, T: Send>(
    workers: &mut [W],
    small: bool,
    job: impl Fn(&mut W, usize) -> T + Sync,
) -> Vec<T> {
    if small || workers.len() == 1 {
        return workers.iter_mut().enumerate().map(|(index, worker)| job(worker, index)).collect();
    }
    let workers: Vec<_> = workers.iter_mut().map(Mutex::new).collect();
    let run = |index: usize| job(&mut workers[index].lock().unwrap_or_else(PoisonError::into_inner), index);
    thread::scope(|scope| {
        let run = &run;
        let spawn = |index| thread::Builder::new().spawn_scoped(scope, move || run(index)).map_err(|_| run(index));
        let jobs: Vec<_> = (0..workers.len()).map(spawn).collect();
        let done = |job: Result<ScopedJoinHandle<'_, T>, T>| match job {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(done_here) => done_here,
        };
        jobs.into_iter().map(done).collect()
    })
}
