//! Tags and tunnels around a packet. They distinguish connections that have the same addresses and ports.

use std::fmt;
use std::net::IpAddr;

/// More tags than this around one packet do not distinguish it any further.
const MOST_TAGS: usize = 8;

/// A tag, or the identity of a tunnel, independent of the direction of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// IEEE 802.1Q: a VLAN, 1 to 4095.
    Vlan(u16),
    /// RFC 3032: a label, 20 bits.
    Mpls(u32),
    /// RFC 2516: a `PPPoE` session.
    Pppoe(u16),
    /// RFC 7348: a VXLAN network, 24 bits.
    Vxlan(u32),
    /// RFC 8926: a GENEVE network, 24 bits.
    Geneve(u32),
    /// RFC 2890: the key of a GRE tunnel; in RFC 2637's GRE, the call.
    Gre(u32),
    /// An ERSPAN session, 10 bits.
    Erspan(u16),
    /// 3GPP TS 29.281: the identifier of a GTP-U tunnel's end.
    Gtp(u32),
    /// A tunnel in IP between two addresses, the lesser first.
    Between(IpAddr, IpAddr),
}

impl Tag {
    /// A tunnel between two addresses, in either direction.
    pub(super) fn between([from, to]: [IpAddr; 2]) -> Self {
        Self::Between(from.min(to), from.max(to))
    }
}

/// As in "VLAN 7".
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vlan(number) => write!(f, "VLAN {number}"),
            Self::Mpls(label) => write!(f, "MPLS label {label}"),
            Self::Pppoe(session) => write!(f, "PPPoE session {session}"),
            Self::Vxlan(network) => write!(f, "VXLAN {network}"),
            Self::Geneve(network) => write!(f, "GENEVE {network}"),
            Self::Gre(key) => write!(f, "GRE key {key}"),
            Self::Erspan(session) => write!(f, "ERSPAN session {session}"),
            Self::Gtp(identifier) => write!(f, "GTP-U {identifier:#010x}"),
            Self::Between(one, other) => write!(f, "tunnel {one}–{other}"),
        }
    }
}

/// Everything that a packet is inside of, the outermost first; empty for most packets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Encapsulation(Vec<Tag>);

impl Encapsulation {
    /// Adds what comes next.
    pub(super) fn push(&mut self, tag: Tag) {
        // IEEE 802.1Q §9.6: VLAN 0 is none, only a priority, which one direction may have and the other not.
        if tag != Tag::Vlan(0) && self.0.len() < MOST_TAGS {
            self.0.push(tag);
        }
    }

    /// The tags, the outermost first; at most 8.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        &self.0
    }
}

/// As in "VLAN 7, VXLAN 12"; "no tag or tunnel" if it is none.
impl fmt::Display for Encapsulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no tag or tunnel");
        }
        for (index, tag) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{tag}")?;
        }
        Ok(())
    }
}
