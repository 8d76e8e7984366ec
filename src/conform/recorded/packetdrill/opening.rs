//! How a script opens its connection: in the ordinary way, which is passed over, or in another, which is replayed.

use super::script::{Action, Packet, SystemCall};
use crate::conform::recorded::{CaseEvent, Environment};

/// What the numbers of a script are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    /// The initial number of the endpoint.
    pub(super) own: u32,
    /// The endpoint has sent a SYN, which has that number.
    pub(super) own_is_known: bool,
    /// The initial number of the peer.
    pub(super) peer: u32,
}

impl Numbers {
    /// The endpoint has sent a SYN with this number.
    fn begin(&mut self, own: u32) {
        (self.own, self.own_is_known) = (own, true);
    }
}

/// The opening of a connection, as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// It is replayed: its segments and calls are steps like those that follow.
    is_replayed: bool,
    /// If it is, whether the peer's SYN has come, and the endpoint's was sent.
    syns: [bool; 2],
    stage: Stage,
    numbers: Numbers,
    own: SynOptions,
    peer: SynOptions,
    /// The descriptor of the socket that listens, or that connects.
    socket: Option<u32>,
    /// The descriptor of the connection.
    connection: Option<u32>,
    /// How far the windows that the peer offers are shifted, once the connection is open. RFC 7323 §2.
    shift: Option<u32>,
    capped: bool,
    /// The peer's last timestamp, if both ends have agreed on them.
    timestamp: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nobody listens or connects.
    #[default]
    Closed,
    Listen,
    /// `connect` was called.
    Connect,
    SynSent,
    SynReceived,
    /// The peer's SYN has arrived, and is not answered.
    SynArrived,
    Established,
}

/// What a SYN offers.
#[derive(Clone, Copy, Debug, Default)]
struct SynOptions {
    /// RFC 9293 §3.7.1.
    mss: Option<u32>,
    /// RFC 7323 §2.2; `None`: it offers none.
    shift: Option<u32>,
    timestamp: Option<u32>,
    /// SEG.WND, which a SYN never shifts.
    window: Option<u32>,
    /// The script leaves the window open: any window of the peer will do.
    any: bool,
}

impl SynOptions {
    fn of(packet: &Packet<'_>) -> Self {
        let mut offers = Self { window: packet.window, timestamp: timestamp(packet), ..Self::default() };
        for option in packet.options.unwrap_or_default().split(',') {
            let mut words = option.split_whitespace();
            match (words.next(), words.next().map(str::parse)) {
                (Some("mss"), Some(Ok(octets))) => offers.mss = Some(octets),
                // RFC 7323 §2.3: at most 14.
                (Some("wscale"), Some(Ok(shift))) => offers.shift = Some(shift.min(14)),
                (Some("..."), _) => offers.any = true,
                _ => {}
            }
        }
        offers
    }
}

impl Opening {
    /// An opening that is replayed, whatever it is.
    pub(super) fn replayed() -> Self {
        Self { is_replayed: true, shift: Some(0), ..Self::default() }
    }

    pub(super) fn is_replayed(&self) -> bool {
        self.is_replayed
    }

    /// A segment of an opening that is replayed, or of what follows: what it sets, before it arrives or after it
    /// is sent.
    ///
    /// The options of SYNs count until both have come and something else follows: a later SYN opens nothing.
    pub(super) fn replay(&mut self, packet: &Packet<'_>, inbound: bool) -> Result<Vec<CaseEvent>, String> {
        let is_syn = packet.flags.contains('S');
        if is_syn && !inbound {
            self.numbers.begin(packet.seq);
        }
        if self.stage == Stage::Established || !self.is_replayed {
            return Ok(Vec::new());
        }
        if !is_syn {
            if self.syns == [true; 2] && packet.flags.contains('.') && !packet.flags.contains('R') {
                self.stage = Stage::Established;
            }
            return Ok(Vec::new());
        }
        if packet.options.is_some_and(|options| options.contains("FO")) {
            return Err("Fast Open".to_owned());
        }
        if inbound {
            self.peer = SynOptions::of(packet);
        } else {
            self.own = SynOptions::of(packet);
        }
        let [of_peer, of_own] = &mut self.syns;
        *(if inbound { of_peer } else { of_own }) = true;
        let mut events = vec![self.segment_size()];
        if let Some(window) = self.own.window.filter(|_| !inbound) {
            self.capped = window == 65_535;
            events.push(CaseEvent::Environment(Environment::OwnWindow(window)));
        }
        self.shift = Some(if self.is_scaled() { self.peer.shift.unwrap_or(0) } else { 0 });
        self.timestamp = self.peer.timestamp.filter(|_| self.has_timestamps());
        Ok(events)
    }

    /// How far the windows that the peer offers are shifted, once the connection is open. RFC 7323 §2.
    pub(super) fn shift(&self) -> Option<u32> {
        self.shift
    }

    /// The window that the endpoint offers may be larger than its header says.
    pub(super) fn window_is_capped(&self) -> bool {
        self.capped
    }

    /// A segment arrives at a port without a listener: the endpoint is CLOSED, and no connection is opened.
    pub(super) fn is_refused(&mut self, action: &Action<'_>) -> bool {
        let refused = self.stage == Stage::Closed && matches!(action, Action::Inbound(_));
        if refused {
            self.shift = Some(0);
        }
        refused
    }

    /// Takes the timestamp of a segment of the peer. RFC 7323 §3.2 and §5 drop a segment without one, unless it is
    /// a reset, and one whose timestamp goes back: the mistake is that this is not modelled.
    pub(super) fn take_timestamp(&mut self, packet: &Packet<'_>) -> Result<(), String> {
        let Some(last) = self.timestamp else { return Ok(()) };
        match timestamp(packet) {
            None if packet.flags.contains('R') => {}
            None => return Err("a segment without a timestamp, where both ends use them".to_owned()),
            // Numbers of 32 bits, modulo 2³².
            Some(next) if next.wrapping_sub(last) >= 1 << 31 => {
                return Err("a timestamp that goes back".to_owned());
            }
            next => self.timestamp = next,
        }
        Ok(())
    }

    pub(super) fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// Whether a call with this descriptor is about the connection; the mistake is that it is about another.
    pub(super) fn is_connection(&self, descriptor: u32) -> Result<bool, String> {
        match (self.connection, self.socket) {
            (Some(connection), _) if connection == descriptor => Ok(true),
            (_, Some(socket)) if socket == descriptor => Ok(false),
            _ => Err("another socket".to_owned()),
        }
    }

    /// `accept` has returned a descriptor; the mistake is that it is not the first.
    pub(super) fn accepted(&mut self, descriptor: u32) -> Result<(), String> {
        match self.connection.replace(descriptor) {
            None => Ok(()),
            Some(_) => Err("a second connection".to_owned()),
        }
    }

    /// Reads a line of the opening, and notes what it sets for the lines that follow.
    pub(super) fn take(&mut self, action: &Action<'_>) -> Result<Vec<CaseEvent>, String> {
        match action {
            Action::Inbound(packet) => self.packet(packet, true),
            Action::Outbound(packet) => self.packet(packet, false),
            Action::NotModelled(feature) => Err((*feature).to_owned()),
            Action::Call(_) | Action::Shell(_) | Action::Code(_) | Action::Directive(_) => Ok(Vec::new()),
        }
    }

    /// Whether a call is one that opens the connection: it is read then.
    pub(super) fn takes(&mut self, call: &SystemCall<'_>) -> Result<bool, String> {
        let returned = call.result.parse::<u32>();
        match (call.name, returned) {
            ("socket", Ok(descriptor)) if self.socket.is_none() => {
                if !call.arguments.iter().any(|argument| argument.contains("SOCK_STREAM"))
                    || call.arguments.iter().any(|argument| argument.contains("SCTP"))
                {
                    return Err("a socket that is not TCP's".to_owned());
                }
                self.socket = Some(descriptor);
                Ok(true)
            }
            ("bind", Ok(0)) => Ok(true),
            ("listen", Ok(0)) if self.stage == Stage::Closed => {
                self.stage = Stage::Listen;
                Ok(true)
            }
            ("connect", _) if self.stage == Stage::Closed => {
                self.stage = Stage::Connect;
                self.connection = self.socket.take();
                Ok(true)
            }
            ("accept" | "accept4", Ok(descriptor)) => {
                self.accepted(descriptor)?;
                Ok(true)
            }
            ("socket" | "bind" | "listen" | "connect" | "accept" | "accept4", _) => {
                Err(format!("a new connection: {}", call.name))
            }
            _ => Ok(false),
        }
    }

    fn packet(&mut self, packet: &Packet<'_>, inbound: bool) -> Result<Vec<CaseEvent>, String> {
        let Packet { flags, seq, len, ack, .. } = packet;
        let flags: String = flags.chars().filter(|flag| !"PEWAC".contains(*flag)).collect();
        match (self.stage, inbound, flags.as_str()) {
            (Stage::Listen, true, "S") if *len == 0 => {
                self.stage = Stage::SynArrived;
                self.numbers.peer = *seq;
                self.peer = SynOptions::of(packet);
            }
            (Stage::SynArrived, false, "S.") if *len == 0 => {
                self.stage = Stage::SynReceived;
                self.numbers.begin(*seq);
                self.own = SynOptions::of(packet);
            }
            (Stage::Connect, false, "S") if *len == 0 => {
                self.stage = Stage::SynSent;
                self.numbers.begin(*seq);
                self.own = SynOptions::of(packet);
            }
            (Stage::SynSent, true, "S.") if *len == 0 && *ack == Some(self.numbers.own.wrapping_add(1)) => {
                self.stage = Stage::SynReceived;
                self.numbers.peer = *seq;
                self.peer = SynOptions::of(packet);
            }
            // The last of the three: the peer's, or the endpoint's.
            (Stage::SynReceived, _, ".") if *len == 0 => {
                let (first, next) = if inbound {
                    (self.numbers.peer.wrapping_add(1), self.numbers.own.wrapping_add(1))
                } else {
                    (self.numbers.own.wrapping_add(1), self.numbers.peer.wrapping_add(1))
                };
                if *seq != first || *ack != Some(next) {
                    return Err("a new connection that is opened in another order".to_owned());
                }
                self.stage = Stage::Established;
                return Ok(self.open(packet, inbound));
            }
            _ => return Err("a new connection that is opened in another order".to_owned()),
        }
        Ok(Vec::new())
    }

    /// The connection is open: the windows that were offered, and the largest segment.
    fn open(&mut self, last: &Packet<'_>, inbound: bool) -> Vec<CaseEvent> {
        let Self { own, peer, .. } = *self;
        let is_scaled = self.is_scaled();
        self.timestamp = peer.timestamp.filter(|_| self.has_timestamps());
        let shift_of = |end: SynOptions| if is_scaled { end.shift.unwrap_or(0) } else { 0 };
        self.shift = Some(shift_of(peer));
        let mut events = Vec::new();
        // Where the last segment is the peer's, the endpoint's own window is that of its SYN.
        if let Some(window) = own.window.filter(|_| inbound && !is_scaled) {
            self.capped = window == 65_535;
            events.push(CaseEvent::Environment(Environment::OwnWindow(window)));
        }
        let shift = shift_of(if inbound { peer } else { own });
        if let Some(window) = last.window {
            let octets = window.min(65_535) << shift;
            self.capped = !inbound && octets == 65_535;
            events.push(CaseEvent::Environment(if inbound {
                Environment::PeerWindow(octets)
            } else {
                Environment::OwnWindow(octets)
            }));
        }
        events.push(self.segment_size());
        events
    }

    /// RFC 7323 §2.2: both offer it, or neither uses it.
    fn is_scaled(&self) -> bool {
        self.peer.shift.is_some() && (self.own.any || self.own.shift.is_some())
    }

    /// RFC 7323 §3.2: both send timestamps, or neither does.
    fn has_timestamps(&self) -> bool {
        self.peer.timestamp.is_some() && (self.own.any || self.own.timestamp.is_some())
    }

    /// RFC 9293 §3.7.1: without the option, 536; RFC 6691: options count.
    fn segment_size(&self) -> CaseEvent {
        let mss = self.peer.mss.unwrap_or(536).saturating_sub(if self.has_timestamps() { 12 } else { 0 });
        CaseEvent::Environment(Environment::SegmentSize(mss.max(1)))
    }
}

/// The timestamp of a segment. RFC 7323 §3.2.
fn timestamp(packet: &Packet<'_>) -> Option<u32> {
    packet.options?.split(',').find_map(|option| {
        let mut words = option.split_whitespace();
        let is_one = words.next() == Some("TS") && words.next() == Some("val");
        words.next()?.parse().ok().filter(|_| is_one)
    })
}
