//! The closing sequences of RFC 9293, segment by segment, and the three-segment close of most captures.

use lastack::tcp::{Call, Effects, Endpoint, Policy, Segment, Timer, TimerChange};

/// Both ends of a connection, and the segments that they have sent.
struct Connection {
    a: Endpoint,
    b: Endpoint,
    policy: Policy,
    lines: Vec<String>,
}

impl Connection {
    fn new(policy: Policy) -> Self {
        Self { a: Endpoint::established(), b: Endpoint::established(), policy, lines: Vec::new() }
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
        let control = match (segment.flags.fin, segment.flags.ack) {
            (true, true) => "FIN,ACK",
            _ => "ACK",
        };
        // The figures' A begins at 100 and their B at 300, where ours begin at 1.
        let (seq, ack) = if to == 'B' { (99, 299) } else { (299, 99) };
        let text = format!("<SEQ={}><ACK={}><CTL={control}>", segment.seq + seq, segment.ack + ack);
        self.line(&if to == 'B' { format!("--> {text}") } else { format!("<-- {text}") });
        effects
    }

    fn end(&mut self, end: char) -> &mut Endpoint {
        if end == 'A' { &mut self.a } else { &mut self.b }
    }
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
