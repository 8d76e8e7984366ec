//! How far an exploration may go, and on how many threads, from the command line and from what the system allows.

use std::num::NonZero;
use std::thread;
use std::time::Instant;

use crate::cli::LimitArgs;
use crate::explore::Limits;
use crate::process::memory;
use crate::process::signals::interruption;

/// The limits of so many threads, from now on; the first Ctrl-C becomes one, the second ends the process at once.
pub(super) fn limits(args: &LimitArgs, threads: usize) -> Limits<'static> {
    Limits { interrupted: interruption(), ..limits_but_interruption(args, threads) }
}

/// The same where Ctrl-C ends the process at once.
pub(super) fn limits_but_interruption(args: &LimitArgs, threads: usize) -> Limits<'static> {
    let wanted = args.max_memory.or_else(|| memory::available().map(nine_tenths));
    // Memory beyond the allowance of the system cannot be had, even if an option asks for it.
    let allowed = memory::allowed(threads).map(nine_tenths);
    Limits {
        max_states: args.max_states.map(|states| usize::try_from(states).unwrap_or(usize::MAX)),
        max_memory: wanted.into_iter().chain(allowed).min(),
        deadline: args.timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
        ..Limits::NONE
    }
}

fn nine_tenths(bytes: usize) -> usize {
    bytes / 10 * 9
}

/// The number of threads: as many as the option asks for, or one a core; fewer where their memory is not
/// allowed.
pub(super) fn threads(asked: Option<usize>) -> usize {
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    asked.unwrap_or_else(cores).min(memory::most_threads())
}
