//! What a case expects, compared with what was seen.

use std::fmt::Display;

use super::{Replay, StepDifference};
use crate::conform::recorded::case::{
    AppCall, CallResult, CaseEvent, CaseStep, ExpectedSegment, SocketError, Tolerance,
};
use crate::conform::recorded::host::{Host, Sent};
use crate::conform::recorded::number::CaseNumber;
use crate::conform::recorded::returned::Returned;
use crate::tcp::{Flags, Segment};

impl Replay<'_> {
    /// What is listed of the way to the start was sent on it, in this order; or nothing was.
    pub(super) fn check_the_way(&mut self, sent: &[Sent]) {
        let mut rest = sent.iter();
        for (_, expected) in self.case.expected.segments.iter().filter(|(step, _)| *step == 0) {
            match expected {
                Some(expected) if !rest.any(|sent| is_as_expected(sent, expected, &self.host)) => {
                    return self.differs(0, format!("{} on the way", expected.text), listed(sent));
                }
                None if !sent.is_empty() => return self.differs(0, "nothing sent on the way", listed(sent)),
                _ => {}
            }
        }
    }

    /// The segments that the case has for a step are all that is sent in it, in this order.
    pub(super) fn check_segments(&mut self, number: usize, sent: &[Sent]) {
        let of_step: Vec<&Option<ExpectedSegment>> = self
            .case
            .expected
            .segments
            .iter()
            .filter_map(|(step, segment)| (*step == number).then_some(segment))
            .collect();
        if of_step.is_empty() {
            return;
        }
        let expected: Vec<&ExpectedSegment> = of_step.into_iter().flatten().collect();
        let all = expected.len() == sent.len()
            && expected.iter().zip(sent).all(|(expected, sent)| is_as_expected(sent, expected, &self.host));
        if !all {
            let texts: Vec<&str> = expected.iter().map(|segment| segment.text.as_str()).collect();
            let expected = if texts.is_empty() { "nothing sent".to_owned() } else { texts.join("; ") };
            self.differs(number, expected, listed(sent));
        }
    }

    /// The segment that the case has for a step is the one that was sent next, and then.
    pub(super) fn check_next(&mut self, number: usize, step: &CaseStep, at: u64) {
        let case = self.case;
        let CaseEvent::Awaited(tolerance) = step.event else { return };
        // Time goes on in milliseconds.
        let is_in_time = |sent: &Sent| {
            tolerance.is_none_or(|Tolerance { early, late }| {
                (at.saturating_sub(early) / 1_000..=at.saturating_add(late) / 1_000).contains(&sent.at)
            })
        };
        self.happened = self.happened.max(self.host.now.saturating_mul(1_000));
        for (_, expected) in case.expected.segments.iter().filter(|(step, _)| *step == number) {
            let Some(expected) = expected else { continue };
            match self.next_sent(expected.len) {
                Some(sent) if is_as_expected(&sent, expected, &self.host) => {
                    if !is_in_time(&sent) {
                        let seen = format!("{sent} {}", apart(sent.at, at / 1_000));
                        self.differs(number, &expected.text, seen);
                    }
                }
                sent => self.differs(number, &expected.text, listed(sent.as_slice())),
            }
        }
    }

    /// What was sent next; of text in order so many octets, if there are as many.
    fn next_sent(&mut self, len: u32) -> Option<Sent> {
        let mut first = self.waiting.pop_front()?;
        while first.segment.len < len
            && self.waiting.front().is_some_and(|next| continues(&first.segment, &next.segment))
            && let Some(next) = self.waiting.pop_front()
        {
            first.segment.len += next.segment.len;
            first.segment.flags.fin = next.segment.flags.fin;
        }
        if len > 0 && first.segment.len > len {
            let Segment { flags, seq, ack, len: all } = first.segment;
            let rest = Segment { flags, seq: seq + len, ack, len: all - len };
            self.waiting.push_front(Sent { segment: rest, ..first });
            first.segment = Segment { flags: Flags { fin: false, ..flags }, seq, ack, len };
        }
        Some(first)
    }

    pub(super) fn check_result(&mut self, number: usize, step: &CaseStep, returned: Option<Returned>) {
        let (CaseEvent::Call(call, expected), Some(returned)) = (&step.event, returned) else { return };
        let (right, wanted) = match (call, expected) {
            (_, Some(expected)) => (returned.is(*expected), expected.to_string()),
            // Without a result, as many are read or sent as are asked for.
            (AppCall::Receive(Some(octets)) | AppCall::Send { octets, queued: false }, None) => {
                (returned == Returned::Octets(*octets), CallResult::Octets(*octets).to_string())
            }
            (AppCall::Send { octets, queued: true }, None) => {
                (returned == Returned::Done, CallResult::Octets(*octets).to_string())
            }
            _ => return,
        };
        if !right {
            self.differs(number, wanted, returned);
        }
    }

    pub(super) fn check_states(&mut self, number: usize) {
        let state = self.host.endpoint.state;
        let case = self.case;
        for (step, expected) in &case.expected.states {
            if *step == number && *expected != state {
                self.differs(number, expected, state);
            }
        }
        for (step, other) in &case.expected.other_states {
            if *step == number && *other == state {
                self.differs(number, format!("another state than {other}"), state);
            }
        }
    }

    pub(super) fn check_end(&mut self) {
        let last = self.case.steps.len();
        let state = self.host.endpoint.state;
        let case = self.case;
        if let Some(end) = &case.expected.end
            && *end != state
        {
            self.differs(last, format!("{end} at the end"), state);
        }
        if let Some(error) = self.case.expected.error {
            let seen = self.host.socket_error();
            let name = |error: Option<SocketError>| error.map_or("no error", SocketError::name);
            if error != seen {
                self.differs(last, format!("SO_ERROR: {}", name(error)), name(seen));
            }
        }
    }

    pub(super) fn differs(&mut self, step: usize, expected: impl Display, seen: impl Display) {
        self.differences.push(StepDifference { step, expected: expected.to_string(), seen: seen.to_string() });
    }
}

/// Text that follows on other text, and is sent with the same acknowledgment.
fn continues(first: &Segment, next: &Segment) -> bool {
    let text_alone = Flags::ACK;
    first.flags == text_alone
        && first.len > 0
        && next.len > 0
        && Flags { fin: false, ..next.flags } == text_alone
        && next.seq == first.seq + first.len
        && next.ack == first.ack
}

fn is_as_expected(sent: &Sent, expected: &ExpectedSegment, host: &Host) -> bool {
    let ExpectedSegment { text: _, flags, seq, ack, len, window, not_modelled: _ } = expected;
    let is = |number: &Option<CaseNumber>, value| number.as_ref().is_none_or(|number| host.value(number) == value);
    *flags == sent.segment.flags
        && is(seq, sent.segment.seq)
        && is(ack, sent.segment.ack)
        && *len == sent.segment.len
        && window.is_none_or(|window| window == sent.window)
}

/// By how much a time is another than the one that was expected, both in milliseconds.
fn apart(seen: u64, expected: u64) -> String {
    let late = if seen > expected { "late" } else { "early" };
    format!("{}ms too {late}", seen.abs_diff(expected))
}

fn listed(sent: &[Sent]) -> String {
    let texts: Vec<String> = sent.iter().map(ToString::to_string).collect();
    if texts.is_empty() { "nothing sent".to_owned() } else { texts.join("; ") }
}
