//! An end of a world: its endpoint, and what only the world knows of it.

use super::application::Application;
use super::observe::Observed;
use super::opening::{Incarnation, Iss, Opening, Opens};
use crate::invariant::invariant;
use crate::tcp::{Call, Effects, EndedBy, Endpoint, Policy, Segment, Seq, State, Timer};

/// An end of a world: its endpoint, and what the world knows of it that the endpoint cannot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorldEnd {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The incarnation that it is in, or was in last.
    pub incarnation: Incarnation,
    /// What copies of the former incarnation did to it.
    pub old: OldCopies,
}

/// What copies of the former incarnation did to an end of the new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OldCopies {
    /// Octets that they brought and that were delivered.
    pub octets: u32,
    /// One of them has moved SND.UNA.
    pub acked: bool,
    /// One of them has ended the connection, or its FIN was taken for that of the new peer.
    pub ended: bool,
    /// Numbers that they brought and that are held beyond a hole: bit n is IRS + 1 + n.
    pub(super) held: u16,
}

/// What an end does in answer to an event.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// What its endpoint does.
    pub effects: Effects,
    /// The incarnation of what is sent: that of the end; of a reset that answers for no connection, the
    /// incarnation of the segment that it answers.
    pub incarnation: Incarnation,
}

impl WorldEnd {
    /// ESTABLISHED, nothing sent or received.
    #[must_use]
    pub fn established(application: &Application) -> Self {
        let listens = application.opening.opens == Opens::Listen;
        let endpoint = Endpoint { listens, ..Endpoint::established() };
        Self { endpoint, incarnation: Incarnation::First, old: OldCopies::default() }
    }

    /// What can be observed of it.
    #[must_use]
    pub fn observed(&self) -> Observed {
        let OldCopies { octets, acked, ended, .. } = self.old;
        Observed {
            incarnation: self.incarnation,
            old_octets: octets,
            old_acked: acked,
            ended_by_old: ended,
            ..Observed::of(&self.endpoint)
        }
    }

    /// The calls that its application may make now; but for those of [`reuse`](Self::reuse).
    pub fn calls(&self, application: &Application, policy: &Policy) -> impl Iterator<Item = Call> + use<> {
        application.calls(&self.observed(), self.endpoint.reader_gone, policy).chain(self.opens(application))
    }

    /// The calls with which it may open a new connection now, where it is CLOSED.
    pub(crate) fn opens(&self, application: &Application) -> impl Iterator<Item = Call> + use<> {
        let Opening { opens, iss, .. } = application.opening;
        let may_connect = opens == Opens::Connect
            && self.endpoint.state == State::Closed
            && self.incarnation == Incarnation::First;
        self.connects(iss).filter(move |_| may_connect)
    }

    /// The calls with which it may connect out of `TIME_WAIT`, if it may, and what its 2MSL timer has left then at
    /// most, in ticks until it is due.
    #[must_use]
    pub fn reuse(
        &self,
        application: &Application,
        policy: &Policy,
    ) -> Option<(u32, impl Iterator<Item = Call> + use<>)> {
        let Opening { opens, iss, reuse_time_wait } = application.opening;
        let is_there = self.endpoint.state == State::TimeWait && self.incarnation == Incarnation::First;
        let after = reuse_time_wait.filter(|_| is_there && opens == Opens::Connect)?;
        Some((policy.wait.time_wait.checked_sub(after)?, self.connects(iss)))
    }

    fn connects(&self, iss: Iss) -> impl Iterator<Item = Call> + use<> {
        let above = self.endpoint.next_iss();
        let first = match iss {
            Iss::Above => above.0,
            Iss::Any => 0,
        };
        (first..=above.0).map(|number| Call::Connect(Seq(number)))
    }

    /// Its application calls.
    pub fn call(&mut self, call: Call, policy: &Policy) -> Answer {
        self.take(None, |endpoint| endpoint.on_call(call, policy))
    }

    /// A timer expires.
    pub fn timeout(&mut self, timer: Timer, policy: &Policy) -> Answer {
        self.take(None, |endpoint| endpoint.on_timeout(timer, policy))
    }

    /// A copy of this incarnation arrives.
    pub fn arrival(&mut self, segment: &Segment, incarnation: Incarnation, policy: &Policy) -> Answer {
        self.take(Some((segment, incarnation)), |endpoint| endpoint.on_segment(segment, policy))
    }

    fn take(
        &mut self,
        arrived: Option<(&Segment, Incarnation)>,
        event: impl FnOnce(&mut Endpoint) -> Effects,
    ) -> Answer {
        let before = self.endpoint.clone();
        let effects = event(&mut self.endpoint);
        let incarnation = self.note(&before, arrived, effects.segment.as_ref());
        Answer { effects, incarnation }
    }

    /// Takes note of an event, perhaps the arrival of a copy, that has made of this endpoint `before` what it is
    /// now, and has it send this; the incarnation of what it sends.
    pub(super) fn note(
        &mut self,
        before: &Endpoint,
        arrived: Option<(&Segment, Incarnation)>,
        sent: Option<&Segment>,
    ) -> Incarnation {
        let is_unopened = |state: State| matches!(state, State::Closed | State::Listen | State::TimeWait);
        let is_opening = |state: State| matches!(state, State::SynSent | State::SynReceived);
        if is_unopened(before.state) && is_opening(self.endpoint.state) {
            self.incarnation = Incarnation::Second;
            self.old.held = 0;
        } else if let Some((segment, of)) = arrived {
            self.old.record(before, &self.endpoint, segment, of < self.incarnation);
        }
        let is_over = self.endpoint.state == State::Closed && self.incarnation == Incarnation::First;
        if is_over && self.endpoint.listens {
            self.endpoint.listen();
        }
        let answers_for_none = before.state == self.endpoint.state && sent.is_some_and(|sent| sent.flags.rst);
        match arrived {
            Some((_, of)) if answers_for_none => of,
            _ => self.incarnation,
        }
    }
}

impl OldCopies {
    /// The numbers that old copies brought and that are held beyond a hole, where the peer's initial number is
    /// this.
    pub fn held_numbers(&self, irs: Seq) -> impl Iterator<Item = Seq> + use<> {
        let held = self.held;
        (0..u16::BITS).filter(move |place| held >> place & 1 == 1).map(move |place| irs + 1 + place)
    }

    /// A segment has made one endpoint of the other; whether its copy `is_old` only the world knows.
    fn record(&mut self, before: &Endpoint, after: &Endpoint, segment: &Segment, is_old: bool) {
        let had_connection = !matches!(before.state, State::Closed | State::Listen);
        if is_old && had_connection {
            self.acked |= before.snd_una != after.snd_una && after.state != State::Listen;
            let is_over = matches!(after.state, State::Closed | State::Listen);
            // What ends LAST_ACK is an ACK, which has counted already.
            self.ended |= is_over && after.ended_by != Some(EndedBy::Fin);
            self.bring(before, after, segment);
        }
        if after.irs != before.irs {
            self.held = 0;
            return;
        }
        // Whatever was brought is delivered once nothing is missing before it.
        let delivered = after.rcv_nxt.since(after.irs + 1);
        let fin = after.fin_received.then(|| delivered.wrapping_sub(1));
        for place in 0..delivered.min(u16::BITS) {
            if self.held >> place & 1 == 1 {
                self.held &= !(1 << place);
                if fin == Some(place) {
                    self.ended = true;
                } else {
                    self.octets += 1;
                }
            }
        }
        if matches!(after.state, State::Closed | State::Listen) {
            self.held = 0;
        }
    }

    /// Marks the number of an old segment that the end has only now. In a world a segment takes at most one.
    fn bring(&mut self, before: &Endpoint, after: &Endpoint, segment: &Segment) {
        if segment.sequence_length() == 0
            || segment.flags.syn
            || has(before, segment.seq)
            || !has(after, segment.seq)
        {
            return;
        }
        let place = segment.seq.since(after.irs + 1);
        invariant!(place < u16::BITS, "number {} lies {place} beyond the first", segment.seq);
        self.held |= 1 << place;
    }
}

/// The number was delivered, or is held.
fn has(endpoint: &Endpoint, number: Seq) -> bool {
    let is_within = |(from, to): &(Seq, Seq)| !number.precedes(*from) && number.precedes(*to);
    let Endpoint { rcv_nxt, held, .. } = endpoint;
    number.precedes(*rcv_nxt) || held.fin() == Some(number) || held.text().iter().any(is_within)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Closes, ClosesWith};
    use crate::tcp::Flags;

    const SENDS: Application = Application {
        closes: Closes::AnyTime,
        closes_with: ClosesWith::Shutdown,
        sends: 1,
        aborts: false,
        opening: Opening { opens: Opens::Listen, ..Opening::NEVER },
    };

    /// ESTABLISHED in its second incarnation, whose peer's SYN had this number; the first was aborted.
    fn reopened(irs: u32, policy: &Policy) -> WorldEnd {
        let mut end = WorldEnd::established(&SENDS);
        end.call(Call::Abort, policy);
        assert_eq!((end.endpoint.state, end.incarnation), (State::Listen, Incarnation::First));
        let syn = segment(Flags::SYN, irs, 0, 0);
        let answer = end.arrival(&syn, Incarnation::Second, policy);
        assert_eq!((end.incarnation, answer.incarnation), (Incarnation::Second, Incarnation::Second));
        let iss = answer.effects.segment.unwrap().seq.0;
        end.arrival(&segment(Flags::ACK, irs + 1, iss + 1, 0), Incarnation::Second, policy);
        assert_eq!((end.endpoint.state, end.old), (State::Established, OldCopies::default()));
        end
    }

    fn segment(flags: Flags, seq: u32, ack: u32, len: u32) -> Segment {
        Segment { flags, seq: Seq(seq), ack: Seq(ack), len }
    }

    #[test]
    fn an_old_octet_counts_when_it_is_delivered() {
        let policy = Policy::rfc9293(2);
        let mut end = reopened(4, &policy);
        let una = end.endpoint.snd_una.0;
        // Beyond a hole; twice, which is one octet.
        for _ in 0..2 {
            end.arrival(&segment(Flags::ACK, 6, una, 1), Incarnation::First, &policy);
            assert_eq!((end.old.octets, end.endpoint.delivered()), (0, 0));
        }
        // What fills the hole is new.
        end.arrival(&segment(Flags::ACK, 5, una, 1), Incarnation::Second, &policy);
        assert_eq!((end.old.octets, end.endpoint.delivered()), (1, 2));
        // What is old and arrives after what is new brings nothing.
        end.arrival(&segment(Flags::ACK, 5, una, 1), Incarnation::First, &policy);
        end.arrival(&segment(Flags::ACK, 7, una, 1), Incarnation::Second, &policy);
        assert_eq!((end.old.octets, end.endpoint.delivered()), (1, 3));
        assert!(!end.old.ended && !end.old.acked);
    }

    #[test]
    fn an_old_fin_ends_when_it_is_consumed() {
        let policy = Policy::rfc9293(2);
        let mut end = reopened(4, &policy);
        let una = end.endpoint.snd_una.0;
        end.arrival(&segment(Flags::FIN_ACK, 6, una, 0), Incarnation::First, &policy);
        assert!(!end.old.ended);
        end.arrival(&segment(Flags::ACK, 5, una, 1), Incarnation::Second, &policy);
        assert_eq!((end.old.ended, end.old.octets, end.endpoint.state), (true, 0, State::CloseWait));
    }

    #[test]
    fn an_old_ack_counts_where_something_is_outstanding() {
        let policy = Policy::rfc9293(2);
        let mut end = reopened(4, &policy);
        let next = end.endpoint.snd_nxt.0;
        end.call(Call::Send, &policy);
        end.arrival(&segment(Flags::ACK, 5, next, 0), Incarnation::First, &policy);
        assert!(!end.old.acked);
        let mut other = end.clone();
        end.arrival(&segment(Flags::ACK, 5, next + 1, 0), Incarnation::First, &policy);
        assert!(end.old.acked);
        other.arrival(&segment(Flags::ACK, 5, next + 1, 0), Incarnation::Second, &policy);
        assert!(!other.old.acked);
    }

    #[test]
    fn an_old_reset_ends_and_a_new_one_does_not_count() {
        let policy = Policy::rfc9293(2);
        for (of, counts) in [(Incarnation::First, true), (Incarnation::Second, false)] {
            let mut end = reopened(4, &policy);
            end.arrival(&segment(Flags::RST, 5, 0, 0), of, &policy);
            assert_eq!((end.endpoint.state, end.old.ended), (State::Closed, counts));
        }
    }

    #[test]
    fn a_reset_for_no_connection_is_of_what_it_answers() {
        let policy = Policy::rfc9293(2);
        let mut listening = WorldEnd::established(&SENDS);
        let answer = listening.call(Call::Abort, &policy);
        assert_eq!(answer.incarnation, Incarnation::First);
        let ack = segment(Flags::ACK, 1, 1, 0);
        for of in [Incarnation::First, Incarnation::Second] {
            assert_eq!(listening.arrival(&ack, of, &policy).incarnation, of);
        }
        let mut connecting = WorldEnd { incarnation: Incarnation::First, ..listening };
        let syn = connecting.call(Call::Connect(Seq(7)), &policy);
        assert_eq!((syn.incarnation, connecting.endpoint.state), (Incarnation::Second, State::SynSent));
        let reset = connecting.arrival(&ack, Incarnation::First, &policy);
        assert_eq!(reset.effects.segment.map(|reset| reset.flags), Some(Flags::RST));
        assert_eq!((reset.incarnation, connecting.endpoint.state), (Incarnation::First, State::SynSent));
    }

    #[test]
    fn who_may_connect() {
        let policy = Policy::rfc9293(2).with(|policy| policy.wait.time_wait = 4);
        let connects = |iss| Opening { opens: Opens::Connect, iss, reuse_time_wait: Some(3) };
        let end = |state, iss| {
            let application = Application { opening: connects(iss), ..SENDS };
            let mut end = WorldEnd::established(&application);
            (end.endpoint.state, end.endpoint.snd_nxt) = (state, Seq(2));
            let calls: Vec<Call> = end.calls(&application, &policy).collect();
            (calls, end.reuse(&application, &policy).map(|(left, calls)| (left, calls.collect::<Vec<_>>())))
        };
        let numbers =
            |numbers: &[u32]| numbers.iter().map(|number| Call::Connect(Seq(*number))).collect::<Vec<_>>();
        assert_eq!(end(State::Closed, Iss::Above), (numbers(&[3]), None));
        assert_eq!(end(State::Closed, Iss::Any), (numbers(&[0, 1, 2, 3]), None));
        assert_eq!(end(State::TimeWait, Iss::Above), (Vec::new(), Some((1, numbers(&[3])))));
        assert_eq!(end(State::LastAck, Iss::Any), (Vec::new(), None));
    }
}
