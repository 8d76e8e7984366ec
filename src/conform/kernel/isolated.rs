//! The kernel of this machine, for one thread, in a namespace of its own.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

use super::capture::CaptureFile;
use super::connection::KernelConnection;
use super::device::Device;
use super::error::Error;
use super::namespace;
use super::sock_diag::SockDiag;
use super::worlds::policy_of_linux;
use crate::conform::EndpointPath;
use crate::tcp::Policy;

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
    /// The first of these that is missing; or that the kernel opens no connection all the same.
    pub fn is_available() -> Result<(), Error> {
        Self::with(&policy_of_linux()?, None, |kernel| kernel.established(Duration::from_secs(1), 1).map(drop))
    }

    /// Does some work with the kernel, set according to a policy, on a thread and in a namespace of its own.
    ///
    /// # Errors
    /// If the namespace or the device cannot be made; and the error of `work`.
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
    /// busy the timeout, and all that the connection waits for, is `slowness` times as long; it is at least 1.
    ///
    /// # Errors
    /// If the timeout cannot be set, or the kernel does not open the connection.
    pub fn established(&mut self, rto: Duration, slowness: u32) -> Result<KernelConnection<'_>, Error> {
        let mut connection = self.closed(rto, slowness)?;
        connection.establish()?;
        Ok(connection)
    }

    /// A connection that is not open yet; `rto` and `slowness` are as for [`Kernel::established`].
    ///
    /// # Errors
    /// If the timeout cannot be set.
    pub fn closed(&mut self, rto: Duration, slowness: u32) -> Result<KernelConnection<'_>, Error> {
        namespace::set_least_timeout(rto.saturating_mul(slowness))?;
        let after = |port: u16| Some(port.checked_add(1).unwrap_or(FIRST_PORT));
        let port = NEXT_PORT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after).unwrap_or(FIRST_PORT);
        Ok(KernelConnection::closed(&mut self.device, &self.diag, port, slowness))
    }

    /// A connection at the start of a path: not open yet, or established; `rto` and `slowness` are as for
    /// [`Kernel::established`].
    ///
    /// # Errors
    /// If the timeout cannot be set, or the kernel does not open the connection.
    pub fn at_start(
        &mut self,
        path: &EndpointPath,
        rto: Duration,
        slowness: u32,
    ) -> Result<KernelConnection<'_>, Error> {
        if path.opens() { self.closed(rto, slowness) } else { self.established(rto, slowness) }
    }
}
