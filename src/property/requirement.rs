//! What a scenario must have for a property to mean anything in it.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// What `applies_to` of a property's file can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Requirement {
    /// The network counts losses: they are a number.
    CountsLosses,
    /// The network counts duplicates: they are a number.
    CountsDuplicates,
    /// Both ends give up after some retransmissions.
    Retries,
    /// Both ends leave `FIN_WAIT_2` after some time.
    #[strum(serialize = "fin-wait-2-timeout")]
    FinWait2Timeout,
    /// Both ends delay ACKs.
    DelayedAck,
    /// An end sends octets.
    Sends,
    /// An end may abort.
    Aborts,
    /// An end opens a new connection.
    Opens,
}

impl Requirement {
    /// All of them.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// How a file names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}
