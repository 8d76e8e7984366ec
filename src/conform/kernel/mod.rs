//! The running Linux kernel, in a network namespace where a TUN device is all that there is.

mod capture;
mod comparison;
mod connection;
mod device;
mod error;
mod namespace;
mod run;
mod sock_diag;
mod worlds;

use std::fs;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

pub use capture::CaptureFile;
pub use comparison::{Compared, compare, known};
pub use connection::{ADDRESS, KernelConnection};
pub use error::Error;

use super::path::EndpointPath;
use crate::tcp::Policy;
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
    ///
    /// # Errors
    /// The first of these that is missing.
    pub fn is_available() -> Result<(), Error> {
        Self::with(&of_linux()?, None, |kernel| kernel.established(Duration::from_secs(1), 1).map(drop))
    }

    /// Does some work with the kernel, set according to a policy, on a thread and in a namespace of its own.
    ///
    /// # Errors
    /// If the namespace or the device cannot be made, and those of the work.
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

    /// A connection that the peer has opened. Its retransmission timeout begins with `rto`. On a machine that is
    /// busy the timeout, and all that the connection waits for, is `slowness` times as long.
    ///
    /// # Errors
    /// If the kernel does not open it.
    pub fn established(&mut self, rto: Duration, slowness: u32) -> Result<KernelConnection<'_>, Error> {
        let mut connection = self.closed(rto, slowness)?;
        connection.establish()?;
        Ok(connection)
    }

    /// The same where no connection is open yet.
    ///
    /// # Errors
    /// If the timeout cannot be set.
    pub fn closed(&mut self, rto: Duration, slowness: u32) -> Result<KernelConnection<'_>, Error> {
        namespace::set_least_timeout(rto.saturating_mul(slowness))?;
        let after = |port: u16| Some(port.checked_add(1).unwrap_or(FIRST_PORT));
        let port = NEXT_PORT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after).unwrap_or(FIRST_PORT);
        Ok(KernelConnection::closed(&mut self.device, &self.diag, port, slowness))
    }

    /// One at the start of a path.
    ///
    /// # Errors
    /// As above.
    pub fn at_start(
        &mut self,
        path: &EndpointPath,
        rto: Duration,
        slowness: u32,
    ) -> Result<KernelConnection<'_>, Error> {
        if path.opens() { self.closed(rto, slowness) } else { self.established(rto, slowness) }
    }
}

/// The version of the kernel, as `uname -r` prints it.
///
/// # Errors
/// If `/proc` cannot be read.
pub fn release() -> Result<String, Error> {
    let path = "/proc/sys/kernel/osrelease";
    let text = fs::read_to_string(path).map_err(Error::system(format!("read {path}")))?;
    Ok(text.trim().to_owned())
}

/// The policy that the kernel is compared with.
fn of_linux() -> Result<Policy, Error> {
    worlds::policy().map_err(|mistakes| Error::Unexpected(mistakes.to_string()))
}
