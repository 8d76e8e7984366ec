//! The segments of a trace as a capture: what Wireshark shows.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use etherparse::{IpHeaders, IpNumber, Ipv4Extensions, Ipv4Header, PacketBuilder, TcpHeader};
use pcap_file::DataLink;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};

use crate::model::{End, Event};
use crate::tcp::Segment;
use crate::trace::Trace;
use crate::trace::timeline::{SegmentTimeline, TracedCopy};

/// RFC 5737 §3: an address for documentation, and a port that is never assigned (RFC 6335 §6).
const A: ([u8; 4], u16) = ([192, 0, 2, 1], 49_152);
const B: ([u8; 4], u16) = ([192, 0, 2, 2], 49_153);

/// The window that both ends offer: the greatest without scaling, which is the endpoints' own.
const WINDOW: u16 = u16::MAX;
const TIME_TO_LIVE: u8 = 64;

/// A capture of all that is put on the wire, in the classic format: each segment when it is sent, each duplicate
/// when the network makes it, and nothing more when a copy arrives, or if it is lost.
///
/// Tick n is n seconds after the epoch, in fractions, too, and what happens at one moment is a millisecond apart,
/// or less where the next moment is near. Sequence numbers are the world's. A duplicate is the very packet that it
/// is a duplicate of; a segment that is sent again is a new one.
///
/// # Errors
/// If a segment is too long for a packet.
pub fn capture(trace: &Trace) -> Result<Vec<u8>, Box<dyn Error>> {
    let header = PcapHeader { datalink: DataLink::RAW, ..PcapHeader::default() };
    let mut writer = PcapWriter::with_header(Vec::new(), header)?;
    let timeline = SegmentTimeline::of(trace);
    // The packet of each copy so far.
    let mut packets: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
    let mut sent_by = [0, 0];
    let (mut now, mut steps) = (0, 0);
    let apart = apart(trace);
    for (step, part) in trace.steps.iter().zip(&timeline.parts) {
        (now, steps) = if let Event::Pass(parts) = step.event { (now + parts, 0) } else { (now, steps + 1) };
        let place = part.sent.or(part.made);
        let Some((place, copy)) = place.and_then(|place| Some((place, timeline.get(place)?))) else {
            continue;
        };
        let packet = if let Some(original) = copy.duplicate_of.and_then(|original| packets.get(&original)) {
            original.clone()
        } else {
            let [by_a, by_b] = &mut sent_by;
            let identification = if copy.to == End::B { by_a } else { by_b };
            *identification += 1;
            packet(copy, *identification)?
        };
        let length = u32::try_from(packet.len())?;
        let time = Duration::from_secs(now.into()) / trace.parts.max(1) + apart * steps;
        writer.write_packet(&PcapPacket::new(time, length, &packet))?;
        packets.insert(place, packet);
    }
    Ok(writer.into_writer())
}

/// How far apart two steps of one moment are.
fn apart(trace: &Trace) -> Duration {
    let moments = trace.steps.split(|step| matches!(step.event, Event::Pass(_)));
    let most = moments.map(|steps| u32::try_from(steps.len()).unwrap_or(u32::MAX)).max().unwrap_or(0);
    let shortest = Duration::from_secs(1) / trace.parts.max(1);
    Duration::from_millis(1).min(shortest / most.saturating_add(1))
}

fn packet(copy: &TracedCopy, identification: u16) -> Result<Vec<u8>, Box<dyn Error>> {
    let (from, to) = match copy.to {
        End::A => (B, A),
        End::B => (A, B),
    };
    let Segment { flags, seq, ack, .. } = copy.segment;
    let mut tcp = TcpHeader::new(from.1, to.1, seq.0, WINDOW);
    tcp.acknowledgment_number = ack.0;
    (tcp.syn, tcp.fin, tcp.rst, tcp.ack) = (flags.syn, flags.fin, flags.rst, flags.ack);
    let mut ip = Ipv4Header::new(0, TIME_TO_LIVE, IpNumber::TCP, from.0, to.0)?;
    ip.identification = identification;
    let mut packet = Vec::new();
    PacketBuilder::ip(IpHeaders::Ipv4(ip, Ipv4Extensions::default()))
        .tcp_header(tcp)
        .write(&mut packet, &text(&copy.segment))?;
    Ok(packet)
}

/// The octets of text: a letter each, by its number, so that a retransmission has the same.
fn text(segment: &Segment) -> Vec<u8> {
    let letter = |number: u32| (b'a'..=b'z').cycle().nth(number.wrapping_sub(1) as usize % 26);
    (0..segment.len).filter_map(|octet| letter((segment.seq + octet).0)).collect()
}
