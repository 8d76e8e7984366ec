//! The layers around IP: link layers and tags, peeled off one after the other.
//!
//! Only what is needed to find the next header is looked at. Lengths that headers claim are never believed beyond
//! what was captured.

use etherparse::{EtherType, ether_type};
use pcap_parser::Linktype;

use super::carried::Carried;
use super::encapsulation::{Encapsulation, Tag};

const PPPOE_SESSION: EtherType = EtherType(0x8864);
const MPLS: EtherType = EtherType(0x8847);
const MPLS_UPSTREAM: EtherType = EtherType(0x8848);
const TRANSPARENT_ETHERNET: EtherType = EtherType(0x6558);
const PPP_IN_GRE: EtherType = EtherType(0x880b);
/// RFC 2516 and the like: VLAN tags under other numbers.
const VLANS: [EtherType; 3] =
    [ether_type::VLAN_TAGGED_FRAME, ether_type::PROVIDER_BRIDGING, ether_type::VLAN_DOUBLE_TAGGED_FRAME];

/// The most headers around one IP packet.
pub(super) const MOST_HEADERS: usize = 16;

/// A header, and what follows, that comes before IP's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layer<'a> {
    /// A frame of a capture with this link type.
    Link(Linktype, &'a [u8]),
    /// IEEE 802.3.
    Ethernet(&'a [u8]),
    /// The packet that an `EtherType` announces.
    Typed(EtherType, &'a [u8]),
    /// IEEE 802.2.
    Llc(&'a [u8]),
    /// RFC 1661, with or without RFC 1662's address and control fields.
    Ppp(&'a [u8]),
    /// RFC 3032.
    Mpls(&'a [u8]),
    /// IEEE 802.11, and whether its header is padded to a multiple of 4 octets.
    Wifi(&'a [u8], bool),
    /// IP of either version.
    Ip(&'a [u8]),
}

/// Peels off what is around an IP packet, and adds its tags to what the packet is `inside` of.
pub(super) fn ip_packet<'a>(layer: Layer<'a>, inside: &mut Encapsulation) -> Result<&'a [u8], Carried> {
    let mut layer = layer;
    for _ in 0..MOST_HEADERS {
        layer = match layer {
            Layer::Ip(packet) => return Ok(packet),
            Layer::Link(link, frame) => of_link(link, frame)?,
            Layer::Ethernet(frame) => of_ethernet(frame)?,
            Layer::Typed(number, rest) => of_ether_type(number, rest, inside)?,
            Layer::Llc(frame) => of_llc(frame)?,
            Layer::Ppp(frame) => of_ppp(frame)?,
            Layer::Mpls(frame) => of_mpls(frame, inside)?,
            Layer::Wifi(frame, is_padded) => of_wifi(frame, is_padded)?,
        };
    }
    Err(Carried::Nested)
}

pub(super) fn rest(data: &[u8], from: usize) -> Result<&[u8], Carried> {
    data.get(from..).ok_or(Carried::Damaged)
}

pub(super) fn byte(data: &[u8], at: usize) -> Result<u8, Carried> {
    data.get(at).copied().ok_or(Carried::Damaged)
}

pub(super) fn word(data: &[u8], at: usize) -> Result<u16, Carried> {
    data.get(at..).and_then(|rest| rest.first_chunk()).map(|two| u16::from_be_bytes(*two)).ok_or(Carried::Damaged)
}

/// A number of 24 bits.
pub(super) fn three_octets(data: &[u8], at: usize) -> Result<u32, Carried> {
    Ok(u32::from(word(data, at)?) << 8 | u32::from(byte(data, at + 2)?))
}

fn little_word(data: &[u8], at: usize) -> Result<usize, Carried> {
    word(data, at).map(|word| usize::from(word.swap_bytes()))
}

fn typed(data: &[u8], number: usize, header: usize) -> Result<Layer<'_>, Carried> {
    Ok(Layer::Typed(EtherType(word(data, number)?), rest(data, header)?))
}

/// What BSD and OpenBSD call a packet without a link header; files have the number of the system they were made
/// on.
const RAW_OF_BSD: Linktype = Linktype(12);
const RAW_OF_OPENBSD: Linktype = Linktype(14);

fn of_link(link: Linktype, frame: &[u8]) -> Result<Layer<'_>, Carried> {
    match link {
        Linktype::ETHERNET => Ok(Layer::Ethernet(frame)),
        Linktype::RAW | RAW_OF_BSD | RAW_OF_OPENBSD | Linktype::IPV4 | Linktype::IPV6 => Ok(Layer::Ip(frame)),
        // The protocol family is in the byte order of the machine, and has other numbers for IPv6 on each system:
        // the IP header's own version is more reliable.
        Linktype::NULL | Linktype::LOOP => rest(frame, 4).map(Layer::Ip),
        // The protocol is the last field of the first version of "Linux cooked" and the first of the second.
        Linktype::LINUX_SLL => match word(frame, 14)? {
            4 => rest(frame, 16).map(Layer::Llc),
            _ => typed(frame, 14, 16),
        },
        Linktype::LINUX_SLL2 => match word(frame, 0)? {
            4 => rest(frame, 20).map(Layer::Llc),
            _ => typed(frame, 0, 20),
        },
        // PPP; with its address and control fields, or Cisco's HDLC; with a direction before it; PPPoE.
        Linktype(50) if byte(frame, 0)? != 0xff => typed(frame, 2, 4),
        Linktype(9 | 50) => Ok(Layer::Ppp(frame)),
        Linktype(51) => rest(frame, 6).map(Layer::Ppp),
        Linktype(204) => rest(frame, 1).map(Layer::Ppp),
        // Cisco's HDLC: address, control, EtherType.
        Linktype(104) => typed(frame, 2, 4),
        // FDDI: frame control and two addresses. ATM of RFC 1483, IP over Fibre Channel.
        Linktype(10) => rest(frame, 13).map(Layer::Llc),
        Linktype(100) => Ok(Layer::Llc(frame)),
        Linktype(122) => rest(frame, 16).map(Layer::Llc),
        Linktype(105) => Ok(Layer::Wifi(frame, false)),
        // Prism's header has 144 octets; AVS's and radiotap's have a length field.
        Linktype(119) if byte(frame, 0)? == 0x80 => {
            Ok(Layer::Wifi(rest(frame, usize::from(word(frame, 6)?))?, false))
        }
        Linktype(119) => rest(frame, 144).map(|frame| Layer::Wifi(frame, false)),
        Linktype(163) => Ok(Layer::Wifi(rest(frame, usize::from(word(frame, 6)?))?, false)),
        Linktype(127) => of_radiotap(frame),
        // OpenBSD's packet filter: its header has its length, in whole words.
        Linktype(117) => rest(frame, usize::from(byte(frame, 0)?).next_multiple_of(4)).map(Layer::Ip),
        Linktype(109) => rest(frame, 12).map(Layer::Ip),
        Linktype(219) => Ok(Layer::Mpls(frame)),
        Linktype(239) => of_nflog(frame),
        // Apple's: the header has its length and the link type that follows.
        Linktype(258) => {
            let link = i32::try_from(little_word(frame, 8)?).map_err(|_| Carried::Damaged)?;
            Ok(Layer::Link(Linktype(link), rest(frame, little_word(frame, 0)?.max(12))?))
        }
        _ => Err(Carried::LinkType(link.0)),
    }
}

fn of_ethernet(frame: &[u8]) -> Result<Layer<'_>, Carried> {
    typed(frame, 12, 14)
}

fn of_ether_type<'a>(number: EtherType, data: &'a [u8], inside: &mut Encapsulation) -> Result<Layer<'a>, Carried> {
    match number {
        ether_type::IPV4 | ether_type::IPV6 => Ok(Layer::Ip(data)),
        number if VLANS.contains(&number) => {
            inside.push(Tag::Vlan(word(data, 0)? & 0x0fff));
            typed(data, 2, 4)
        }
        MPLS | MPLS_UPSTREAM => Ok(Layer::Mpls(data)),
        PPPOE_SESSION => {
            inside.push(Tag::Pppoe(word(data, 2)?));
            rest(data, 6).map(Layer::Ppp)
        }
        PPP_IN_GRE => Ok(Layer::Ppp(data)),
        TRANSPARENT_ETHERNET => Ok(Layer::Ethernet(data)),
        // IEEE 802.3: up to 1,500 it is a length, and an 802.2 header follows.
        EtherType(..=1500) => Ok(Layer::Llc(data)),
        EtherType(number) => Err(Carried::EtherType(number)),
    }
}

/// IEEE 802.2: service access points and control; behind SNAP's, an organisation and an `EtherType`.
fn of_llc(frame: &[u8]) -> Result<Layer<'_>, Carried> {
    match (byte(frame, 0)?, byte(frame, 1)?) {
        (0xaa, 0xaa) => typed(frame, 6, 8),
        (0x06, 0x06) => rest(frame, 3).map(Layer::Ip),
        (point, _) => Err(Carried::Llc(point)),
    }
}

/// RFC 1661 §2: the protocol has two octets, or one if that is odd.
fn of_ppp(frame: &[u8]) -> Result<Layer<'_>, Carried> {
    let frame = frame.strip_prefix(&[0xff, 0x03]).unwrap_or(frame);
    let first = byte(frame, 0)?;
    let (protocol, header) = if first & 1 == 1 { (u16::from(first), 1) } else { (word(frame, 0)?, 2) };
    let data = rest(frame, header)?;
    match protocol {
        0x0021 | 0x0057 => Ok(Layer::Ip(data)),
        0x0281 | 0x0283 => Ok(Layer::Mpls(data)),
        0x0031 => rest(data, 2).map(Layer::Ethernet),
        _ => Err(Carried::Ppp(protocol)),
    }
}

/// RFC 3032: labels up to the one at the bottom of the stack. Only the first four bits of what follows show its
/// type (RFC 4928 §3): IP's version, or 0 before an Ethernet frame (RFC 4448).
fn of_mpls<'a>(data: &'a [u8], inside: &mut Encapsulation) -> Result<Layer<'a>, Carried> {
    let mut header = 0;
    loop {
        let entry = three_octets(data, header)?;
        inside.push(Tag::Mpls(entry >> 4));
        header += 4;
        if entry & 1 == 1 {
            break;
        }
        if header >= 4 * MOST_HEADERS {
            return Err(Carried::Damaged);
        }
    }
    let data = rest(data, header)?;
    match byte(data, 0)? >> 4 {
        4 | 6 => Ok(Layer::Ip(data)),
        0 => rest(data, 4).map(Layer::Ethernet),
        _ => Ok(Layer::Ethernet(data)),
    }
}

/// Netfilter's log: a header of 4 octets, and fields with a length and a type, padded to whole words.
fn of_nflog(frame: &[u8]) -> Result<Layer<'_>, Carried> {
    const PAYLOAD: usize = 9;
    let mut fields = rest(frame, 4)?;
    while !fields.is_empty() {
        let length = little_word(fields, 0)?;
        if little_word(fields, 2)? & 0x7fff == PAYLOAD {
            return rest(fields, 4).map(Layer::Ip);
        }
        fields = rest(fields, length.max(4).next_multiple_of(4))?;
    }
    Err(Carried::Damaged)
}

/// Radiotap: the header has its length; one of its flags means that the frame's header is padded.
fn of_radiotap(frame: &[u8]) -> Result<Layer<'_>, Carried> {
    const PADDED: u8 = 0x20;
    let header = little_word(frame, 2)?;
    // The highest bit of each word of the present fields announces another word.
    let words = frame.get(4..).unwrap_or_default().chunks_exact(4).take(MOST_HEADERS);
    let words = 1 + words.take_while(|word| word.last().is_some_and(|bits| bits & 0x80 != 0)).count();
    let present = byte(frame, 4)?;
    // The time, before the flags, is aligned to its 8 octets.
    let fields = 4 + 4 * words;
    let flags = if present & 1 == 1 { fields.next_multiple_of(8) + 8 } else { fields };
    let is_padded = present & 2 != 0 && byte(frame, flags).is_ok_and(|flags| flags & PADDED != 0);
    Ok(Layer::Wifi(rest(frame, header)?, is_padded))
}

/// IEEE 802.11-2020 §9.2.3, §9.2.4: frames of data that are not encrypted carry 802.2.
fn of_wifi(frame: &[u8], is_padded: bool) -> Result<Layer<'_>, Carried> {
    let (kind, bits) = (byte(frame, 0)?, byte(frame, 1)?);
    let (is_data, has_no_data, has_quality) = (kind & 0x0c == 0x08, kind & 0x40 != 0, kind & 0x80 != 0);
    if !is_data || has_no_data {
        return Err(Carried::WifiControl);
    }
    if bits & 0x40 != 0 {
        return Err(Carried::WifiEncrypted);
    }
    // Between two distribution systems there are four addresses.
    let mut header = if bits & 0x03 == 0x03 { 30 } else { 24 };
    if has_quality {
        if byte(frame, header)? & 0x80 != 0 {
            return Err(Carried::WifiAggregate);
        }
        header += if bits & 0x80 != 0 { 6 } else { 2 };
    }
    if is_padded {
        header = header.next_multiple_of(4);
    }
    rest(frame, header).map(Layer::Llc)
}
