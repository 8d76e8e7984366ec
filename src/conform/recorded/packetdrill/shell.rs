//! The shell commands and the code of a script. None is run: settings that are known are set, and questions for a
//! state are answered.

use crate::conform::recorded::number::{Sign, TimeUnit};
use crate::conform::recorded::step::state_named;
use crate::conform::recorded::{CaseEvent, CaseTimer, Environment, TimeSpan};
use crate::tcp::{State, Timer};

/// Settings that change nothing of what is modelled, by the beginning of their names.
const PASSED_OVER: [&str; 28] = [
    "kern.ipc.maxsockbuf",
    "net.inet.tcp.delacktime",
    "net.inet.tcp.ecn.",
    "net.inet.tcp.fastopen.",
    "net.inet.tcp.hostcache.",
    "net.inet.tcp.icmp_may_rst",
    "net.inet.tcp.keepidle",
    "net.inet.tcp.keepinit",
    "net.inet.tcp.mssdflt",
    "net.inet.tcp.path_mtu_discovery",
    "net.inet.tcp.pmtud_blackhole",
    "net.inet.tcp.recvspace",
    "net.inet.tcp.rexmit_drop_options",
    // What is added to a timeout that was measured; no round trip is.
    "net.inet.tcp.rexmit_slop",
    "net.inet.tcp.rfc1323",
    "net.inet.tcp.rfc3390",
    "net.inet.tcp.rfc6675",
    "net.inet.tcp.sack.",
    "net.inet.tcp.sendspace",
    "net.inet.tcp.syncookies",
    "net.inet.tcp.tolerate_missing_ts",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_early_retrans",
    "net.ipv4.tcp_ecn",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_sack",
    "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_wmem",
];

/// What takes from the output of `sockstat` the lines of the script, and of them the state.
const FILTERS: [&[&str]; 2] = [&["grep", "packetdril"], &["awk", "{print", "$8}"]];

/// The state that a command asks for, as in `sockstat … | grep -c TIME_WAIT | grep 1`, and whether the connection
/// is to be in it: with `grep 0` behind it, it is not. `None`: it asks for none. The mistake is what of it is not
/// read.
pub(super) fn asks_for(command: &str) -> Result<Option<(State, bool)>, String> {
    if !command.contains("sockstat") {
        return Ok(None);
    }
    let unquoted = |word| str::trim_matches(word, ['\'', '"']);
    let parts = command.split('|').map(|part| part.split_whitespace().map(unquoted).collect::<Vec<_>>());
    let parts: Vec<Vec<&str>> = parts.filter(|part| !FILTERS.contains(&part.as_slice())).collect();
    let parts: Vec<&[&str]> = parts.iter().map(Vec::as_slice).collect();
    let (name, is) = match parts.as_slice() {
        [["sockstat", ..], ["grep", name]] | [["sockstat", ..], ["grep", "-c", name], ["grep", "1"]] => {
            (*name, true)
        }
        [["sockstat", ..], ["grep", "-c", name], ["grep", "0"]] => (*name, false),
        _ => return Err(format!("the command `{command}`")),
    };
    state_named(name).map(|state| Some((state, is))).ok_or_else(|| format!("the command `{command}`"))
}

/// The state that code asserts, as in `assert tcpi_state == TCPI_CLOSE_WAIT`; `None` if it says anything else.
pub(super) fn asserts(code: &str) -> Option<State> {
    let (subject, state) = code.trim().strip_prefix("assert ")?.split_once("==")?;
    let (state, _) = state.split_once(',').unwrap_or((state, ""));
    let name = state.trim().strip_prefix("TCPI_").or_else(|| state.trim().strip_prefix("TCP_"))?;
    let known = state_named(if name == "CLOSE" { "CLOSED" } else { name })?;
    (subject.trim() == "tcpi_state").then_some(known)
}

/// What commands set; the mistake is what of it is not modelled.
pub(super) fn settings(commands: &str) -> Result<Vec<CaseEvent>, String> {
    // A backslash continues a line.
    let commands = commands.replace("\\\n", " ");
    let mut events = Vec::new();
    for command in commands.split(['\n', ';']).map(str::trim).filter(|command| !command.is_empty()) {
        let unknown = || format!("the command `{command}`");
        let words = shlex::split(command).ok_or_else(unknown)?;
        let mut words = words.iter().map(String::as_str);
        match words.next() {
            // By its name, what all scripts of a suite take for granted.
            Some(name) if name.ends_with("/defaults.sh") && words.len() == 0 => {}
            Some(name) if name == "sysctl" || name.ends_with("/set_sysctls.py") => {
                for word in words.filter(|word| !word.starts_with('-')) {
                    events.extend(setting(word)?);
                }
            }
            // FreeBSD's way out of TIME_WAIT.
            Some("tcpdrop") if words.eq(["-s", "TIME_WAIT"]) => {
                events.push(CaseEvent::Expiry(CaseTimer::Of(Timer::TimeWait)));
            }
            _ => return Err(unknown()),
        }
    }
    Ok(events)
}

/// One setting; `None` if it changes nothing.
fn setting(word: &str) -> Result<Option<CaseEvent>, String> {
    let unknown = || format!("the setting {word}");
    let (name, value) = word.split_once('=').ok_or_else(unknown)?;
    // `/proc/sys/net/ipv4/tcp_sack` is `net.ipv4.tcp_sack`.
    let name = &name.strip_prefix("/proc/sys/").map_or_else(|| name.to_owned(), |path| path.replace('/', "."));
    let number = || value.parse::<u32>().map_err(|_| unknown());
    let is_on = || match value {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(unknown()),
    };
    let span = |count: u32, unit| TimeSpan(vec![(Sign::Plus, count, unit)]);
    Ok(Some(CaseEvent::Environment(match name.as_str() {
        "net.inet.tcp.insecure_rst" => Environment::InsecureRst(is_on()?),
        "net.inet.tcp.insecure_syn" => Environment::InsecureSyn(is_on()?),
        "net.inet.tcp.msl" => Environment::TimeWait(span(number()?.saturating_mul(2), TimeUnit::Milliseconds)),
        "net.inet.tcp.rexmit_initial" => {
            Environment::RetransmissionTimeout(span(number()?, TimeUnit::Milliseconds))
        }
        "net.inet.tcp.blackhole" if value == "0" => return Ok(None),
        "net.inet.tcp.drop_synfin" => Environment::DropSynFin(is_on()?),
        // Their product is the timeout of FIN_WAIT_2: the policy has that of these values.
        "net.inet.tcp.keepcnt" if value == "8" => return Ok(None),
        "net.inet.tcp.keepintvl" if value == "75000" => return Ok(None),
        "net.ipv4.tcp_fin_timeout" => Environment::FinWait2Timeout(span(number()?, TimeUnit::Seconds)),
        "net.ipv4.tcp_orphan_retries" => Environment::OrphanRetries(number()?),
        "net.ipv4.tcp_retries2" => Environment::Retries(number()?),
        "net.ipv4.tcp_retrans_collapse" => Environment::RetransCollapse(is_on()?),
        "net.ipv4.tcp_rfc1337" => Environment::Rfc1337(is_on()?),
        _ if PASSED_OVER.iter().any(|known| name.starts_with(known)) => return Ok(None),
        _ => return Err(unknown()),
    })))
}
