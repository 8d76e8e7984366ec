//! The protocols that a packet carries instead of TCP.

use std::fmt;

use etherparse::{EtherType, IpNumber, ether_type, ip_number};

const LLDP: EtherType = EtherType(0x88cc);
const EAPOL: EtherType = EtherType(0x888e);

/// What a packet carries instead of TCP, or in which TCP cannot be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carried {
    /// A protocol that IP carries, by its number.
    Ip(u8),
    /// A protocol that a link carries, by its `EtherType`.
    EtherType(u16),
    /// A protocol of IEEE 802.2, by its service access point.
    Llc(u8),
    /// A protocol of PPP, by its number.
    Ppp(u16),
    /// A link type of which no header is known, as in <https://www.tcpdump.org/linktypes.html>.
    LinkType(i32),
    /// ESP of `IPsec`, in UDP.
    EspInUdp,
    /// IEEE 802.11: management and control.
    WifiControl,
    /// IEEE 802.11: encrypted data.
    WifiEncrypted,
    /// IEEE 802.11: several packets in one frame.
    WifiAggregate,
    /// More headers in each other than are followed.
    Nested,
    /// Headers that are cut off, or that contradict themselves.
    Damaged,
}

impl Carried {
    /// There may be TCP in it.
    #[must_use]
    pub fn may_hide_tcp(self) -> bool {
        match self {
            Self::Ip(number) => !matches!(
                IpNumber(number),
                ip_number::ICMP
                    | ip_number::IGMP
                    | ip_number::UDP
                    | ip_number::IPV6_ICMP
                    | ip_number::OSPFIGP
                    | ip_number::PIM
                    | ip_number::VRRP
                    | ip_number::SCTP
            ),
            Self::EtherType(number) => !matches!(EtherType(number), ether_type::ARP | LLDP | EAPOL),
            // Spanning tree, and NetBIOS.
            Self::Llc(point) => !matches!(point, 0x42 | 0xf0),
            // Control protocols of PPP itself have the numbers from 0x8000 on.
            Self::Ppp(number) => number < 0x8000,
            Self::WifiControl => false,
            Self::LinkType(_)
            | Self::EspInUdp
            | Self::WifiEncrypted
            | Self::WifiAggregate
            | Self::Nested
            | Self::Damaged => true,
        }
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Ip(number) => match IpNumber(number).keyword_str().filter(|name| !name.is_empty()) {
                Some(name) => f.write_str(name),
                None => write!(f, "IP protocol {number}"),
            },
            Self::EtherType(number) => match EtherType(number) {
                ether_type::ARP => f.write_str("ARP"),
                LLDP => f.write_str("LLDP"),
                EAPOL => f.write_str("EAPOL"),
                ether_type::MACSEC => f.write_str("MACsec"),
                _ => write!(f, "EtherType {number:#06x}"),
            },
            Self::Llc(0x42) => f.write_str("spanning tree"),
            Self::Llc(point) => write!(f, "802.2 service access point {point:#04x}"),
            Self::Ppp(number) => write!(f, "PPP protocol {number:#06x}"),
            Self::LinkType(number) => write!(f, "link type {number}"),
            Self::EspInUdp => f.write_str("ESP in UDP"),
            Self::WifiControl => f.write_str("802.11 management and control"),
            Self::WifiEncrypted => f.write_str("encrypted 802.11"),
            Self::WifiAggregate => f.write_str("aggregated 802.11"),
            Self::Nested => f.write_str("too many headers in each other"),
            Self::Damaged => f.write_str("headers that are cut off or damaged"),
        }
    }
}
