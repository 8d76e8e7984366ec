//! The grammar of cases: steps, segments, states.

use super::number::{Term, TimeUnit};
use super::words::{Mistake, Word, Words, integer, number, span};
use super::{
    AppCall, Arrival, CallResult, CaseEvent, CaseNumber, CaseState, CaseTimer, Environment, ExpectedSegment,
    SocketError, TimeSpan,
};
use crate::diagnostic::misspelt;
use crate::tcp::{Flags, State, Timer};

const VERBS: [&str; 7] = ["app", "rcv", "timer", "wait", "poll", "env", "drop"];

/// A step: what happens.
pub(super) fn event(text: &str) -> Result<CaseEvent, Mistake> {
    let mut words = Words::of(text);
    let verb = words.expect("a verb")?;
    let event = match verb.text {
        "app" => return call(&mut words),
        "rcv" => return arrival(&mut words),
        "timer" => {
            let name = words.expect("a timer")?;
            timer(name)?
        }
        "wait" => CaseEvent::Wait(span(words.expect("a time")?)?),
        "poll" => CaseEvent::Poll(words.next().map(|octets| integer(octets, u32::MAX)).transpose()?),
        "env" => {
            let name = words.expect("the name of a setting")?;
            match environment(name, &mut words)? {
                // How many words the value of something else has is not known.
                other @ CaseEvent::NotModelled(_) => return Ok(other),
                setting => setting,
            }
        }
        // Whatever it was: it does not arrive.
        "drop" => return Ok(CaseEvent::Lost),
        _ => return Err(verb.unknown("verb", VERBS)),
    };
    words.finish()?;
    Ok(event)
}

const TIMERS: [(&str, CaseTimer); 9] = [
    ("RTO", CaseTimer::Of(Timer::Retransmission)),
    ("2MSL", CaseTimer::Of(Timer::TimeWait)),
    ("FIN_WAIT_2", CaseTimer::Of(Timer::FinWait2)),
    ("TIME_WAIT", CaseTimer::Of(Timer::TimeWait)),
    ("DELAYED_ACK", CaseTimer::Of(Timer::DelayedAck)),
    ("DELACK", CaseTimer::Of(Timer::DelayedAck)),
    ("USER_TIMEOUT", CaseTimer::UserTimeout),
    ("PERSIST", CaseTimer::Persist),
    ("ZWP", CaseTimer::Persist),
];

/// Timers of real stacks that the endpoint does not have.
const OTHER_TIMERS: [(&str, &str); 6] = [
    ("KEEPALIVE", "keep-alive"),
    ("TLP", "probes of a loss"),
    ("LINGER", "a close() that waits"),
    ("FIN_WAIT_1", "a timer of FIN_WAIT_1"),
    ("LAST_ACK", "a timer of LAST_ACK"),
    ("SYN_SENT", "a new connection: its timer"),
];

fn timer(name: Word<'_>) -> Result<CaseEvent, Mistake> {
    if let Some((_, timer)) = TIMERS.iter().find(|(known, _)| *known == name.text) {
        return Ok(CaseEvent::Expiry(*timer));
    }
    match OTHER_TIMERS.iter().find(|(known, _)| *known == name.text) {
        Some((_, feature)) => Ok(CaseEvent::NotModelled((*feature).to_owned())),
        None => Err(name.unknown("timer", TIMERS.iter().map(|(known, _)| *known))),
    }
}

const SETTINGS: [&str; 11] = [
    "own_window",
    "peer_window",
    "mss",
    "retries",
    "orphan_retries",
    "rfc1337",
    "insecure_rst",
    "insecure_syn",
    "fin_wait_2_timeout",
    "time_wait",
    "rto",
];

fn environment(name: Word<'_>, words: &mut Words<'_>) -> Result<CaseEvent, Mistake> {
    let (setting, value) = match name.text.split_once('=') {
        Some((before, _)) => (before, Some(name.after(before.len() + 1))),
        None => (name.text, words.next()),
    };
    let end = Word { at: words.end, text: "" };
    let value = || value.ok_or_else(|| end.mistake("missing: a value", "expected it here"));
    let switch = || Ok(integer(value()?, 1)? == 1);
    let window = || integer(value()?, 1 << 30);
    Ok(CaseEvent::Environment(match setting {
        "own_window" => Environment::OwnWindow(window()?),
        "peer_window" => Environment::PeerWindow(window()?),
        "mss" => Environment::SegmentSize(window()?.max(1)),
        "retries" => Environment::Retries(integer(value()?, u32::MAX)?),
        "orphan_retries" | "tcp_orphan_retries" => Environment::OrphanRetries(integer(value()?, u32::MAX)?),
        "rfc1337" | "tcp_rfc1337" => Environment::Rfc1337(switch()?),
        "insecure_rst" | "net.inet.tcp.insecure_rst" => Environment::InsecureRst(switch()?),
        "insecure_syn" | "net.inet.tcp.insecure_syn" => Environment::InsecureSyn(switch()?),
        "tcp_fin_timeout" | "fin_wait_2_timeout" | "finwait2_timeout" => {
            Environment::FinWait2Timeout(seconds(value()?)?)
        }
        "time_wait" => Environment::TimeWait(seconds(value()?)?),
        "rto" => Environment::RetransmissionTimeout(seconds(value()?)?),
        text => {
            return match misspelt(text, SETTINGS) {
                Some(_) => Err(Word { at: name.at, text }.unknown("setting", SETTINGS)),
                None => Ok(CaseEvent::NotModelled(format!("env {text}"))),
            };
        }
    }))
}

/// A time; a number alone is in seconds.
fn seconds(word: Word<'_>) -> Result<TimeSpan, Mistake> {
    let TimeSpan(mut terms) = span(word)?;
    for (_, _, unit) in &mut terms {
        if *unit == TimeUnit::Milliseconds && word.text.bytes().all(|byte| byte.is_ascii_digit()) {
            *unit = TimeUnit::Seconds;
        }
    }
    Ok(TimeSpan(terms))
}

const CALLS: [&str; 9] =
    ["close", "shutdown_wr", "shutdown_rd", "shutdown_rdwr", "abort", "send", "recv", "so_error", "set"];

const OPTIONS: [&str; 3] = ["user_timeout", "linger", "linger2"];

fn call(words: &mut Words<'_>) -> Result<CaseEvent, Mistake> {
    let name = words.expect("a call")?;
    let octets = |words: &mut Words<'_>| match words.peek() {
        None | Some("->") => Ok(None),
        Some(_) => integer(words.expect("a number of octets")?, u32::MAX).map(Some),
    };
    let call = match name.text {
        "close" => AppCall::Close,
        "shutdown_wr" => AppCall::ShutdownWrite,
        "shutdown_rd" => AppCall::ShutdownRead,
        "shutdown_rdwr" => AppCall::ShutdownBoth,
        "abort" => AppCall::Abort,
        // Without a number any will do.
        "send" => {
            let octets = octets(words)?.unwrap_or(1);
            AppCall::Send { octets, queued: words.remarks.contains(&"unsent") }
        }
        "recv" => AppCall::Receive(octets(words)?),
        "so_error" => AppCall::TakeError,
        "set" => {
            let name = words.expect("the name of an option")?;
            match name.text {
                "user_timeout" | "tcp_user_timeout" => AppCall::SetUserTimeout(span(words.expect("a time")?)?),
                "linger2" => AppCall::SetFinWait2Timeout(seconds(words.expect("a time")?)?),
                "linger" if span(words.expect("a time")?)?.0.iter().all(|(_, count, _)| *count == 0) => {
                    AppCall::SetLingerZero
                }
                "linger" => return Ok(CaseEvent::NotModelled("a close() that waits".to_owned())),
                _ if misspelt(name.text, OPTIONS).is_some() => return Err(name.unknown("option", OPTIONS)),
                // How many words the value of something else has is not known.
                _ => return Ok(CaseEvent::NotModelled(format!("app set {}", name.text))),
            }
        }
        "listen" | "accept" | "connect" => {
            return Ok(CaseEvent::NotModelled(format!("a new connection: app {}", name.text)));
        }
        _ => return Err(name.unknown("call", CALLS)),
    };
    let result = match words.next() {
        None => None,
        Some(Word { text: "->", .. }) => match call_result(words)? {
            Some(result) => Some(result),
            None => return Ok(CaseEvent::NotModelled("an error that no call returns here".to_owned())),
        },
        Some(word) => return Err(word.mistake(format!("unexpected `{}`", word.text), "expected `->` or nothing")),
    };
    words.finish()?;
    Ok(CaseEvent::Call(call, result))
}

const RESULTS: [&str; 7] = ["EOF", "EPIPE", "ECONNRESET", "ETIMEDOUT", "EAGAIN", "error", "ok"];

/// What a call returns; `None` is an error number that the host never gives.
fn call_result(words: &mut Words<'_>) -> Result<Option<CallResult>, Mistake> {
    let result = words.expect("the call's result")?;
    let is_errno =
        |text: &str| text.len() > 3 && text.starts_with('E') && text.bytes().all(|byte| byte.is_ascii_uppercase());
    Ok(Some(match result.text {
        "0" | "ok" | "success" => CallResult::Success,
        "EOF" => CallResult::Eof,
        "EPIPE" => CallResult::BrokenPipe,
        "ECONNRESET" => CallResult::Failed(SocketError::ConnectionReset),
        "ETIMEDOUT" => CallResult::Failed(SocketError::TimedOut),
        "EAGAIN" | "EWOULDBLOCK" => CallResult::Nothing,
        "error" if words.peek() == Some("closing") => {
            words.next();
            CallResult::Closing
        }
        "error" => CallResult::Error,
        text if is_errno(text) && misspelt(text, RESULTS).is_none() => return Ok(None),
        text if text.bytes().all(|byte| byte.is_ascii_digit()) => CallResult::Octets(integer(result, u32::MAX)?),
        _ => return Err(result.unknown("result", RESULTS)),
    }))
}

/// The fields of a segment as written, before it is known what must be there.
#[derive(Debug, Default)]
pub(super) struct Fields {
    flags: Flags,
    seq: Option<CaseNumber>,
    ack: Option<CaseNumber>,
    len: Option<u32>,
    window: Option<u32>,
    not_modelled: Option<&'static str>,
}

const FLAGS: [&str; 5] = ["SYN", "FIN", "RST", "ACK", "PSH"];

/// What is no segment of TCP's, and control bits and options that the endpoint does not have.
const OTHERS: [(&str, &str); 17] = [
    ("ICMP", "ICMP"),
    ("URG", "urgent data"),
    ("ECE", "ECN"),
    ("CWR", "ECN"),
    ("AE", "ECN"),
    ("NS", "ECN"),
    ("sack", "SACK"),
    ("ts", "timestamps"),
    ("tsval", "timestamps"),
    ("tsecr", "timestamps"),
    ("mss", "the option MSS"),
    ("wscale", "window scaling"),
    ("urg", "urgent data"),
    ("urp", "urgent data"),
    ("csum", "checksums"),
    ("opt", "options"),
    ("opts", "options"),
];

fn other(name: &str) -> Option<&'static str> {
    OTHERS.iter().find(|(known, _)| *known == name).map(|(_, feature)| *feature)
}

/// Control bits, as in `FIN,ACK` or `FIN+ACK`; PSH changes nothing here.
pub(super) fn flags(word: Word<'_>) -> Result<(Flags, Option<&'static str>), Mistake> {
    let mut flags = Flags::default();
    let mut not_modelled = None;
    let mut at = word.at;
    for name in word.text.split([',', '+']) {
        let part = Word { at, text: name };
        at += name.len() + 1;
        match name {
            "SYN" => flags.syn = true,
            "FIN" => flags.fin = true,
            "RST" => flags.rst = true,
            "ACK" => flags.ack = true,
            "PSH" => {}
            _ => match other(name) {
                Some(feature) => not_modelled = Some(feature),
                None => return Err(part.unknown("flag", FLAGS)),
            },
        }
    }
    Ok((flags, not_modelled))
}

fn fields(words: &mut Words<'_>) -> Result<Fields, Mistake> {
    let word = words.expect("flags")?;
    if word.text.contains('=') {
        return Err(word.mistake("missing: flags", "expected flags before this, as in FIN,ACK"));
    }
    let (flags, not_modelled) = flags(word)?;
    let mut fields = Fields { flags, not_modelled, ..Fields::default() };
    while let Some(word) = words.next() {
        // What the words after something else are is not known.
        if fields.not_modelled.is_some() {
            break;
        }
        let Some((name, _)) = word.text.split_once('=') else {
            return Err(word.mistake(format!("unexpected `{}`", word.text), "expected seq=, ack=, len= or win="));
        };
        let value = word.after(name.len() + 1);
        let twice = match name {
            "seq" => fields.seq.replace(number(value)?).is_some(),
            "ack" => fields.ack.replace(number(value)?).is_some(),
            "len" => fields.len.replace(integer(value, 65_535)?).is_some(),
            "win" => fields.window.replace(integer(value, 1 << 30)?).is_some(),
            _ => {
                let name = Word { at: word.at, text: name };
                fields.not_modelled =
                    Some(other(name.text).ok_or_else(|| name.unknown("field", ["seq", "ack", "len", "win"]))?);
                false
            }
        };
        if twice {
            return Err(word.mistake(format!("`{name}` is given twice"), "expected it once"));
        }
    }
    Ok(fields)
}

fn arrival(words: &mut Words<'_>) -> Result<CaseEvent, Mistake> {
    let end = words.end;
    let Fields { flags, seq, ack, len, window, not_modelled } = fields(words)?;
    if let Some(feature) = not_modelled {
        return Ok(CaseEvent::NotModelled(feature.to_owned()));
    }
    let missing = |what: &str| Word { at: end, text: "" }.mistake(format!("missing: {what}"), "expected it here");
    let seq = seq.ok_or_else(|| missing("`seq=`"))?;
    let ack = match ack {
        Some(ack) => ack,
        // A reset may carry the flag without anybody looking at the number.
        None if flags.rst || !flags.ack => CaseNumber::of(Term::SndUna),
        None => return Err(missing("`ack=`")),
    };
    Ok(CaseEvent::Arrival(Arrival { flags, seq, ack, len: len.unwrap_or(0), window }))
}

/// A segment that is expected, or that none is.
pub(super) fn expected_segment(words: &mut Words<'_>, text: &str) -> Result<Option<ExpectedSegment>, Mistake> {
    if words.peek() == Some("none") {
        words.next();
        words.finish()?;
        return Ok(None);
    }
    let Fields { flags, seq, ack, len, window, not_modelled } = fields(words)?;
    let len = len.unwrap_or(0);
    Ok(Some(ExpectedSegment { text: text.to_owned(), flags, seq, ack, len, window, not_modelled }))
}

/// `@k`: the number of a step, at most `last`.
pub(super) fn step_number(words: &mut Words<'_>, last: usize) -> Result<usize, Mistake> {
    let word = words.expect("the number of a step, as in @1")?;
    let number = word.text.strip_prefix('@').and_then(|digits| digits.parse::<usize>().ok());
    number
        .filter(|step| *step <= last)
        .ok_or_else(|| word.mistake(format!("`{}` is no step", word.text), format!("expected @0 to @{last}")))
}

/// A state's name.
pub(super) fn state(word: Word<'_>) -> Result<CaseState, Mistake> {
    let name = word.text.replace('-', "_");
    let known = State::named(word.text).map(CaseState::Known);
    let opening = || CaseState::OPENING.into_iter().find(|known| *known == name).map(CaseState::Opening);
    known.or_else(opening).ok_or_else(|| word.unknown("state", State::ALL.map(State::name)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(text: &str) -> String {
        match event(text) {
            Ok(event) => format!("{event:?}"),
            Err(mistake) => {
                let Mistake { at, title, label, help } = mistake;
                format!("{title} | {label} | {} | {}", &text[at], help.unwrap_or_default())
            }
        }
    }

    #[test]
    fn steps() {
        let all = [
            "app close",
            "app send 5 (unsent)",
            "app recv -> EOF",
            "app so_error -> ECONNRESET",
            "app send 1000 -> EPIPE",
            "app send -> error closing",
            "app close -> error",
            "app recv -> ECONNRESET",
            "app recv 9 -> 3",
            "app send 1 -> ENOTCONN",
            "app set user_timeout 3000ms",
            "app set linger 0",
            "app set linger 3s",
            "app set linger2 1500ms",
            "app set nodelay 1",
            "rcv ACK seq=RCV.NXT+RCV.WND-1 ack=2 len=11",
            "rcv RST seq=outside",
            "rcv FIN,RST,ACK seq=2^16 ack=SND.NXT+1",
            "rcv ACK seq=1 ack=1 ts=4",
            "rcv ACK seq=1 ack=1 win=0",
            "rcv ACK,URG seq=1 ack=1",
            "rcv FIN+ACK seq=ISS ack=2^32-1",
            "rcv ICMP port unreachable",
            "timer 2MSL",
            "timer KEEPALIVE",
            "timer DELACK",
            "timer PERSIST",
            "wait 10*RTO-1",
            "wait 2MSL-1s",
            "wait 1.05s",
            "poll",
            "poll 2",
            "env peer_window 6",
            "env mss 536",
            "env cwnd 1 segment",
            "env tcp_fin_timeout=5",
            "env time_wait 2*MSL",
            "env listener",
            "app set keepalive on 3s",
            "drop ACK of our FIN",
        ];
        insta::assert_snapshot!(all.map(|text| format!("{text}\n  {}", said(text))).join("\n"));
    }

    #[test]
    fn mistakes_are_where_they_are() {
        let all = [
            "",
            "recv ACK",
            "app",
            "app clos",
            "app send -1",
            "app send 4294967296",
            "app recv 1 EOF",
            "app recv -> eof",
            "rcv",
            "rcv FYN seq=1",
            "rcv ACK ack=1",
            "rcv ACK seq=1",
            "rcv ACK seq=-1 ack=1",
            "rcv ACK seq=1 ack=RCV.NXY",
            "rcv ACK seq=1 ack=1 len=65536",
            "rcv ACK seq=1 ack=1 len=-1",
            "rcv ACK seq=1 seq=2 ack=1",
            "rcv RST seq=2^33",
            "rcv RST seq=1+",
            "rcv RST seq=1 x",
            "rcv RST seq=1 lenn=1",
            "rcv seq=1 ack=1",
            "app send 5 (unsent",
            "env peer_windo 6",
            "app set user_timeou 5s",
            "app recv -> EPIPPE",
            "timer RTX",
            "timer RTO RTO",
            "wait",
            "wait soon",
            "wait 1*",
            "wait 1--1",
            "wait 1.5",
            "wait .5s",
            "wait 1.2345s",
            "wait 1s 1s",
            "poll all",
            "poll 1 2",
            "env peer_window",
            "env retries many",
            "app set linger",
        ];
        insta::assert_snapshot!(all.map(|text| format!("{text}\n  {}", said(text))).join("\n"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_step_or_has_a_mistake_within_it(
            text in prop_oneof![
                any::<String>(),
                "(app|rcv|timer|wait|env) [a-zA-Z0-9=+^*.,() é-]{0,30}",
                "rcv (ACK|FIN,ACK|RST) seq=[RCV.NXTWD0-9+^-]{0,12} ack=[0-9]{0,12}( len=[0-9]{0,6})?",
                "wait [0-9MSLRTOms*+-]{0,12}",
            ],
        ) {
            let parsers = [
                event(&text).err(),
                number(Word { at: 0, text: &text }).err(),
                span(Word { at: 0, text: &text }).err(),
                expected_segment(&mut Words::of(&text), &text).err(),
                super::super::row::event(&text).err(),
            ];
            for mistake in parsers.into_iter().flatten() {
                prop_assert!(text.get(mistake.at.clone()).is_some(), "{mistake:?}");
            }
        }
    }
}
