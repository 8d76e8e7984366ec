//! A network namespace for one thread, and how TCP is set in it.
//!
//! Nothing has to be cleared away: a namespace, with its settings and devices, is gone with the last thread and
//! the last socket in it, however they end.

use std::fs;
use std::io::ErrorKind;
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};

use super::error::Error;
use crate::tcp::{OpenPolicy, Policy, RstInTimeWait};

/// How long an orphan stays in `FIN_WAIT_2`: the least that Linux counts in.
pub(super) const FIN_TIMEOUT: Duration = Duration::from_secs(1);

/// What would let the kernel do more than the endpoint: options that its segments do not have, congestion control,
/// limits of how often it answers, and what it remembers of earlier connections.
const SETTINGS: &[(&str, &str)] = &[
    ("ipv4/tcp_timestamps", "0"),
    ("ipv4/tcp_sack", "0"),
    ("ipv4/tcp_window_scaling", "0"),
    ("ipv4/tcp_ecn", "0"),
    ("ipv4/tcp_fastopen", "0"),
    ("ipv4/tcp_congestion_control", "reno"),
    ("ipv4/tcp_early_retrans", "0"),
    ("ipv4/tcp_recovery", "0"),
    ("ipv4/tcp_frto", "0"),
    ("ipv4/tcp_reordering", "127"),
    ("ipv4/tcp_retrans_collapse", "0"),
    ("ipv4/tcp_autocorking", "0"),
    ("ipv4/tcp_invalid_ratelimit", "0"),
    ("ipv4/tcp_challenge_ack_limit", "2147483647"),
    ("ipv4/tcp_no_metrics_save", "1"),
    ("ipv4/tcp_fin_timeout", "1"),
    ("ipv4/tcp_syn_linear_timeouts", "0"),
    ("ipv4/tcp_tw_reuse", "0"),
];

/// Takes the calling thread into a new network namespace.
///
/// # Errors
///
/// [`Error::Unavailable`] without the capability `CAP_SYS_ADMIN`.
pub(super) fn enter() -> Result<(), Error> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| Error::Unavailable {
        what: "a network namespace of its own takes root (CAP_SYS_ADMIN)",
        source: errno.into(),
    })
}

/// Sets the thread's namespace so that the kernel can be compared with an endpoint under a policy.
pub(super) fn configure(policy: &Policy) -> Result<(), Error> {
    match set("ipv6/conf/default/disable_ipv6", "1") {
        // Without IPv6 there is nothing to disable.
        Err(Error::System { source, .. }) if source.kind() == ErrorKind::NotFound => {}
        result => result?,
    }
    for (name, value) in SETTINGS {
        set(name, value)?;
    }
    let rfc1337 = policy.wait.rst_in_time_wait == RstInTimeWait::Ignore;
    set("ipv4/tcp_rfc1337", if rfc1337 { "1" } else { "0" })?;
    if let Some(retries) = policy.retransmission.retries {
        for name in ["ipv4/tcp_retries2", "ipv4/tcp_orphan_retries"] {
            set(name, &retries.to_string())?;
        }
    }
    let OpenPolicy { syn_retries, syn_ack_retries, .. } = policy.opening;
    for (name, retries) in [("ipv4/tcp_syn_retries", syn_retries), ("ipv4/tcp_synack_retries", syn_ack_retries)] {
        if let Some(retries) = retries {
            set(name, &retries.to_string())?;
        }
    }
    Ok(())
}

/// Sets the least retransmission timeout of connections that are opened from now on.
pub(super) fn set_least_timeout(rto: Duration) -> Result<(), Error> {
    set("ipv4/tcp_rto_min_us", &rto.as_micros().to_string()).map_err(|error| match error {
        Error::System { source, .. } if source.kind() == ErrorKind::NotFound => Error::Unavailable {
            what: "the least retransmission timeout (net.ipv4.tcp_rto_min_us) can be set since Linux 6.11",
            source,
        },
        error => error,
    })
}

/// Sets what `sysctl` calls `net.` and the name.
fn set(name: &str, value: &str) -> Result<(), Error> {
    let path = format!("/proc/sys/net/{name}");
    fs::write(&path, value).map_err(|source| match source.kind() {
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            Error::Unavailable { what: "settings below /proc/sys/net have to be written", source }
        }
        _ => Error::system(format!("write {value} to {path}"))(source),
    })
}
