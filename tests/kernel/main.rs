//! The running kernel beside the endpoint, on Linux and as root.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails may panic")]

mod command;
mod measured;

use std::sync::{Mutex, MutexGuard, PoisonError};

use lastack::conform::kernel::{Error, Kernel};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Whether there is what it takes; if not, it is said what is missing. One test at a time: they look at what is there.
fn available() -> Option<MutexGuard<'static, ()>> {
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    match Kernel::is_available() {
        Err(error @ Error::Unavailable { .. }) => {
            println!("skipped: {error}");
            None
        }
        result => {
            result.unwrap();
            Some(guard)
        }
    }
}
