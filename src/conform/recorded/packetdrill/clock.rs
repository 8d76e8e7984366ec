//! When the lines of a script happen.

use super::script::{CaseEvent, Time};
use crate::conform::recorded::StepTime;

/// When the event before each event has happened, at the earliest, in microseconds after the start.
pub(super) fn times(events: &[CaseEvent<'_>]) -> impl Iterator<Item = u64> {
    let mut clock = Clock::default();
    events.iter().map(move |event| {
        let before = clock.now;
        clock.go_to(event.time);
        before
    })
}

/// When events happen.
#[derive(Debug)]
pub(super) struct Clock {
    /// The last event, at the earliest, in microseconds since the start of the script.
    pub(super) now: u64,
    /// The opening was over then.
    opened: u64,
    /// The last event, as steps have it: lines that are no steps take time, too.
    time: StepTime,
    /// The event before it.
    pub(super) before: StepTime,
}

impl Default for Clock {
    fn default() -> Self {
        Self { now: 0, opened: 0, time: StepTime::AT_ONCE, before: StepTime::AT_ONCE }
    }
}

impl Clock {
    /// Goes on to an event.
    pub(super) fn go_to(&mut self, time: Time) {
        self.before = self.time;
        match time {
            Time::Absolute(from, _) => {
                self.now = from.max(self.now);
                self.time = self.since_opening(from);
            }
            Time::Relative(from, _) => {
                self.now = self.now.saturating_add(from);
                self.time = self.time.later(from);
            }
            Time::Any => {}
        }
    }

    /// The opening is over. Before the connection is open no time passes for it.
    pub(super) fn open(&mut self) {
        self.opened = self.now;
        self.time = StepTime::AT_ONCE;
    }

    pub(super) fn since_opening(&self, time: u64) -> StepTime {
        StepTime::AfterStart(time.saturating_sub(self.opened))
    }

    /// The time of the next step. What follows counts from when it has happened.
    pub(super) fn take(&mut self) -> StepTime {
        std::mem::replace(&mut self.time, StepTime::AT_ONCE)
    }
}

#[cfg(test)]
mod tests {
    use crate::conform::recorded::packetdrill::testing::{OPENED, after_opening, outcome};

    /// A relative time counts from when the event before has happened: under `linux` the FIN is sent again after
    /// 0.2, 0.6, 1.4 and 3 seconds.
    #[test]
    fn relative_times_count_from_when_the_event_before_happened() {
        let closes = "+0 close(4) = 0\n+0 > F. 701:701(0) ack 101\n";
        let after = |lines: &str| after_opening(&format!("{closes}{lines}"), "linux");
        let again = |time: &str| format!("{time} > F. 701:701(0) ack 101\n");
        for times in [["*", "+.4"], ["+.1~+.3", "+.4"], [".65~.75", "+.4"], ["*", "1.1"]] {
            assert_eq!(after(&times.map(again).concat()), "match", "{times:?}");
        }
        // The timeout of FIN_WAIT_2 is 60 s.
        let rest = |seconds: u8| {
            format!(
                "+.1 < . 101:101(0) ack 702 win 9\n+{seconds} < F. 101:101(0) ack 702 win 9\n+0 > . 702:702(0) ack 102\n"
            )
        };
        let any = ["*"; 4].map(again).concat();
        let spelt_out = ["+.2", "+.4", "+.8", "+1.6"].map(again).concat();
        for times in [any, spelt_out] {
            assert_eq!(after(&format!("{times}{}", rest(59))), "match");
            assert_eq!(
                after(&format!("{times}{}", rest(61))),
                "line 16: +0 > . 702:702(0) ack 102 | RST seq=2 win=65535"
            );
        }
        // A call that is not compared takes its time, and one that blocks counts from its own beginning.
        let fcntl = "+.1 fcntl(4, F_SETFL, O_RDWR) = 0\n+.1 > F. 701:701(0) ack 101\n";
        assert_eq!(after(fcntl), "match");
        let blocks = "+0...0.3 read(4, ..., 9) = 5\n+.1 < P. 101:106(5) ack 701 win 9\n+0 > . 701:701(0) ack 106\n\
            +.3 close(4) = 0\n+0 > F. 701:701(0) ack 106\n+.2 > F. 701:701(0) ack 106\n";
        assert_eq!(after_opening(blocks, "linux"), "match");
    }

    /// A segment that is sent at another time than the script has is a difference, early as late.
    #[test]
    fn a_segment_that_is_sent_too_early_differs() {
        let script = |options: &str, time: &str| {
            let sends = "+0 write(4, ..., 5) = 5\n+0 > P. 701:706(5) ack 101\n";
            outcome(&format!("{options}{OPENED}{sends}{time} > P. 701:706(5) ack 101\n"), "linux")
        };
        for time in ["+.2", "+ 0.2", "+.204", "+.196", "+.204~+.3", "+.1~+.196", "*"] {
            assert_eq!(script("", time), "match", "{time}");
        }
        assert_eq!(
            script("", "+5"),
            "line 10: +5 > P. 701:706(5) ack 101 | ACK seq=1 ack=1 len=5 win=65535 4800ms too early"
        );
        for time in ["+.205", "+.195", "+.205~+.3", "+.1~+.195"] {
            assert_ne!(script("--tolerance_usecs=4000\n", time), "match", "{time}");
        }
        assert_eq!(script("--tolerance_usecs=200000\n", "+.3"), "match");
        assert!(script("--tolerance_usecs=abc\n", "+.2").contains("`abc` is no tolerance"));
    }
}
