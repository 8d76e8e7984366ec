//! Policies by name: the RFCs, and the stacks whose behaviour was measured or is in their tests.

use serde::Deserialize;

use super::{
    AbortResets, AckOfUnsent, LateText, OldSegments, OldestAck, OutOfOrder, Policy, RstInTimeWait, RstInWindow,
    Sending, ShutdownRead, SynInWindow, TimeWaitAnswers, WindowProbe, WithoutAck,
};

/// A set of rules that has a name.
///
/// Where nothing else is known a stack is taken to follow RFC 9293 and RFC 6298.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyName {
    /// RFC 9293, with the timeouts of RFC 6298.
    Rfc9293,
    /// RFC 9293 with RFC 1337's fix (F1).
    Rfc1337,
    /// RFC 793's resets as FreeBSD's suite examines them: FreeBSD with `net.inet.tcp.insecure_rst=1`.
    Rfc793,
    /// RFC 5961's resets as FreeBSD's suite examines them: FreeBSD as it is.
    Rfc5961,
    /// Linux, measured on 6.18 through a TUN device; timeouts as its documentation has them.
    Linux,
    /// FreeBSD, by its `tcp-testsuite`.
    FreeBsd,
    /// gVisor's netstack, by its end-to-end and `packetimpact` tests. Where they mark netstack as failing, what they
    /// expect counts.
    GVisor,
    /// smoltcp, by the tests in `socket/tcp.rs`.
    Smoltcp,
    /// Fuchsia's netstack3, by the tests in `state.rs`.
    Fuchsia,
    /// lwIP, by `test_tcp_state.c`.
    Lwip,
    /// Zephyr, by `tests/net/tcp`.
    Zephyr,
    /// `NetX` Duo, by its regression tests.
    Netx,
    /// libtpa, by its unit tests.
    Libtpa,
    /// CS144's sponge, by `fsm_*.cc`.
    Cs144,
    /// What is expected of any stack: RFC 9293.
    Generic,
}

impl PolicyName {
    /// Every one.
    pub const ALL: [Self; 15] = [
        Self::Rfc9293,
        Self::Rfc1337,
        Self::Rfc793,
        Self::Rfc5961,
        Self::Linux,
        Self::FreeBsd,
        Self::GVisor,
        Self::Smoltcp,
        Self::Fuchsia,
        Self::Lwip,
        Self::Zephyr,
        Self::Netx,
        Self::Libtpa,
        Self::Cs144,
        Self::Generic,
    ];

    /// The name on the command line and in recorded cases.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rfc9293 => "rfc9293",
            Self::Rfc1337 => "rfc1337",
            Self::Rfc793 => "rfc793",
            Self::Rfc5961 => "rfc5961",
            Self::Linux => "linux",
            Self::FreeBsd => "freebsd",
            Self::GVisor => "gvisor",
            Self::Smoltcp => "smoltcp",
            Self::Fuchsia => "fuchsia",
            Self::Lwip => "lwip",
            Self::Zephyr => "zephyr",
            Self::Netx => "netx",
            Self::Libtpa => "libtpa",
            Self::Cs144 => "cs144",
            Self::Generic => "generic",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Its rules in a world, with RFC 9293's durations for a given segment lifetime in ticks.
    ///
    /// What a world has no room for is left out: there, nobody polls an endpoint, and whatever is sent takes one
    /// number.
    #[must_use]
    pub const fn in_world(self, msl: u32) -> Policy {
        let world = Policy::rfc9293(msl);
        Policy {
            rto: world.rto,
            backoff: world.backoff,
            rto_max: world.rto_max,
            retries: world.retries,
            orphan_retries: world.orphan_retries,
            repacketizes: world.repacketizes,
            time_wait: world.time_wait,
            fin_wait_2_timeout: world.fin_wait_2_timeout,
            persist_min: world.persist_min,
            persist_max: world.persist_max,
            closing_silence: world.closing_silence,
            sending: world.sending,
            ..self.policy()
        }
    }

    /// Its rules, with its own durations in ticks of one millisecond.
    #[must_use]
    pub const fn policy(self) -> Policy {
        match self {
            Self::Rfc9293 | Self::Generic => RFC_9293,
            Self::Rfc1337 => Policy { rst_in_time_wait: RstInTimeWait::Ignore, ..RFC_9293 },
            Self::FreeBsd | Self::Rfc5961 => FREE_BSD,
            Self::Rfc793 => {
                Policy { rst_in_window: RstInWindow::Close, syn_in_window: SynInWindow::Reset, ..FREE_BSD }
            }
            Self::Linux => LINUX,
            Self::GVisor => G_VISOR,
            Self::Smoltcp => SMOLTCP,
            Self::Fuchsia => FUCHSIA,
            Self::Lwip => LWIP,
            Self::Zephyr => ZEPHYR,
            Self::Netx => Policy { backoff: false, retries: Some(10), ..RFC_9293 },
            Self::Libtpa => Policy { time_wait: 60_000, fin_wait_2_timeout: Some(60_000), ..RFC_9293 },
            Self::Cs144 => CS144,
        }
    }
}

/// RFC 6298 §2.1 and §2.5; RFC 9293 §3.4.1: "For this specification the MSL is taken to be 2 minutes."
const RFC_9293: Policy =
    Policy { rto: 1_000, backoff: true, rto_max: 60_000, persist_max: 60_000, ..Policy::rfc9293(120_000) };

const FREE_BSD: Policy = Policy {
    rto_max: 64_000,
    retries: Some(12),
    reset_on_giving_up: true,
    time_wait: 60_000,
    rst_in_time_wait: RstInTimeWait::Ignore,
    time_wait_answers: TimeWaitAnswers::AllButExpected,
    fin_without_room: true,
    old_segments: OldSegments::Acknowledge,
    oldest_ack: OldestAck::First,
    fin_with_acks: true,
    // TP_MAXIDLE; `net.inet.tcp.finwait2_timeout`, 60 s, counts with `fast_finwait2_recycle` alone.
    fin_wait_2_timeout: Some(600_000),
    reset_unread: false,
    shutdown_read: ShutdownRead::Discard,
    reset_with_ack: true,
    abort_resets: AbortResets::UnlessTimeWait,
    abort_ends_time_wait: false,
    fin_needs_window: false,
    persist_min: 5_000,
    closing_silence: Some(60_000),
    ..RFC_9293
};

const LINUX: Policy = Policy {
    rto: 200,
    rto_max: 120_000,
    retries: Some(15),
    orphan_retries: Some(8),
    time_wait: 60_000,
    time_wait_answers: TimeWaitAnswers::AllButEmpty,
    rst_before_fin: true,
    without_ack: WithoutAck::Drop,
    window_includes_end: true,
    fin_without_room: true,
    probe_acknowledges: false,
    trims_text: false,
    old_segments: OldSegments::AcknowledgeAdjacent,
    oldest_ack: OldestAck::First,
    fin_wait_2_timeout: Some(60_000),
    fin_wait_2_without_socket: true,
    reset_before_hole: true,
    shutdown_read: ShutdownRead::ResetLate,
    reset_with_ack: true,
    abort_ends_time_wait: false,
    window_probe: WindowProbe::OldNumber,
    persist_max: 120_000,
    orphan_probes_end: true,
    epipe_after_fin: true,
    ..RFC_9293
};

const G_VISOR: Policy = Policy {
    rto_max: 120_000,
    retries: Some(15),
    time_wait: 60_000,
    window_includes_end: true,
    fin_without_room: true,
    probe_acknowledges: false,
    time_wait_answers: TimeWaitAnswers::Elsewhere,
    without_ack: WithoutAck::Drop,
    ack_of_unsent: AckOfUnsent::AnswerUnlessEstablished,
    fin_wait_2_timeout: Some(60_000),
    shutdown_read: ShutdownRead::ResetUnread,
    late_text: LateText::Abort,
    reset_with_ack: true,
    abort_ends_time_wait: false,
    fin_needs_window: false,
    fin_alone: true,
    window_probe: WindowProbe::OldOctet,
    persist_max: 120_000,
    ..RFC_9293
};

const SMOLTCP: Policy = Policy {
    reset_on_giving_up: true,
    repacketizes: true,
    time_wait: 10_000,
    unacceptable_restarts: true,
    rst_in_window: RstInWindow::Close,
    syn_in_window: SynInWindow::Drop,
    without_ack: WithoutAck::DropWithSyn,
    fin_without_room: true,
    probe_acknowledges: false,
    drops_old_acks: true,
    last_ack_answers: true,
    out_of_order: OutOfOrder::HoldText,
    reset_unread: false,
    late_text: LateText::Receive,
    reset_with_ack: true,
    abort_resets: AbortResets::Always,
    fin_needs_window: false,
    sending: Sending::Polled,
    ..RFC_9293
};

const FUCHSIA: Policy = Policy {
    rto_max: 120_000,
    retries: Some(15),
    repacketizes: true,
    rst_in_window: RstInWindow::Close,
    syn_in_window: SynInWindow::BareReset,
    fin_wait_2_timeout: Some(60_000),
    reset_unread: false,
    late_text: LateText::Receive,
    reset_text_after_fin: true,
    reset_with_ack: true,
    sending: Sending::PolledForText,
    ..RFC_9293
};

const LWIP: Policy = Policy {
    rto: 3_000,
    rto_max: 384_000,
    retries: Some(12),
    time_wait: 120_000,
    rst_in_time_wait: RstInTimeWait::Ignore,
    time_wait_answers: TimeWaitAnswers::WithLength,
    without_ack: WithoutAck::Process,
    old_segments: OldSegments::Acknowledge,
    fin_wait_2_timeout: Some(20_000),
    late_text: LateText::Abort,
    reset_with_ack: true,
    closed_acknowledges: true,
    abort_resets: AbortResets::UnlessTimeWait,
    fin_needs_window: false,
    ..RFC_9293
};

const ZEPHYR: Policy = Policy {
    // CONFIG_NET_TCP_TIME_WAIT_DELAY
    time_wait: 1_500,
    rst_in_window: RstInWindow::Close,
    syn_in_window: SynInWindow::Reset,
    fin_wait_2_timeout: Some(60_000),
    reset_unread: false,
    reset_text_after_fin: true,
    closes_on_fin: true,
    window_probe: WindowProbe::OldNumber,
    ..RFC_9293
};

const CS144: Policy = Policy {
    retries: Some(8),
    reset_on_giving_up: true,
    time_wait: 10_000,
    reset_unread: false,
    late_text: LateText::Receive,
    ..RFC_9293
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_names_one() {
        for name in PolicyName::ALL {
            assert_eq!(PolicyName::named(name.name()), Some(name));
            assert!(name.policy().rto > 0 && name.policy().rto <= name.policy().rto_max);
        }
        assert_eq!(PolicyName::named("windows"), None);
    }
}
