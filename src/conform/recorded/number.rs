//! Sequence numbers and times as cases write them: sums of numbers and names.

use crate::tcp::{Endpoint, Policy, Seq};

/// A sequence number, perhaps relative to the endpoint's variables: `RCV.NXT+RCV.WND-1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseNumber(pub(super) Vec<(Sign, Term)>);

/// How a term of a sum counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Plus,
    Minus,
}

/// A term of a sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Octets(u32),
    RcvNxt,
    RcvWnd,
    SndUna,
    SndNxt,
    SndWnd,
    /// The number after that of our FIN, which is sent or would come next.
    AfterOwnFin,
    /// SEG.SEQ of the segment that arrived last.
    SegSeq,
    /// The same of SEG.ACK.
    SegAck,
}

impl Term {
    /// Both initial sequence numbers are 0; and what was sent last was sent for the first time.
    pub(super) const NAMED: [(&'static str, Self); 10] = [
        ("RCV.NXT", Self::RcvNxt),
        ("RCV.WND", Self::RcvWnd),
        ("SND.UNA", Self::SndUna),
        ("SND.NXT", Self::SndNxt),
        ("SND.WND", Self::SndWnd),
        ("SEG.SEQ", Self::SegSeq),
        ("SEG.ACK", Self::SegAck),
        ("SND.MAX", Self::SndNxt),
        ("ISS", Self::Octets(0)),
        ("IRS", Self::Octets(0)),
    ];
}

impl CaseNumber {
    pub(super) fn of(term: Term) -> Self {
        Self(vec![(Sign::Plus, term)])
    }

    /// A number far to the right of any window, as the kernel's table has it.
    pub(super) fn outside() -> Self {
        Self(vec![(Sign::Plus, Term::RcvNxt), (Sign::Plus, Term::Octets(1 << 30))])
    }

    /// What it is for an endpoint, modulo 2³²; `arrived` are SEG.SEQ and SEG.ACK of the segment that came last.
    #[must_use]
    pub fn value(&self, endpoint: &Endpoint, arrived: (Seq, Seq)) -> Seq {
        let sum = self.0.iter().fold(0u32, |sum, (sign, term)| {
            let value = match term {
                Term::Octets(octets) => *octets,
                Term::RcvNxt => endpoint.rcv_nxt.0,
                Term::RcvWnd => endpoint.receive_window(),
                Term::SndUna => endpoint.snd_una.0,
                Term::SndNxt => endpoint.snd_nxt.0,
                Term::SndWnd => endpoint.send_window.size,
                Term::AfterOwnFin => endpoint.snd_nxt.0.wrapping_add(u32::from(!endpoint.fin_sent)),
                Term::SegSeq => arrived.0.0,
                Term::SegAck => arrived.1.0,
            };
            match sign {
                Sign::Plus => sum.wrapping_add(value),
                Sign::Minus => sum.wrapping_sub(value),
            }
        });
        Seq(sum)
    }
}

/// A length of time, perhaps relative to the policy's: `10*RTO-1`, `2MSL-1s`. A number alone is in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeSpan(pub(super) Vec<(Sign, u32, TimeUnit)>);

/// What a number in a time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeUnit {
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Rto,
    Msl,
}

impl TimeUnit {
    pub(super) const NAMED: [(&'static str, Self); 8] = [
        ("", Self::Milliseconds),
        ("ms", Self::Milliseconds),
        ("s", Self::Seconds),
        ("min", Self::Minutes),
        ("m", Self::Minutes),
        ("h", Self::Hours),
        ("RTO", Self::Rto),
        ("MSL", Self::Msl),
    ];
}

impl TimeSpan {
    /// How many milliseconds it is under a policy whose ticks are milliseconds; what would be negative is 0.
    #[must_use]
    pub fn milliseconds(&self, policy: &Policy) -> u64 {
        let sum = self.0.iter().fold(0i128, |sum, (sign, count, unit)| {
            let count = i128::from(*count);
            let value = match unit {
                TimeUnit::Milliseconds => count,
                TimeUnit::Seconds => count * 1_000,
                TimeUnit::Minutes => count * 60_000,
                TimeUnit::Hours => count * 3_600_000,
                TimeUnit::Rto => count * i128::from(policy.rto),
                TimeUnit::Msl => count * i128::from(policy.time_wait) / 2,
            };
            match sign {
                Sign::Plus => sum + value,
                Sign::Minus => sum - value,
            }
        });
        u64::try_from(sum.max(0)).unwrap_or(u64::MAX)
    }
}
