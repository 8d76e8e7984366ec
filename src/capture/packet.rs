//! Packets: what of TCP is in a frame.

use std::net::{IpAddr, SocketAddr};

use etherparse::{IpNumber, Ipv6ExtensionSlice, LaxIpv6Slice, LaxNetSlice, LaxSlicedPacket, ip_number};

use super::carried::Carried;
use super::connection::Captured;
use super::encapsulation::Encapsulation;
use super::file::Frame;
use super::fragments::{Fragment, Fragments, Key};
use super::layers::{Layer, ip_packet};
use super::tunnels::tunnel;
use crate::tcp::{Flags, Segment, Seq};

/// The most IP packets in each other.
const MOST_NESTED: usize = 8;

/// The meaning of a frame for connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A TCP segment.
    Tcp(Captured),
    /// A fragment of an IP packet of which others are missing so far.
    Fragment,
    /// Something of TCP, but not enough of its header was captured.
    CutOff,
    /// Anything else.
    Other(Carried),
}

/// Reads the headers of frames, one after the other; of TCP's own only the first 20 octets have to have been
/// captured.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    fragments: Fragments,
}

/// The properties of an IP packet beside its payload.
struct Header {
    source: IpAddr,
    destination: IpAddr,
    hop_limit: u8,
    identification: u16,
}

/// Where an IP packet is.
struct Place<'a> {
    frame: &'a Frame<'a>,
    /// In how many other IP packets.
    depth: usize,
    inside: Encapsulation,
}

impl Decoder {
    /// How many fragments are of packets that could not be put together.
    pub(super) fn lacking_fragments(&self) -> u64 {
        self.fragments.lacking()
    }

    /// The packet in a frame.
    pub(super) fn content(&mut self, frame: &Frame<'_>) -> Content {
        let place = Place { frame, depth: 0, inside: Encapsulation::default() };
        self.content_of(place, Layer::Link(frame.link, frame.data))
    }

    fn content_of(&mut self, mut place: Place<'_>, layer: Layer<'_>) -> Content {
        if place.depth > MOST_NESTED {
            return Content::Other(Carried::Nested);
        }
        match ip_packet(layer, &mut place.inside) {
            Ok(packet) => self.ip(place, packet),
            Err(carried) => Content::Other(carried),
        }
    }

    fn ip(&mut self, place: Place<'_>, packet: &[u8]) -> Content {
        let damaged = Content::Other(Carried::Damaged);
        let Ok(packet) = LaxSlicedPacket::from_ip(packet) else { return damaged };
        let (payload, header, length) = match &packet.net {
            Some(LaxNetSlice::Ipv4(ip)) => {
                let header = ip.header();
                let extensions = ip.extensions().auth.as_ref().map_or(0, |auth| auth.slice().len());
                let length = usize::from(header.total_len()).checked_sub(header.slice().len() + extensions);
                let (source, destination) = (header.source_addr().into(), header.destination_addr().into());
                let (hop_limit, identification) = (header.ttl(), header.identification());
                (ip.payload(), Header { source, destination, hop_limit, identification }, length)
            }
            Some(LaxNetSlice::Ipv6(ip)) => {
                let header = ip.header();
                let length = usize::from(header.payload_length());
                let length = if length == 0 { None } else { length.checked_sub(ip.extensions().slice().len()) };
                let (source, destination) = (header.source_addr().into(), header.destination_addr().into());
                let hop_limit = header.hop_limit();
                (ip.payload(), Header { source, destination, hop_limit, identification: 0 }, length)
            }
            Some(LaxNetSlice::Arp(_)) | None => return damaged,
        };
        // A sender that leaves the cutting to its network card captures packets without a length, or longer than
        // the field can say.
        let length = length.unwrap_or(payload.payload.len() + place.frame.missing);
        if !payload.fragmented {
            return self.transport(place, &header, payload.ip_number, payload.payload, length);
        }
        let (identification, offset, more) = match &packet.net {
            Some(LaxNetSlice::Ipv6(ip)) => match fragment_of(ip) {
                Some(fragment) => fragment,
                None => return damaged,
            },
            Some(LaxNetSlice::Ipv4(ip)) => {
                let ip = ip.header();
                let offset = usize::from(ip.fragments_offset().byte_offset());
                (u32::from(ip.identification()), offset, ip.more_fragments())
            }
            _ => return damaged,
        };
        let is_v4 = header.source.is_ipv4();
        let key = Key {
            from: header.source,
            to: header.destination,
            identification,
            inside: place.inside.clone(),
            protocol: is_v4.then_some(payload.ip_number),
        };
        let fragment = Fragment { offset, length, more, protocol: payload.ip_number, data: payload.payload };
        match self.fragments.add(&key, &fragment) {
            Some(whole) => self.transport(place, &header, whole.protocol, &whole.start, whole.length),
            None => Content::Fragment,
        }
    }

    /// What an IP packet carries, of whose payload of `length` octets the beginning is there.
    fn transport(
        &mut self,
        place: Place<'_>,
        header: &Header,
        protocol: IpNumber,
        payload: &[u8],
        length: usize,
    ) -> Content {
        let Place { frame, depth, mut inside } = place;
        if protocol != ip_number::TCP {
            return match tunnel(protocol, [header.source, header.destination], payload, &mut inside) {
                Some(Ok(inner)) => self.content_of(Place { frame, depth: depth + 1, inside }, inner),
                Some(Err(carried)) => Content::Other(carried),
                None => Content::Other(Carried::Ip(protocol.0)),
            };
        }
        let Some((source_port, destination_port, segment, window)) = segment(payload, length) else {
            return Content::CutOff;
        };
        Content::Tcp(Captured {
            number: frame.number,
            time: frame.time,
            from: SocketAddr::new(header.source, source_port),
            to: SocketAddr::new(header.destination, destination_port),
            inside,
            segment,
            window,
            hop_limit: header.hop_limit,
            identification: header.identification,
        })
    }
}

/// RFC 8200 §4.5: the identification of a fragment, where in the payload it begins, and whether others follow.
fn fragment_of(ip: &LaxIpv6Slice<'_>) -> Option<(u32, usize, bool)> {
    ip.extensions().clone().into_iter().find_map(|extension| match extension {
        Ipv6ExtensionSlice::Fragment(fragment) => Some((
            fragment.identification(),
            usize::from(fragment.fragment_offset().byte_offset()),
            fragment.more_fragments(),
        )),
        _ => None,
    })
}

/// RFC 9293 §3.1: the ports, the segment and the window in an IP packet's payload, which was `length` octets long.
///
/// etherparse would want the options as well, which a snapped packet may lack.
fn segment(payload: &[u8], length: usize) -> Option<(u16, u16, Segment, u16)> {
    let header: &[u8; 20] = payload.first_chunk()?;
    let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, bits, w0, w1, ..] = *header;
    let flags = Flags { fin: bits & 1 != 0, syn: bits & 2 != 0, rst: bits & 4 != 0, ack: bits & 16 != 0 };
    let header_length = usize::from(offset >> 4) * 4;
    let text = length.checked_sub(header_length.max(20))?;
    let segment = Segment {
        flags,
        seq: Seq(u32::from_be_bytes([q0, q1, q2, q3])),
        ack: Seq(if flags.ack { u32::from_be_bytes([a0, a1, a2, a3]) } else { 0 }),
        len: u32::try_from(text).ok()?,
    };
    let [source, destination, window] = [[s0, s1], [d0, d1], [w0, w1]].map(u16::from_be_bytes);
    Some((source, destination, segment, window))
}
