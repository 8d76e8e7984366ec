//! packetdrill scripts: the common subset, replayed as recorded cases are.
//!
//! A script opens a connection; from then on its lines are the steps of a case. What a script says of a segment
//! that is sent is compared with what is sent next, in whichever step that was, and with when it is sent, as
//! packetdrill does.
//!
//! <https://github.com/google/packetdrill>

mod call;
mod clock;
mod opening;
mod reader;
mod script;
mod segment;
mod shell;
mod syntax;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use self::script::{Action, CaseEvent as Line, Time};
use super::case::Case;
use super::words::Mistake;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use crate::policy::NamedPolicy;

/// The time by which packetdrill lets a segment be early or late by default, in microseconds.
const TOLERANCE: u64 = 4_000;

/// What a script may let it be at most, in microseconds: an hour.
const LARGEST_TOLERANCE: u64 = 3_600_000_000;

/// The case of a script, under a policy. A script that is about something that is not modelled is a case that is
/// out of scope.
///
/// # Errors
/// Each mistake, with its place.
pub fn parse(file: &Arc<SourceFile>, policy: &Arc<NamedPolicy>) -> Result<Case, Diagnostics> {
    let script = syntax::parse(&file.text).map_err(|Mistake { at, title, label, help }| Diagnostic {
        help,
        ..Diagnostic::new(title).at(file, at, label)
    })?;
    if script.events.is_empty() {
        let empty = Diagnostic::new(format!("`{}` has no events", file.path));
        return Err(empty.help("an event is a time and what happens, as in +0 close(4) = 0").into());
    }
    let back = |(before, event): (u64, &Line<'_>)| matches!(event.time, Time::Absolute(time, _) if time < before);
    if let Some((_, event)) = clock::times(&script.events).zip(&script.events).find(|step| back(*step)) {
        let mistake = Diagnostic::new("this is earlier than the event before it");
        return Err(mistake.at(file, event.at.clone(), "expected a later time, or one as in +.1").into());
    }
    for event in &script.events {
        if let Action::Call(call) = &event.action
            && let Some(possible) = call::impossible(call)
        {
            let mistake = Diagnostic::new(format!("`{}` cannot return this", call.name));
            return Err(mistake.at(file, event.at.clone(), format!("expected {possible}")).into());
        }
    }
    let tolerance = tolerance(file, &script.options)?;
    Ok(reader::case(file, policy, tolerance, &script.events))
}

/// `--tolerance_usecs`: by how much a segment may be early or late, in microseconds.
fn tolerance(file: &Arc<SourceFile>, options: &[(&str, &str)]) -> Result<u64, Diagnostics> {
    let Some((_, value)) = options.iter().find(|(name, _)| *name == "tolerance_usecs") else {
        return Ok(TOLERANCE);
    };
    let number = value.parse::<u64>().ok().filter(|number| *number <= LARGEST_TOLERANCE);
    number.ok_or_else(|| {
        let place = file.text.find("--tolerance_usecs").unwrap_or(0);
        let mistake = Diagnostic::new(format!("`{value}` is no tolerance"));
        let label = format!("expected microseconds, at most {LARGEST_TOLERANCE}");
        mistake.at(file, place..place + "--tolerance_usecs".len(), label).into()
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::testing::{OPENED, after_opening, named, outcome};
    use super::*;
    use crate::conform::recorded::replay;

    #[test]
    fn what_is_not_read_is_named() {
        let mut text = String::new();
        for lines in [
            "+0 < [ect0] . 101:101(0) ack 701 win 9",
            "+0 < icmp unreachable [1:1001(1000)]",
            "+0 < . 101:101(0) ack 701 win 9 <sack 702:703>",
            "+0 < U. 101:101(0) ack 701 win 9 urg 3",
            "+0 > SE. 701:701(0) ack 101",
            "+0 %{ assert tcpi_state == 1 }%",
            "+0 %{ assert tcpi_unacked == 1 }%",
            "+0 < F. 101:101(0)! ack 701 win 9",
            "+0 < S ...(0)",
            "+0 < F. 101:101(0) ack 701 win 9 <nop>/udp(1 > 9)",
            "+0 `ip route flush`\n+0 close(4) = 0",
            "+0 `sysctl -w net.ipv4.tcp_abort_on_overflow=1`\n+0 close(4) = 0",
            "+0 ioctl(4, SIOCINQ, [0]) = 0",
            "+0 sendmsg(4, {msg_name(...)=...,\n msg_iov(1)=[{...,5}]}, 0) = 5",
            "+0 read(4, ..., 5, MSG_OOB) = 5",
            "+0 read(4, 0x7, 5) = -1 EFAULT (Bad address)",
            "+0 setsockopt(4, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0",
            "+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, 8) = 0",
            "+0 close(9) = 0",
            "+0 accept(3, ..., ...) = 5",
            "#if LINUX",
            "#ifdef LINUX\n#ifdef LINUX",
            "#endif",
        ] {
            let _ = writeln!(text, "{lines}\n  {}", after_opening(lines, "linux"));
        }
        for script in ["0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3", "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3"]
        {
            let _ = writeln!(text, "{script}\n  {}", outcome(script, "linux"));
        }
        let other = OPENED.replace("+.5 < .", "+.5 < R.");
        let _ = writeln!(text, "a reset instead of the last ACK\n  {}", outcome(&other, "linux"));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn mistakes_are_where_they_are() {
        let scripts = [
            "",
            "// nothing",
            "close(4) = 0",
            "+ close(4) = 0",
            "+0 close(4)",
            "+0 close(4 = 0",
            "+0 < Q 1:1(0)",
            "+0 < F. 1(0) ack 1",
            "+0 < F. 1:1 ack 1",
            "+0 > F. 1:1(0) ack",
            "+0 > F. 1:1(0) ack 4294967296",
            "+0 > F. 1:1(0) ack 1 <mss",
            "+0 `sysctl",
            "/* on and on",
            "+0 close(4) = 0\n+0 clos 4",
            "+0 %{ assert tcpi_state == 1",
            "99999999 close(4) = 0",
            "+0 < F. 101:999(0) ack 1",
            "+0 > . 1:7(5) ack 1",
            "+0 < . 1:1(0) ack 1 win 65536",
            "+.5 close(4) = 0\n0.1 close(4) = 0",
            "+0 close(4) = -2",
            "+0 close(4) = 4",
            "+0 close(4) = 0 EPIPE",
            "+0 read(4, ..., 5) = 6",
        ];
        insta::assert_snapshot!(scripts.map(|script| outcome(script, "linux")).join("\n\n"));
    }

    proptest! {
        /// Any text is read as a script and written back, or has a mistake within it.
        #[test]
        fn every_script_is_read_or_refused(
            lines in prop::collection::vec(prop_oneof![
                Just("+.1 < F. 101:101(0) ack 701 win 9".to_owned()),
                Just("+0 close(4) = 0".to_owned()),
                Just("* > . 701:701(0) ack 102".to_owned()),
                "[+]?[0-9.]{0,5}(~[+]?[0-9.]{1,4})? [<>] [SFRP.]{0,3} [0-9]{1,10}:[0-9]{1,10}\\([0-9]{1,6}\\)( ack [0-9]{1,10})?( win [0-9]{1,6})?",
                "[+]0(\\.\\.\\.[0-9.]{1,4})? (read|write|shutdown|close|setsockopt)\\([0-9A-Z_., ({\\[]{0,12}\\) = [0-9-]{1,3}",
                "[`%{}()<>./*+0-9a-z \"-]{0,20}",
                any::<String>(),
            ], 0..8),
            opened in any::<bool>(),
        ) {
            let script = format!("{}{}", if opened { OPENED } else { "" }, lines.join("\n"));
            match parse(&SourceFile::new("script.pkt", script.as_str()), &named("linux")) {
                Ok(case) => drop(replay(&case)),
                Err(mistakes) => {
                    let span = &mistakes.0[0].primary;
                    prop_assert!(span.as_ref().is_none_or(|place| script.get(place.span.clone()).is_some()));
                    let _ = mistakes.render(true);
                }
            }
        }
    }
}
