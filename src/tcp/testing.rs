//! What the tests of this module share.

use super::endpoint::Endpoint;
use super::event::Call;
use super::policy::Policy;
use super::segment::{Flags, Segment, Seq};

pub(super) const POLICY: Policy = Policy::rfc9293(2);

pub(super) fn segment(flags: Flags, seq: u32, ack: u32, len: u32) -> Segment {
    Segment { flags, seq: Seq(seq), ack: Seq(ack), len }
}

pub(super) fn ack(seq: u32, ack: u32) -> Segment {
    segment(Flags::ACK, seq, ack, 0)
}

pub(super) fn data(seq: u32, ack: u32) -> Segment {
    segment(Flags::ACK, seq, ack, 1)
}

pub(super) fn fin(seq: u32, ack: u32) -> Segment {
    segment(Flags::FIN_ACK, seq, ack, 0)
}

pub(super) fn calling(policy: &Policy, calls: &[Call]) -> Endpoint {
    let mut endpoint = Endpoint::established();
    for call in calls {
        endpoint.on_call(*call, policy);
    }
    endpoint
}

/// An endpoint whose peer offers a window of so many octets.
pub(super) fn offered(window: u32) -> Endpoint {
    let mut endpoint = Endpoint::established();
    endpoint.transfer.send_window.size = window;
    endpoint
}
