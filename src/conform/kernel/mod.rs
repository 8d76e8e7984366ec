//! The running Linux kernel, in a network namespace where a TUN device is all that there is.

mod capture;
mod connection;
mod device;
mod error;
mod namespace;
mod run;
mod sock_diag;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

pub use capture::CaptureFile;
pub use connection::{ADDRESS, KernelConnection};
pub use error::Error;

use super::{Class, Comparison, EndpointPath, Known, PathGenerator, Transition, recorded};
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::explore::Limits;
use crate::model::End;
use crate::tcp::{Policy, Timer};
use device::Device;
use sock_diag::SockDiag;
pub use worlds::policy;

/// The peer's ports count from here.
const FIRST_PORT: u16 = 1024;

/// The peer's next port. Connections in different namespaces have different ones, too: a capture has them all.
static NEXT_PORT: AtomicU16 = AtomicU16::new(FIRST_PORT);

/// A network namespace with a TUN device in it, for the thread that it was made on.
pub struct Kernel {
    device: Device,
    diag: SockDiag,
    /// The namespace is the thread's: sockets that another thread opens are not in it.
    _thread: PhantomData<*const ()>,
}

impl Kernel {
    /// Whether there is what it takes: Linux's namespaces and TUN devices, and the right to make them.
    pub fn is_available() -> Result<(), Error> {
        Self::with(&of_linux()?, None, |kernel| kernel.connect(Duration::from_secs(1)).map(drop))
    }

    /// Does some work with the kernel, set according to a policy, on a thread and in a namespace of its own.
    pub fn with<T: Send>(
        policy: &Policy,
        capture: Option<Arc<CaptureFile>>,
        work: impl FnOnce(&mut Self) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        thread::scope(|scope| {
            let thread = scope.spawn(|| work(&mut Self::new(policy, capture)?));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn new(policy: &Policy, capture: Option<Arc<CaptureFile>>) -> Result<Self, Error> {
        namespace::enter()?;
        namespace::configure(policy)?;
        Ok(Self { device: Device::create(capture)?, diag: SockDiag::open()?, _thread: PhantomData })
    }

    /// Opens a connection. Its retransmission timeout begins with `rto`.
    pub fn connect(&mut self, rto: Duration) -> Result<KernelConnection<'_>, Error> {
        self.connect_slowly(rto, 1)
    }

    /// The same for a machine that is busy: the timeout, and all that the connection waits for, is so many times as
    /// long.
    pub fn connect_slowly(&mut self, rto: Duration, slowness: u32) -> Result<KernelConnection<'_>, Error> {
        namespace::set_least_timeout(rto.saturating_mul(slowness))?;
        let after = |port: u16| Some(port.checked_add(1).unwrap_or(FIRST_PORT));
        let port = NEXT_PORT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after).unwrap_or(FIRST_PORT);
        KernelConnection::open(&mut self.device, &self.diag, port, slowness)
    }
}

/// The version of the kernel, as `uname -r` prints it.
pub fn release() -> Result<String, Error> {
    let path = "/proc/sys/kernel/osrelease";
    let text = fs::read_to_string(path).map_err(Error::system(format!("read {path}")))?;
    Ok(text.trim().to_owned())
}

/// What came of a comparison of the kernel with the endpoint.
pub struct Compared {
    /// What was compared.
    pub comparison: Comparison,
    /// The transitions that were to be covered.
    pub transitions: BTreeSet<Transition>,
    /// Those of them that no path led to.
    pub missing: BTreeSet<Transition>,
    /// What the kernel did on the paths that cover the transitions, as far as that is not among the differences: cases,
    /// a line each, by the transition that the path ends with.
    pub cases: BTreeMap<Transition, String>,
}

fn of_linux() -> Result<Policy, Error> {
    worlds::policy().map_err(|mistakes| Error::Unexpected(mistakes.to_string()))
}

/// The differences that are known.
pub fn known() -> Result<Known, Diagnostics> {
    Known::parse(&SourceFile::new("divergences.toml", include_str!("divergences.toml")))
}

/// Compares the running kernel with the endpoint: on paths that cover every transition that an end takes in the worlds
/// of this module, but for the expiry of 2MSL, on those that `known` names, and on so many random walks of each end of
/// each world.
pub fn compare(known: &Known, walks: u64, capture: Option<&Arc<CaptureFile>>) -> Result<Compared, Error> {
    let policy = of_linux()?;
    let worlds =
        worlds::explore(policy, Limits::NONE).map_err(|stopped| Error::Unexpected(stopped.to_string()))?;
    let ways: Vec<PathGenerator<'_>> =
        worlds.iter().flat_map(|world| End::BOTH.map(|end| PathGenerator::new(world, end))).collect();
    let all: BTreeSet<Transition> = ways.iter().flat_map(PathGenerator::transitions).copied().collect();
    let expires =
        |transition: &&Transition| matches!(transition.class, Class::Timeout { timer: Timer::TimeWait, .. });
    let left_out: BTreeSet<Transition> = all.iter().filter(expires).copied().collect();
    let transitions = &all - &left_out;
    let mut comparison = Comparison::without(left_out);
    let mut run_all = |paths: &[EndpointPath]| run::run_all(paths, &policy, capture);
    let mut cases = BTreeMap::new();
    comparison.cover(&ways, |paths| {
        let runs = run_all(paths)?;
        for (path, run) in paths.iter().zip(&runs) {
            if let (Some(last), None) = (run.agreed.last(), &run.divergence) {
                let line = || {
                    recorded::line(
                        &format!("linux/{last}"),
                        "linux",
                        path,
                        &run.seen,
                        policy.retransmission.retries,
                    )
                };
                cases.entry(*last).or_insert_with(line);
            }
        }
        Ok(runs)
    })?;
    comparison.take(known.paths().to_vec(), &mut run_all)?;
    comparison.walk(&ways, 0..walks, &mut run_all)?;
    let missing = transitions.iter().filter(|one| !comparison.is_known(one)).copied().collect();
    Ok(Compared { comparison, transitions, missing, cases })
}
