//! How a script opens its connection: in the ordinary way, which is passed over, or in another, which is replayed.

use super::script::{ANY_NUMBER, Action, Packet, SystemCall};
use crate::conform::recorded::{CaseEvent, Environment};

/// What the numbers of a script are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    /// The initial number of the endpoint; `None`: the script takes any.
    pub(super) own: Option<u32>,
    /// The endpoint has sent a SYN, which has that number.
    pub(super) own_is_known: bool,
    /// The initial number of the peer.
    pub(super) peer: u32,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { own: Some(0), own_is_known: false, peer: 0 }
    }
}

impl Numbers {
    /// The endpoint has sent a SYN with this number.
    fn begin(&mut self, own: Option<u32>) {
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
    /// That of the connection before it, which a SYN has ended in `TIME_WAIT`.
    former: Option<u32>,
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
            if self.stage == Stage::Established {
                self.former = self.connection.take().or(self.former);
            }
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

    /// Nobody listens or connects yet.
    pub(super) fn is_ahead(&self) -> bool {
        self.stage == Stage::Closed
    }

    /// The window that the endpoint offers may be larger than its header says.
    pub(super) fn window_is_capped(&self) -> bool {
        self.capped
    }

    /// A segment arrives at a port without a listener: the endpoint is CLOSED. If it opens a
    /// connection afterwards, that is replayed.
    pub(super) fn is_refused(&mut self, action: &Action<'_>) -> bool {
        let refused = self.stage == Stage::Closed && matches!(action, Action::Inbound(_));
        if refused {
            *self = Self { socket: self.socket, ..Self::replayed() };
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
            _ if self.former == Some(descriptor) => Ok(false),
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
        let Packet { flags, len, ack, .. } = packet;
        let (seq, own) = packet.seq.zip(self.numbers.own).ok_or(ANY_NUMBER)?;
        let next = own.wrapping_add(1);
        let flags: String = flags.chars().filter(|flag| !"PEWAC".contains(*flag)).collect();
        match (self.stage, inbound, flags.as_str()) {
            (Stage::Listen, true, "S") if *len == 0 => {
                self.stage = Stage::SynArrived;
                self.numbers.peer = seq;
                self.peer = SynOptions::of(packet);
            }
            (Stage::SynArrived, false, "S.") if *len == 0 => {
                self.stage = Stage::SynReceived;
                self.numbers.begin(Some(seq));
                self.own = SynOptions::of(packet);
            }
            (Stage::Connect, false, "S") if *len == 0 => {
                self.stage = Stage::SynSent;
                self.numbers.begin(Some(seq));
                self.own = SynOptions::of(packet);
            }
            (Stage::SynSent, true, "S.") if *len == 0 && *ack == Some(next) => {
                self.stage = Stage::SynReceived;
                self.numbers.peer = seq;
                self.peer = SynOptions::of(packet);
            }
            // The last of the three: the peer's, or the endpoint's.
            (Stage::SynReceived, _, ".") if *len == 0 => {
                let peers = self.numbers.peer.wrapping_add(1);
                let expected = if inbound { (peers, Some(next)) } else { (next, Some(peers)) };
                if (seq, *ack) != expected {
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

#[cfg(test)]
mod tests {
    use crate::conform::recorded::packetdrill::testing::{OPENED, after_opening, outcome};

    /// Another opening than the ordinary one is replayed like what follows it.
    #[test]
    fn any_opening_is_replayed() {
        let connects = "\
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
            1 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n\
            +0 > S 700:700(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>\n";
        let closes = "+0 close(3) = 0\n+0 > F. 701:701(0) ack 101\n+0 < F. 101:101(0) ack 702 win 9\n+0 > . 702:702(0) ack 102\n";
        // What does not acknowledge the SYN is reset, and the SYN is sent again.
        let old = "\
            +.1 < S. 100:100(0) ack 700 win 9 <mss 1000>\n\
            +0 > R 700:700(0)\n\
            2 > S 700:700(0) win 65535 <...>\n\
            +0 < S. 100:100(0) ack 701 win 9 <mss 1000>\n\
            +0 > . 701:701(0) ack 101\n";
        assert_eq!(outcome(&format!("{connects}{old}{closes}"), "freebsd"), "match");
        let early = old.replace("2 > S 700", "1.5 > S 700");
        let late = "line 6: 1.5 > S 700:700(0) win 65535 <...> | nothing sent";
        assert!(outcome(&format!("{connects}{early}{closes}"), "freebsd").starts_with(late));
        // Both connect at once.
        let crossing = "\
            +.1 < S 100:100(0) win 9 <mss 1000>\n\
            +0 > S. 700:700(0) ack 101\n\
            +0 %{ assert tcpi_state == TCPI_SYN_RECEIVED }%\n\
            +.1 < . 101:101(0) ack 701 win 9\n\
            +0 %{ assert tcpi_state == TCPI_ESTABLISHED }%\n";
        assert_eq!(outcome(&format!("{connects}{crossing}{closes}"), "freebsd"), "match");
        // That there was no error yet does not take the one that comes.
        let refused = "\
            +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n\
            +.1 < R. 0:0(0) ack 701\n\
            +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0\n";
        assert_eq!(outcome(&format!("{connects}{refused}"), "linux"), "match");
        // Nothing but a SYN opens a connection.
        let listens = "\
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
            +0 bind(3, ..., ...) = 0\n\
            +0 listen(3, 1) = 0\n";
        let stray = "+.1 < . 17:20(3) ack 34 win 9\n+0 > R 34:34(0)\n";
        assert_eq!(outcome(&format!("{listens}{stray}"), "rfc9293"), "match");
        assert_eq!(
            outcome(&format!("{listens}{}", stray.replace("34:34", "35:35")), "rfc9293"),
            "line 5: +0 > R 35:35(0) | RST seq=34 win=65535"
        );
        let dropped = "\
            +0 `sysctl -w net.inet.tcp.drop_synfin=1`\n\
            +.1 < SF 17:17(0) win 9 <mss 1000>\n\
            +1 < S 27:27(0) win 9 <mss 1000>\n\
            +0 > S. 0:0(0) ack 28\n";
        assert_eq!(outcome(&format!("{listens}{dropped}"), "freebsd"), "match");
        let taken = dropped.replace("synfin=1", "synfin=0");
        let answered = "line 7: +0 > S. 0:0(0) ack 28 | SYN,ACK seq=0 ack=18 win=65535";
        assert!(outcome(&format!("{listens}{taken}"), "freebsd").starts_with(answered));
        // A listener takes the next SYN, and numbers count from that of its own.
        let again = "\
            +.1 < S 0:0(0) win 9 <mss 1000>\n\
            +0 > S. 700:700(0) ack 1\n\
            +.1 < R 1:1(0)\n\
            +.1 < S 50:50(0) win 9 <mss 1000>\n\
            +0 > S. 900:900(0) ack 51\n\
            +.1 < . 51:51(0) ack 901 win 9\n\
            +0 accept(3, ..., ...) = 4\n\
            +0 close(4) = 0\n\
            +0 > F. 901:901(0) ack 51\n";
        assert_eq!(outcome(&format!("{listens}{again}"), "freebsd"), "match");
        assert_eq!(
            outcome(&format!("{listens}+0 close(3) = 0\n"), "linux"),
            "line 4: a script that expects neither a segment nor a state"
        );
        let fast = "+.1 < S 0:0(0) win 9 <mss 1000,FO aabbccdd>\n+0 > S. 0:0(0) ack 1\n";
        assert_eq!(outcome(&format!("{listens}{fast}+0 close(3) = 0\n"), "linux"), "line 4: Fast Open");
    }

    /// A SYN may open a new connection after `TIME_WAIT`.
    #[test]
    fn a_syn_reopens_what_waits() {
        let script = "\
            +0 close(4) = 0\n\
            +0 > F. 701:701(0) ack 101\n\
            +.1 < F. 101:101(0) ack 702 win 9\n\
            +0 > . 702:702(0) ack 102\n\
            +1 < S 5000:5000(0) win 9 <mss 1000>\n\
            +0 > S. 9000:9000(0) ack 5001\n\
            +.1 < R 5001:5001(0)\n";
        assert_eq!(after_opening(script, "linux"), "match");
        let old = script.replace("5000:5000", "90:90").replace("ack 5001", "ack 91");
        assert_eq!(
            after_opening(&old, "linux"),
            "line 13: +0 > S. 9000:9000(0) ack 91 | ACK seq=2 ack=2 win=65535"
        );
    }

    /// Where both ends use timestamps, what lacks one or goes back might be dropped.
    #[test]
    fn timestamps_are_looked_at() {
        let stamped = OPENED
            .replace("wscale 2>", "wscale 2,nop,nop,TS val 1000 ecr 0>")
            .replace("win 1000", "win 1000 <nop,nop,TS val 1001 ecr 1>");
        let fin = |options: &str| {
            outcome(
                &format!("{stamped}+0 < F. 101:101(0) ack 701 win 9{options}\n+0 > . 701:701(0) ack 102\n"),
                "linux",
            )
        };
        assert_eq!(fin(" <nop,nop,TS val 1001 ecr 1>"), "match");
        assert_eq!(fin(" <nop,nop,TS val 999 ecr 1>"), "line 8: a timestamp that goes back");
        assert_eq!(fin(""), "line 8: a segment without a timestamp, where both ends use them");
    }

    #[test]
    fn without_a_listener_a_segment_is_refused() {
        let script = "0 < F. 7:9(2) ack 5 win 100\n+0 > R 5:5(0)\n+0 < F 7:9(2) win 100\n+0 > R. 0:0(0) ack 10\n";
        assert_eq!(outcome(script, "freebsd"), "match");
    }

    /// Where nobody listens yet, a segment meets CLOSED, and what opens afterwards is replayed.
    #[test]
    fn a_listener_may_come_after_a_refused_segment() {
        let script = |refused: &str| {
            format!(
                "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
                 +0 bind(3, ..., ...) = 0\n\
                 +.1 < {refused}\n\
                 +0 listen(3, 1) = 0\n\
                 +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n\
                 +0 < S 70:70(0) win 9 <mss 1000>\n\
                 +0 > S. 30:30(0) ack 71\n\
                 +.1 < . 71:71(0) ack 31 win 9\n\
                 +0 accept(3, ..., ...) = 4\n\
                 +0 close(4) = 0\n\
                 +0 > F. 31:31(0) ack 71\n"
            )
        };
        assert_eq!(outcome(&script("R 0:0(0) win 9"), "freebsd"), "match");
        assert_eq!(outcome(&script(". 0:0(0) ack 5 win 9\n+0 > R 5:5(0)"), "freebsd"), "match");
        let question = "+0 `sockstat -4 -P tcp -p 8080 -s | grep -c SYN_RCVD | grep 0`\n";
        let asked = script("R 0:0(0) win 9").replace("+0 bind", &format!("{question}+0 bind"));
        assert_eq!(outcome(&asked, "freebsd"), "match");
        let unopened = script("R 0:0(0) win 9")
            .replace("+.1 < R 0:0(0) win 9\n", "+0 %{ assert tcpi_state == TCPI_CLOSE }%\n");
        assert_eq!(
            outcome(&unopened, "freebsd"),
            "line 3: the state of a socket that neither listens nor connects"
        );
        let answered = outcome(&script("S 0:0(0) win 9"), "freebsd");
        assert!(answered.starts_with("line 7: +0 > S. 30:30(0) ack 71 | RST,ACK seq=0 ack=1 win=65535"));
    }

    /// The number of a new connection is the stack's to choose, so that a script may leave it open; what belonged
    /// to the old connection is not the new one's.
    #[test]
    fn an_initial_number_may_be_any() {
        let script = "\
            +0 shutdown(4, SHUT_WR) = 0\n\
            +0 > F. 701:701(0) ack 101\n\
            +.1 < F. 101:101(0) ack 702 win 9\n\
            +0 > . 702:702(0) ack 102\n\
            +1 < S 5000:5000(0) win 9 <mss 1000>\n\
            +0 > S. ...(0) ack 5001\n\
            +0 close(4) = 0\n";
        assert_eq!(after_opening(script, "freebsd"), "match");
        let other = script.replace("ack 5001", "ack 5002");
        assert!(after_opening(&other, "freebsd").starts_with("line 13: +0 > S. ...(0) ack 5002 | SYN,ACK"));
        // A FIN on the SYN makes no difference.
        let closing = script.replace("< S 5000", "< SF 5000");
        let taken = format!("+0 `sysctl -w net.inet.tcp.drop_synfin=0`\n{closing}");
        assert_eq!(after_opening(&taken, "freebsd"), "match");
        let counted = format!("{script}+.1 < . 5001:5001(0) ack 1 win 9\n");
        assert_eq!(after_opening(&counted, "freebsd"), "line 15: a number that may be any");
    }
}
