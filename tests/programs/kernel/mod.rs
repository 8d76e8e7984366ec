//! The running kernel beside the endpoint, on Linux and as root.

pub(crate) mod capture;
pub(crate) mod command;
pub(crate) mod measured;
pub(crate) mod opening;

use std::sync::{Mutex, MutexGuard, PoisonError};

use lastack::conform::kernel::{Error, Kernel};

use crate::Missing;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Whether there is what it takes; if not, what is missing. One test at a time: they look at what is there.
fn available() -> Result<MutexGuard<'static, ()>, Missing> {
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    match Kernel::is_available() {
        Err(error @ Error::Unavailable { .. }) => Err(Missing(error.to_string())),
        result => {
            result.unwrap();
            Ok(guard)
        }
    }
}
