//! The segments of a script as those of a case.

use super::opening::Numbers;
use super::script::Packet;
use crate::conform::recorded::number::Term;
use crate::conform::recorded::{Arrival, CaseNumber, ExpectedSegment};
use crate::tcp::Flags;

/// A segment that arrives, with a window that is shifted so far; the mistake is what it has that is not modelled.
pub(super) fn arrival(packet: &Packet<'_>, numbers: Numbers, shift: u32) -> Result<Arrival, String> {
    if packet.options.is_some_and(|options| options.contains("sack ")) {
        return Err("SACK".to_owned());
    }
    if packet.len > 65_535 {
        return Err("a segment of more than 65535 octets".to_owned());
    }
    Ok(Arrival {
        flags: flags(packet)?,
        seq: octets(packet.seq.wrapping_sub(numbers.peer)),
        ack: octets(packet.ack.unwrap_or(0).wrapping_sub(numbers.own)),
        len: packet.len,
        window: packet.window.map(|window| window << shift),
    })
}

/// A segment that is expected. What is not compared: the window, for kernels count memory and not octets, and options.
pub(super) fn expected(packet: &Packet<'_>, numbers: Numbers, text: String) -> Result<ExpectedSegment, String> {
    let flags = flags(packet)?;
    if flags.syn {
        return Err("a new connection: SYN is answered".to_owned());
    }
    Ok(ExpectedSegment {
        text,
        flags,
        seq: Some(octets(packet.seq.wrapping_sub(numbers.own))),
        ack: packet.ack.filter(|_| flags.ack).map(|ack| octets(ack.wrapping_sub(numbers.peer))),
        len: packet.len,
        window: None,
        not_modelled: None,
    })
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
            'U' => return Err("urgent data".to_owned()),
            _ => return Err("ECN".to_owned()),
        }
    }
    Ok(flags)
}
