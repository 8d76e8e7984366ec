//! Sequence numbers and segments.

use std::fmt;
use std::ops::Add;

/// A sequence number, counting octets modulo 2³².
///
/// RFC 9293 §3.4: comparisons are modular, so there is no `<`: use [`Seq::precedes`]. The derived order is
/// only for sorted containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seq(pub u32);

impl Seq {
    /// The number of an end's first octet; the handshake used number 0 for its SYN.
    pub(super) const FIRST: Self = Self(1);

    /// RFC 9293 §3.4: `self` comes before `other`, modulo 2³².
    #[must_use]
    pub fn precedes(self, other: Self) -> bool {
        (1..1 << 31).contains(&other.since(self))
    }

    /// Octets from `earlier` to `self`, modulo 2³².
    #[must_use]
    pub fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// RFC 9293 §3.4: the later of two numbers.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if self.precedes(other) { other } else { self }
    }
}

impl Add<u32> for Seq {
    type Output = Self;

    fn add(self, octets: u32) -> Self {
        Self(self.0.wrapping_add(octets))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The control bits that matter to closing.
///
/// RFC 9293 §3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::struct_excessive_bools, reason = "the header has one bit for each")]
pub struct Flags {
    /// Synchronise sequence numbers.
    pub syn: bool,
    /// No more data from the sender.
    pub fin: bool,
    /// Reset the connection.
    pub rst: bool,
    /// The acknowledgment field is significant.
    pub ack: bool,
}

impl Flags {
    /// Only ACK, as on every segment of a synchronised connection.
    pub const ACK: Self = Self { syn: false, fin: false, rst: false, ack: true };
    /// FIN and ACK.
    pub const FIN_ACK: Self = Self { fin: true, ..Self::ACK };
    /// Only SYN.
    pub const SYN: Self = Self { syn: true, fin: false, rst: false, ack: false };
    /// SYN and ACK.
    pub const SYN_ACK: Self = Self { syn: true, ..Self::ACK };
    /// Only RST.
    pub const RST: Self = Self { syn: false, fin: false, rst: true, ack: false };
    /// RST and ACK.
    pub const RST_ACK: Self = Self { ack: true, ..Self::RST };
}

impl fmt::Display for Flags {
    /// `FIN,ACK`: every flag that is set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { syn, fin, rst, ack } = *self;
        let names = [(syn, "SYN"), (fin, "FIN"), (rst, "RST"), (ack, "ACK")];
        let set: Vec<&str> = names.iter().filter(|(is_set, _)| *is_set).map(|(_, name)| *name).collect();
        f.write_str(if set.is_empty() { "no flags" } else { "" })?;
        f.write_str(&set.join(","))
    }
}

/// A segment without its text: how much of it there is, is all that closing depends on.
///
/// RFC 9293 §3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Segment {
    /// The control bits.
    pub flags: Flags,
    /// SEG.SEQ: the number of the first octet, or of the SYN or FIN if there is no text.
    pub seq: Seq,
    /// SEG.ACK: the next number that the sender expects; 0 without the ACK flag.
    pub ack: Seq,
    /// Octets of text, without SYN and FIN.
    pub len: u32,
}

impl Segment {
    /// RFC 9293 §3.4: SEG.LEN, the octets that the segment occupies in sequence space, SYN and FIN included.
    #[must_use]
    pub fn sequence_length(&self) -> u32 {
        self.len.saturating_add(u32::from(self.flags.syn)).saturating_add(u32::from(self.flags.fin))
    }
}

impl Segment {
    /// What follows a SYN: RFC 9293 §3.10.7.4 has "any portions that lie outside the window (including SYN and
    /// FIN)" trimmed.
    pub(super) fn without_syn(self) -> Self {
        Self { flags: Flags { syn: false, ..self.flags }, seq: self.seq + u32::from(self.flags.syn), ..self }
    }
}

impl fmt::Display for Segment {
    /// `FIN seq=1 ack=1`: what the segment is for, then its numbers. The ACK flag that every segment of
    /// a synchronised connection carries is not named beside FIN or DATA.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flags, seq, ack, len } = self;
        let mut separator = "";
        for (set, name) in [(flags.syn, "SYN"), (flags.rst, "RST"), (*len > 0, "DATA"), (flags.fin, "FIN")] {
            if set {
                write!(f, "{separator}{name}")?;
                separator = "+";
            }
        }
        if separator.is_empty() {
            f.write_str(if flags.ack { "ACK" } else { "no flags" })?;
        }
        write!(f, " seq={seq}")?;
        if flags.ack {
            write!(f, " ack={ack}")?;
        }
        if *len > 1 {
            write!(f, " len={len}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_is_modular() {
        let last = Seq(u32::MAX);
        assert!(last.precedes(Seq(0)));
        assert!(!Seq(0).precedes(last));
        assert!(!Seq(7).precedes(Seq(7)));
        assert!(Seq(1).precedes(Seq(1 << 31)));
        assert!(!Seq(1).precedes(Seq(1 + (1 << 31))), "at half the space, neither precedes the other");
        assert!(!Seq(1 + (1 << 31)).precedes(Seq(1)));
        assert_eq!((last + 2).since(last), 2);
        assert_eq!(last.max(Seq(3)), Seq(3));
    }

    #[test]
    fn segments_print_what_they_are_for() {
        let shown = |flags, len| Segment { flags, seq: Seq(3), ack: Seq(2), len }.to_string();
        assert_eq!(shown(Flags::ACK, 0), "ACK seq=3 ack=2");
        assert_eq!(shown(Flags::ACK, 1), "DATA seq=3 ack=2");
        assert_eq!(shown(Flags::FIN_ACK, 10), "DATA+FIN seq=3 ack=2 len=10");
        assert_eq!(shown(Flags::RST, 0), "RST seq=3");
        assert_eq!(shown(Flags::default(), 0), "no flags seq=3");
    }
}
