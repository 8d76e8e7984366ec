//! The segments of a script as those of a case.

use super::opening::{Numbers, Opening};
use super::script::{ANY_NUMBER, Packet};
use crate::conform::recorded::number::{Sign, Term};
use crate::conform::recorded::{Arrival, CaseNumber, ExpectedSegment};
use crate::tcp::Flags;

/// A segment that arrives, with a window that is shifted so far; the mistake is what it has that is not modelled.
pub(super) fn arrival(packet: &Packet<'_>, opening: &Opening, shift: u32) -> Result<Arrival, String> {
    let numbers = opening.numbers();
    if packet.options.is_some_and(|options| options.contains("sack ")) {
        return Err("SACK".to_owned());
    }
    if packet.len > 65_535 {
        return Err("a segment of more than 65535 octets".to_owned());
    }
    Ok(Arrival {
        flags: flags(packet)?,
        seq: octets(packet.seq.ok_or(ANY_NUMBER)?.wrapping_sub(numbers.peer)),
        ack: of_own(packet.ack.unwrap_or(0), numbers)?,
        len: packet.len,
        // RFC 7323 §2.2: that of a SYN is never shifted.
        window: packet.window.map(|window| if packet.flags.contains('S') { window } else { window << shift }),
    })
}

/// A segment that is expected. What is not compared: the window, for kernels count memory and not octets, and
/// options.
pub(super) fn expected(packet: &Packet<'_>, opening: &Opening, text: String) -> Result<ExpectedSegment, String> {
    let flags = flags(packet)?;
    let numbers = opening.numbers();
    Ok(ExpectedSegment {
        text,
        flags,
        seq: packet.seq.map(|seq| of_own(seq, numbers)).transpose()?,
        ack: packet.ack.filter(|_| flags.ack).map(|ack| octets(ack.wrapping_sub(numbers.peer))),
        len: packet.len,
        window: None,
        not_modelled: None,
    })
}

/// A number of the endpoint, which chooses ISS for each connection; the mistake is that it is counted from a
/// number that may be any.
fn of_own(number: u32, numbers: Numbers) -> Result<CaseNumber, String> {
    let number = number.wrapping_sub(numbers.own.ok_or(ANY_NUMBER)?);
    let iss = numbers.own_is_known.then_some((Sign::Plus, Term::Iss));
    Ok(CaseNumber(iss.into_iter().chain([(Sign::Plus, Term::Octets(number))]).collect()))
}

fn octets(number: u32) -> CaseNumber {
    CaseNumber::of(Term::Octets(number))
}

fn flags(packet: &Packet<'_>) -> Result<Flags, String> {
    let mut flags = Flags::default();
    for flag in packet.flags.chars() {
        match flag {
            'S' => flags.syn = true,
            'F' => flags.fin = true,
            'R' => flags.rst = true,
            '.' => flags.ack = true,
            // PSH changes nothing here; `-` is no flag at all.
            'P' | '-' => {}
            // A SYN that offers ECN.
            'E' | 'W' if packet.flags.contains('S') => {}
            'U' => return Err("urgent data".to_owned()),
            _ => return Err("ECN".to_owned()),
        }
    }
    Ok(flags)
}
