//! What a scenario must have for a property to mean anything in it.

/// What `applies_to` of a property's file can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// The network counts losses: they are a number.
    CountsLosses,
    /// The network counts duplicates: they are a number.
    CountsDuplicates,
    /// Both ends give up after some retransmissions.
    Retries,
    /// Both ends leave `FIN_WAIT_2` after some time.
    FinWait2Timeout,
    /// Both ends delay ACKs.
    DelayedAck,
    /// An end sends octets.
    Sends,
    /// An end may abort.
    Aborts,
}

impl Requirement {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::CountsLosses,
        Self::CountsDuplicates,
        Self::Retries,
        Self::FinWait2Timeout,
        Self::DelayedAck,
        Self::Sends,
        Self::Aborts,
    ];

    /// How a file names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CountsLosses => "counts-losses",
            Self::CountsDuplicates => "counts-duplicates",
            Self::Retries => "retries",
            Self::FinWait2Timeout => "fin-wait-2-timeout",
            Self::DelayedAck => "delayed-ack",
            Self::Sends => "sends",
            Self::Aborts => "aborts",
        }
    }
}
