//! The way to the state in which a case starts.

use super::host::Host;
use crate::tcp::{Call, Endpoint, Flags, Segment, Seq, State};

impl Host {
    /// Takes the shortest ordinary way to a state. A stack that is polled has been polled in the end.
    /// `closes_with` is the call that closes.
    pub(super) fn start_in(&mut self, state: State, closes_with: Call) {
        let close = |host: &mut Self| host.call(closes_with);
        let arrive = |host: &mut Self, flags: Flags, acknowledges_all: bool| {
            host.poll(u32::MAX);
            let Endpoint { snd_una, snd_nxt, rcv_nxt, .. } = host.endpoint;
            let ack = if acknowledges_all { snd_nxt } else { snd_una };
            host.arrive_as(Segment { flags, seq: rcv_nxt, ack, len: 0 }, None);
        };
        match state {
            State::Established => {}
            State::Listen | State::SynSent | State::SynReceived => self.start_to_open(state),
            State::FinWait1 => close(self),
            State::FinWait2 => {
                close(self);
                arrive(self, Flags::ACK, true);
            }
            State::CloseWait => arrive(self, Flags::FIN_ACK, false),
            State::Closing => {
                close(self);
                arrive(self, Flags::FIN_ACK, false);
            }
            State::LastAck | State::Closed => {
                arrive(self, Flags::FIN_ACK, false);
                close(self);
                if state == State::Closed {
                    arrive(self, Flags::ACK, true);
                }
            }
            State::TimeWait => {
                close(self);
                arrive(self, Flags::FIN_ACK, true);
            }
        }
        self.poll(u32::MAX);
    }

    /// The way of a connection that is not open yet.
    fn start_to_open(&mut self, state: State) {
        self.endpoint = Endpoint::closed();
        if state == State::SynSent {
            let iss = self.endpoint.next_iss();
            self.take(None, |endpoint, policy| endpoint.connect(iss, policy));
            return;
        }
        self.endpoint.listen();
        if state == State::SynReceived {
            self.arrive_as(Segment { flags: Flags::SYN, seq: Seq(0), ack: Seq(0), len: 0 }, None);
        }
    }
}
