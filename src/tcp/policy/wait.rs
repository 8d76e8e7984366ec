//! How `TIME_WAIT` and `FIN_WAIT_2` wait. RFC 9293 §3.6.1, RFC 1337.

use super::{Policy, TimeWaitAnswers};
use crate::tcp::Segment;

impl Policy {
    /// Whether `TIME_WAIT` processes segments in the order of RFC 9293 §3.10.7.4, like any other state.
    pub(in crate::tcp) fn time_wait_is_in_order(&self) -> bool {
        self.time_wait_answers == TimeWaitAnswers::InOrder
    }

    /// Whether a segment that is not acceptable in `TIME_WAIT`, and is no reset, restarts the wait.
    pub(in crate::tcp) fn unacceptable_segment_restarts(&self, segment: &Segment) -> bool {
        segment.flags.fin || self.unacceptable_restarts
    }
}
