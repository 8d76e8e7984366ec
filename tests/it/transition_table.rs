//! The endpoint's transition table, to be held against RFC 9293's Figure 5 and §3.10.7.4.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use lastack::policy::field_names;
use lastack::tcp::{
    AbortResets, AckOfUnsent, AfterTimeout, Call, Effects, Endpoint, Flags, LateText, OldSegments, OldestAck,
    OutOfOrder, Policy, Repacketizing, RstInTimeWait, RstInWindow, Segment, Seq, ShutdownRead, State, SynInWindow,
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
        State::Listen => {
            endpoint = Endpoint::closed();
            endpoint.listen();
        }
        State::SynSent => {
            endpoint = Endpoint::closed();
            endpoint.connect(Seq(0), policy);
        }
        State::SynReceived => {
            endpoint = Endpoint::closed();
            endpoint.listen();
            endpoint.on_segment(&segment(Flags::SYN, Seq(0), Seq(0), 0), policy);
        }
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

/// The fields that no row below changes, and the file with a test of each.
const ELSEWHERE: [(&str, &str); 15] = [
    ("rto_max", "src/tcp/retransmission.rs"),
    ("epipe_after_fin", "tests/it/conformance.rs"),
    ("closes_on_fin", "src/tcp/retransmission.rs"),
    ("fin_sending", "src/tcp/transmission.rs"),
    ("sending", "src/tcp/transmission.rs"),
    ("window_probe", "src/tcp/persist.rs"),
    ("persist_first", "src/tcp/persist.rs"),
    ("persist_min", "src/tcp/persist.rs"),
    ("persist_max", "src/tcp/persist.rs"),
    ("orphan_probes_end", "src/tcp/persist.rs"),
    ("closing_silence", "src/tcp/persist.rs"),
    ("syn_rto", "src/tcp/open.rs"),
    ("syn_retries", "src/tcp/open.rs"),
    ("syn_ack_retries", "src/tcp/open.rs"),
    ("syn_in_time_wait", "tests/it/openings.rs"),
];

/// A change of a policy.
type Change = fn(&mut Policy);

/// What the other policies change in the table, and nothing else.
#[test]
fn each_policy_field_changes_what_it_is_named_after() {
    let base = Policy::rfc9293(2);
    let policies: &[(&str, Change)] = &[
        ("rst_in_time_wait = ignore", |policy| policy.wait.rst_in_time_wait = RstInTimeWait::Ignore),
        ("restart_time_wait = false", |policy| policy.wait.restart_time_wait = false),
        ("unacceptable_restarts", |policy| policy.wait.unacceptable_restarts = true),
        ("out_of_order = drop", |policy| policy.text.out_of_order = OutOfOrder::Drop),
        ("out_of_order = hold-text", |policy| policy.text.out_of_order = OutOfOrder::HoldText),
        ("rst_in_window = close", |policy| policy.resets.rst_in_window = RstInWindow::Close),
        ("drops_old_acks", |policy| policy.acks.drops_old_acks = true),
        ("delayed_ack = 1", |policy| policy.acks.delayed_ack = Some(1)),
        ("acks_fin_at_once, delayed_ack = 1", |policy| {
            policy.acks.delayed_ack = Some(1);
            policy.acks.acks_fin_at_once = true;
        }),
        ("retries = 0", |policy| policy.retransmission.retries = Some(0)),
        ("backoff", |policy| policy.retransmission.backoff = true),
        ("rto = 3", |policy| policy.retransmission.rto = 3),
        ("time_wait = 1", |policy| policy.wait.time_wait = 1),
        ("fin_wait_2_timeout = 7", |policy| policy.wait.fin_wait_2_timeout = Some(7)),
        ("last_ack_timeout = 7", |policy| policy.wait.last_ack_timeout = Some(7)),
        ("time_wait_answers = all-but-empty", |policy| {
            policy.wait.time_wait_answers = TimeWaitAnswers::AllButEmpty;
        }),
        ("time_wait_answers = all-but-expected", |policy| {
            policy.wait.time_wait_answers = TimeWaitAnswers::AllButExpected;
        }),
        ("time_wait_answers = elsewhere", |policy| policy.wait.time_wait_answers = TimeWaitAnswers::Elsewhere),
        ("time_wait_answers = nothing", |policy| policy.wait.time_wait_answers = TimeWaitAnswers::Nothing),
        ("rst_before_fin", |policy| policy.resets.rst_before_fin = true),
        ("without_ack = process", |policy| policy.acks.without_ack = WithoutAck::Process),
        ("window_includes_end", |policy| policy.sequence.window_includes_end = true),
        ("syn_in_window = reset", |policy| policy.resets.syn_in_window = SynInWindow::Reset),
        ("syn_in_window = drop", |policy| policy.resets.syn_in_window = SynInWindow::Drop),
        ("time_wait_answers = with length", |policy| policy.wait.time_wait_answers = TimeWaitAnswers::WithLength),
        ("old_segments = acknowledge", |policy| policy.sequence.old_segments = OldSegments::Acknowledge),
        ("old_segments = acknowledge adjacent", |policy| {
            policy.sequence.old_segments = OldSegments::AcknowledgeAdjacent;
        }),
        ("abort_resets = unless TIME_WAIT", |policy| policy.closing.abort_resets = AbortResets::UnlessTimeWait),
        ("abort_resets = always", |policy| policy.closing.abort_resets = AbortResets::Always),
        ("abort_ends_time_wait = false", |policy| policy.closing.abort_ends_time_wait = false),
        ("closed_acknowledges", |policy| policy.resets.closed_acknowledges = true),
        ("reset_text_after_fin", |policy| policy.text.reset_text_after_fin = true),
        ("ack_of_unsent = answer unless established", |policy| {
            policy.acks.ack_of_unsent = AckOfUnsent::AnswerUnlessEstablished;
        }),
        ("last_ack_answers", |policy| policy.acks.last_ack_answers = true),
        ("fin_with_acks", |policy| policy.acks.fin_with_acks = true),
        ("reset_with_ack", |policy| policy.resets.reset_with_ack = true),
        ("reset_on_giving_up", |policy| {
            policy.retransmission.reset_on_giving_up = true;
            policy.retransmission.retries = Some(0);
        }),
        // What these decide is not in the table: it takes unread text, a closed window, an application that is
        // gone, several timeouts, or stranger segments. `tests/it/conformance.rs` has them; and
        // `tests/it/realtime.rs` the clock that `timer_slack` takes.
        ("without_ack = drop", |policy| policy.acks.without_ack = WithoutAck::Drop),
        ("oldest_ack = first", |policy| policy.acks.oldest_ack = OldestAck::First),
        ("orphan_retries = 0", |policy| policy.retransmission.orphan_retries = Some(0)),
        ("fin_without_room", |policy| policy.sequence.fin_without_room = true),
        ("probe_acknowledges = false", |policy| policy.sequence.probe_acknowledges = false),
        ("trims_text = false", |policy| policy.sequence.trims_text = false),
        ("fin_wait_2_without_socket", |policy| policy.wait.fin_wait_2_without_socket = true),
        ("reset_unread = false", |policy| policy.closing.reset_unread = false),
        ("late_text = receive", |policy| policy.text.late_text = LateText::Receive),
        ("late_text = abort", |policy| policy.text.late_text = LateText::Abort),
        ("reset_before_hole", |policy| policy.text.reset_before_hole = true),
        ("fin_needs_window = false", |policy| policy.transmission.fin_needs_window = false),
        ("shutdown_read = discard", |policy| policy.text.shutdown_read = ShutdownRead::Discard),
        ("shutdown_read = reset unread", |policy| policy.text.shutdown_read = ShutdownRead::ResetUnread),
        ("resends_into_closed_window", |policy| policy.transmission.resends_into_closed_window = true),
        ("repacketizes = whole-segments", |policy| {
            policy.transmission.repacketizes = Repacketizing::WholeSegments;
        }),
        ("repacketizes = octets", |policy| policy.transmission.repacketizes = Repacketizing::Octets),
        ("after_timeout = one-per-timeout", |policy| {
            policy.retransmission.after_timeout = AfterTimeout::OnePerTimeout;
        }),
        ("timer_slack = 1", |policy| policy.timers.timer_slack = 1),
    ];
    let fields: BTreeSet<&str> =
        policies.iter().flat_map(|(row, _)| row.split(", ")).map(|one| one.split(" = ").next().unwrap()).collect();
    let elsewhere = field_names().iter().copied().filter(|field| !fields.contains(field));
    assert!(elsewhere.eq(ELSEWHERE.map(|(field, _)| field)), "each field is changed here or tested elsewhere");
    assert!(fields.iter().all(|field| field_names().contains(field)), "a row is named after no field");
    assert!(ELSEWHERE.iter().all(|(_, file)| Path::new(env!("CARGO_MANIFEST_DIR")).join(file).is_file()));

    let before = table(&base);
    let mut changes = String::new();
    for (name, change) in policies {
        writeln!(changes, "{name}").unwrap();
        for (old, new) in before.lines().zip(table(&base.with(change)).lines()) {
            if old != new {
                writeln!(changes, "  - {old}\n  + {new}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(changes);
}
