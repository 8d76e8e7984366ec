//! The calls of a script as those of a case.

use super::opening::Opening;
use super::script::SystemCall;
use crate::conform::recorded::number::{Sign, TimeUnit};
use crate::conform::recorded::{AppCall, CallResult, CaseEvent, Environment, SocketError, TimeSpan};

/// Options of sockets that change nothing here.
const PASSED_OVER: [&str; 14] = [
    "SO_REUSEADDR",
    "SO_REUSEPORT",
    "SO_REUSEPORT_LB",
    "SO_SNDBUF",
    "SO_RCVBUF",
    "SO_RCVLOWAT",
    "SO_DEBUG",
    "TCP_NODELAY",
    "TCP_QUICKACK",
    "TCP_CONGESTION",
    "TCP_MAXSEG",
    "TCP_INFO",
    "TCP_FASTOPEN",
    "IP_MTU_DISCOVER",
];

/// What a call does; `None` if it changes nothing. The mistake is what of it is not modelled.
pub(super) fn event(call: &SystemCall<'_>, opening: &mut Opening) -> Result<Option<CaseEvent>, String> {
    let SystemCall { name, arguments, .. } = call;
    let argument = |index: usize| arguments.get(index).copied().unwrap_or_default();
    if matches!(*name, "accept" | "accept4") {
        let descriptor = call.result.parse().map_err(|_| format!("a new connection: {name}"))?;
        opening.accepted(descriptor)?;
        return Ok(None);
    }
    let descriptor = argument(0).parse().map_err(|_| unsupported(call))?;
    let is_connection = match opening.is_connection(descriptor) {
        Ok(is_connection) => is_connection,
        // Another socket may be looked at.
        Err(_) if matches!(*name, "fcntl" | "getsockopt") => false,
        Err(other) => return Err(other),
    };
    let octets = || argument(2).parse::<u32>().map_err(|_| unsupported(call));
    let app = match *name {
        "fcntl" => return Ok(None),
        // A connection takes what was set of the socket that listens before it was there.
        "setsockopt" if !is_connection && opening.shift().is_some() => return Ok(None),
        "setsockopt" => option(call)?,
        "getsockopt" if argument(2) == "SO_ERROR" && is_connection => {
            let expected = match argument(3).trim_matches(['[', ']']) {
                "0" => Some(CallResult::Success),
                name => match name.parse() {
                    Ok(error) => Some(CallResult::Failed(error)),
                    Err(_) => return Err(format!("SO_ERROR of {name}")),
                },
            };
            return Ok(Some(CaseEvent::Call(AppCall::TakeError, expected)));
        }
        // Nothing was sent that could fail.
        "getsockopt" if argument(2) == "SO_ERROR" && argument(3) == "[0]" => return Ok(None),
        // A header has no room for it: RFC 9293 §3.1 has 16 bits for the window.
        "getsockopt" if is_connection && opening.window_is_capped() => {
            let octets = receive_buffer(call).filter(|octets| (65_535..1 << 30).contains(octets));
            return Ok(octets.map(|octets| CaseEvent::Environment(Environment::OwnWindow(octets))));
        }
        "getsockopt" if PASSED_OVER.contains(&argument(2)) => return Ok(None),
        "getsockopt" => return Err(format!("the option {}", argument(2))),
        // The socket that listens is no part of the connection.
        "close" if !is_connection => return Ok(None),
        "close" => Some(AppCall::Close),
        "shutdown" if is_connection => Some(match argument(1) {
            "SHUT_RD" => AppCall::ShutdownRead,
            "SHUT_WR" => AppCall::ShutdownWrite,
            "SHUT_RDWR" => AppCall::ShutdownBoth,
            _ => return Err(unsupported(call)),
        }),
        "read" | "recv" | "recvfrom" if is_connection => match argument(3) {
            "" | "0" | "MSG_DONTWAIT" => Some(AppCall::Receive(Some(octets()?))),
            "MSG_PEEK" => Some(AppCall::Peek(octets()?)),
            flags => return Err(format!("{name} with {flags}")),
        },
        "write" | "send" | "sendto" if is_connection => match argument(3) {
            "" | "0" | "MSG_DONTWAIT" | "MSG_NOSIGNAL" => {
                // What the buffer has no room for is not sent.
                let octets = number(call.result).map_or_else(octets, Ok)?;
                Some(AppCall::Send { octets, queued: false })
            }
            flags => return Err(format!("{name} with {flags}")),
        },
        _ => return Err(unsupported(call)),
    };
    let result = result(call)?;
    Ok(app.map(|app| CaseEvent::Call(app, result)))
}

/// What a call may return, where the script has what it never does.
pub(super) fn impossible(call: &SystemCall<'_>) -> Option<String> {
    let asked = || number(call.arguments.get(2)?);
    let result = match (call.result.strip_prefix('-'), call.error) {
        (Some("1"), _) => return None,
        (Some(_), _) => return Some("-1 for an error".to_owned()),
        (None, Some(_)) => return Some("-1 where there is an error".to_owned()),
        // Anything else is out of scope where it stands.
        (None, None) => number(call.result)?,
    };
    match call.name {
        "bind" | "listen" | "connect" | "shutdown" | "close" | "setsockopt" | "getsockopt" if result > 0 => {
            Some("0, or -1 and an error".to_owned())
        }
        "read" | "recv" | "recvfrom" | "write" | "send" | "sendto" => {
            asked().filter(|most| result > *most).map(|most| format!("at most {most}"))
        }
        _ => None,
    }
}

fn unsupported(call: &SystemCall<'_>) -> String {
    format!("the call {}", call.name)
}

/// What an option sets; `None` if that changes nothing.
fn option(call: &SystemCall<'_>) -> Result<Option<AppCall>, String> {
    let argument = |index: usize| call.arguments.get(index).copied().unwrap_or_default();
    let name = argument(2);
    let value = argument(3).trim_matches(['[', ']', '{', '}']);
    let number = || value.parse::<u32>().map_err(|_| format!("the option {name}"));
    match name {
        "SO_LINGER" => {
            let field = |name: &str| {
                value.split(',').find_map(|field| field.trim().strip_prefix(name)?.trim().strip_prefix('='))
            };
            match (field("onoff").map(str::trim), field("linger").map(str::trim)) {
                (Some("0"), _) => Ok(Some(AppCall::UnsetLinger)),
                (Some("1"), Some("0")) => Ok(Some(AppCall::SetLingerZero)),
                _ => Err("a close() that waits".to_owned()),
            }
        }
        "TCP_USER_TIMEOUT" => Ok(Some(AppCall::SetUserTimeout(span(number()?, TimeUnit::Milliseconds)))),
        "TCP_LINGER2" => Ok(Some(AppCall::SetFinWait2Timeout(span(number()?, TimeUnit::Seconds)))),
        _ if PASSED_OVER.contains(&name) => Ok(None),
        _ => Err(format!("the option {name}")),
    }
}

/// The octets of a receive buffer that a call asks for.
fn receive_buffer(call: &SystemCall<'_>) -> Option<u32> {
    let argument = |index: usize| call.arguments.get(index).copied().unwrap_or_default();
    let octets = argument(3).trim_matches(['[', ']']).parse().ok()?;
    (call.name == "getsockopt" && argument(2) == "SO_RCVBUF").then_some(octets)
}

fn span(count: u32, unit: TimeUnit) -> TimeSpan {
    TimeSpan(vec![(Sign::Plus, count, unit)])
}

/// The result that the script has for the call; the mistake is an error that no call returns here.
fn result(call: &SystemCall<'_>) -> Result<Option<CallResult>, String> {
    Ok(match (call.result, call.error) {
        ("-1", Some("EPIPE")) => Some(CallResult::BrokenPipe),
        ("-1", Some("ECONNRESET")) => Some(CallResult::Failed(SocketError::ConnectionReset)),
        ("-1", Some("ECONNREFUSED")) => Some(CallResult::Failed(SocketError::ConnectionRefused)),
        ("-1", Some("ETIMEDOUT")) => Some(CallResult::Failed(SocketError::TimedOut)),
        ("-1", Some("EAGAIN" | "EWOULDBLOCK")) => Some(CallResult::Nothing),
        ("-1", Some("ENOTCONN")) => Some(CallResult::Error),
        ("-1", error) => return Err(format!("the error {} of {}", error.unwrap_or_default(), call.name)),
        ("...", _) => None,
        (result, _) => match (number(result), call.name) {
            (Some(0), "read" | "recv" | "recvfrom") => Some(CallResult::Eof),
            (Some(octets), "read" | "recv" | "recvfrom" | "write" | "send" | "sendto") => {
                Some(CallResult::Octets(octets))
            }
            (Some(0), _) => Some(CallResult::Success),
            _ => return Err(format!("the result {result} of {}", call.name)),
        },
    })
}

/// A number, or one in hexadecimal.
fn number(text: &str) -> Option<u32> {
    text.strip_prefix("0x").map_or_else(|| text.parse(), |digits| u32::from_str_radix(digits, 16)).ok()
}

#[cfg(test)]
mod tests {
    use crate::conform::recorded::packetdrill::testing::after_opening;

    /// Options of the socket that listens are no longer those of a connection that is there; and what is switched
    /// off is off.
    #[test]
    fn only_options_of_the_connection_count() {
        let lingers = |descriptor: u8, on: u8| {
            format!("+0 setsockopt({descriptor}, SOL_SOCKET, SO_LINGER, {{onoff={on}, linger=0}}, 8) = 0\n")
        };
        let closes = "+0 close(4) = 0\n+0 > F. 701:701(0) ack 101\n";
        for options in [lingers(3, 1), lingers(4, 1) + &lingers(4, 0)] {
            assert_eq!(after_opening(&(options + closes), "linux"), "match");
        }
        assert_ne!(after_opening(&(lingers(4, 1) + closes), "linux"), "match");
    }

    #[test]
    fn results_are_numbers_and_a_reset_connection_is_not_shut_down() {
        let text = "+0 < P. 101:111(10) ack 701 win 9\n+0 > . 701:701(0) ack 111\n";
        let read = |result: &str| after_opening(&format!("{text}+0 read(4, ..., 100) = {result}\n"), "linux");
        assert_eq!(read("0xa"), "match");
        assert_eq!(read("0xb"), "line 10: 11 octets | 10 octets");
        assert_eq!(read("x5"), "line 10: the result x5 of read");
        let shut = |result: &str| {
            after_opening(
                &format!("+0 < R. 101:101(0) ack 701 win 0\n+0 shutdown(4, SHUT_WR) = {result}\n"),
                "linux",
            )
        };
        assert_eq!(shut("-1 ENOTCONN (x)"), "match");
        assert_eq!(shut("0"), "line 9: success | an error: there is no connection");
    }

    /// What is only looked at is read afterwards.
    #[test]
    fn peeking_reads_nothing() {
        let script = "\
            +0 < P. 101:141(40) ack 701 win 9\n\
            +0 > . 701:701(0) ack 141\n\
            +0 recv(4, ..., 30, MSG_PEEK) = 30\n\
            +0 recv(4, ..., 100, MSG_PEEK) = 40\n\
            +0 recv(4, ..., 100, 0) = 40\n\
            +0 recv(4, ..., 100, MSG_PEEK) = -1 EAGAIN (Resource temporarily unavailable)\n";
        assert_eq!(after_opening(script, "linux"), "match");
    }
}
