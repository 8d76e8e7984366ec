//! Tunnels in IP: what they carry, and what distinguishes them.

use std::net::IpAddr;

use etherparse::{EtherType, IpNumber, ip_number};

use super::carried::Carried;
use super::encapsulation::{Encapsulation, Tag};
use super::layers::{Layer, MOST_HEADERS, byte, rest, three_octets, word};

/// RFC 3378: a header of 2 octets and a frame.
const ETHERNET_IN_IP: IpNumber = IpNumber(97);
const ERSPAN_2: EtherType = EtherType(0x88be);
const ERSPAN_3: EtherType = EtherType(0x22eb);
/// Ports of tunnels in UDP: RFC 7348, Linux's older one, RFC 8926, 3GPP TS 29.281, RFC 3948.
const VXLAN: [u16; 2] = [4789, 8472];
const GENEVE: u16 = 6081;
const GTP_U: u16 = 2152;
const IPSEC: u16 = 4500;

/// The payload of a tunnel between two addresses of IP; none if the protocol is no tunnel. The identity of the
/// tunnel is added to what the packet is `inside` of.
pub(super) fn tunnel<'a>(
    protocol: IpNumber,
    ends: [IpAddr; 2],
    payload: &'a [u8],
    inside: &mut Encapsulation,
) -> Option<Result<Layer<'a>, Carried>> {
    let between = Tag::between(ends);
    match protocol {
        ip_number::UDP => return of_udp(payload, between, inside),
        ip_number::IPV4 | ip_number::IPV6 | ip_number::GRE | ip_number::MPLS_IN_IP | ETHERNET_IN_IP => {
            inside.push(between);
        }
        _ => return None,
    }
    Some(match protocol {
        ip_number::GRE => of_gre(payload, inside),
        ip_number::MPLS_IN_IP => Ok(Layer::Mpls(payload)),
        ETHERNET_IN_IP => rest(payload, 2).map(Layer::Ethernet),
        _ => Ok(Layer::Ip(payload)),
    })
}

/// RFC 2784, RFC 2890; version 1 is RFC 2637's, whose key has a call in its lower half.
fn of_gre<'a>(data: &'a [u8], inside: &mut Encapsulation) -> Result<Layer<'a>, Carried> {
    let bits = word(data, 0)?;
    let has = |bit: u16| usize::from(bits & bit != 0);
    let (checksum, key, sequence) = (has(0x8000), has(0x2000), has(0x1000));
    let is_pptp = bits & 7 == 1;
    let acknowledgment = if is_pptp { has(0x0080) } else { 0 };
    if key == 1 {
        let at = 4 + 4 * checksum;
        let (upper, lower) = (word(data, at)?, word(data, at + 2)?);
        inside.push(Tag::Gre(if is_pptp { u32::from(lower) } else { u32::from(upper) << 16 | u32::from(lower) }));
    }
    let payload = rest(data, 4 + 4 * (checksum + key + sequence + acknowledgment))?;
    let session = |header: &[u8]| word(header, 2).map(|bits| Tag::Erspan(bits & 0x03ff));
    match EtherType(word(data, 2)?) {
        // Without a sequence number it is the first version of ERSPAN, which has no header.
        ERSPAN_2 if sequence == 0 => Ok(Layer::Ethernet(payload)),
        ERSPAN_2 => {
            inside.push(session(payload)?);
            rest(payload, 8).map(Layer::Ethernet)
        }
        ERSPAN_3 => {
            inside.push(session(payload)?);
            let has_subheader = byte(payload, 11)? & 1;
            rest(payload, 12 + 8 * usize::from(has_subheader)).map(Layer::Ethernet)
        }
        number => Ok(Layer::Typed(number, payload)),
    }
}

fn of_udp<'a>(datagram: &'a [u8], between: Tag, inside: &mut Encapsulation) -> Option<Result<Layer<'a>, Carried>> {
    let (from, to) = (word(datagram, 0).ok()?, word(datagram, 2).ok()?);
    let payload = datagram.get(8..).filter(|payload| !payload.is_empty())?;
    if VXLAN.contains(&to) {
        // RFC 7348 §5: a flag for the presence of a network identifier.
        return (byte(payload, 0).ok()? & 0x08 != 0).then(|| {
            inside.push(Tag::Vxlan(three_octets(payload, 4)?));
            rest(payload, 8).map(Layer::Ethernet)
        });
    }
    if to == GENEVE {
        let options = 4 * usize::from(byte(payload, 0).ok()? & 0x3f);
        return Some(rest(payload, 8 + options).and_then(|inner| {
            inside.push(Tag::Geneve(three_octets(payload, 4)?));
            Ok(Layer::Typed(EtherType(word(payload, 2)?), inner))
        }));
    }
    if [from, to].contains(&GTP_U) {
        return of_gtp(payload, between, inside);
    }
    // RFC 3948 §2: what begins with zeros is a key exchange, and one octet keeps the way open.
    let is_esp = [from, to].contains(&IPSEC) && payload.len() > 4 && !payload.starts_with(&[0; 4]);
    is_esp.then_some(Err(Carried::EspInUdp))
}

/// 3GPP TS 29.281 §5: version 1, GTP itself (not GTP'), and a message that carries user data.
fn of_gtp<'a>(data: &'a [u8], between: Tag, inside: &mut Encapsulation) -> Option<Result<Layer<'a>, Carried>> {
    const USER_DATA: u8 = 255;
    let bits = byte(data, 0).ok()?;
    if bits >> 4 != 0b0011 || byte(data, 1).ok()? != USER_DATA {
        return None;
    }
    let has_options = bits & 0b0111 != 0;
    let mut header = if has_options { 12 } else { 8 };
    if bits & 0b0100 != 0 {
        // Each extension header ends with the type of the next, and has its length in words.
        for _ in 0..MOST_HEADERS {
            if byte(data, header - 1).ok()? == 0 {
                break;
            }
            header += 4 * usize::from(byte(data, header).ok()?.max(1));
        }
    }
    // The receiver has chosen the identifier: it means little without the addresses.
    inside.push(between);
    let identifier = u32::from(word(data, 4).ok()?) << 16 | u32::from(word(data, 6).ok()?);
    inside.push(Tag::Gtp(identifier));
    Some(rest(data, header).map(Layer::Ip))
}
