//! Packets: what of TCP is in a frame.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, ether_type, ip_number};
use pcap_parser::Linktype;

use super::file::Frame;
use crate::tcp::{Flags, Segment, Seq};

/// What a frame is to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A TCP segment.
    Tcp {
        /// Who sent it.
        from: SocketAddr,
        /// To whom.
        to: SocketAddr,
        /// Its numbers, and how much text it has, captured or not.
        segment: Segment,
    },
    /// A fragment of an IP packet; what was in the whole packet is not put together again.
    Fragment,
    /// Something of TCP, but not enough of its header was captured.
    CutOff,
    /// A link type of which no header is known.
    UnknownLink(Linktype),
    /// Anything else.
    NoTcp,
}

/// Reads the headers of a frame; of TCP's own only the first 20 octets have to have been captured.
pub(super) fn content(frame: &Frame<'_>) -> Content {
    let Some(packet) = sliced(frame) else {
        return if is_known(frame.link) { Content::NoTcp } else { Content::UnknownLink(frame.link) };
    };
    let (payload, source, destination, length) = match &packet.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let header = ip.header();
            let extensions = ip.extensions().auth.as_ref().map_or(0, |auth| auth.slice().len());
            (
                ip.payload(),
                IpAddr::V4(header.source_addr()),
                IpAddr::V4(header.destination_addr()),
                usize::from(header.total_len()).checked_sub(header.slice().len() + extensions),
            )
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            let header = ip.header();
            let length = usize::from(header.payload_length());
            (
                ip.payload(),
                IpAddr::V6(header.source_addr()),
                IpAddr::V6(header.destination_addr()),
                if length == 0 { None } else { length.checked_sub(ip.extensions().slice().len()) },
            )
        }
        Some(LaxNetSlice::Arp(_)) | None => return Content::NoTcp,
    };
    if payload.ip_number != ip_number::TCP {
        return Content::NoTcp;
    }
    if payload.fragmented {
        return Content::Fragment;
    }
    // A sender that leaves the cutting to its network card captures packets without a length, or longer than
    // the field can say.
    let length = length.unwrap_or(payload.payload.len() + frame.missing);
    let Some((source_port, destination_port, segment)) = segment(payload.payload, length) else {
        return Content::CutOff;
    };
    Content::Tcp {
        from: SocketAddr::new(source, source_port),
        to: SocketAddr::new(destination, destination_port),
        segment,
    }
}

/// What BSD and OpenBSD call a packet without a link header; files have the number of the system they were made on.
const RAW_OF_BSD: Linktype = Linktype(12);
const RAW_OF_OPENBSD: Linktype = Linktype(14);

fn is_known(link: Linktype) -> bool {
    matches!(
        link,
        Linktype::ETHERNET
            | Linktype::LINUX_SLL
            | Linktype::LINUX_SLL2
            | Linktype::RAW
            | RAW_OF_BSD
            | RAW_OF_OPENBSD
            | Linktype::IPV4
            | Linktype::IPV6
            | Linktype::NULL
            | Linktype::LOOP
    )
}

/// The layers below TCP; none if the first of them is cut off or unknown.
fn sliced<'a>(frame: &Frame<'a>) -> Option<LaxSlicedPacket<'a>> {
    let of_type = |position: usize, header: usize| {
        let number = u16::from_be_bytes(*frame.data.get(position..)?.first_chunk()?);
        Some(LaxSlicedPacket::from_ether_type(EtherType(number), frame.data.get(header..)?))
    };
    match frame.link {
        Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(frame.data).ok(),
        // The protocol is the last field of the first version of "Linux cooked" and the first of the second.
        Linktype::LINUX_SLL => of_type(14, 16),
        Linktype::LINUX_SLL2 => of_type(0, 20),
        Linktype::RAW | RAW_OF_BSD | RAW_OF_OPENBSD | Linktype::IPV4 | Linktype::IPV6 => {
            LaxSlicedPacket::from_ip(frame.data).ok()
        }
        // The protocol family is in the byte order of the machine, and has other numbers for IPv6 on each system:
        // the IP header's own version says it better.
        Linktype::NULL | Linktype::LOOP => {
            let packet = frame.data.get(4..)?;
            let number = match packet.first()? >> 4 {
                4 => ether_type::IPV4,
                6 => ether_type::IPV6,
                _ => return None,
            };
            Some(LaxSlicedPacket::from_ether_type(number, packet))
        }
        _ => None,
    }
}

/// RFC 9293 §3.1: the ports and the segment in an IP packet's payload, which was `length` octets long.
///
/// etherparse would want the options as well, which a snapped packet may lack.
fn segment(payload: &[u8], length: usize) -> Option<(u16, u16, Segment)> {
    let header: &[u8; 20] = payload.first_chunk()?;
    let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, bits, ..] = *header;
    let flags = Flags { fin: bits & 1 != 0, syn: bits & 2 != 0, rst: bits & 4 != 0, ack: bits & 16 != 0 };
    let header_length = usize::from(offset >> 4) * 4;
    let text = length.checked_sub(header_length.max(20))?;
    let segment = Segment {
        flags,
        seq: Seq(u32::from_be_bytes([q0, q1, q2, q3])),
        ack: Seq(if flags.ack { u32::from_be_bytes([a0, a1, a2, a3]) } else { 0 }),
        len: u32::try_from(text).ok()?,
    };
    Some((u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]), segment))
}
