//! The opening and closing sequences of RFC 9293, segment by segment, and the three-segment close of most
//! captures.

use lastack::tcp::{Call, Effects, EndedBy, Endpoint, Flags, Policy, Segment, Seq, State, Timer, TimerChange};

/// Both ends of a connection, and the segments that they have sent.
struct Connection {
    a: Endpoint,
    b: Endpoint,
    policy: Policy,
    /// What the figure adds to the numbers of A and of B.
    shifts: [u32; 2],
    lines: Vec<String>,
}

impl Connection {
    fn new(policy: Policy) -> Self {
        let [a, b] = [Endpoint::established(), Endpoint::established()];
        // The figures' A begins at 100 and their B at 300, where ours begin at 1.
        Self { a, b, policy, shifts: [99, 299], lines: Vec::new() }
    }

    /// Two ends that have no connection. Their first SYNs have the number 0.
    fn closed() -> Self {
        let [a, b] = [Endpoint::closed(), Endpoint::closed()];
        Self { a, b, policy: Policy::rfc9293(2), shifts: [100, 300], lines: Vec::new() }
    }

    /// An active OPEN; its SYN.
    fn connect(&mut self, end: char) -> Segment {
        let policy = self.policy;
        let endpoint = self.end(end);
        let iss = endpoint.next_iss();
        let syn = endpoint.connect(iss, &policy).segment.unwrap();
        self.line(&format!("({end}: connect)"));
        syn
    }

    fn listen(&mut self, end: char) {
        self.end(end).listen();
        self.line(&format!("({end}: listen)"));
    }

    /// A's state, what happens, B's state: a line of the RFC's figures.
    fn line(&mut self, what: &str) {
        self.lines
            .push(format!("{:<12} {what:<35} {}", self.a.state.name(), self.b.state.name()).trim_end().to_owned());
    }

    fn call(&mut self, end: char, call: Call) -> Option<Segment> {
        let policy = self.policy;
        let effects = self.end(end).on_call(call, &policy);
        self.line(&format!("({end}: {})", call.name()));
        effects.segment
    }

    fn timeout(&mut self, end: char, timer: Timer) -> Option<Segment> {
        let policy = self.policy;
        let effects = self.end(end).on_timeout(timer, &policy);
        self.line(&format!("({end}: {})", timer.name()));
        effects.segment
    }

    fn deliver(&mut self, to: char, segment: Segment) -> Effects {
        let policy = self.policy;
        let effects = self.end(to).on_segment(&segment, &policy);
        let [a, b] = self.shifts;
        let (seq, ack) = if to == 'B' { (a, b) } else { (b, a) };
        let acknowledged = if segment.flags.ack { format!("<ACK={}>", segment.ack + ack) } else { String::new() };
        let text = format!("<SEQ={}>{acknowledged}<CTL={}>", segment.seq + seq, segment.flags);
        self.line(&if to == 'B' { format!("--> {text}") } else { format!("<-- {text}") });
        effects
    }

    fn end(&mut self, end: char) -> &mut Endpoint {
        if end == 'A' { &mut self.a } else { &mut self.b }
    }
}

/// RFC 9293 §3.5, Figure 6: Basic Three-Way Handshake for Connection Synchronization.
#[test]
fn figure_6_basic_three_way_handshake() {
    let mut connection = Connection::closed();
    connection.listen('B');
    let syn = connection.connect('A');
    let syn_ack = connection.deliver('B', syn).segment.unwrap();
    let effects = connection.deliver('A', syn_ack);
    assert_eq!(effects.timers[0], TimerChange::Cancel, "nothing is outstanding");
    assert_eq!(connection.deliver('B', effects.segment.unwrap()).segment, None);
    insta::assert_snapshot!(connection.lines.join("\n"), @r"
    CLOSED       (B: listen)                         LISTEN
    SYN_SENT     (A: connect)                        LISTEN
    SYN_SENT     --> <SEQ=100><CTL=SYN>              SYN_RECEIVED
    ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> SYN_RECEIVED
    ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>     ESTABLISHED
    ");
}

/// RFC 9293 §3.5, Figure 7: Simultaneous Connection Synchronization.
#[test]
fn figure_7_simultaneous_connection_synchronization() {
    let mut connection = Connection::closed();
    let of_a = connection.connect('A');
    let of_b = connection.connect('B');
    let answer_of_a = connection.deliver('A', of_b).segment.unwrap();
    let answer_of_b = connection.deliver('B', of_a).segment.unwrap();
    assert_eq!(connection.deliver('A', answer_of_b).segment, None);
    assert_eq!(connection.deliver('B', answer_of_a).segment, None);
    insta::assert_snapshot!(connection.lines.join("\n"), @r"
    SYN_SENT     (A: connect)                        CLOSED
    SYN_SENT     (B: connect)                        SYN_SENT
    SYN_RECEIVED <-- <SEQ=300><CTL=SYN>              SYN_SENT
    SYN_RECEIVED --> <SEQ=100><CTL=SYN>              SYN_RECEIVED
    ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> SYN_RECEIVED
    ESTABLISHED  --> <SEQ=100><ACK=301><CTL=SYN,ACK> ESTABLISHED
    ");
}

/// RFC 9293 §3.5, Figure 8: Recovery from Old Duplicate SYN. The next initial number is the least that there may
/// be.
#[test]
fn figure_8_recovery_from_old_duplicate_syn() {
    let mut connection = Connection::closed();
    connection.listen('B');
    let syn = connection.connect('A');
    let duplicate = Segment { seq: Seq(syn.seq.0.wrapping_sub(10)), ..syn };
    let answer = connection.deliver('B', duplicate).segment.unwrap();
    let reset = connection.deliver('A', answer).segment.unwrap();
    assert_eq!(connection.deliver('B', reset).segment, None);
    let syn_ack = connection.deliver('B', syn).segment.unwrap();
    let ack = connection.deliver('A', syn_ack).segment.unwrap();
    connection.deliver('B', ack);
    insta::assert_snapshot!(connection.lines.join("\n"), @r"
    CLOSED       (B: listen)                         LISTEN
    SYN_SENT     (A: connect)                        LISTEN
    SYN_SENT     --> <SEQ=90><CTL=SYN>               SYN_RECEIVED
    SYN_SENT     <-- <SEQ=300><ACK=91><CTL=SYN,ACK>  SYN_RECEIVED
    SYN_SENT     --> <SEQ=91><CTL=RST>               LISTEN
    SYN_SENT     --> <SEQ=100><CTL=SYN>              SYN_RECEIVED
    ESTABLISHED  <-- <SEQ=301><ACK=101><CTL=SYN,ACK> SYN_RECEIVED
    ESTABLISHED  --> <SEQ=101><ACK=302><CTL=ACK>     ESTABLISHED
    ");
}

/// RFC 9293 §3.5.1, Figure 9: Half-Open Connection Discovery. A has crashed and connects anew.
#[test]
fn figure_9_half_open_connection_discovery() {
    let mut connection = Connection::new(Policy::rfc9293(2));
    connection.a = Endpoint::closed();
    let policy = connection.policy;
    let syn = connection.a.connect(Seq(301), &policy).segment.unwrap();
    let ack = connection.deliver('B', syn).segment.unwrap();
    let reset = connection.deliver('A', ack).segment.unwrap();
    connection.deliver('B', reset);
    assert_eq!(connection.b.ended_by, Some(EndedBy::Rst));
    let again = connection.timeout('A', Timer::Retransmission);
    assert_eq!(again, Some(syn));
    insta::assert_snapshot!(connection.lines.join("\n"), @r"
    SYN_SENT     --> <SEQ=400><CTL=SYN>              ESTABLISHED
    SYN_SENT     <-- <SEQ=300><ACK=100><CTL=ACK>     ESTABLISHED
    SYN_SENT     --> <SEQ=100><CTL=RST>              CLOSED
    SYN_SENT     (A: retransmission)                 CLOSED
    ");
}

/// RFC 9293 §3.5.1, Figure 10: Active Side Causes Half-Open Connection Discovery.
#[test]
fn figure_10_active_side_causes_half_open_connection_discovery() {
    let mut connection = Connection::new(Policy::rfc9293(2));
    connection.a = Endpoint::closed();
    let data = Segment { flags: Flags::ACK, seq: Seq(1), ack: Seq(1), len: 10 };
    let reset = connection.deliver('A', data).segment.unwrap();
    connection.deliver('B', reset);
    assert_eq!(connection.b.ended_by, Some(EndedBy::Rst));
    insta::assert_snapshot!(connection.lines.join("\n"), @r"
    CLOSED       <-- <SEQ=300><ACK=100><CTL=ACK>     ESTABLISHED
    CLOSED       --> <SEQ=100><CTL=RST>              CLOSED
    ");
}

/// RFC 9293 §3.5.1, Figure 11: Old Duplicate SYN Initiates a Reset on Two Passive Sockets.
#[test]
fn figure_11_old_duplicate_syn_on_two_passive_sockets() {
    let mut connection = Connection::closed();
    connection.listen('A');
    connection.listen('B');
    let duplicate = Segment { flags: Flags::SYN, seq: Seq(7), ack: Seq(0), len: 0 };
    let answer = connection.deliver('B', duplicate).segment.unwrap();
    let reset = connection.deliver('A', answer).segment.unwrap();
    assert_eq!(connection.deliver('B', reset).segment, None);
    assert_eq!([connection.a.state, connection.b.state], [State::Listen; 2]);
    insta::assert_snapshot!(connection.lines.join("\n"), @r"
    LISTEN       (A: listen)                         CLOSED
    LISTEN       (B: listen)                         LISTEN
    LISTEN       --> <SEQ=107><CTL=SYN>              SYN_RECEIVED
    LISTEN       <-- <SEQ=300><ACK=108><CTL=SYN,ACK> SYN_RECEIVED
    LISTEN       --> <SEQ=108><CTL=RST>              LISTEN
    ");
}

/// RFC 9293 §3.6, Figure 12: Normal Close Sequence.
#[test]
fn figure_12_normal_close_sequence() {
    let mut connection = Connection::new(Policy::rfc9293(2));
    let fin = connection.call('A', Call::Shutdown).unwrap();
    let ack = connection.deliver('B', fin).segment.unwrap();
    assert_eq!(connection.deliver('A', ack).segment, None);
    let fin = connection.call('B', Call::Shutdown).unwrap();
    let effects = connection.deliver('A', fin);
    assert_eq!(effects.timers[1], TimerChange::Set(4), "TIME_WAIT lasts 2 MSL");
    assert_eq!(connection.deliver('B', effects.segment.unwrap()).segment, None);
    assert_eq!(connection.timeout('A', Timer::TimeWait), None);
    insta::assert_snapshot!(connection.lines.join("\n"), @r"
    FIN_WAIT_1   (A: shutdown)                       ESTABLISHED
    FIN_WAIT_1   --> <SEQ=100><ACK=300><CTL=FIN,ACK> CLOSE_WAIT
    FIN_WAIT_2   <-- <SEQ=300><ACK=101><CTL=ACK>     CLOSE_WAIT
    FIN_WAIT_2   (B: shutdown)                       LAST_ACK
    TIME_WAIT    <-- <SEQ=300><ACK=101><CTL=FIN,ACK> LAST_ACK
    TIME_WAIT    --> <SEQ=101><ACK=301><CTL=ACK>     CLOSED
    CLOSED       (A: 2MSL)                           CLOSED
    ");
}

/// RFC 9293 §3.6, Figure 13: Simultaneous Close Sequence.
#[test]
fn figure_13_simultaneous_close_sequence() {
    let mut connection = Connection::new(Policy::rfc9293(2));
    let from_a = connection.call('A', Call::Shutdown).unwrap();
    let from_b = connection.call('B', Call::Shutdown).unwrap();
    let ack_of_a = connection.deliver('B', from_a).segment.unwrap();
    let ack_of_b = connection.deliver('A', from_b).segment.unwrap();
    assert_eq!(connection.deliver('A', ack_of_a).segment, None);
    assert_eq!(connection.deliver('B', ack_of_b).segment, None);
    connection.timeout('A', Timer::TimeWait);
    connection.timeout('B', Timer::TimeWait);
    insta::assert_snapshot!(connection.lines.join("\n"), @r"
    FIN_WAIT_1   (A: shutdown)                       ESTABLISHED
    FIN_WAIT_1   (B: shutdown)                       FIN_WAIT_1
    FIN_WAIT_1   --> <SEQ=100><ACK=300><CTL=FIN,ACK> CLOSING
    CLOSING      <-- <SEQ=300><ACK=100><CTL=FIN,ACK> CLOSING
    TIME_WAIT    <-- <SEQ=301><ACK=101><CTL=ACK>     CLOSING
    TIME_WAIT    --> <SEQ=101><ACK=301><CTL=ACK>     TIME_WAIT
    CLOSED       (A: 2MSL)                           TIME_WAIT
    CLOSED       (B: 2MSL)                           CLOSED
    ");
}

/// With a delayed ACK, the FIN's ACK rides on the peer's own FIN.
#[test]
fn three_segments_are_enough_with_a_delayed_ack() {
    let mut connection = Connection::new(Policy::rfc9293(2).with(|policy| policy.acks.delayed_ack = Some(1)));
    let fin = connection.call('A', Call::Shutdown).unwrap();
    let effects = connection.deliver('B', fin);
    assert_eq!((effects.segment, effects.timers[3]), (None, TimerChange::Set(1)));
    let fin = connection.call('B', Call::Shutdown).unwrap();
    let ack = connection.deliver('A', fin).segment.unwrap();
    connection.deliver('B', ack);
    insta::assert_snapshot!(connection.lines.join("\n"), @r"
    FIN_WAIT_1   (A: shutdown)                       ESTABLISHED
    FIN_WAIT_1   --> <SEQ=100><ACK=300><CTL=FIN,ACK> CLOSE_WAIT
    FIN_WAIT_1   (B: shutdown)                       LAST_ACK
    TIME_WAIT    <-- <SEQ=300><ACK=101><CTL=FIN,ACK> LAST_ACK
    TIME_WAIT    --> <SEQ=101><ACK=301><CTL=ACK>     CLOSED
    ");
}
