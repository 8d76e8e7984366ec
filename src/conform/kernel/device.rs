//! The TUN device: what the kernel sends comes out of it, and what is put in arrives at the kernel.

use std::fmt::Display;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use etherparse::{NetSlice, PacketBuilder, SlicedPacket, TcpOptionElement, TransportSlice};

use super::capture::CaptureFile;
use super::error::Error;
use crate::tcp::{Flags, Segment, Seq};

/// The kernel's address. RFC 5737: for documentation only, in use nowhere.
pub(super) const KERNEL: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// The peer's address.
pub(super) const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

/// The peer's window, in octets: the greatest without scaling.
const WINDOW: u16 = 65_535;

/// Hops that a packet may make; it makes one.
const TIME_TO_LIVE: u8 = 64;

/// No packet is longer, in octets.
const MTU: u16 = 1500;

/// A segment with its ports. The numbers are those on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) source: u16,
    pub(super) destination: u16,
    pub(super) segment: Segment,
}

pub(super) struct Device {
    tun: tun::Device,
    capture: Option<Arc<CaptureFile>>,
    buffer: Vec<u8>,
}

impl Device {
    /// Creates the device in the thread's network namespace. It is gone when this is dropped.
    pub(super) fn create(capture: Option<Arc<CaptureFile>>) -> Result<Self, Error> {
        let mut configuration = tun::Configuration::default();
        configuration.address(KERNEL).netmask(Ipv4Addr::new(255, 255, 255, 0)).mtu(MTU).up();
        let tun = tun::create(&configuration).map_err(|error| Error::Unavailable {
            what: "a TUN device takes /dev/net/tun and root (CAP_NET_ADMIN)",
            source: match error {
                tun::Error::Io(source) => source,
                other => std::io::Error::other(other),
            },
        })?;
        Ok(Self { tun, capture, buffer: vec![0; usize::from(MTU)] })
    }

    /// Lets a packet of the peer's arrive at the kernel, which has processed it when this returns.
    pub(super) fn send(&self, packet: &Packet, timestamp: bool) -> Result<(), Error> {
        let octets = encode(packet, timestamp)?;
        self.capture(&octets)?;
        self.tun.send(&octets).map_err(Error::system("write to the TUN device"))?;
        Ok(())
    }

    /// The next packet that the kernel sends to the peer, if one comes in time.
    pub(super) fn receive(&mut self, wait: Duration) -> Result<Option<Packet>, Error> {
        loop {
            match self.tun.recv_timeout(&mut self.buffer, wait) {
                Ok(len) => {
                    let octets = self.buffer.get(..len).unwrap_or_default();
                    self.capture(octets)?;
                    if let Some(packet) = decode(octets) {
                        return Ok(Some(packet));
                    }
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(None),
                Err(error) => return Err(Error::system("read from the TUN device")(error)),
            }
        }
    }

    fn capture(&self, octets: &[u8]) -> Result<(), Error> {
        self.capture.as_ref().map_or(Ok(()), |capture| capture.add(octets))
    }
}

/// The octets of a packet from the peer to the kernel, with a timestamp of 1 or without one. Its text is zeros.
fn encode(packet: &Packet, timestamp: bool) -> Result<Vec<u8>, Error> {
    let impossible =
        |error: &dyn Display| Error::Unexpected(format!("no packet can be made of {}: {error}", packet.segment));
    let Packet { source, destination, segment: Segment { flags, seq, ack, len } } = *packet;
    let mut builder =
        PacketBuilder::ipv4(PEER.octets(), KERNEL.octets(), TIME_TO_LIVE).tcp(source, destination, seq.0, WINDOW);
    if flags.syn {
        builder = builder.syn();
    }
    if flags.fin {
        builder = builder.fin();
    }
    if flags.rst {
        builder = builder.rst();
    }
    if flags.ack {
        builder = builder.ack(ack.0);
    }
    if timestamp {
        builder = builder.options(&[TcpOptionElement::Timestamp(1, 0)]).map_err(|error| impossible(&error))?;
    }
    let text = vec![0; len as usize];
    let mut octets = Vec::with_capacity(builder.size(text.len()));
    builder.write(&mut octets, &text).map_err(|error| impossible(&error))?;
    Ok(octets)
}

/// The segment of a packet, if it has one.
fn decode(octets: &[u8]) -> Option<Packet> {
    let packet = SlicedPacket::from_ip(octets).ok()?;
    let (Some(NetSlice::Ipv4(_)), Some(TransportSlice::Tcp(tcp))) = (packet.net, packet.transport) else {
        return None;
    };
    let flags = Flags { syn: tcp.syn(), fin: tcp.fin(), rst: tcp.rst(), ack: tcp.ack() };
    let ack = Seq(if flags.ack { tcp.acknowledgment_number() } else { 0 });
    let len = u32::try_from(tcp.payload().len()).ok()?;
    let segment = Segment { flags, seq: Seq(tcp.sequence_number()), ack, len };
    Some(Packet { source: tcp.source_port(), destination: tcp.destination_port(), segment })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_carries_its_segment() {
        let segment = Segment { flags: Flags::FIN_ACK, seq: Seq(u32::MAX), ack: Seq(7), len: 10 };
        let packet = Packet { source: 1, destination: 65_535, segment };
        let octets = encode(&packet, false).unwrap();
        assert_eq!((octets.len(), decode(&octets)), (50, Some(packet)));
        let reset = Packet { segment: Segment { flags: Flags::RST, ack: Seq(0), ..segment }, ..packet };
        assert_eq!(decode(&encode(&reset, true).unwrap()), Some(reset));
        assert_eq!(decode(&octets[..39]), None);
    }
}
