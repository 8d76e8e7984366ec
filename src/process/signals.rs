//! Ctrl-C, and the signals by which a system ends a run early.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Set by the first signal; the run then ends by itself, and reports that. The second signal ends the process at
/// once.
static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in signals() {
        // Without a handler the signal ends the process. Handlers run in this order: the first of them must not
        // see what the second has set for the same signal.
        let _ = flag::register_conditional_shutdown(signal, 2, Arc::clone(&interrupted));
        let _ = flag::register(signal, Arc::clone(&interrupted));
    }
    interrupted
});

/// The flag that is set when the user, or the system, has asked for the end; from the first call on.
pub(crate) fn interruption() -> &'static AtomicBool {
    &INTERRUPTED
}

/// Whether the end was asked for.
pub(crate) fn interrupted() -> bool {
    interruption().load(Ordering::Relaxed)
}

/// Ends the process as a reader of its output that has gone away ends any other: by SIGPIPE, where there is one.
pub(crate) fn end_by_closed_pipe() -> ! {
    #[cfg(unix)]
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGPIPE);
    // 128 + 13, which a shell makes of it.
    std::process::exit(141)
}

fn signals() -> Vec<c_int> {
    let mut signals = vec![SIGINT, SIGTERM];
    #[cfg(unix)]
    // `nohup` has it ignored, so that the run goes on when its terminal is closed.
    if !is_ignored(signal_hook::consts::SIGHUP) {
        signals.push(signal_hook::consts::SIGHUP);
    }
    signals
}

/// Whether the parent of this process had a signal ignored; known on Linux only.
#[cfg(unix)]
fn is_ignored(signal: c_int) -> bool {
    let ignored = super::memory::of_process("SigIgn").and_then(|mask| u64::from_str_radix(&mask, 16).ok());
    let bit = u32::try_from(signal - 1).ok().and_then(|place| 1_u64.checked_shl(place));
    ignored.zip(bit).is_some_and(|(ignored, bit)| ignored & bit != 0)
}
