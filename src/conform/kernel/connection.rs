//! One connection of the kernel's, driven as a [`Stack`].

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::os::linux::net::TcpStreamExt;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};

use super::device::{Device, KERNEL, PEER, Packet};
use super::error::Error;
use super::namespace::FIN_TIMEOUT;
use super::sock_diag::SockDiag;
use crate::conform::Stack;
use crate::tcp::{Call, Flags, Segment, Seq, State, Timer};

/// Where the kernel's end of every connection is.
pub const ADDRESS: SocketAddrV4 = SocketAddrV4::new(KERNEL, 9000);

const SYN: Flags = Flags { syn: true, fin: false, rst: false, ack: false };
const SYN_ACK: Flags = Flags { syn: true, ..Flags::ACK };

/// The peer's initial sequence number: its numbers on the wire are those of the worlds.
const PEER_ISN: Seq = Seq(0);

/// After this long without a packet, the kernel has sent all that it has to send. It answers before a write to the TUN
/// device returns; this is for good measure.
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
    /// The peer's port.
    port: u16,
    /// Every wait may take so many times as long as on an idle machine.
    slowness: u32,
    /// The kernel's initial sequence number.
    isn: Seq,
    /// What the kernel expects next of the peer, by the last ACK that it sent.
    expects: Seq,
    /// What has been sent and not been asked for yet.
    pending: Vec<Segment>,
    /// Where what arrived last ends: there may be an ACK of it to wait for.
    arrived: Seq,
}

impl<'k> KernelConnection<'k> {
    /// Opens a connection: the peer connects to a socket of the kernel's. Nobody listens when it is open.
    pub(super) fn open(
        device: &'k mut Device,
        diag: &'k SockDiag,
        port: u16,
        slowness: u32,
    ) -> Result<Self, Error> {
        let listener = TcpListener::bind(ADDRESS).map_err(Error::system(format!("listen at {ADDRESS}")))?;
        let mut this = Self {
            device,
            diag,
            socket: None,
            port,
            slowness,
            isn: Seq(0),
            expects: PEER_ISN + 1,
            pending: Vec::new(),
            arrived: PEER_ISN + 1,
        };
        this.put(Segment { flags: SYN, seq: PEER_ISN, ack: Seq(0), len: 0 })?;
        match this.next(REPLY_TIMEOUT * slowness)? {
            Some(segment) if segment.flags == SYN_ACK => this.isn = segment.seq,
            Some(segment) => return Err(Error::Unexpected(format!("the kernel answers a SYN with {segment}"))),
            None => return Err(Error::Unexpected("the kernel does not answer a SYN".to_owned())),
        }
        this.put(Segment { flags: Flags::ACK, seq: PEER_ISN + 1, ack: this.isn + 1, len: 0 })?;
        let (socket, _) = listener.accept().map_err(Error::system("accept a connection"))?;
        let what = "set up a socket";
        socket.set_nonblocking(true).map_err(Error::system(what))?;
        socket.set_nodelay(true).map_err(Error::system(what))?;
        // If this process ends then, the connection ends, too.
        linger(&socket, true)?;
        this.socket = Some(socket);
        Ok(this)
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
        self.device.send(&Packet { source: self.port, destination: ADDRESS.port(), segment })
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
        // A reset that answers what has no ACK begins at 0 on the wire.
        let answers_no_ack = segment.flags == Flags::RST_ACK && segment.seq == Seq(0);
        let seq = if answers_no_ack { Seq(0) } else { Seq(segment.seq.since(self.isn)) };
        self.pending.push(Segment { seq, ..segment });
        Ok(true)
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

    /// A call that the connection does not allow any more has no effect, nor has one on a socket that is closed.
    fn call(&mut self, call: Call) -> Result<(), Error> {
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
        let ack = if segment.flags.ack { segment.ack + self.isn.0 } else { Seq(0) };
        self.put(Segment { seq: segment.seq + PEER_ISN.0, ack, ..*segment })?;
        self.arrived = segment.seq + PEER_ISN.0 + segment.sequence_length();
        self.hurry()
    }

    /// Waits until the kernel's timer has expired, or has had the time to. 2MSL are 60 s and delayed ACKs are hurried:
    /// no path waits for these.
    fn expire(&mut self, timer: Timer) -> Result<(), Error> {
        let limit = match timer {
            Timer::Retransmission => REPLY_TIMEOUT * self.slowness,
            Timer::FinWait2 => FIN_TIMEOUT + REPLY_TIMEOUT * self.slowness,
            Timer::TimeWait | Timer::DelayedAck => {
                return Err(Error::Unexpected(format!("the kernel's {} timer is not waited for", timer.name())));
            }
        };
        let start = Instant::now();
        while start.elapsed() < limit && !self.take(LOOK)? && self.state()? != State::Closed {}
        Ok(())
    }

    fn sent(&mut self) -> Result<Vec<Segment>, Error> {
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

/// Whether closing the socket aborts the connection.
fn linger(socket: &TcpStream, aborts: bool) -> Result<(), Error> {
    let linger = nix::libc::linger { l_onoff: i32::from(aborts), l_linger: 0 };
    setsockopt(socket, sockopt::Linger, &linger).map_err(Error::system("set SO_LINGER"))
}
