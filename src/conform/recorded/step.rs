//! The grammar of cases: steps, and states.

use winnow::Parser;
use winnow::stream::Location;
use winnow::token::rest;

use super::case::{AppCall, CallResult, CaseEvent, CaseTimer, Environment, ExpectedSegment, SocketError};
use super::number::{TimeUnit, span};
use super::segment::{arrival, expected_segment};
use super::words::{
    Input, Mistake, Parsed, Unread, Word, blank, integer, letters, missing, modelled_or, next_word, takes, whole,
    word,
};
use crate::diagnostic::misspelt;
use crate::tcp::{State, Timer};

/// A rule of the grammar: what a name begins.
type Rule<T> = fn(&mut Input<'_>) -> Parsed<T>;

/// A step: what happens.
pub(super) fn event(text: &str) -> Result<CaseEvent, Mistake> {
    whole(text, modelled_or(step, CaseEvent::NotModelled))
}

/// `@k` and what is expected to be sent in that step, one of 0 to `last`: a segment, or none.
pub(super) fn expected_in_step(text: &str, last: usize) -> Result<(usize, Option<ExpectedSegment>), Mistake> {
    whole(text, |input: &mut Input<'_>| Ok((step_number(input, last)?, expected_segment(input)?)))
}

/// What is expected to be sent: a segment, or none.
pub(super) fn expected(text: &str) -> Result<Option<ExpectedSegment>, Mistake> {
    whole(text, expected_segment)
}

/// `@k` and the state after that step, one of 0 to `last`.
pub(super) fn state_after_step(text: &str, last: usize) -> Result<(usize, State), Mistake> {
    whole(text, |input: &mut Input<'_>| Ok((step_number(input, last)?, state_name(input)?)))
}

/// A state.
pub(super) fn state(text: &str) -> Result<State, Mistake> {
    whole(text, state_name)
}

const STEPS: [(&str, Rule<CaseEvent>); 7] = [
    ("app", call),
    ("rcv", |input| arrival(input).map(CaseEvent::Arrival)),
    ("timer", timer),
    ("wait", |input| span(input, TimeUnit::Milliseconds).map(CaseEvent::Wait)),
    ("poll", |input| Ok(CaseEvent::Poll(octets(input)?))),
    ("env", |input| environment(input).map(CaseEvent::Environment)),
    // It does not arrive.
    ("drop", |input| rest.value(CaseEvent::Lost).parse_next(input)),
];

fn step(input: &mut Input<'_>) -> Parsed<CaseEvent> {
    word(input, "a verb")?.one_of("verb", &STEPS)?(input)
}

/// The timers by their names, and what those are for that the endpoint does not have.
const TIMERS: [(&str, Result<CaseTimer, &str>); 15] = [
    ("RTO", Ok(CaseTimer::Of(Timer::Retransmission))),
    ("2MSL", Ok(CaseTimer::Of(Timer::TimeWait))),
    ("FIN_WAIT_2", Ok(CaseTimer::Of(Timer::FinWait2))),
    ("TIME_WAIT", Ok(CaseTimer::Of(Timer::TimeWait))),
    ("DELAYED_ACK", Ok(CaseTimer::Of(Timer::DelayedAck))),
    ("DELACK", Ok(CaseTimer::Of(Timer::DelayedAck))),
    ("USER_TIMEOUT", Ok(CaseTimer::UserTimeout)),
    ("PERSIST", Ok(CaseTimer::Persist)),
    ("ZWP", Ok(CaseTimer::Persist)),
    ("KEEPALIVE", Err("keep-alive")),
    ("TLP", Err("probes of a loss")),
    ("LINGER", Err("a close() that waits")),
    ("FIN_WAIT_1", Err("a timer of FIN_WAIT_1")),
    ("LAST_ACK", Ok(CaseTimer::Of(Timer::LastAck))),
    ("SYN_SENT", Ok(CaseTimer::Of(Timer::Retransmission))),
];

fn timer(input: &mut Input<'_>) -> Parsed<CaseEvent> {
    Ok(CaseEvent::Expiry(word(input, "a timer")?.modelled_one_of("timer", &TIMERS)?))
}

/// The settings of the surroundings, those of a kernel by its own name, too. The times among them are in seconds.
const SETTINGS: [(&str, Rule<Environment>); 21] = [
    ("own_window", |input| window(input).map(Environment::OwnWindow)),
    ("peer_window", |input| window(input).map(Environment::PeerWindow)),
    ("mss", |input| {
        let size = word(input, "a value")?;
        match size.integer(1 << 30)? {
            0 => Err(size.mistake("not a number that fits", "expected at least 1").into()),
            octets => Ok(Environment::SegmentSize(octets)),
        }
    }),
    ("retries", |input| number(input).map(Environment::AllRetries)),
    ("orphan_retries", |input| number(input).map(Environment::OrphanRetries)),
    ("tcp_orphan_retries", |input| number(input).map(Environment::OrphanRetries)),
    ("retrans_collapse", |input| switch(input).map(Environment::RetransCollapse)),
    ("tcp_retrans_collapse", |input| switch(input).map(Environment::RetransCollapse)),
    ("rfc1337", |input| switch(input).map(Environment::Rfc1337)),
    ("tcp_rfc1337", |input| switch(input).map(Environment::Rfc1337)),
    ("insecure_rst", |input| switch(input).map(Environment::InsecureRst)),
    ("net.inet.tcp.insecure_rst", |input| switch(input).map(Environment::InsecureRst)),
    ("insecure_syn", |input| switch(input).map(Environment::InsecureSyn)),
    ("net.inet.tcp.insecure_syn", |input| switch(input).map(Environment::InsecureSyn)),
    ("drop_synfin", |input| switch(input).map(Environment::DropSynFin)),
    ("net.inet.tcp.drop_synfin", |input| switch(input).map(Environment::DropSynFin)),
    ("fin_wait_2_timeout", |input| span(input, TimeUnit::Seconds).map(Environment::FinWait2Timeout)),
    ("tcp_fin_timeout", |input| span(input, TimeUnit::Seconds).map(Environment::FinWait2Timeout)),
    ("finwait2_timeout", |input| span(input, TimeUnit::Seconds).map(Environment::FinWait2Timeout)),
    ("time_wait", |input| span(input, TimeUnit::Seconds).map(Environment::TimeWait)),
    ("rto", |input| span(input, TimeUnit::Seconds).map(Environment::RetransmissionTimeout)),
];

/// `NAME VALUE` or `NAME=VALUE`.
fn environment(input: &mut Input<'_>) -> Parsed<Environment> {
    let name = letters(input, |letter| letter == '=')?;
    if name.text.is_empty() {
        return Err(missing(input, "the name of a setting").into());
    }
    let setting = name.one_of_or("setting", &SETTINGS, || format!("env {}", name.text))?;
    takes(input, "=")?;
    blank(input)?;
    setting(input)
}

fn window(input: &mut Input<'_>) -> Parsed<u32> {
    integer(input, "a value", 1 << 30)
}

fn number(input: &mut Input<'_>) -> Parsed<u32> {
    integer(input, "a value", u32::MAX)
}

fn switch(input: &mut Input<'_>) -> Parsed<bool> {
    Ok(integer(input, "a value", 1)? == 1)
}

const CALLS: [(&str, Result<Rule<AppCall>, &str>); 13] = [
    ("close", Ok(|_| Ok(AppCall::Close))),
    ("shutdown_wr", Ok(|_| Ok(AppCall::ShutdownWrite))),
    ("shutdown_rd", Ok(|_| Ok(AppCall::ShutdownRead))),
    ("shutdown_rdwr", Ok(|_| Ok(AppCall::ShutdownBoth))),
    ("abort", Ok(|_| Ok(AppCall::Abort))),
    (
        "send",
        Ok(|input| {
            let queued = is_unsent(input)?;
            // Without a number any will do.
            Ok(AppCall::Send { octets: octets(input)?.unwrap_or(1), queued })
        }),
    ),
    ("recv", Ok(|input| octets(input).map(AppCall::Receive))),
    ("peek", Ok(|input| Ok(AppCall::Peek(octets(input)?.unwrap_or(u32::MAX))))),
    ("so_error", Ok(|_| Ok(AppCall::TakeError))),
    ("set", Ok(option)),
    ("listen", Ok(|_| Ok(AppCall::Listen))),
    ("accept", Err("a new connection: app accept")),
    ("connect", Ok(|_| Ok(AppCall::Connect))),
];

fn call(input: &mut Input<'_>) -> Parsed<CaseEvent> {
    let call = word(input, "a call")?.modelled_one_of("call", &CALLS)?(input)?;
    let result = match next_word(input)? {
        None => None,
        Some(Word { text: "->", .. }) => Some(match (call_result(input)?, &call) {
            (CallResult::Octets(0), AppCall::Receive(_) | AppCall::Peek(_)) => CallResult::Eof,
            (CallResult::Octets(0), other) if !matches!(other, AppCall::Send { .. }) => CallResult::Success,
            (result, _) => result,
        }),
        Some(other) => {
            return Err(other.mistake(format!("unexpected `{}`", other.text), "expected `->` or nothing").into());
        }
    };
    Ok(CaseEvent::Call(call, result))
}

/// Whether a remark in parentheses says that what is sent is only queued.
fn is_unsent(input: &Input<'_>) -> Parsed<bool> {
    const UNSENT: &str = "(unsent)";
    let text: &str = input.as_ref();
    let ends = |start: usize| text.get(start..)?.find(')').map(|len| start + len + 1);
    let remarks = text.match_indices('(').filter_map(|(start, _)| Some((start, text.get(start..ends(start)?)?)));
    let mut is_unsent = false;
    for (start, remark) in remarks {
        if remark == UNSENT {
            is_unsent = true;
        } else if misspelt(remark, [UNSENT]).is_some() {
            let remark = Word { at: input.current_token_start() + start, text: remark };
            return Err(remark.mistake("a remark that means nothing", format!("expected `{UNSENT}`")).into());
        }
    }
    Ok(is_unsent)
}

/// How many octets, if that is given.
fn octets(input: &mut Input<'_>) -> Parsed<Option<u32>> {
    if input.is_empty() || input.starts_with("->") {
        return Ok(None);
    }
    integer(input, "a number of octets", u32::MAX).map(Some)
}

const OPTIONS: [(&str, Rule<AppCall>); 4] = [
    ("user_timeout", |input| span(input, TimeUnit::Milliseconds).map(AppCall::SetUserTimeout)),
    ("tcp_user_timeout", |input| span(input, TimeUnit::Milliseconds).map(AppCall::SetUserTimeout)),
    ("linger", |input| match span(input, TimeUnit::Seconds)? {
        time if time.is_zero() => Ok(AppCall::SetLingerZero),
        _ => Err(Unread::NotModelled("a close() that waits".to_owned())),
    }),
    ("linger2", |input| span(input, TimeUnit::Seconds).map(AppCall::SetFinWait2Timeout)),
];

fn option(input: &mut Input<'_>) -> Parsed<AppCall> {
    let name = word(input, "the name of an option")?;
    name.one_of_or("option", &OPTIONS, || format!("app set {}", name.text))?(input)
}

const RESULTS: [(&str, CallResult); 10] = [
    ("EOF", CallResult::Eof),
    ("EPIPE", CallResult::BrokenPipe),
    ("ECONNRESET", CallResult::Failed(SocketError::ConnectionReset)),
    ("ECONNREFUSED", CallResult::Failed(SocketError::ConnectionRefused)),
    ("ETIMEDOUT", CallResult::Failed(SocketError::TimedOut)),
    ("EAGAIN", CallResult::Nothing),
    ("EWOULDBLOCK", CallResult::Nothing),
    ("error", CallResult::Error),
    ("ok", CallResult::Success),
    ("success", CallResult::Success),
];

fn call_result(input: &mut Input<'_>) -> Parsed<CallResult> {
    let result = word(input, "the call's result")?;
    let is_errno = result.text.len() > 3
        && result.text.starts_with('E')
        && result.text.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_errno {
        let feature = || "an error that no call returns here".to_owned();
        return result.one_of_or("result", &RESULTS, feature);
    }
    if result.text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(CallResult::Octets(result.integer(u32::MAX)?));
    }
    Ok(match result.one_of("result", &RESULTS)? {
        CallResult::Error if takes(input, "closing")? => CallResult::Closing,
        known => known,
    })
}

fn step_number(input: &mut Input<'_>, last: usize) -> Parsed<usize> {
    let word = word(input, "the number of a step, as in @1")?;
    let number = word.text.strip_prefix('@').and_then(|digits| digits.parse::<usize>().ok());
    let no_step = || word.mistake(format!("`{}` is no step", word.text), format!("expected @0 to @{last}"));
    Ok(number.filter(|step| *step <= last).ok_or_else(no_step)?)
}

/// The state of this name, as the RFC, BSD or Linux spells it.
pub(super) fn state_named(name: &str) -> Option<State> {
    match name {
        "SYN_RCVD" | "SYN-RCVD" | "SYN_RECV" => Some(State::SynReceived),
        name => State::named(name),
    }
}

fn state_name(input: &mut Input<'_>) -> Parsed<State> {
    let word = word(input, "a state")?;
    Ok(state_named(word.text).ok_or_else(|| word.unknown("state", State::ALL.map(State::name)))?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> String {
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
            "app send 5 (a reply) (unsent)",
            "app send 5 (at once)",
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
        insta::assert_snapshot!(all.map(|text| format!("{text}\n  {}", parsed(text))).join("\n"));
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
            "app send 5 (unsend)",
            "app send 5 (Unsent) -> 5",
            "env peer_windo 6",
            "app set user_timeou 5s",
            "app recv -> EPIPPE",
            "timer RTX",
            "timer RTO RTO",
            "rcv FIN+FIN seq=1",
            "env mss 0",
            "env rto -3",
            "wait",
            "wait -5s",
            "wait 1s-2h",
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
        insta::assert_snapshot!(all.map(|text| format!("{text}\n  {}", parsed(text))).join("\n"));
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
                expected(&text).err(),
                state_after_step(&text, 1).err(),
                super::super::row::event(&text).err(),
            ];
            for mistake in parsers.into_iter().flatten() {
                prop_assert!(text.get(mistake.at.clone()).is_some(), "{mistake:?}");
            }
        }
    }
}
