//! Policies by name: the RFCs, and the stacks whose behaviour was measured or is in their tests.

use serde::Deserialize;

use super::{
    AckOfUnsent, OldestAck, OutOfOrder, Policy, RstInTimeWait, RstInWindow, Sending, ShutdownRead,
    TimeWaitAnswers, WithoutAck,
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
    /// What every stack does: RFC 9293.
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
    /// What a world has no room for is left out: there, nobody polls an endpoint, and whatever is sent takes one number.
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
            sending: world.sending,
            ..self.policy()
        }
    }

    /// Its rules, with its own durations in ticks of one millisecond.
    #[must_use]
    pub const fn policy(self) -> Policy {
        // RFC 6298 §2.1 and §2.5; RFC 9293 §3.4.1: "For this specification the MSL is taken to be 2 minutes."
        let rfc9293 = Policy { rto: 1_000, backoff: true, rto_max: 60_000, ..Policy::rfc9293(120_000) };
        let freebsd = Policy {
            rto_max: 64_000,
            retries: Some(12),
            time_wait: 60_000,
            rst_in_time_wait: RstInTimeWait::Ignore,
            time_wait_answers: TimeWaitAnswers::AllButExpected,
            old_segment_acknowledges: true,
            fin_with_acks: true,
            fin_wait_2_timeout: Some(60_000),
            reset_with_ack: true,
            ..rfc9293
        };
        match self {
            Self::Rfc9293 | Self::Generic | Self::Netx => rfc9293,
            Self::Rfc1337 => Policy { rst_in_time_wait: RstInTimeWait::Ignore, ..rfc9293 },
            Self::FreeBsd | Self::Rfc5961 => freebsd,
            Self::Rfc793 => Policy { rst_in_window: RstInWindow::Close, ..freebsd },
            Self::Linux => Policy {
                rto: 200,
                rto_max: 120_000,
                retries: Some(15),
                orphan_retries: Some(8),
                time_wait: 60_000,
                time_wait_answers: TimeWaitAnswers::AllButEmpty,
                rst_before_fin: true,
                without_ack: WithoutAck::Drop,
                window_includes_end: true,
                fin_at_closed_window: true,
                oldest_ack: OldestAck::First,
                fin_wait_2_timeout: Some(60_000),
                fin_wait_2_without_socket: true,
                shutdown_read: ShutdownRead::ResetLate,
                reset_with_ack: true,
                ..rfc9293
            },
            Self::GVisor => Policy {
                time_wait: 60_000,
                window_includes_end: true,
                time_wait_answers: TimeWaitAnswers::Elsewhere,
                without_ack: WithoutAck::Drop,
                ack_of_unsent: AckOfUnsent::AnswerUnlessEstablished,
                fin_wait_2_timeout: Some(60_000),
                shutdown_read: ShutdownRead::ResetUnread,
                reset_with_ack: true,
                ..rfc9293
            },
            Self::Smoltcp => Policy {
                reset_on_giving_up: true,
                repacketizes: true,
                time_wait: 10_000,
                rst_in_window: RstInWindow::Close,
                fin_at_closed_window: true,
                drops_old_acks: true,
                last_ack_answers: true,
                out_of_order: OutOfOrder::HoldText,
                reads_after_close: true,
                reset_with_ack: true,
                sending: Sending::Polled,
                ..rfc9293
            },
            Self::Fuchsia => Policy {
                repacketizes: true,
                fin_wait_2_timeout: Some(60_000),
                reads_after_close: true,
                sending: Sending::PolledForText,
                ..rfc9293
            },
            Self::Lwip => Policy {
                rto: 3_000,
                retries: Some(12),
                time_wait: 120_000,
                without_ack: WithoutAck::Process,
                fin_wait_2_timeout: Some(20_000),
                reset_with_ack: true,
                ..rfc9293
            },
            Self::Zephyr => Policy {
                rst_in_window: RstInWindow::Close,
                fin_wait_2_timeout: Some(60_000),
                reads_after_close: true,
                ..rfc9293
            },
            Self::Libtpa => Policy { time_wait: 60_000, fin_wait_2_timeout: Some(60_000), ..rfc9293 },
            Self::Cs144 => Policy {
                retries: Some(8),
                reset_on_giving_up: true,
                time_wait: 10_000,
                reads_after_close: true,
                ..rfc9293
            },
        }
    }
}

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
