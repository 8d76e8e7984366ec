//! The words in which recorded cases are written: verbs, segments, numbers and times.

use std::ops::Range;

use crate::tcp::{Endpoint, Flags, Segment, Seq, State, WINDOW};

/// What is wrong with a text, and where in it, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The part that is wrong.
    pub span: Range<usize>,
    /// What was expected instead.
    pub expected: String,
}

/// What happens in one step of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The application calls, and what comes of it, if that is told.
    App(AppCall, Option<Returns>),
    /// A segment arrives.
    Arrival(Pattern),
    /// A timer expires.
    Timer(CaseTimer),
    /// Time passes.
    Wait(Span),
    /// `retries` retransmissions, then silence.
    Retries(u32),
    /// The application gives up after this time without progress.
    UserTimeout,
    /// A segment that the peer sent is lost: nothing happens here.
    Drop,
    /// Something that the model leaves out, and what it is.
    Unmodelled(String),
}

/// A call of the application, as sockets have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppCall {
    /// `close()`.
    Close,
    /// `shutdown(SHUT_WR)`.
    ShutdownWrite,
    /// `shutdown(SHUT_RD)`.
    ShutdownRead,
    /// `shutdown(SHUT_RDWR)`.
    ShutdownBoth,
    /// `close()` with a linger time of 0.
    Abort,
    /// `send()` of so many octets.
    Send(u32),
    /// `recv()` of so many octets; `None`: of what there is.
    Receive(Option<u32>),
}

/// What a call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// The end of what the peer sends.
    Eof,
    /// Nothing can be sent any more.
    BrokenPipe,
    /// Some error.
    Error,
}

/// A timer as cases name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseTimer {
    /// The retransmission timer.
    Retransmission,
    /// The 2MSL timer.
    TimeWait,
    /// The timeout of `FIN_WAIT_2`.
    FinWait2,
    /// The application's patience.
    User,
}

/// A state as cases name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseState {
    /// A state of closing.
    Closing(State),
    /// One of the handshake's, which the model leaves out.
    Handshake,
}

/// A segment whose numbers depend on the endpoint; a number that is not given may be any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The control bits.
    pub flags: Flags,
    /// SEG.SEQ.
    pub seq: Option<Number>,
    /// SEG.ACK.
    pub ack: Option<Number>,
    /// Octets of text.
    pub len: Option<Number>,
    /// It has a field that the model leaves out, and which.
    pub unmodelled: Option<String>,
}

/// A sum of the endpoint's variables and plain numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(Vec<(i64, Term)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Term {
    One,
    RcvNxt,
    RcvWnd,
    SndNxt,
    SndUna,
    SegSeq,
    SegAck,
    SegLen,
    OurFin,
    /// The first number of a connection that is yet to be.
    NewIss,
}

/// A time: a sum of the policy's durations and milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many retransmission timeouts.
    pub rto: i64,
    /// How many MSLs.
    pub msl: i64,
    /// How many milliseconds.
    pub milliseconds: i64,
}

/// No time is longer, in milliseconds: a day, where cases speak of minutes.
const LONGEST: i64 = 24 * 60 * 60 * 1000;

/// Nor has a time more of the policy's durations.
const MOST: i64 = 10_000;

impl Number {
    fn just(term: Term) -> Self {
        Self(vec![(1, term)])
    }

    /// It is of a new connection.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.0.iter().any(|(_, term)| *term == Term::NewIss)
    }

    /// Its value at an endpoint, modulo 2³², where `segment` is the one that last arrived.
    #[must_use]
    pub fn at(&self, endpoint: &Endpoint, segment: Option<&Segment>) -> u32 {
        let value = |term: Term| match term {
            Term::One => 1,
            Term::RcvNxt => endpoint.rcv_nxt.0,
            Term::RcvWnd => WINDOW,
            Term::SndNxt => endpoint.snd_nxt.0,
            Term::SndUna => endpoint.snd_una.0,
            Term::SegSeq => segment.map_or(0, |segment| segment.seq.0),
            Term::SegAck => segment.map_or(0, |segment| segment.ack.0),
            Term::SegLen => segment.map_or(0, Segment::sequence_length),
            Term::OurFin => endpoint.snd_nxt.0.wrapping_sub(u32::from(endpoint.fin_sent)),
            Term::NewIss => 0,
        };
        // Modular on purpose: RFC 9293 §3.4.
        self.0.iter().fold(0u32, |sum, (factor, term)| {
            let factor = u32::try_from(factor.rem_euclid(1 << 32)).unwrap_or(0);
            sum.wrapping_add(factor.wrapping_mul(value(*term)))
        })
    }
}

impl Pattern {
    /// The segment at an endpoint; what is not given is what an ordinary peer would send.
    #[must_use]
    pub fn at(&self, endpoint: &Endpoint) -> Segment {
        let number =
            |number: &Option<Number>, or: u32| number.as_ref().map_or(or, |given| given.at(endpoint, None));
        let ack = if self.flags.ack { Seq(number(&self.ack, endpoint.snd_una.0)) } else { Seq(0) };
        Segment {
            flags: self.flags,
            seq: Seq(number(&self.seq, endpoint.rcv_nxt.0)),
            ack,
            len: number(&self.len, 0),
        }
    }

    /// Whether a segment that was sent is such; `before` is the endpoint before the step, and `arrived` what arrived in
    /// it.
    #[must_use]
    pub fn fits(&self, sent: &Segment, before: &Endpoint, arrived: Option<&Segment>) -> bool {
        let is = |given: &Option<Number>, number: u32| {
            given.as_ref().is_none_or(|given| given.at(before, arrived) == number)
        };
        self.flags == sent.flags
            && is(&self.seq, sent.seq.0)
            && is(&self.ack, sent.ack.0)
            && self.len.as_ref().map_or(0, |given| given.at(before, arrived)) == sent.len
    }
}

/// A text in words, each with its place.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<(usize, &'a str)> {
        let rest = self.text.get(self.at..)?;
        let start = self.at + (rest.len() - rest.trim_start().len());
        let word = self.text.get(start..)?.split_whitespace().next()?;
        self.at = start + word.len();
        Some((start, word))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default().trim()
    }

    fn word(&mut self, expected: &str) -> Result<(usize, &'a str), Problem> {
        let end = self.text.len();
        self.next().ok_or_else(|| Problem { span: end..end, expected: expected.to_owned() })
    }

    /// Nothing may follow, unless in brackets.
    fn end(&mut self) -> Result<(), Problem> {
        match self.next() {
            Some((_, word)) if word.starts_with('(') => Ok(()),
            None => Ok(()),
            Some((at, word)) => Err(wrong(at, word, "the end of it, or a remark in brackets")),
        }
    }
}

fn wrong(at: usize, word: &str, expected: &str) -> Problem {
    Problem { span: at..at + word.len(), expected: expected.to_owned() }
}

/// An event of a case: `app …`, `rcv …`, `timer …`, `wait …`, `env …` or `drop …`.
pub(super) fn event(text: &str) -> Result<Happening, Problem> {
    let mut words = Words { text, at: 0 };
    let verbs = "`app`, `rcv`, `timer`, `wait`, `env` or `drop`";
    let (at, verb) = words.word(verbs)?;
    match verb {
        "app" => app(&mut words),
        "rcv" => segment(&mut words, ',').map(Happening::Arrival),
        "timer" => {
            let names = "`RTO`, `2MSL`, `FIN_WAIT_2` or `USER_TIMEOUT`";
            let (at, name) = words.word(names)?;
            let timer = match name {
                "RTO" => CaseTimer::Retransmission,
                "2MSL" => CaseTimer::TimeWait,
                "FIN_WAIT_2" => CaseTimer::FinWait2,
                "USER_TIMEOUT" => CaseTimer::User,
                _ => return Err(wrong(at, name, names)),
            };
            words.end().map(|()| Happening::Timer(timer))
        }
        "wait" => {
            let (at, time) = words.word("a time, as in `60s` or `10*RTO-1`")?;
            let span = time_span(at, time)?;
            words.end().map(|()| Happening::Wait(span))
        }
        "env" => {
            let (_, name) = words.word("the name of a setting")?;
            if name == "retries" {
                let (at, value) = words.word("a number of retransmissions")?;
                let retries = value.parse().map_err(|_| wrong(at, value, "a number of retransmissions"))?;
                return words.end().map(|()| Happening::Retries(retries));
            }
            Ok(Happening::Unmodelled(format!("{name} of the surroundings")))
        }
        "drop" => Ok(Happening::Drop),
        _ => Err(wrong(at, verb, verbs)),
    }
}

fn app(words: &mut Words<'_>) -> Result<Happening, Problem> {
    let calls = "`close`, `shutdown_wr`, `shutdown_rd`, `shutdown_rdwr`, `abort`, `send`, `recv` or `set`";
    let (at, name) = words.word(calls)?;
    let call = match name {
        "close" => AppCall::Close,
        "shutdown_wr" => AppCall::ShutdownWrite,
        "shutdown_rd" => AppCall::ShutdownRead,
        "shutdown_rdwr" => AppCall::ShutdownBoth,
        "abort" => AppCall::Abort,
        "send" => AppCall::Send(octets(words)?.unwrap_or(1)),
        "recv" => AppCall::Receive(octets(words)?),
        "set" => {
            let (_, name) = words.word("the name of an option")?;
            if name == "user_timeout" {
                let (at, time) = words.word("a time, as in `3000ms`")?;
                time_span(at, time)?;
                return words.end().map(|()| Happening::UserTimeout);
            }
            return Ok(Happening::Unmodelled(format!("the option {name}")));
        }
        _ => return Err(wrong(at, name, calls)),
    };
    if let AppCall::Send(_) = call
        && words.rest().starts_with("(unsent)")
    {
        return Ok(Happening::Unmodelled("text that waits before it is sent".to_owned()));
    }
    let returns = match words.next() {
        None => None,
        Some((_, "->")) => {
            let results = "`EOF`, `EPIPE` or `error`";
            let (at, result) = words.word(results)?;
            match result {
                "EOF" => Some(Returns::Eof),
                "EPIPE" => Some(Returns::BrokenPipe),
                // Which error it is differs with every system.
                _ if result.starts_with('E') && result.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                    Some(Returns::Error)
                }
                // What kind of error it is, is told after it and differs with every library.
                "error" => return Ok(Happening::App(call, Some(Returns::Error))),
                _ => return Err(wrong(at, result, results)),
            }
        }
        Some((_, word)) if word.starts_with('(') => return Ok(Happening::App(call, None)),
        Some((at, word)) => return Err(wrong(at, word, "`->` and what the call returns")),
    };
    words.end().map(|()| Happening::App(call, returns))
}

/// A number of octets, if one follows.
fn octets(words: &mut Words<'_>) -> Result<Option<u32>, Problem> {
    let before = words.at;
    match words.next() {
        Some((at, word)) if word.trim_start_matches('-').starts_with(|char: char| char.is_ascii_digit()) => {
            word.parse().map(Some).map_err(|_| wrong(at, word, "a number of octets, from 0 to 4294967295"))
        }
        _ => {
            words.at = before;
            Ok(None)
        }
    }
}

/// `FLAGS seq=… ack=… len=…`, the flags with this between them.
fn segment(words: &mut Words<'_>, separator: char) -> Result<Pattern, Problem> {
    let (at, names) = words.word("flags, as in `FIN,ACK`")?;
    let flags = flags(at, names, separator)?;
    let mut pattern = Pattern { flags, seq: None, ack: None, len: None, unmodelled: None };
    while let Some((at, word)) = words.next() {
        if word.starts_with('(') {
            break;
        }
        let fields = "`seq=`, `ack=` or `len=`";
        let Some((field, value)) = word.split_once('=') else {
            return Err(wrong(at, word, fields));
        };
        let value_at = at + field.len() + 1;
        match field {
            "seq" => pattern.seq = Some(number(value_at, value)?),
            "ack" => pattern.ack = Some(number(value_at, value)?),
            "len" => pattern.len = Some(length(value_at, value)?),
            "win" => pattern.unmodelled = Some("the window that is advertised".to_owned()),
            _ => return Err(wrong(at, word, fields)),
        }
    }
    Ok(pattern)
}

fn flags(at: usize, names: &str, separator: char) -> Result<Flags, Problem> {
    let mut flags = Flags::default();
    let mut start = at;
    for name in names.split(separator) {
        match name {
            "SYN" => flags.syn = true,
            "FIN" => flags.fin = true,
            "RST" => flags.rst = true,
            "ACK" => flags.ack = true,
            // Nothing in closing depends on it.
            "PSH" | "URG" | "ECE" | "CWR" => {}
            _ => return Err(wrong(start, name, "`SYN`, `FIN`, `RST`, `PSH` or `ACK`")),
        }
        start += name.len() + 1;
    }
    Ok(flags)
}

fn length(at: usize, text: &str) -> Result<Number, Problem> {
    if text.starts_with('-') {
        return Err(wrong(at, text, "a length of 0 octets or more"));
    }
    number(at, text)
}

/// `1`, `RCV.NXT+RCV.WND-1`, `2^30`, `newISS`, or `outside`: a number outside of the window.
fn number(at: usize, text: &str) -> Result<Number, Problem> {
    if text == "outside" {
        return Ok(Number(vec![(1, Term::RcvNxt), (1, Term::RcvWnd), (1 << 20, Term::One)]));
    }
    let mut terms = Vec::new();
    for (start, sign, word) in signed(at, text) {
        let term = match word {
            "RCV.NXT" => (1, Term::RcvNxt),
            // Both ends have the same window, and it never changes.
            "RCV.WND" | "SND.WND" | "MAX.SND.WND" => (1, Term::RcvWnd),
            "SND.NXT" => (1, Term::SndNxt),
            "SND.UNA" => (1, Term::SndUna),
            "SEG.SEQ" => (1, Term::SegSeq),
            "SEG.ACK" => (1, Term::SegAck),
            "SEG.LEN" => (1, Term::SegLen),
            "newISS" => (1, Term::NewIss),
            _ => {
                let plain = word.strip_prefix("2^").map_or_else(
                    || word.parse::<u32>().ok(),
                    |exponent| exponent.parse::<u32>().ok().and_then(|exponent| 1u32.checked_shl(exponent)),
                );
                let expected = "a number from 0 to 4294967295, or `RCV.NXT`, `RCV.WND`, `SND.NXT`, `SND.UNA`, \
                                `SEG.SEQ`, `SEG.ACK`, `SEG.LEN`, `newISS` or `outside`";
                (i64::from(plain.ok_or_else(|| wrong(start, word, expected))?), Term::One)
            }
        };
        terms.push((sign * term.0, term.1));
    }
    Ok(Number(terms))
}

/// The terms of a sum, each with its place and its sign.
fn signed(at: usize, text: &str) -> Vec<(usize, i64, &str)> {
    let mut terms = Vec::new();
    let (mut start, mut sign) = (0, 1);
    for (place, char) in text.char_indices().filter(|(_, char)| matches!(char, '+' | '-')) {
        // A sign before the first term belongs to it.
        if place > 0 {
            terms.push((at + start, sign, text.get(start..place).unwrap_or_default()));
        }
        (start, sign) = (place + 1, if char == '-' { -1 } else { 1 });
    }
    terms.push((at + start, sign, text.get(start..).unwrap_or_default()));
    terms
}

/// `60s`, `500ms`, `2MSL-1s`, `10*RTO-1`: what has no unit is in milliseconds.
fn time_span(at: usize, text: &str) -> Result<Span, Problem> {
    let expected = "a time, as in `60s`, `500ms`, `2MSL-1s` or `10*RTO-1`";
    let mut span = Span { rto: 0, msl: 0, milliseconds: 0 };
    for (start, sign, word) in signed(at, text) {
        let digits = word.len() - word.trim_start_matches(|char: char| char.is_ascii_digit()).len();
        let (factor, unit) = word.split_at(digits);
        let factor: i64 = if factor.is_empty() && matches!(unit, "RTO" | "MSL") {
            1
        } else {
            factor.parse().map_err(|_| wrong(start, word, expected))?
        };
        let (sum, unit, most) = match unit.trim_start_matches('*') {
            "RTO" => (&mut span.rto, 1, MOST),
            "MSL" => (&mut span.msl, 1, MOST),
            "" | "ms" => (&mut span.milliseconds, 1, LONGEST),
            "s" => (&mut span.milliseconds, 1000, LONGEST),
            "m" | "min" => (&mut span.milliseconds, 60_000, LONGEST),
            _ => return Err(wrong(start, word, expected)),
        };
        let product = factor.checked_mul(unit).and_then(|term| sum.checked_add(sign * term));
        *sum = product.filter(|sum| sum.abs() <= most).ok_or_else(|| wrong(start, word, "a shorter time"))?;
    }
    Ok(span)
}

/// What is expected to be sent: the step, and a segment or none.
pub(super) fn expected_segment(text: &str) -> Result<(usize, Option<Pattern>), Problem> {
    let mut words = Words { text, at: 0 };
    let step = step(&mut words)?;
    if words.rest().split_whitespace().next() == Some("none") {
        words.next();
        return words.end().map(|()| (step, None));
    }
    segment(&mut words, ',').map(|pattern| (step, Some(pattern)))
}

/// What state is expected after which step.
pub(super) fn state_check(text: &str) -> Result<(usize, CaseState), Problem> {
    let mut words = Words { text, at: 0 };
    let step = step(&mut words)?;
    let (at, name) = words.word("a state")?;
    let state = state(at, name)?;
    words.end().map(|()| (step, state))
}

fn step(words: &mut Words<'_>) -> Result<usize, Problem> {
    let expected = "a step, as in `@1`";
    let (at, word) = words.word(expected)?;
    word.strip_prefix('@').and_then(|digits| digits.parse().ok()).ok_or_else(|| wrong(at, word, expected))
}

/// A state's name.
pub(super) fn state(at: usize, name: &str) -> Result<CaseState, Problem> {
    if matches!(name, "SYN_RCVD" | "SYN_RECV" | "SYN_RECEIVED" | "SYN_SENT" | "LISTEN") {
        return Ok(CaseState::Handshake);
    }
    let known = State::ALL.into_iter().find(|state| state.name() == name);
    let names = State::ALL.map(State::name).join(", ");
    known.map(CaseState::Closing).ok_or_else(|| wrong(at, name, &format!("a state: {names}")))
}

/// The event of a row of a transition table: `FIN+ACK seq=RCV.NXT acks our FIN`, `DATA 10B+FIN seq=RCV.NXT`. What is
/// not said to acknowledge more acknowledges all but our FIN.
pub(super) fn row_event(text: &str) -> Result<Pattern, Problem> {
    let mut words = Words { text, at: 0 };
    let (at, first) = words.word("flags, as in `FIN+ACK`, or `DATA`")?;
    let mut len = None;
    let mut flags = if first == "DATA" {
        let expected = "a number of octets, as in `10B` or `10B+FIN`";
        let (at, amount) = words.word(expected)?;
        let (octets, with_fin) = match amount.split_once('+') {
            Some((octets, "FIN")) => (octets, true),
            Some(_) => return Err(wrong(at, amount, expected)),
            None => (amount, false),
        };
        let octets = octets.strip_suffix('B').ok_or_else(|| wrong(at, amount, expected))?;
        len = Some(length(at, octets)?);
        Flags { fin: with_fin, ..Flags::ACK }
    } else {
        flags(at, first, '+')?
    };
    let mut seq = Number::just(Term::RcvNxt);
    let mut ack = Number::just(Term::OurFin);
    while let Some((at, word)) = words.next() {
        match word {
            _ if word.starts_with('(') => break,
            "no" => {
                let (at, what) = words.word("`ACK`")?;
                if what != "ACK" {
                    return Err(wrong(at, what, "`ACK`"));
                }
                flags.ack = false;
            }
            "old" => {
                words.word("`ack`")?;
            }
            "acks" => {
                phrase(&mut words, &["our", "FIN"])?;
                ack = Number(vec![(1, Term::OurFin), (1, Term::One)]);
            }
            "beyond" => {
                phrase(&mut words, &["SND.NXT"])?;
                ack = Number(vec![(1, Term::SndNxt), (1000, Term::One)]);
            }
            "ack=our" => {
                phrase(&mut words, &["FIN+1"])?;
                ack = Number(vec![(1, Term::OurFin), (1, Term::One)]);
            }
            _ => match word.split_once('=') {
                Some(("seq", value)) => seq = number(at + 4, value)?,
                Some(("ack", value)) => ack = number(at + 4, value)?,
                _ => {
                    return Err(wrong(
                        at,
                        word,
                        "`seq=`, `ack=`, `no ACK`, `old ack`, `acks our FIN` or `beyond SND.NXT`",
                    ));
                }
            },
        }
    }
    Ok(Pattern { flags, seq: Some(seq), ack: Some(ack), len, unmodelled: None })
}

fn phrase(words: &mut Words<'_>, expected: &[&str]) -> Result<(), Problem> {
    for expected in expected {
        let (at, word) = words.word(expected)?;
        if word != *expected {
            return Err(wrong(at, word, &format!("`{expected}`")));
        }
    }
    Ok(())
}

/// What a row says was sent: `SYN+ACK seq=65539 ack=103 len=0`.
pub(super) fn row_segment(text: &str) -> Result<Pattern, Problem> {
    segment(&mut Words { text, at: 0 }, '+')
}
