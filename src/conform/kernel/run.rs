//! The kernel beside the endpoint on many paths, several at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::capture::CaptureFile;
use super::error::Error;
use super::isolated::Kernel;
use crate::conform::{EndpointInput, EndpointPath, Run, run};
use crate::invariant::broken;
use crate::tcp::Policy;

/// So many paths are taken at once, each in a namespace of its own: most of the time is spent on waiting.
const PATHS_AT_ONCE: usize = 8;

/// The retransmission timeout where a path waits for a timer: longer than all that happens before. It also is a
/// measure of how long an orphan stays in `FIN_WAIT_2`.
const SHORT_RTO: Duration = Duration::from_millis(300);

/// The retransmission timeout where a path waits for no timer.
const LONG_RTO: Duration = Duration::from_secs(5);

/// A path is tried with all waits this many times as long, until an attempt shows no difference or two in
/// succession come out alike. On a busy machine an event can come too late for a timer that runs, or a timer too
/// late for who waits for it; a difference that is there at two paces is none of time. If no two are alike, the
/// last attempt counts.
const PACES: [u32; 4] = [1, 2, 4, 8];

/// What the endpoint and the kernel do on each of these paths.
pub(super) fn run_all(
    paths: &[EndpointPath],
    policy: &Policy,
    capture: Option<&Arc<CaptureFile>>,
) -> Result<Vec<Run>, Error> {
    let next = AtomicUsize::new(0);
    let runs = Mutex::new(vec![None; paths.len()]);
    let work = |kernel: &mut Kernel| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(index) else { return Ok(()) };
            let run = run_one(kernel, path, policy)
                .map_err(|error| Error::OnPath { path: path.to_string(), error: Box::new(error) })?;
            let mut runs = runs.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = runs.get_mut(index) {
                *place = Some(run);
            }
        }
    };
    let threads = PATHS_AT_ONCE.min(paths.len());
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| Kernel::with(policy, capture.cloned(), work))).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    let runs = runs.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
    Ok(runs.map(|run| run.unwrap_or_else(|| broken(format_args!("a path was not run")))).collect())
}

fn run_one(kernel: &mut Kernel, path: &EndpointPath, policy: &Policy) -> Result<Run, Error> {
    let waits = path.events.iter().any(|event| matches!(event, EndpointInput::Timeout(_)));
    let rto = if waits { SHORT_RTO } else { LONG_RTO };
    let mut attempt = |slowness| run(path, policy, &mut kernel.at_start(path, rto, slowness)?);
    let [first, later @ ..] = PACES;
    let mut last = attempt(first)?;
    for slowness in later {
        if last.divergence.is_none() {
            break;
        }
        let again = attempt(slowness)?;
        let confirmed = again == last;
        last = again;
        if confirmed {
            break;
        }
    }
    Ok(last)
}
