//! The configuration of a timed or asynchronous world, resolved: every duration in ticks.

use super::application::Application;
use super::observe::End;
use super::opening::{Opening, Opens};
use crate::tcp::Policy;

/// The longest duration, in ticks, of a world in real time: zones add two of them in 16 bits. Whole ticks have
/// room for less.
pub const MAX_DURATION: u32 = 8_191;

/// A world's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The age, in ticks, that no copy reaches: at least 1.
    pub msl: u32,
    /// How many originals may be lost; `None`: any number.
    pub losses: Option<u8>,
    /// How many duplicates may be made; `None`: any number, so that what has been delivered may stay until its age
    /// is the MSL.
    pub duplicates: Option<u8>,
    /// Endpoint A and its application.
    pub a: EndConfig,
    /// Endpoint B and its application.
    pub b: EndConfig,
}

/// One end's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndConfig {
    /// Its TCP.
    pub policy: Policy,
    /// Its application.
    pub application: Application,
}

impl Config {
    /// One end's configuration.
    #[must_use]
    pub fn end(&self, end: End) -> &EndConfig {
        match end {
            End::A => &self.a,
            End::B => &self.b,
        }
    }

    /// Some end opens a new connection.
    #[must_use]
    pub fn opens(&self) -> bool {
        End::BOTH.into_iter().any(|end| self.end(end).application.opening.opens != Opens::Never)
    }

    /// This world in ticks of 1/`scale`: every duration is multiplied by `scale`, at least 1.
    #[must_use]
    pub fn scaled(self, scale: u32) -> Self {
        // Each field is named: a new one is a duration, or is not.
        let Self { msl, losses, duplicates, a, b } = self;
        Self { msl: msl.saturating_mul(scale), losses, duplicates, a: a.scaled(scale), b: b.scaled(scale) }
    }
}

impl EndConfig {
    fn scaled(self, scale: u32) -> Self {
        let Self { policy, application } = self;
        let Application { closes, closes_with, sends, aborts, opening } = application;
        let Opening { opens, iss, reuse_time_wait } = opening;
        let reuse_time_wait = reuse_time_wait.map(|ticks| ticks.saturating_mul(scale));
        let opening = Opening { opens, iss, reuse_time_wait };
        let application = Application { closes, closes_with, sends, aborts, opening };
        Self { policy: policy.scaled(scale), application }
    }
}
