//! smoltcp's TCP socket, driven one event at a time over a virtual wire and a virtual clock.

use std::collections::VecDeque;

use lastack::conform::{Numbering, Stack};
use lastack::tcp::{Call, Flags, Segment, Seq, State, Timer};
use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{self, ChecksumCapabilities, Device, DeviceCapabilities, Medium};
use smoltcp::socket::tcp;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{
    HardwareAddress, IpAddress, IpCidr, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr, TcpPacket, TcpSeqNumber,
};

const ITS_ADDRESS: Ipv4Address = Ipv4Address::new(192, 0, 2, 1);
const OUR_ADDRESS: Ipv4Address = Ipv4Address::new(192, 0, 2, 2);
const ITS_PORT: u16 = 49_152;
const OUR_PORT: u16 = 80;
const IP_HEADER: usize = 20;
const TCP_HEADER: usize = 20;

/// More than is ever in a buffer.
const BUFFER: usize = 4_096;

/// How long the handshake takes: from this, smoltcp estimates (RFC 6298 §2) a retransmission timeout of 60 s, so
/// that no arrival has to hurry.
const HANDSHAKE: Duration = Duration::from_secs(20);

/// smoltcp's longest retransmission timeout.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long smoltcp stays in `TIME_WAIT`.
const TIME_WAIT: Duration = Duration::from_secs(10);

/// Between two challenge ACKs smoltcp lets one second pass (RFC 5961 §7).
const BETWEEN_ARRIVALS: Duration = Duration::from_millis(1_001);

/// How long its ACKs wait where they are delayed.
const ACK_DELAY: Duration = Duration::from_secs(20);

/// A connection of smoltcp's.
pub(crate) struct Smoltcp {
    wire: Wire,
    interface: Interface,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
    now: Instant,
    /// smoltcp chooses its initial numbers at random.
    numbers: Numbering,
    /// Somebody waits for connections, for one after the other.
    listens: bool,
}

impl Smoltcp {
    /// A stack without a connection. With `delayed_ack`, the ACK of text waits.
    pub(crate) fn closed(delayed_ack: bool) -> Self {
        let mut wire = Wire::default();
        let now = Instant::from_secs(1);
        let mut interface = Interface::new(Config::new(HardwareAddress::Ip), &mut wire, now);
        interface.update_ip_addrs(|addresses| {
            // There is room for two.
            let _ = addresses.push(IpCidr::new(IpAddress::Ipv4(ITS_ADDRESS), 24));
        });
        let buffer = || tcp::SocketBuffer::new(vec![0; BUFFER]);
        let mut socket = tcp::Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        socket.set_ack_delay(delayed_ack.then_some(ACK_DELAY));
        let mut sockets = SocketSet::new(Vec::new());
        let socket = sockets.add(socket);
        Self { wire, interface, sockets, socket, now, numbers: Numbering::default(), listens: false }
    }

    /// A connection that smoltcp has just opened.
    pub(crate) fn established(delayed_ack: bool) -> Result<Self, String> {
        let mut this = Self::closed(delayed_ack);
        this.number_from(Seq(0));
        this.connect()?;
        this.sent()?;
        this.now += HANDSHAKE;
        this.arrive(&Segment { flags: Flags::SYN_ACK, seq: Seq(0), ack: Seq(1), len: 0 })?;
        let (sent, state) = (this.sent()?, this.state()?);
        let ack = Segment { flags: Flags::ACK, seq: Seq(1), ack: Seq(1), len: 0 };
        if sent == [ack] && state == State::Established {
            Ok(this)
        } else {
            Err(format!("the handshake ends with {sent:?} in {state}"))
        }
    }

    fn socket(&mut self) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(self.socket)
    }

    /// Lets smoltcp send everything that it has to send now.
    fn send(&mut self) {
        while self.interface.poll_egress(self.now, &mut self.wire, &mut self.sockets) != PollResult::None {}
    }

    /// Lets time pass, but not so much that a timer expires.
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        let due = self.interface.poll_at(self.now, &self.sockets);
        self.now = due.map_or(until, |due| until.min(due - Duration::from_millis(1)).max(self.now));
    }
}

impl Stack for Smoltcp {
    type Error = String;

    fn connect(&mut self) -> Result<(), String> {
        self.listens = false;
        let socket = self.sockets.get_mut::<tcp::Socket<'_>>(self.socket);
        // From LISTEN it takes a socket that is closed.
        socket.abort();
        socket
            .connect(self.interface.context(), (OUR_ADDRESS, OUR_PORT), ITS_PORT)
            .map_err(|error| error.to_string())
    }

    fn listen(&mut self) -> Result<(), String> {
        self.listens = true;
        self.socket().listen(ITS_PORT).map_err(|error| error.to_string())
    }

    fn number_from(&mut self, iss: Seq) {
        self.numbers.begin(iss);
    }

    fn call(&mut self, call: Call) -> Result<(), String> {
        if self.socket().state() == tcp::State::Listen {
            self.listens = false;
        }
        match call {
            Call::Send => match self.socket().send_slice(&[0]) {
                Ok(1) => Ok(()),
                other => Err(format!("of one octet was sent: {other:?}")),
            },
            Call::Receive => self.receive().map(drop),
            // Of the two ways to close smoltcp has this one.
            Call::Shutdown => {
                self.socket().close();
                Ok(())
            }
            Call::Close if !self.listens && self.socket().state() == tcp::State::Listen => {
                self.socket().close();
                Ok(())
            }
            Call::Close => Err("smoltcp has no `close()` after which the application reads no more".to_owned()),
            Call::Abort => {
                self.socket().abort();
                Ok(())
            }
            Call::Connect(_) => Err("this connection is open already".to_owned()),
        }
    }

    fn receive(&mut self) -> Result<u32, String> {
        let read = self.socket().recv_slice(&mut [0; BUFFER]).unwrap_or(0);
        u32::try_from(read).map_err(|error| error.to_string())
    }

    fn arrive(&mut self, segment: &Segment) -> Result<(), String> {
        self.wait(BETWEEN_ARRIVALS);
        let packet = packet_of(&self.numbers.to_stack(segment))?;
        self.wire.arriving.push_back(packet);
        self.interface.poll_ingress_single(self.now, &mut self.wire, &mut self.sockets);
        Ok(())
    }

    fn expire(&mut self, timer: Timer) -> Result<(), String> {
        self.now += match timer {
            Timer::Retransmission => LONGEST_TIMEOUT,
            Timer::TimeWait => TIME_WAIT,
            Timer::DelayedAck => ACK_DELAY,
            Timer::FinWait2 | Timer::LastAck => return Err(format!("smoltcp has no timer of {}", timer.name())),
        };
        Ok(())
    }

    fn sent(&mut self) -> Result<Vec<Segment>, String> {
        self.send();
        let packets = std::mem::take(&mut self.wire.sent);
        packets.iter().map(|packet| Ok(self.numbers.of_stack(&segment_of(packet)?))).collect()
    }

    fn state(&mut self) -> Result<State, String> {
        // Who waits for connections waits for the next when one has ended.
        if self.listens && self.socket().state() == tcp::State::Closed {
            self.socket().listen(ITS_PORT).map_err(|error| error.to_string())?;
        }
        match self.socket().state() {
            tcp::State::Listen => Ok(State::Listen),
            tcp::State::SynSent => Ok(State::SynSent),
            tcp::State::SynReceived => Ok(State::SynReceived),
            tcp::State::Established => Ok(State::Established),
            tcp::State::FinWait1 => Ok(State::FinWait1),
            tcp::State::FinWait2 => Ok(State::FinWait2),
            tcp::State::CloseWait => Ok(State::CloseWait),
            tcp::State::Closing => Ok(State::Closing),
            tcp::State::LastAck => Ok(State::LastAck),
            tcp::State::TimeWait => Ok(State::TimeWait),
            tcp::State::Closed => Ok(State::Closed),
        }
    }
}

/// The packet in which a segment arrives.
fn packet_of(segment: &Segment) -> Result<Vec<u8>, String> {
    let text = usize::try_from(segment.len).map_err(|error| error.to_string())?;
    let ip = Ipv4Repr {
        src_addr: OUR_ADDRESS,
        dst_addr: ITS_ADDRESS,
        next_header: IpProtocol::Tcp,
        payload_len: TCP_HEADER + text,
        hop_limit: 64,
    };
    let mut packet = vec![0; IP_HEADER + TCP_HEADER + text];
    ip.emit(&mut Ipv4Packet::new_unchecked(&mut packet), &ChecksumCapabilities::ignored());
    let mut tcp = TcpPacket::new_unchecked(&mut packet[IP_HEADER..]);
    let Flags { syn, fin, rst, ack } = segment.flags;
    tcp.set_src_port(OUR_PORT);
    tcp.set_dst_port(ITS_PORT);
    tcp.set_seq_number(TcpSeqNumber(segment.seq.0.cast_signed()));
    tcp.set_ack_number(TcpSeqNumber(segment.ack.0.cast_signed()));
    tcp.set_header_len(u8::try_from(TCP_HEADER).map_err(|error| error.to_string())?);
    tcp.set_syn(syn);
    tcp.set_fin(fin);
    tcp.set_rst(rst);
    tcp.set_ack(ack);
    tcp.set_window_len(u16::MAX);
    Ok(packet)
}

/// The segment in a packet that smoltcp sent.
fn segment_of(packet: &[u8]) -> Result<Segment, String> {
    let tcp = tcp_of(packet)?;
    let flags = Flags { syn: tcp.syn(), fin: tcp.fin(), rst: tcp.rst(), ack: tcp.ack() };
    let ack = if flags.ack { Seq(tcp.ack_number().0.cast_unsigned()) } else { Seq(0) };
    let len = u32::try_from(tcp.payload().len()).map_err(|error| error.to_string())?;
    Ok(Segment { flags, seq: Seq(tcp.seq_number().0.cast_unsigned()), ack, len })
}

fn tcp_of(packet: &[u8]) -> Result<TcpPacket<&[u8]>, String> {
    let payload = packet.get(IP_HEADER..).ok_or("no IP packet")?;
    TcpPacket::new_checked(payload).map_err(|error| error.to_string())
}

/// A wire between smoltcp and the test.
#[derive(Default)]
struct Wire {
    arriving: VecDeque<Vec<u8>>,
    sent: VecDeque<Vec<u8>>,
}

struct Arriving(Vec<u8>);

struct Sending<'w>(&'w mut VecDeque<Vec<u8>>);

impl Device for Wire {
    type RxToken<'w> = Arriving;
    type TxToken<'w> = Sending<'w>;

    fn receive(&mut self, _: Instant) -> Option<(Arriving, Sending<'_>)> {
        Some((Arriving(self.arriving.pop_front()?), Sending(&mut self.sent)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sending<'_>> {
        Some(Sending(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = 1_500;
        capabilities.checksum = ChecksumCapabilities::ignored();
        capabilities
    }
}

impl phy::RxToken for Arriving {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

impl phy::TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut packet = vec![0; len];
        let result = write(&mut packet);
        self.0.push_back(packet);
        result
    }
}
