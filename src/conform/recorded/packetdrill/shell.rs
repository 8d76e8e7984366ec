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

#[cfg(test)]
mod tests {
    use crate::conform::recorded::packetdrill::testing::{OPENED, after_opening, outcome};

    /// A reset ends the connection, settings count, and what is asked of the system is a question for the state.
    #[test]
    fn shell_commands_are_read_and_not_run() {
        let script = |insecure: u8, state: &str| {
            let reset = format!("+0 < R 110:110(0) win 0\n+0 `sockstat -P tcp | grep -c {state} | grep 1`\n");
            after_opening(&format!("+0 `sysctl -w net.inet.tcp.insecure_rst={insecure}`\n{reset}"), "freebsd")
        };
        assert_eq!(script(1, "CLOSED"), "match");
        assert_eq!(script(0, "ESTABLISHED"), "match");
        assert_eq!(script(0, "CLOSED"), "line 10: CLOSED | ESTABLISHED");
        let waiting = "+0 close(4) = 0\n+0 > F. 701:701(0) ack 101\n+0 < F. 101:101(0) ack 702 win 9\n+0 > . 702:702(0) ack 102\n";
        let is_over = "+0 `tcpdrop -s TIME_WAIT`\n+0 `sockstat | grep CLOSED`\n";
        assert_eq!(after_opening(&format!("{waiting}{is_over}"), "freebsd"), "match");
    }

    /// What is asked of the system is read word by word, also at the end: anything else might be the opposite.
    #[test]
    fn questions_for_a_state_are_read_as_they_are_asked() {
        let asked = |question: &str| {
            let fin = "+0 < F. 101:101(0) ack 701 win 9\n+0 > . 701:701(0) ack 102\n";
            after_opening(&format!("{fin}+0 `sockstat -P tcp {question}`\n"), "freebsd")
        };
        for (question, outcome) in [
            ("| grep -c CLOSE_WAIT | grep 1", "match"),
            ("| grep 'packetdril' | awk '{print $8}' | grep \"CLOSE_WAIT\"", "match"),
            ("| grep -c ESTABLISHED | grep 0", "match"),
            ("| grep -c CLOSE_WAIT | grep 0", "line 10: another state than CLOSE_WAIT | CLOSE_WAIT"),
            ("| grep -c ESTABLISHED | grep \"1\"", "line 10: ESTABLISHED | CLOSE_WAIT"),
            ("| grep -v CLOSE_WAIT", "line 10: the command `sockstat -P tcp | grep -v CLOSE_WAIT`"),
            (
                "| grep CLOSE_WAIT | wc -l | grep 0",
                "line 10: the command `sockstat -P tcp | grep CLOSE_WAIT | wc -l | grep 0`",
            ),
        ] {
            assert_eq!(asked(question), outcome, "{question}");
        }
    }

    /// `keepcnt` times `keepintvl` is FreeBSD's timeout of `FIN_WAIT_2`.
    #[test]
    fn settings_that_change_a_timeout_are_not_passed_over() {
        let set =
            |setting: &str| after_opening(&format!("+0 `sysctl -w {setting}`\n+0 close(4) = 0\n"), "freebsd");
        assert_eq!(set("net.inet.tcp.keepintvl=75000"), "match");
        assert_eq!(set("net.inet.tcp.keepintvl=1000"), "line 8: the setting net.inet.tcp.keepintvl=1000");
    }

    /// `tcp_retries2` is not that of orphans: there `tcp_orphan_retries` counts, by default 8.
    #[test]
    fn retries_are_not_those_of_orphans() {
        let fins =
            ["+0", "+.2", "+.4", "+.8", "+1.6"].map(|time| format!("{time} > F. 701:701(0) ack 101\n")).concat();
        let script = |setting: &str| {
            after_opening(&format!("+0 `sysctl -w net.ipv4.{setting}=3`\n+0 close(4) = 0\n{fins}"), "linux")
        };
        assert_eq!(script("tcp_retries2"), "match");
        assert_ne!(script("tcp_orphan_retries"), "match");
    }

    /// Code may ask for the state, as shell commands do.
    #[test]
    fn code_asks_for_the_state() {
        let script =
            |state: &str| format!("+0 < F. 101:101(0) ack 701 win 9\n+0 %{{ assert tcpi_state == {state} }}%\n");
        assert_eq!(after_opening(&script("TCPI_CLOSE_WAIT"), "linux"), "match");
        assert_eq!(after_opening(&script("TCP_CLOSE_WAIT, tcpi_state"), "linux"), "match");
        assert_eq!(after_opening(&script("TCP_CLOSE"), "linux"), "line 9: CLOSED | CLOSE_WAIT");
        let early = OPENED.replace("+.5 <", "+0 %{ assert tcpi_state == TCPI_ESTABLISHED }%\n+.5 <");
        assert_eq!(outcome(&early, "linux"), "line 6: ESTABLISHED | SYN_RECEIVED");
    }
}
