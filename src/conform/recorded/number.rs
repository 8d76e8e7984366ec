//! Sequence numbers and times as cases write them: sums of numbers and names.

use winnow::Parser;
use winnow::combinator::{alt, opt, repeat};

use super::words::{Input, Mistake, Parsed, Word, blank, letters, missing};
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
    /// ISS and IRS.
    Iss,
    Irs,
    /// SEG.SEQ of the segment that arrived last.
    SegSeq,
    /// The same of SEG.ACK.
    SegAck,
    /// A number far to the right of any window.
    Outside,
}

/// Both initial sequence numbers are 0; what was sent last was sent for the first time; and the number that a new
/// connection chooses may be any, for who answers a SYN is not modelled.
const TERMS: [(&str, Term); 12] = [
    ("RCV.NXT", Term::RcvNxt),
    ("RCV.WND", Term::RcvWnd),
    ("SND.UNA", Term::SndUna),
    ("SND.NXT", Term::SndNxt),
    ("SND.WND", Term::SndWnd),
    ("SEG.SEQ", Term::SegSeq),
    ("SEG.ACK", Term::SegAck),
    ("SND.MAX", Term::SndNxt),
    ("ISS", Term::Iss),
    ("IRS", Term::Irs),
    ("newISS", Term::Iss),
    ("outside", Term::Outside),
];

impl CaseNumber {
    pub(super) fn of(term: Term) -> Self {
        Self(vec![(Sign::Plus, term)])
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
                Term::SndWnd => endpoint.transfer.send_window.size,
                Term::AfterOwnFin => endpoint.snd_nxt.0.wrapping_add(u32::from(!endpoint.fin_sent)),
                Term::Iss => endpoint.iss.0,
                Term::Irs => endpoint.irs.0,
                Term::SegSeq => arrived.0.0,
                Term::SegAck => arrived.1.0,
                Term::Outside => endpoint.rcv_nxt.0.wrapping_add(1 << 30),
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

const UNITS: [(&str, TimeUnit); 7] = [
    ("ms", TimeUnit::Milliseconds),
    ("s", TimeUnit::Seconds),
    ("min", TimeUnit::Minutes),
    ("m", TimeUnit::Minutes),
    ("h", TimeUnit::Hours),
    ("RTO", TimeUnit::Rto),
    ("MSL", TimeUnit::Msl),
];

impl TimeSpan {
    /// How many milliseconds it is under a policy whose ticks are milliseconds; what would be negative is 0.
    #[must_use]
    pub fn milliseconds(&self, policy: &Policy) -> u64 {
        let Policy { retransmission, wait, .. } = policy;
        u64::try_from(self.sum(retransmission.rto, wait.time_wait).max(0)).unwrap_or(u64::MAX)
    }

    pub(super) fn is_negative(&self, policy: &Policy) -> bool {
        self.sum(policy.retransmission.rto, policy.wait.time_wait) < 0
    }

    /// It is negative under any policy.
    fn is_always_negative(&self) -> bool {
        let is_fixed = |(_, _, unit): &(Sign, u32, TimeUnit)| !matches!(unit, TimeUnit::Rto | TimeUnit::Msl);
        self.0.iter().all(is_fixed) && self.sum(0, 0) < 0
    }

    fn sum(&self, rto: u32, time_wait: u32) -> i128 {
        self.0.iter().fold(0i128, |sum, (sign, count, unit)| {
            let count = i128::from(*count);
            let value = match unit {
                TimeUnit::Milliseconds => count,
                TimeUnit::Seconds => count * 1_000,
                TimeUnit::Minutes => count * 60_000,
                TimeUnit::Hours => count * 3_600_000,
                TimeUnit::Rto => count * i128::from(rto),
                TimeUnit::Msl => count * i128::from(time_wait) / 2,
            };
            match sign {
                Sign::Plus => sum + value,
                Sign::Minus => sum - value,
            }
        })
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.iter().all(|(_, count, _)| *count == 0)
    }
}

/// A sequence number: a sum of numbers, powers and names.
pub(super) fn number(input: &mut Input<'_>) -> Parsed<CaseNumber> {
    sum(input, |term| {
        if let Some(base) = term.text.find('^') {
            let (base, power) = (term.split_at(base).0, term.split_at(base + 1).1);
            let number = u64::from(base.integer(u32::MAX)?).checked_pow(power.integer(32)?);
            let number = number.filter(|number| *number <= 1 << 32);
            let number = number.ok_or_else(|| term.mistake("too large a power", "expected at most 2^32"))?;
            // Numbers are modulo 2³².
            return Ok(Term::Octets(u32::try_from(number).unwrap_or(0)));
        }
        if term.text.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return term.one_of("variable", &TERMS);
        }
        term.integer(u32::MAX).map(Term::Octets)
    })
    .map(CaseNumber)
}

/// A time: a sum of numbers with units; a number alone is in `unit`.
pub(super) fn span(input: &mut Input<'_>, unit: TimeUnit) -> Parsed<TimeSpan> {
    if input.is_empty() {
        return Err(missing(input, "a time").into());
    }
    let whole = letters(&mut input.clone(), |_| false)?;
    let terms = sum(input, |term| {
        if let Some(point) = term.text.find('.') {
            return Ok((decimal_seconds(term, point)?, TimeUnit::Milliseconds));
        }
        let no_time =
            || term.mistake("not a time", "expected numbers with ms, s, min, RTO or MSL, as in 10*RTO-1s");
        let (count, name) = term.split_at(term.text.bytes().take_while(u8::is_ascii_digit).count());
        let name = match (count.text, name.text) {
            ("", "") => return Err(no_time()),
            (_, "") => return Ok((count.integer(u32::MAX)?, unit)),
            ("", name) => name,
            (_, name) => name.strip_prefix('*').unwrap_or(name),
        };
        let (_, unit) = UNITS.iter().find(|(known, _)| *known == name).ok_or_else(no_time)?;
        Ok((if count.text.is_empty() { 1 } else { count.integer(u32::MAX)? }, *unit))
    })?;
    let span = TimeSpan(terms.into_iter().map(|(sign, (count, unit))| (sign, count, unit)).collect());
    if span.is_always_negative() {
        return Err(whole.mistake("a negative time", "expected a time of at least 0").into());
    }
    Ok(span)
}

/// `1.5s` in milliseconds.
fn decimal_seconds(term: Word<'_>, point: usize) -> Result<u32, Mistake> {
    let (seconds, places) = (term.split_at(point).0, term.split_at(point + 1).1);
    let Some(digits) = places.text.strip_suffix('s').filter(|digits| (1..=3).contains(&digits.len())) else {
        return Err(term.mistake("not a time", "expected seconds with at most three places, as in 1.5s"));
    };
    let places = places.split_at(digits.len()).0;
    let scale = [100, 10, 1].get(digits.len() - 1).copied().unwrap_or(1);
    Ok(seconds.integer(4_000_000)? * 1_000 + places.integer(999)? * scale)
}

/// A sum of such terms. It may begin with a minus: `-1` is the number before 0.
fn sum<'a, T>(input: &mut Input<'a>, term: impl Fn(Word<'a>) -> Result<T, Mistake>) -> Parsed<Vec<(Sign, T)>> {
    let term = |input: &mut Input<'a>| -> Parsed<T> { Ok(term(letters(input, |letter| "+-".contains(letter))?)?) };
    let minus = opt('-').map(|minus| if minus.is_some() { Sign::Minus } else { Sign::Plus });
    let sign = alt(('+'.value(Sign::Plus), '-'.value(Sign::Minus)));
    let (first, rest): (_, Vec<_>) = ((minus, term), repeat(0.., (sign, term))).parse_next(input)?;
    blank(input)?;
    Ok(std::iter::once(first).chain(rest).collect())
}
