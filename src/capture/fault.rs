//! Where and why a capture file cannot be read on.

/// Where and why the reading of a file ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The first byte, from 0, of the block that could not be read.
    pub position: u64,
    /// The kind of the mistake.
    pub what: FaultKind,
}

/// The kinds of mistakes in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is neither pcap nor pcapng.
    NoCapture,
    /// It ends in the middle of a block.
    CutOff,
    /// A block claims to be longer than any packet.
    TooLong,
    /// A block contradicts itself.
    Malformed,
    /// A packet of an interface that was not described.
    NoInterface,
    /// A section describes more interfaces than there can be.
    ManyInterfaces,
    /// The system could not read on.
    Unreadable,
    /// It is compressed, and this command unpacks it.
    Compressed(&'static str),
    /// It is compressed with gzip, and ends in the middle of that.
    PackedCutOff,
    /// It is compressed with gzip, and contradicts itself.
    PackedDamaged,
    /// Too much comes out of it when it is unpacked.
    TooMuchUnpacked,
}

impl FaultKind {
    /// The mistake, in a few words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoCapture => "this is neither pcap nor pcapng",
            Self::CutOff => "the file ends in the middle of the block that begins here",
            Self::TooLong => "the block that begins here claims to be longer than 1 MiB",
            Self::Malformed => "the block that begins here contradicts itself",
            Self::NoInterface => "this is a packet of an interface that was not described",
            Self::ManyInterfaces => "more than 4,096 interfaces are described",
            Self::Unreadable => "it cannot be read any further",
            Self::Compressed("zstd") => {
                "this is compressed: unpack it first, as in `zstdcat FILE | lastack replay -`"
            }
            Self::Compressed("xz") => "this is compressed: unpack it first, as in `xzcat FILE | lastack replay -`",
            Self::Compressed("bzip2") => {
                "this is compressed: unpack it first, as in `bzcat FILE | lastack replay -`"
            }
            Self::Compressed("lz4") => {
                "this is compressed: unpack it first, as in `lz4cat FILE | lastack replay -`"
            }
            Self::Compressed(_) => "this is an archive: unpack it first, as in `unzip -p FILE | lastack replay -`",
            Self::PackedCutOff => "the file, which is compressed with gzip, ends early",
            Self::PackedDamaged => "the file, which is compressed with gzip, is damaged",
            Self::TooMuchUnpacked => {
                "more than 4 GiB come out of the file: unpack it with `zcat FILE | lastack replay -`"
            }
        }
    }
}
