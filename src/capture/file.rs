//! Capture files: pcap and pcapng, one packet after the other, compressed with gzip or not.

use std::io::Read;

use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};

use super::compression::unpacked;
use super::fault::{Fault, FaultKind};

/// The longest block, in bytes: what is longer is no packet of a network, and is not given memory.
const MAX_BLOCK_BYTES: usize = 1 << 20;
/// The most interfaces of one section of a pcapng file.
const MOST_INTERFACES: usize = 1 << 12;
const NANOSECONDS: i128 = 1_000_000_000;

/// A packet as it is in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// Its number, from 1, as Wireshark counts.
    pub number: u64,
    /// When it was captured, in nanoseconds since 1970; in a block without a time, that of the packet before.
    pub time: i64,
    /// The type of its first header.
    pub link: Linktype,
    /// Its captured octets.
    pub data: &'a [u8],
    /// Octets of it that were not captured.
    pub missing: usize,
}

/// An interface of a pcapng section, or the only one of a pcap file.
struct Interface {
    link: Linktype,
    /// Units of time a second.
    units: u128,
    /// Seconds to add to each time.
    offset: i64,
    /// The most octets that are captured of a packet; 0: all.
    snaplen: u32,
}

impl Interface {
    fn time(&self, units: u64) -> i64 {
        let nanoseconds = u128::from(units) * NANOSECONDS.unsigned_abs() / self.units.max(1);
        let all =
            i128::try_from(nanoseconds).unwrap_or(i128::MAX).saturating_add(i128::from(self.offset) * NANOSECONDS);
        i64::try_from(all).unwrap_or(i64::MAX)
    }
}

/// Reads a capture to its end, or to the first place that cannot be read, and hands on each packet.
///
/// Takes at most 1 MiB of memory, whatever sizes the file claims.
pub(super) fn read<R: Read + Send>(source: R, mut each: impl FnMut(&Frame<'_>)) -> Result<(), Fault> {
    let (source, stopped) = unpacked(source).map_err(|what| Fault { position: 0, what })?;
    let unreadable = || stopped.get().copied().unwrap_or(FaultKind::Unreadable);
    let mut reader = create_reader(MAX_BLOCK_BYTES, source).map_err(|error| Fault {
        position: 0,
        what: match error {
            PcapError::ReadError => unreadable(),
            PcapError::Incomplete(_) => FaultKind::CutOff,
            _ => FaultKind::NoCapture,
        },
    })?;
    let mut interfaces: Vec<Interface> = Vec::new();
    let (mut number, mut time) = (0, 0);
    loop {
        let position = reader.consumed() as u64;
        let fault = |what| Fault { position, what };
        let length = match reader.next() {
            Ok((length, block)) => {
                if let Some(frame) = frame(&block, &mut interfaces, number + 1, time).map_err(fault)? {
                    (number, time) = (frame.number, frame.time);
                    each(&frame);
                }
                length
            }
            // A reader that has stopped may report this as the end.
            Err(PcapError::Eof) => return stopped.get().map_or(Ok(()), |what| Err(fault(*what))),
            Err(PcapError::Incomplete(_)) => {
                reader.refill().map_err(|_| fault(unreadable()))?;
                continue;
            }
            Err(PcapError::UnexpectedEof) => {
                return Err(fault(stopped.get().copied().unwrap_or(FaultKind::CutOff)));
            }
            Err(PcapError::BufferTooSmall) => return Err(fault(FaultKind::TooLong)),
            Err(PcapError::ReadError) => return Err(fault(unreadable())),
            Err(_) => return Err(fault(FaultKind::Malformed)),
        };
        if length == 0 {
            return Err(fault(FaultKind::Malformed));
        }
        reader.consume(length);
    }
}

/// The packet of a block, if it has one; else its description of interfaces is kept.
fn frame<'a>(
    block: &'a PcapBlockOwned<'a>,
    interfaces: &mut Vec<Interface>,
    number: u64,
    last: i64,
) -> Result<Option<Frame<'a>>, FaultKind> {
    let whole = |length: u32, data: &[u8]| (length as usize).saturating_sub(data.len());
    Ok(match block {
        PcapBlockOwned::LegacyHeader(header) => {
            let units = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
            // The highest bits are the length of the check sequence at the end of each frame.
            let link = Linktype(header.network.0 & 0xffff);
            *interfaces = vec![Interface { link, units, offset: 0, snaplen: 0 }];
            None
        }
        PcapBlockOwned::Legacy(packet) => {
            let interface = interfaces.first().ok_or(FaultKind::NoInterface)?;
            let fraction = u128::from(packet.ts_usec) * NANOSECONDS.unsigned_abs() / interface.units;
            let seconds = i64::from(packet.ts_sec).saturating_mul(1_000_000_000);
            Some(Frame {
                number,
                time: seconds.saturating_add(i64::try_from(fraction).unwrap_or(0)),
                link: interface.link,
                data: packet.data,
                missing: whole(packet.origlen, packet.data),
            })
        }
        PcapBlockOwned::NG(Block::SectionHeader(_)) => {
            interfaces.clear();
            None
        }
        PcapBlockOwned::NG(Block::InterfaceDescription(described)) => {
            if interfaces.len() >= MOST_INTERFACES {
                return Err(FaultKind::ManyInterfaces);
            }
            interfaces.push(Interface {
                link: described.linktype,
                units: units(described.if_tsresol),
                offset: described.if_tsoffset,
                snaplen: described.snaplen,
            });
            None
        }
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
            let interface = usize::try_from(packet.if_id).ok().and_then(|index| interfaces.get(index));
            let interface = interface.ok_or(FaultKind::NoInterface)?;
            let data = packet.packet_data();
            Some(Frame {
                number,
                time: interface.time(u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low)),
                link: interface.link,
                data,
                missing: whole(packet.origlen, data),
            })
        }
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
            let interface = interfaces.first().ok_or(FaultKind::NoInterface)?;
            let mut data = packet.packet_data();
            if interface.snaplen > 0 {
                data = data.get(..interface.snaplen as usize).unwrap_or(data);
            }
            Some(Frame { number, time: last, link: interface.link, data, missing: whole(packet.origlen, data) })
        }
        PcapBlockOwned::NG(_) => None,
    })
}

/// The units of time a second that pcapng's `if_tsresol` stands for: a power of 10, or of 2 with the highest bit.
fn units(resolution: u8) -> u128 {
    let base: u128 = if resolution & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(u32::from(resolution & 0x7f)).unwrap_or(u128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_resolution_of_their_interface() {
        let interface =
            |resolution| Interface { link: Linktype(1), units: units(resolution), offset: 0, snaplen: 0 };
        assert_eq!(interface(6).time(1_500_000), 1_500_000_000);
        assert_eq!(interface(9).time(7), 7);
        assert_eq!(interface(0x8a).time(512), 500_000_000);
        assert_eq!(interface(0).time(u64::MAX), i64::MAX, "what cannot be is the latest time there is");
        assert_eq!(interface(0xff).time(1 << 40), 0);
        assert_eq!(Interface { offset: -1, ..interface(0) }.time(3), 2_000_000_000);
    }

    #[test]
    fn a_length_that_cannot_be_is_not_given_memory() {
        let mut file = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0]);
        file.extend([0; 8]);
        file.extend([0xff; 8]);
        let read = read(file.as_slice(), |_| panic!("there is no packet"));
        assert_eq!(read, Err(Fault { position: 24, what: FaultKind::TooLong }));
    }
}
