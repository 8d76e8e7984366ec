//! The packets of a run, in a file that Wireshark and `lastack replay` read.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::{DataLink, PcapError};

use super::error::Error;

/// A file that every packet is written to, in either direction, with the time at which it is seen.
pub struct CaptureFile(Mutex<PcapWriter<BufWriter<File>>>);

impl CaptureFile {
    /// Creates the file, or replaces it.
    ///
    /// # Errors
    /// If it cannot be created or written.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        let file = File::create(path).map_err(Error::system(format!("write {shown}")))?;
        let header = PcapHeader { datalink: DataLink::RAW, ..PcapHeader::default() };
        let writer = PcapWriter::with_header(BufWriter::new(file), header).map_err(failed)?;
        Ok(Self(Mutex::new(writer)))
    }

    /// Writes what is still in memory.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> Result<(), Error> {
        let writer = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        writer.into_writer().flush().map_err(Error::system("write the capture"))
    }

    pub(super) fn add(&self, packet: &[u8]) -> Result<(), Error> {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        writer.write_packet(&PcapPacket::new(time, length, packet)).map_err(failed)?;
        Ok(())
    }
}

fn failed(error: PcapError) -> Error {
    let source = match error {
        PcapError::IoError(source) => source,
        other => io::Error::other(other),
    };
    Error::system("write the capture")(source)
}
