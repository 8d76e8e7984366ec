//! How text is carried where no world goes into it: windows, text that waits, segments of several octets. RFC 9293
//! §3.7, §3.8.

use super::segment::Seq;

/// The window that both ends offer by default, in octets.
pub(super) const WINDOW: u32 = 65_535;

/// The part of an endpoint that is the same in every state of a world, [`Transfer::IN_A_WORLD`]: there, windows
/// stay open, an octet or a FIN is a segment and is sent at once, and what arrives is read at once.
///
/// Recorded cases, captures and other stacks go into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transfer {
    /// The window that the peer offers.
    pub send_window: SendWindow,
    /// Octets that the application has sent and the endpoint has not, for want of window or of a poll.
    pub unsent: u32,
    /// Octets of text that a segment has at most. RFC 9293 §3.7.1.
    pub mss: u32,
    /// The persist timer.
    pub persist: Persist,
    /// What was sent as one segment of more than one number, as half-open ranges, and is not all acknowledged;
    /// every other number was sent alone.
    pub segments: Vec<(Seq, Seq)>,
    /// How many numbers from SND.UNA on were sent again before the last timeout, where that is more than
    /// [`Endpoint::resent`](super::Endpoint::resent) and a timeout is doubled (RFC 6298 §3: Karn's rule). In a
    /// world it is not: only the segment at SND.UNA is sent again there.
    pub resent_before: u32,
    /// How many octets of text the endpoint keeps for its application.
    pub rcv_buffer: u32,
    /// The application has promised to read no more ([`Endpoint::shutdown_read`](super::Endpoint::shutdown_read)).
    pub reading_shut: bool,
}

impl Transfer {
    /// As after the handshake, and in a world ever after.
    pub const IN_A_WORLD: Self = Self {
        send_window: SendWindow::OPEN,
        unsent: 0,
        mss: u32::MAX,
        persist: Persist::NONE,
        segments: Vec::new(),
        resent_before: 0,
        rcv_buffer: WINDOW,
        reading_shut: false,
    };

    /// What no connection changes: how much a segment and the buffer hold.
    pub(super) fn keep_sizes_of(&mut self, last: &Self) {
        (self.mss, self.rcv_buffer) = (last.mss, last.rcv_buffer);
    }
}

/// What is known while the peer's window is closed and something waits to be sent. Never in a world: windows do
/// not close there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Persist {
    /// The timer runs.
    pub runs: bool,
    /// What has the number SND.NXT was sent as a probe, and the peer may acknowledge it.
    pub probed: bool,
    /// Since the peer was heard, in ticks: whole intervals between probes.
    pub silence: u32,
}

impl Persist {
    /// The timer does not run.
    pub const NONE: Self = Self { runs: false, probed: false, silence: 0 };
}

/// The window that the peer offers. RFC 9293 §3.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SendWindow {
    /// SND.WND, the octets from SND.UNA on that the peer has room for.
    pub size: u32,
    /// MAX.SND.WND, the largest so far. RFC 5961 §5.2.
    pub largest: u32,
    /// SND.WL1, SEG.SEQ of the segment that it was updated by last.
    pub seq: Seq,
    /// SND.WL2, SEG.ACK of that segment.
    pub ack: Seq,
}

impl SendWindow {
    /// As after the handshake.
    pub const OPEN: Self = Self { size: WINDOW, largest: WINDOW, seq: Seq(0), ack: Seq::FIRST };

    /// The first that is offered. RFC 9293 §3.10.7.3, §3.10.7.4: `SYN_SENT` and `SYN_RECEIVED` set the variables.
    pub(super) fn begin(&mut self, seq: Seq, ack: Seq, size: u32) {
        *self = Self { size, largest: size, seq, ack };
    }

    /// The peer offers a window of `size` octets, whatever segment says so: SND.WL1 and SND.WL2 stay.
    pub fn resize(&mut self, size: u32) {
        self.size = size;
        self.largest = self.largest.max(size);
    }

    /// RFC 9293 §3.10.7.4, fifth step: an acceptable acknowledgment offers a window; what is older than the
    /// segment that did so last does not count.
    pub(super) fn update(&mut self, seq: Seq, ack: Seq, size: u32) {
        if self.seq.precedes(seq) || self.seq == seq && !ack.precedes(self.ack) {
            self.resize(size);
            (self.seq, self.ack) = (seq, ack);
        }
    }
}
