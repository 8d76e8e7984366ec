//! How a connection is opened: which states of the endpoint can have sent the SYNs and what answers them.
//!
//! Each end is followed by itself, as in the closing phase, from CLOSED or LISTEN until it is ESTABLISHED: from
//! there on [`explain`](super::explain) has it. RFC 9293 §3.5.

use super::captured_packet::{Packet, Side};
use super::connection::Connection;
use super::cost;
use super::follower::POLICY;
use super::sending::is_reset_like;
use crate::tcp::{Call, Effects, Endpoint, Flags, Segment, Seq, State, Timer};

/// No end has more possible states than these while it opens.
const MOST_POSSIBILITIES: usize = 256;

/// What the model makes of the opening of a connection, of one end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowedOpening {
    /// The simplest account of the states that it went through, from CLOSED or LISTEN to ESTABLISHED, if it came
    /// there; empty if the opening was not captured, or no packet of the end.
    pub changes: Vec<OpeningChange>,
    /// The number of the first packet that no state explains.
    pub unexplained: Option<u64>,
}

/// A state that an end came to while it opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningChange {
    /// The state.
    pub state: State,
    /// The number of the packet that it sent or received, and its time in nanoseconds since 1970; none at first.
    pub at: Option<(u64, i64)>,
}

impl FollowedOpening {
    /// Follows one end of a connection through its opening.
    #[must_use]
    pub fn of(connection: &Connection, side: Side) -> Self {
        let packets = connection.opening();
        let is_captured = packets.first().is_some_and(|first| first.segment.flags.syn && !first.segment.flags.ack);
        // TCP Fast Open (RFC 7413) is no part of the model.
        let carries_text = packets.iter().any(|packet| packet.segment.flags.syn && packet.segment.len > 0);
        // What else an end has sent may be captured before its SYN, or instead of it.
        let begins = packets.iter().find(|packet| packet.from == side && !packet.segment.flags.rst);
        let is_in_order = begins.is_none_or(|first| first.segment.flags.syn);
        let is_silent = packets.iter().all(|packet| packet.from != side);
        if !is_captured || carries_text || !is_in_order || is_silent {
            return Self::default();
        }
        let mut possible = Possibilities(
            [State::Closed, State::Listen]
                .map(|state| {
                    let mut endpoint = Endpoint::closed();
                    endpoint.listens = state == State::Listen;
                    endpoint.state = state;
                    Possibility { endpoint, cost: 0, path: vec![OpeningChange { state, at: None }] }
                })
                .to_vec(),
        );
        let all_peers: Vec<&Packet> = packets.iter().filter(|packet| packet.from != side).collect();
        let mut peers: Vec<&Packet> = Vec::new();
        let mut own: Vec<Segment> = Vec::new();
        let mut unexplained = None;
        for packet in &packets {
            if packet.from != side {
                peers.push(packet);
                possible = possible.after_arrival(packet);
                continue;
            }
            let is_copy = own.contains(&packet.segment);
            own.push(packet.segment);
            match possible.after_sending(packet, &peers, &all_peers) {
                Sent::Explained(next) => possible = next,
                // From here on it is the close that is followed.
                Sent::Established(best) => return Self { changes: best.path, unexplained },
                Sent::Unexplained if is_copy => {}
                // It answers what was not captured.
                Sent::Unexplained if connection.sent(side.other()) == 0 || connection.is_filtered() => {
                    return Self::default();
                }
                Sent::Unexplained if possible.0.len() >= MOST_POSSIBILITIES => return Self::default(),
                // A packet after a reset that was captured too early, say. What has no SYN is the close's to
                // explain.
                Sent::Unexplained if !packet.segment.flags.syn => return Self::default(),
                Sent::Unexplained => {
                    unexplained.get_or_insert(packet.number);
                }
            }
        }
        let best = possible.best().map(|best| best.path.clone());
        Self { changes: best.unwrap_or_default(), unexplained }
    }

    /// The end opens as most do, actively or passively, and is established: nothing else has happened.
    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        let states: Vec<State> = self.changes.iter().map(|change| change.state).collect();
        self.unexplained.is_none()
            && matches!(
                states.as_slice(),
                [] | [State::Closed, State::SynSent, State::Established]
                    | [State::Listen, State::SynReceived, State::Established]
            )
    }
}

/// A state that the end may be in.
#[derive(Clone, Debug)]
struct Possibility {
    endpoint: Endpoint,
    /// As in the closing phase: how much must have happened otherwise than the capture shows at first sight.
    cost: u32,
    path: Vec<OpeningChange>,
}

impl Possibility {
    /// After a step to another state of the endpoint, at a packet.
    fn then(&self, endpoint: Endpoint, cost: u32, packet: &Packet) -> Self {
        let mut path = self.path.clone();
        if endpoint.state != self.endpoint.state {
            path.push(OpeningChange { state: endpoint.state, at: Some((packet.number, packet.time)) });
        }
        Self { endpoint, cost: self.cost + cost, path }
    }

    /// The connection is established, or was: what follows is no part of its opening.
    fn is_open(&self) -> bool {
        !matches!(self.endpoint.state, State::Closed | State::Listen | State::SynSent | State::SynReceived)
    }
}

/// What comes of a packet that the end has sent.
enum Sent {
    /// These are possible then.
    Explained(Possibilities),
    /// It shows that the end is established.
    Established(Possibility),
    /// No state sends it.
    Unexplained,
}

/// The states that are possible, each endpoint once, with its cheapest account.
#[derive(Clone, Debug, Default)]
struct Possibilities(Vec<Possibility>);

impl Possibilities {
    fn add(&mut self, new: Possibility) -> bool {
        if let Some(known) = self.0.iter_mut().find(|known| known.endpoint == new.endpoint) {
            let is_cheaper = new.cost < known.cost;
            if is_cheaper {
                *known = new;
            }
            return is_cheaper;
        }
        let has_room = self.0.len() < MOST_POSSIBILITIES;
        if has_room {
            self.0.push(new);
        }
        has_room
    }

    fn best(&self) -> Option<&Possibility> {
        self.0.iter().min_by_key(|possible| possible.cost)
    }

    /// A packet of the peer was captured: it arrives now, unless it is late or lost. Whether it is answered shows
    /// later.
    fn after_arrival(&self, packet: &Packet) -> Self {
        let mut next = Self::default();
        for possible in &self.0 {
            let mut late = 0;
            if let Some(after) = arrive(possible, packet, |effects| effects.segment.is_none()) {
                next.add(possible.then(after, 0, packet));
                late = cost::LATE;
            }
            next.add(Possibility { cost: possible.cost + late, ..possible.clone() });
        }
        next
    }

    /// All that is possible once any packet of the peer may have arrived, whose answer was not captured if it has
    /// drawn one.
    fn with_arrivals(&self, peers: &[&Packet]) -> Self {
        let (mut all, mut new) = (self.clone(), self.0.clone());
        while let Some(possible) = new.pop() {
            for packet in peers {
                let Some(after) = arrive(&possible, packet, |_| true) else { continue };
                let next = possible.then(after, cost::UNSEEN, packet);
                if all.add(next.clone()) {
                    new.push(next);
                }
            }
        }
        all
    }

    /// The end has sent this. What its peer has sent by then may have arrived, or else what is captured later.
    fn after_sending(&self, packet: &Packet, peers: &[&Packet], all_peers: &[&Packet]) -> Sent {
        let unseen = self.with_arrivals(all_peers).having_gone(packet);
        for (possible, peers) in [(self, peers), (&unseen, all_peers)] {
            let mut next = Self::default();
            for possible in &possible.0 {
                for (after, cost, by) in ways_to_send(&possible.endpoint, packet, peers) {
                    next.add(possible.then(after, cost, by));
                }
            }
            let goes_on = |possible: &&Possibility| possible.is_open() && has_sent(&possible.endpoint, packet);
            let open = next.0.iter().chain(&possible.0).filter(goes_on).min_by_key(|possible| possible.cost);
            if let Some(open) = open {
                return Sent::Established(open.clone());
            }
            if !next.0.is_empty() {
                return Sent::Explained(next);
            }
        }
        // What acknowledges its SYN was not captured.
        let established = |possible: &Possibility| established_unseen(&possible.endpoint, packet, all_peers);
        let open = unseen
            .0
            .iter()
            .filter_map(|possible| Some(possible.then(established(possible)?, cost::UNSEEN, packet)));
        open.min_by_key(|possible| possible.cost).map_or(Sent::Unexplained, Sent::Established)
    }

    /// And all that is possible if its application has given up by now, which shows in nothing.
    fn having_gone(mut self, packet: &Packet) -> Self {
        for possible in self.0.clone() {
            let mut after = possible.endpoint.clone();
            if after.state == State::SynSent {
                after.on_call(Call::Abort, &POLICY);
                self.add(possible.then(after, cost::GONE, packet));
            }
        }
        self
    }
}

/// The endpoint after a packet of the peer's, if that changes it and the effects are as wanted. What is
/// established is followed no further, and so is what comes with the ACK that establishes it.
fn arrive(possible: &Possibility, packet: &Packet, wanted: impl Fn(&Effects) -> bool) -> Option<Endpoint> {
    if possible.is_open() {
        return None;
    }
    let mut after = possible.endpoint.clone();
    let bare = Segment { flags: Flags { fin: false, ..packet.segment.flags }, len: 0, ..packet.segment };
    let effects = after.on_segment(&bare, &POLICY);
    (after != possible.endpoint && wanted(&effects)).then_some(after)
}

/// The endpoint can go on with this: what it sends is new, or was sent before, and acknowledges no more than it
/// has received. How the text before it was sent is no part of the opening.
fn has_sent(endpoint: &Endpoint, packet: &Packet) -> bool {
    let Segment { flags, seq, ack, .. } = packet.segment;
    let acknowledges = if flags.ack { !ack.precedes(endpoint.rcv_nxt) } else { flags.rst };
    !flags.syn && !seq.precedes(endpoint.snd_una) && acknowledges
}

/// The endpoint once it is established by what was not captured, if it can go on with this packet then.
fn established_unseen(endpoint: &Endpoint, packet: &Packet, peers: &[&Packet]) -> Option<Endpoint> {
    let Segment { flags, ack, .. } = packet.segment;
    let mut after = endpoint.clone();
    match endpoint.state {
        // Any end may be reset, established or not.
        _ if flags.rst => return None,
        State::SynReceived => {}
        // Of the peer's SYN nothing is known but that it is acknowledged.
        State::SynSent if peers.iter().all(|peer| !peer.segment.flags.syn) => after.rcv_nxt = ack,
        _ => return None,
    }
    let acknowledgment = Segment { flags: Flags::ACK, seq: after.rcv_nxt, ack: after.snd_nxt, len: 0 };
    after.state = State::SynReceived;
    after.on_segment(&acknowledgment, &POLICY);
    (after.state == State::Established && has_sent(&after, packet)).then_some(after)
}

/// The endpoint after each event with which it sends the packet, what that costs, and the packet that led to it.
fn ways_to_send<'p>(
    endpoint: &Endpoint,
    packet: &'p Packet,
    peers: &[&'p Packet],
) -> Vec<(Endpoint, u32, &'p Packet)> {
    let segment = &packet.segment;
    let mut ways = Vec::new();
    let mut event = |cost: u32, by: &'p Packet, event: &dyn Fn(&mut Endpoint) -> Option<Segment>| {
        let mut after = endpoint.clone();
        let sent = event(&mut after);
        // For who has sent a SYN, the number of a reset that acknowledges it does not matter (RFC 9293 §3.10.7.3);
        // not all that refuse write the 0.
        let refuses = |sent: &Segment| {
            (sent.flags, segment.flags, sent.ack) == (Flags::RST_ACK, Flags::RST_ACK, segment.ack)
        };
        let resets = |sent: &Segment| segment.flags.rst && (is_reset_like(sent, segment) || refuses(sent));
        if sent.is_some_and(|sent| sent == *segment || resets(&sent)) {
            ways.push((after, cost, by));
        }
    };
    if segment.flags == Flags::SYN {
        event(0, packet, &|endpoint| endpoint.connect(segment.seq, &POLICY).segment);
    }
    event(0, packet, &|endpoint| endpoint.on_timeout(Timer::Retransmission, &POLICY).segment);
    event(0, packet, &|endpoint| endpoint.on_call(Call::Abort, &POLICY).segment);
    // RFC 9293 §3.10.5 has it silent; or it is CLOSED, and the SYN,ACK that it answers was not captured.
    event(cost::UNSEEN, packet, &|endpoint| {
        let reset = Segment { flags: Flags::RST, seq: endpoint.snd_nxt, ack: Seq(0), len: 0 };
        let aborts = endpoint.state == State::SynSent;
        endpoint.on_call(Call::Abort, &POLICY);
        aborts.then_some(reset)
    });
    for (late, peer) in peers.iter().rev().enumerate() {
        let cost = if late == 0 { 0 } else { cost::LATE };
        event(cost, peer, &|endpoint| {
            // Its initial number is its own choice.
            if endpoint.state == State::Listen && segment.flags == Flags::SYN_ACK {
                let before = segment.seq + u32::MAX;
                (endpoint.snd_una, endpoint.snd_nxt) = (before, before);
            }
            endpoint.on_segment(&peer.segment, &POLICY).segment
        });
    }
    // A server that keeps nothing of a handshake (SYN cookies) answers each SYN anew, and takes the ACK of any
    // answer.
    if endpoint.state == State::SynReceived && endpoint.listens && segment.flags == Flags::SYN_ACK {
        for peer in peers.iter().filter(|peer| peer.segment.flags == Flags::SYN) {
            let mut anew = Endpoint::closed();
            anew.listen();
            let before = segment.seq + u32::MAX;
            (anew.snd_una, anew.snd_nxt) = (before, before);
            if anew.on_segment(&peer.segment, &POLICY).segment == Some(*segment) {
                ways.push((endpoint.clone(), cost::UNSEEN, peer));
                ways.push((anew, cost::UNSEEN, peer));
            }
        }
    }
    ways
}
