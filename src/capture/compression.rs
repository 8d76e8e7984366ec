//! Compressed captures: gzip is unpacked, other compressions are named.

use std::io::{self, Cursor, Read};
use std::sync::{Arc, OnceLock};

use flate2::read::MultiGzDecoder;

use super::fault::FaultKind;

/// The most bytes that are unpacked: a file of a few megabytes can claim to have terabytes in it.
const MOST_UNPACKED: u64 = 1 << 32;

/// How a file begins that is compressed, and the command that unpacks it.
const OTHERS: [(&[u8], FaultKind); 5] = [
    (&[0x28, 0xb5, 0x2f, 0xfd], FaultKind::Compressed("zstd")),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], FaultKind::Compressed("xz")),
    (b"BZh", FaultKind::Compressed("bzip2")),
    (&[0x04, 0x22, 0x4d, 0x18], FaultKind::Compressed("lz4")),
    (b"PK\x03\x04", FaultKind::Compressed("unzip")),
];
/// RFC 1952 §2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The longest of the beginnings, in bytes.
const MAX_BEGINNING_BYTES: u64 = 6;

/// Why unpacking stopped: a reader's own errors carry no reason.
pub(super) type Stopped = Arc<OnceLock<FaultKind>>;

/// The capture in a file that may be compressed, and where it is noted why unpacking stopped.
pub(super) fn unpacked<'a, R: Read + Send + 'a>(
    mut source: R,
) -> Result<(Box<dyn Read + Send + 'a>, Stopped), FaultKind> {
    let mut beginning = Vec::new();
    source.by_ref().take(MAX_BEGINNING_BYTES).read_to_end(&mut beginning).map_err(|_| FaultKind::Unreadable)?;
    if let Some((_, fault)) = OTHERS.iter().find(|(magic, _)| beginning.starts_with(magic)) {
        return Err(*fault);
    }
    let is_gzip = beginning.starts_with(&GZIP);
    let whole = Cursor::new(beginning).chain(source);
    let stopped = Stopped::default();
    if !is_gzip {
        return Ok((Box::new(FullReads(whole)), stopped));
    }
    let unpacker =
        Unpacker { gzip: MultiGzDecoder::new(whole), left: MOST_UNPACKED, stopped: Arc::clone(&stopped) };
    Ok((Box::new(FullReads(unpacker)), stopped))
}

/// Reads as much as is wanted: a pipe gives less at a time, and a reader of captures takes too little for the end.
struct FullReads<R>(R);

impl<R: Read> Read for FullReads<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.0.read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What came before it is good; it comes again.
                Err(_) if filled > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// Unpacks up to the bound.
struct Unpacker<R> {
    gzip: MultiGzDecoder<R>,
    left: u64,
    stopped: Stopped,
}

impl<R: Read> Read for Unpacker<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stop = |fault| {
            // The first reason counts.
            let _ = self.stopped.set(fault);
            io::Error::other(fault.name())
        };
        match self.gzip.read(buffer) {
            Ok(count) => {
                self.left = self.left.checked_sub(count as u64).ok_or_else(|| stop(FaultKind::TooMuchUnpacked))?;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(stop(FaultKind::PackedCutOff)),
            Err(_) => Err(stop(FaultKind::PackedDamaged)),
        }
    }
}
