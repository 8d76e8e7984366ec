//! Whose rules a case was recorded under, and the policy that stands for them.

use crate::tcp::{Policy, RstInTimeWait, RstInWindow};

/// The rules of a stack or of a document, with its durations in milliseconds.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What cases call it.
    pub name: &'static str,
    /// Its rules.
    pub policy: Policy,
}

/// RFC 9293 §3.4.2: the MSL, 2 minutes.
const MSL: u32 = 120_000;
/// RFC 6298 §2.1: the retransmission timeout while nothing was measured, 1 second.
const RTO: u32 = 1000;
/// What a segment takes on an Ethernet.
const SEGMENT_SIZE: u32 = 1460;
/// A minute: as long as `TIME_WAIT`, or an orphan's `FIN_WAIT_2`, lasts in Linux, FreeBSD and gVisor.
const MINUTE: u32 = 60_000;

/// RFC 9293 without a timeout of `FIN_WAIT_2`.
const RFC9293: Policy = Policy { rto: RTO, segment_size: SEGMENT_SIZE, ..Policy::rfc9293(MSL) };
const LINUX: Policy = host(Policy::linux(MSL));
const FREEBSD: Policy = host(Policy::freebsd(MSL));
const GVISOR: Policy = host(Policy::gvisor(MSL));

/// A general-purpose system's durations.
const fn host(policy: Policy) -> Policy {
    Policy { rto: RTO, time_wait: MINUTE, fin_wait_2_timeout: Some(MINUTE), segment_size: SEGMENT_SIZE, ..policy }
}

/// Every profile, by name.
pub const PROFILES: [Profile; 15] = [
    // The "linger timer" is ten retransmission timeouts.
    Profile { name: "cs144", policy: Policy { time_wait: 10 * RTO, ..RFC9293 } },
    Profile { name: "freebsd", policy: FREEBSD },
    // `close()` of its sockets goes on receiving, and bounds FIN_WAIT_2.
    Profile {
        name: "fuchsia",
        policy: Policy { fin_wait_2_timeout: Some(MINUTE), reset_unread: false, ..RFC9293 },
    },
    Profile { name: "generic", policy: RFC9293 },
    Profile { name: "gvisor", policy: GVISOR },
    Profile { name: "libtpa", policy: Policy { fin_wait_2_timeout: Some(MINUTE), ..RFC9293 } },
    Profile { name: "linux", policy: LINUX },
    Profile { name: "lwip", policy: RFC9293 },
    Profile { name: "netx", policy: RFC9293 },
    Profile { name: "rfc1337", policy: Policy { rst_in_time_wait: RstInTimeWait::Ignore, ..RFC9293 } },
    // FreeBSD's suite runs with RFC 5961 (`net.inet.tcp.insecure_rst=0`) and without (`=1`).
    Profile { name: "rfc5961", policy: FREEBSD },
    Profile { name: "rfc793", policy: Policy { rst_in_window: RstInWindow::Close, ..FREEBSD } },
    Profile { name: "rfc9293", policy: RFC9293 },
    Profile {
        name: "smoltcp",
        policy: Policy { rto: RTO, time_wait: 10_000, segment_size: SEGMENT_SIZE, ..Policy::smoltcp(MSL) },
    },
    // `close` of its sockets is RFC 9293's CLOSE: text that was not read draws no reset.
    Profile {
        name: "zephyr",
        policy: Policy {
            fin_wait_2_timeout: Some(MINUTE),
            reset_unread: false,
            rst_in_window: RstInWindow::Close,
            ..RFC9293
        },
    },
];

impl Profile {
    /// The one under which a kernel's transition table is read: Linux.
    pub(super) fn of_rows() -> &'static Self {
        static ROWS: Profile = Profile { name: "linux", policy: LINUX };
        &ROWS
    }
}
