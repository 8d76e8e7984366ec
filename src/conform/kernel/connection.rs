//! One connection of the kernel's, driven as a [`Stack`].

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::linux::net::TcpStreamExt;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, setsockopt, socket, sockopt,
};

use super::device::{Device, KERNEL, PEER, Packet};
use super::error::Error;
use super::namespace::FIN_TIMEOUT;
use super::sock_diag::SockDiag;
use crate::conform::{Numbering, Stack};
use crate::tcp::{Call, Flags, Segment, Seq, State, Timer};

/// Where the kernel's end of every connection is.
pub const ADDRESS: SocketAddrV4 = SocketAddrV4::new(KERNEL, 9000);

/// The peer's initial sequence number: its numbers on the wire are those of the worlds.
const PEER_ISN: Seq = Seq(0);

/// After this long without a packet, the kernel has sent all that it has to send. It answers before a write to the
/// TUN device returns; this is for good measure.
const QUIET: Duration = Duration::from_millis(3);

/// So long the kernel may delay an ACK, although it is asked not to: 40 ms where the round trip is short.
const ACK_DELAY: Duration = Duration::from_millis(60);

/// How long anything else may take.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

/// How often the state is looked at while a timer runs.
const LOOK: Duration = Duration::from_millis(20);

/// A connection between the kernel and the peer that is played here.
pub struct KernelConnection<'k> {
    device: &'k mut Device,
    diag: &'k SockDiag,
    /// The application's socket, until it is closed.
    socket: Option<TcpStream>,
    /// The socket on which it waits for connections.
    listener: Option<TcpListener>,
    /// The peer's port.
    port: u16,
    /// The peer's segments have timestamps (RFC 7323).
    timestamps: bool,
    /// Every wait may take so many times as long as on an idle machine.
    slowness: u32,
    /// The kernel's numbers beside the endpoint's.
    numbers: Numbering,
    /// What the kernel expects next of the peer, by the last ACK that it sent.
    expects: Seq,
    /// What has been sent and not been asked for yet.
    pending: Vec<Segment>,
    /// Where what arrived last ends: there may be an ACK of it to wait for.
    arrived: Seq,
}

impl<'k> KernelConnection<'k> {
    /// There is no connection yet.
    pub(super) fn closed(device: &'k mut Device, diag: &'k SockDiag, port: u16, slowness: u32) -> Self {
        Self {
            device,
            diag,
            socket: None,
            listener: None,
            port,
            timestamps: false,
            slowness,
            numbers: Numbering::default(),
            expects: PEER_ISN + 1,
            pending: Vec::new(),
            arrived: PEER_ISN + 1,
        }
    }

    /// The peer's segments have timestamps (RFC 7323) from now on, all the same one.
    pub fn send_timestamps(&mut self) {
        self.timestamps = true;
    }

    /// The peer connects to a socket of the kernel's. Nobody listens when the connection is open.
    ///
    /// # Errors
    /// If the kernel does not open it.
    pub fn establish(&mut self) -> Result<(), Error> {
        self.number_from(Seq(0));
        self.listen()?;
        self.put(Segment { flags: Flags::SYN, seq: PEER_ISN, ack: Seq(0), len: 0 })?;
        if !self.take(REPLY_TIMEOUT * self.slowness)? {
            return Err(Error::Unexpected("the kernel does not answer a SYN".to_owned()));
        }
        match std::mem::take(&mut self.pending).as_slice() {
            [Segment { flags: Flags::SYN_ACK, .. }] => {}
            other => return Err(Error::Unexpected(format!("the kernel answers a SYN with {other:?}"))),
        }
        self.arrive(&Segment { flags: Flags::ACK, seq: PEER_ISN + 1, ack: Seq(1), len: 0 })?;
        self.listener = None;
        if self.socket.is_some() {
            Ok(())
        } else {
            Err(Error::Unexpected("the kernel does not accept a connection".to_owned()))
        }
    }

    /// `SO_ERROR`, by its number in `errno.h`; saying it clears it. A socket that is closed has none.
    ///
    /// # Errors
    /// If the socket cannot be asked.
    pub fn take_error(&self) -> Result<Option<i32>, Error> {
        let Some(socket) = &self.socket else { return Ok(None) };
        let error = socket.take_error().map_err(Error::system("ask for SO_ERROR"))?;
        Ok(error.and_then(|error| error.raw_os_error()))
    }

    /// Lets a segment with the numbers on the wire arrive at the kernel.
    fn put(&self, segment: Segment) -> Result<(), Error> {
        let packet = Packet { source: self.port, destination: ADDRESS.port(), segment };
        self.device.send(&packet, self.timestamps)
    }

    /// What the kernel sends next, if it does in time. What is left of earlier connections does not count.
    fn next(&mut self, wait: Duration) -> Result<Option<Segment>, Error> {
        while let Some(Packet { destination, segment, .. }) = self.device.receive(wait)? {
            if destination == self.port {
                return Ok(Some(segment));
            }
        }
        Ok(None)
    }

    /// Takes what the kernel sends next, if it does in time.
    fn take(&mut self, wait: Duration) -> Result<bool, Error> {
        let Some(segment) = self.next(wait)? else { return Ok(false) };
        if segment.flags.ack {
            self.expects = segment.ack;
        }
        let segment = self.numbers.of_stack(&segment);
        self.pending.push(segment);
        Ok(true)
    }

    /// Takes a connection that is waiting, if one is: it is the application's from now on.
    fn accept(&mut self) -> Result<(), Error> {
        let Some(listener) = &self.listener else { return Ok(()) };
        match listener.accept() {
            Ok((socket, _)) => {
                set_up(&socket)?;
                self.socket = Some(socket);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(Error::system("accept a connection")(error)),
        }
    }

    /// The pending ACK, if there is one, is sent at once, and later ones are not delayed.
    fn hurry(&self) -> Result<(), Error> {
        self.socket
            .as_ref()
            .map_or(Ok(()), |socket| socket.set_quickack(true).map_err(Error::system("hurry an ACK")))
    }
}

impl Stack for KernelConnection<'_> {
    type Error = Error;

    fn connect(&mut self) -> Result<(), Error> {
        (self.socket, self.listener) = (None, None);
        let what = format!("connect from {ADDRESS}");
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let fd =
            socket(AddressFamily::Inet, SockType::Stream, flags, None).map_err(Error::system(what.as_str()))?;
        setsockopt(&fd, sockopt::ReuseAddr, &true).map_err(Error::system(what.as_str()))?;
        bind(fd.as_raw_fd(), &SockaddrIn::from(ADDRESS)).map_err(Error::system(what.as_str()))?;
        let peer = SockaddrIn::from(SocketAddrV4::new(PEER, self.port));
        match connect(fd.as_raw_fd(), &peer) {
            Err(Errno::EINPROGRESS) | Ok(()) => {}
            Err(error) => return Err(Error::system(what)(error)),
        }
        let socket = TcpStream::from(fd);
        set_up(&socket)?;
        self.socket = Some(socket);
        Ok(())
    }

    fn listen(&mut self) -> Result<(), Error> {
        let what = format!("listen at {ADDRESS}");
        let listener = TcpListener::bind(ADDRESS).map_err(Error::system(what.as_str()))?;
        listener.set_nonblocking(true).map_err(Error::system(what))?;
        self.listener = Some(listener);
        Ok(())
    }

    fn number_from(&mut self, iss: Seq) {
        self.numbers.begin(iss);
    }

    /// A call that the connection does not allow any more has no effect, nor has one on a socket that is closed.
    fn call(&mut self, call: Call) -> Result<(), Error> {
        if self.listener.is_some() && self.state()? == State::Listen {
            self.listener = None;
            return Ok(());
        }
        let Some(socket) = &mut self.socket else { return Ok(()) };
        match call {
            Call::Send => {
                // What the state does not allow is refused with an error.
                let _ = socket.write(&[0]);
            }
            Call::Receive => {
                self.receive()?;
            }
            Call::Shutdown => {
                let _ = socket.shutdown(Shutdown::Write);
            }
            Call::Close => {
                linger(socket, false)?;
                self.socket = None;
            }
            Call::Abort => self.socket = None,
            // This connection is open already.
            Call::Connect(_) => {}
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<u32, Error> {
        let Some(socket) = &mut self.socket else { return Ok(0) };
        let (mut text, mut octets) = ([0; 256], 0);
        loop {
            match socket.read(&mut text) {
                Ok(0) => break,
                Ok(read) => octets += u32::try_from(read).unwrap_or(u32::MAX),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        Ok(octets)
    }

    fn arrive(&mut self, segment: &Segment) -> Result<(), Error> {
        self.hurry()?;
        let on_the_wire = self.numbers.to_stack(segment);
        self.put(Segment { seq: segment.seq + PEER_ISN.0, ..on_the_wire })?;
        self.arrived = segment.seq + PEER_ISN.0 + segment.sequence_length();
        self.accept()?;
        self.hurry()
    }

    /// Waits until the kernel's timer has expired, or has had the time to. 2MSL are 60 s and delayed ACKs are
    /// hurried: no path waits for these.
    fn expire(&mut self, timer: Timer) -> Result<(), Error> {
        let limit = match timer {
            Timer::Retransmission => REPLY_TIMEOUT * self.slowness,
            Timer::FinWait2 => FIN_TIMEOUT + REPLY_TIMEOUT * self.slowness,
            Timer::TimeWait | Timer::DelayedAck | Timer::LastAck => {
                return Err(Error::Unexpected(format!("the kernel's {} timer is not waited for", timer.name())));
            }
        };
        let (start, before) = (Instant::now(), self.state()?);
        while start.elapsed() < limit && !self.take(LOOK)? && self.state()? == before {}
        Ok(())
    }

    fn sent(&mut self) -> Result<Vec<Segment>, Error> {
        // SYN_SENT sends its SYN again two jiffies after a reset.
        if self.take(self.slowness * QUIET)?
            && self.pending.last().is_some_and(|last| last.flags == Flags::RST)
            && self.state()? == State::SynSent
        {
            self.take(self.slowness * ACK_DELAY)?;
        }
        while self.take(self.slowness * if self.expects.precedes(self.arrived) { ACK_DELAY } else { QUIET })? {}
        Ok(std::mem::take(&mut self.pending))
    }

    fn state(&mut self) -> Result<State, Error> {
        self.diag.state(ADDRESS, SocketAddrV4::new(PEER, self.port))
    }
}

impl Drop for KernelConnection<'_> {
    /// What no application has any more would live on until its retransmissions end, and the namespace with it.
    fn drop(&mut self) {
        if self.socket.is_none() {
            let _ = self.put(Segment { flags: Flags::RST, seq: self.expects, ack: Seq(0), len: 0 });
        }
    }
}

/// Sets the socket of a connection up.
fn set_up(socket: &TcpStream) -> Result<(), Error> {
    let what = "set up a socket";
    socket.set_nonblocking(true).map_err(Error::system(what))?;
    socket.set_nodelay(true).map_err(Error::system(what))?;
    // If this process ends then, the connection ends, too.
    linger(socket, true)
}

/// Whether closing the socket aborts the connection.
fn linger(socket: &TcpStream, aborts: bool) -> Result<(), Error> {
    let linger = nix::libc::linger { l_onoff: i32::from(aborts), l_linger: 0 };
    setsockopt(socket, sockopt::Linger, &linger).map_err(Error::system("set SO_LINGER"))
}
