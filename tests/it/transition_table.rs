//! The endpoint's transition table, to be held against RFC 9293's Figure 5 and §3.10.7.4.

use std::fmt::Write;

use lastack::tcp::{
    AbortResets, AckOfUnsent, AfterTimeout, Call, Effects, Endpoint, Flags, LateText, OldSegments, OldestAck,
    OutOfOrder, Policy, RstInTimeWait, RstInWindow, Segment, Seq, ShutdownRead, State, SynInWindow,
    TimeWaitAnswers, Timer, TimerChange, WithoutAck,
};

fn segment(flags: Flags, seq: Seq, ack: Seq, len: u32) -> Segment {
    Segment { flags, seq, ack, len }
}

/// An endpoint on the shortest way to a state.
fn in_state(state: State, policy: &Policy) -> Endpoint {
    let mut endpoint = Endpoint::established();
    let close = |endpoint: &mut Endpoint| endpoint.on_call(Call::Shutdown, policy);
    let fin =
        |endpoint: &mut Endpoint, ack| endpoint.on_segment(&segment(Flags::FIN_ACK, Seq(1), Seq(ack), 0), policy);
    let ack =
        |endpoint: &mut Endpoint, seq| endpoint.on_segment(&segment(Flags::ACK, Seq(seq), Seq(2), 0), policy);
    match state {
        State::Established => {}
        State::FinWait1 => drop(close(&mut endpoint)),
        State::FinWait2 => {
            close(&mut endpoint);
            ack(&mut endpoint, 1);
        }
        State::CloseWait => drop(fin(&mut endpoint, 1)),
        State::Closing => {
            close(&mut endpoint);
            fin(&mut endpoint, 1);
        }
        State::LastAck => {
            fin(&mut endpoint, 1);
            close(&mut endpoint);
        }
        State::TimeWait => {
            close(&mut endpoint);
            fin(&mut endpoint, 2);
        }
        State::Closed => {
            fin(&mut endpoint, 1);
            close(&mut endpoint);
            ack(&mut endpoint, 2);
        }
    }
    assert_eq!(endpoint.state, state);
    endpoint
}

fn answer(effects: &Effects) -> String {
    let mut parts: Vec<String> = effects.segment.iter().map(ToString::to_string).collect();
    let mut stopped = Vec::new();
    for (timer, change) in Timer::ALL.into_iter().zip(effects.timers) {
        match change {
            TimerChange::Set(ticks) => parts.push(format!("{} in {ticks}", timer.name())),
            TimerChange::Cancel => stopped.push(timer),
            TimerChange::Keep => {}
        }
    }
    match stopped.as_slice() {
        stopped if stopped == Timer::ALL => parts.push("all timers off".to_owned()),
        stopped => parts.extend(stopped.iter().map(|timer| format!("{} off", timer.name()))),
    }
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

fn table(policy: &Policy) -> String {
    let mut table = String::new();
    for state in State::ALL {
        let at = in_state(state, policy);
        let (next, una, sent) = (at.rcv_nxt, at.snd_una, at.snd_nxt);
        let before = Seq(next.0.wrapping_sub(1));
        let fin_and_rst = Flags { fin: true, ..Flags::RST };
        let syn = Flags { syn: true, ..Flags::default() };
        let arriving = [
            ("ACK of nothing new", segment(Flags::ACK, next, una, 0)),
            ("ACK of all", segment(Flags::ACK, next, sent, 0)),
            ("ACK of all, out of order", segment(Flags::ACK, next + 1, sent, 0)),
            ("ACK of all, old seq", segment(Flags::ACK, before, sent, 0)),
            ("ACK of the unsent", segment(Flags::ACK, next, sent + 1, 0)),
            ("ACK of long ago", segment(Flags::ACK, next, Seq(una.0.wrapping_sub(65_536)), 0)),
            ("ACK at the window's end", segment(Flags::ACK, next + 65_534, una, 0)),
            ("ACK beyond the window", segment(Flags::ACK, next + 65_535, una, 0)),
            ("DATA", segment(Flags::ACK, next, una, 1)),
            ("DATA beyond a hole", segment(Flags::ACK, next + 2, una, 1)),
            ("DATA of old", segment(Flags::ACK, before, una, 1)),
            ("DATA half old", segment(Flags::ACK, before, una, 3)),
            ("FIN", segment(Flags::FIN_ACK, next, una, 0)),
            ("FIN with ACK of all", segment(Flags::FIN_ACK, next, sent, 0)),
            ("FIN beyond a hole", segment(Flags::FIN_ACK, next + 1, una, 0)),
            ("FIN of old", segment(Flags::FIN_ACK, before, una, 0)),
            ("FIN of old, ACK of all", segment(Flags::FIN_ACK, before, sent, 0)),
            ("DATA and FIN", segment(Flags::FIN_ACK, next, una, 1)),
            ("a window of DATA and FIN", segment(Flags::FIN_ACK, next, una, 65_535)),
            ("FIN without ACK", segment(Flags { fin: true, ..Flags::default() }, next, una, 0)),
            ("RST at RCV.NXT", segment(Flags::RST, next, Seq(0), 0)),
            ("RST with ACK at RCV.NXT", segment(Flags::RST_ACK, next, sent, 0)),
            ("RST with FIN at RCV.NXT", segment(fin_and_rst, next, Seq(0), 0)),
            ("RST with DATA at RCV.NXT", segment(Flags::RST, next, Seq(0), 2)),
            ("RST with DATA of old", segment(Flags::RST, before, Seq(0), 2)),
            ("RST in the window", segment(Flags::RST, next + 1, Seq(0), 0)),
            ("RST of old", segment(Flags::RST, before, Seq(0), 0)),
            ("RST beyond the window", segment(Flags::RST, next + 65_535, Seq(0), 0)),
            ("SYN at RCV.NXT", segment(syn, next, Seq(0), 0)),
            ("SYN of old", segment(syn, before, Seq(0), 0)),
            ("SYN with ACK", segment(Flags { ack: true, ..syn }, next, sent, 0)),
        ];
        for (name, segment) in arriving {
            let mut endpoint = at.clone();
            let effects = endpoint.on_segment(&segment, policy);
            writeln!(table, "{state:<12} {name:<25} {:<50} {}", answer(&effects), endpoint.state).unwrap();
        }
        for call in [Call::Send, Call::Shutdown, Call::Close, Call::Abort] {
            let mut endpoint = at.clone();
            let effects = endpoint.on_call(call, policy);
            writeln!(table, "{state:<12} {:<25} {:<50} {}", call.name(), answer(&effects), endpoint.state)
                .unwrap();
        }
        for timer in Timer::ALL {
            let mut endpoint = at.clone();
            let effects = endpoint.on_timeout(timer, policy);
            let name = format!("{} timer", timer.name());
            writeln!(table, "{state:<12} {name:<25} {:<50} {}", answer(&effects), endpoint.state).unwrap();
        }
    }
    table
}

#[test]
fn rfc_9293() {
    insta::assert_snapshot!(table(&Policy::rfc9293(2)));
}

/// What the other policies change in the table, and nothing else.
#[test]
fn each_policy_field_changes_what_it_is_named_after() {
    let base = Policy::rfc9293(2);
    let policies = [
        ("rfc1337", Policy::rfc1337(2)),
        ("restart_time_wait = false", Policy { restart_time_wait: false, ..base }),
        ("unacceptable_restarts", Policy { unacceptable_restarts: true, ..base }),
        ("out_of_order = drop", Policy { out_of_order: OutOfOrder::Drop, ..base }),
        ("out_of_order = hold-text", Policy { out_of_order: OutOfOrder::HoldText, ..base }),
        ("rst_in_window = close", Policy { rst_in_window: RstInWindow::Close, ..base }),
        ("drops_old_acks", Policy { drops_old_acks: true, ..base }),
        ("delayed_ack = 1", Policy { delayed_ack: Some(1), ..base }),
        ("retries = 0", Policy { retries: Some(0), ..base }),
        ("backoff", Policy { backoff: true, ..base }),
        ("rto = 3", Policy { rto: 3, ..base }),
        ("time_wait = 1", Policy { time_wait: 1, ..base }),
        ("fin_wait_2_timeout = 7", Policy { fin_wait_2_timeout: Some(7), ..base }),
        ("time_wait_answers = all-but-empty", Policy { time_wait_answers: TimeWaitAnswers::AllButEmpty, ..base }),
        (
            "time_wait_answers = all-but-expected",
            Policy { time_wait_answers: TimeWaitAnswers::AllButExpected, ..base },
        ),
        ("time_wait_answers = elsewhere", Policy { time_wait_answers: TimeWaitAnswers::Elsewhere, ..base }),
        ("time_wait_answers = nothing", Policy { time_wait_answers: TimeWaitAnswers::Nothing, ..base }),
        ("rst_before_fin", Policy { rst_before_fin: true, ..base }),
        ("without_ack = process", Policy { without_ack: WithoutAck::Process, ..base }),
        ("window_includes_end", Policy { window_includes_end: true, ..base }),
        ("syn_in_window = reset", Policy { syn_in_window: SynInWindow::Reset, ..base }),
        ("syn_in_window = drop", Policy { syn_in_window: SynInWindow::Drop, ..base }),
        ("time_wait_answers = with length", Policy { time_wait_answers: TimeWaitAnswers::WithLength, ..base }),
        ("old_segments = acknowledge", Policy { old_segments: OldSegments::Acknowledge, ..base }),
        ("old_segments = acknowledge adjacent", Policy { old_segments: OldSegments::AcknowledgeAdjacent, ..base }),
        ("abort_resets = unless TIME_WAIT", Policy { abort_resets: AbortResets::UnlessTimeWait, ..base }),
        ("abort_resets = always", Policy { abort_resets: AbortResets::Always, ..base }),
        ("abort_ends_time_wait = false", Policy { abort_ends_time_wait: false, ..base }),
        ("closed_acknowledges", Policy { closed_acknowledges: true, ..base }),
        ("reset_text_after_fin", Policy { reset_text_after_fin: true, ..base }),
        (
            "ack_of_unsent = answer unless established",
            Policy { ack_of_unsent: AckOfUnsent::AnswerUnlessEstablished, ..base },
        ),
        ("last_ack_answers", Policy { last_ack_answers: true, ..base }),
        ("fin_with_acks", Policy { fin_with_acks: true, ..base }),
        ("reset_with_ack", Policy { reset_with_ack: true, ..base }),
        ("reset_on_giving_up", Policy { reset_on_giving_up: true, retries: Some(0), ..base }),
        // What these decide is not in the table: it takes unread text, a closed window, an application that is gone,
        // several timeouts, or stranger segments. `tests/it/conformance.rs` has them.
        ("without_ack = drop", Policy { without_ack: WithoutAck::Drop, ..base }),
        ("oldest_ack = first", Policy { oldest_ack: OldestAck::First, ..base }),
        ("orphan_retries = 0", Policy { orphan_retries: Some(0), ..base }),
        ("fin_without_room", Policy { fin_without_room: true, ..base }),
        ("probe_acknowledges = false", Policy { probe_acknowledges: false, ..base }),
        ("trims_text = false", Policy { trims_text: false, ..base }),
        ("fin_wait_2_without_socket", Policy { fin_wait_2_without_socket: true, ..base }),
        ("reset_unread = false", Policy { reset_unread: false, ..base }),
        ("late_text = receive", Policy { late_text: LateText::Receive, ..base }),
        ("late_text = abort", Policy { late_text: LateText::Abort, ..base }),
        ("reset_before_hole", Policy { reset_before_hole: true, ..base }),
        ("fin_needs_window = false", Policy { fin_needs_window: false, ..base }),
        ("shutdown_read = discard", Policy { shutdown_read: ShutdownRead::Discard, ..base }),
        ("shutdown_read = reset unread", Policy { shutdown_read: ShutdownRead::ResetUnread, ..base }),
        ("repacketizes", Policy { repacketizes: true, ..base }),
        ("after_timeout = one-per-timeout", Policy { after_timeout: AfterTimeout::OnePerTimeout, ..base }),
    ];
    assert_eq!(policies[0].1.rst_in_time_wait, RstInTimeWait::Ignore);
    let before = table(&base);
    let mut changes = String::new();
    for (name, policy) in policies {
        writeln!(changes, "{name}").unwrap();
        for (old, new) in before.lines().zip(table(&policy).lines()) {
            if old != new {
                writeln!(changes, "  - {old}\n  + {new}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(changes);
}
