//! Events as documents name them, which are looked up in the world that they are taken in: a call and a timer by
//! name, a copy by what can be seen of it.

use super::stepwise::Stepwise;
use crate::model::{End, Kind};
use crate::realtime::{Copy, ExactEvent, ExactWorld, Moment};
use crate::tcp::{Call, Timer};

/// An event as it was saved.
#[derive(Clone, Debug)]
pub(crate) enum SavedEvent {
    /// With the number of the SYN that it sends, if it does.
    Call(End, String, Option<u32>),
    Timeout(End, String),
    Deliver(SavedCopy),
    Lose(SavedCopy),
    Duplicate(SavedCopy),
    /// In parts of a tick.
    Pass(u32),
}

/// A copy as it was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SavedCopy {
    pub(crate) to: End,
    pub(crate) kind: String,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) is_duplicate: bool,
    /// In parts of a tick.
    pub(crate) age: u32,
}

impl SavedEvent {
    /// Takes it at the end of a run.
    ///
    /// # Errors
    /// Why it cannot be taken; then nothing has happened.
    pub(crate) fn take(&self, run: &mut Stepwise<'_>) -> Result<(), String> {
        let event = match self {
            Self::Pass(parts) => {
                run.can_last(*parts)?;
                return run.pass(*parts).map_err(|why| why.to_string());
            }
            Self::Call(end, name, syn) => {
                let is_it = |call: &Call| match (call, syn) {
                    (Call::Connect(seq), Some(syn)) => name == call.name() && seq.0 == *syn,
                    _ => name == call.name(),
                };
                let call = run.world().calls(*end).find(is_it);
                ExactEvent::Call(*end, call.ok_or_else(|| format!("{end} may not call {name}"))?)
            }
            Self::Timeout(end, name) => {
                let timer = Timer::ALL.into_iter().find(|timer| timer.name() == name);
                ExactEvent::Timeout(*end, timer.ok_or_else(|| format!("there is no {name} timer"))?)
            }
            Self::Deliver(copy) => ExactEvent::Deliver(copy.there(run.world())?),
            Self::Lose(copy) => ExactEvent::Lose(copy.there(run.world())?),
            Self::Duplicate(copy) => ExactEvent::Duplicate(copy.there(run.world())?),
        };
        run.happen(&event).map_err(|why| why.to_string())
    }
}

impl SavedCopy {
    /// The copy in a world.
    fn there(&self, world: &ExactWorld<'_>) -> Result<Copy, String> {
        let is_it = |copy: &&Copy| {
            let kind = Kind::of(&copy.segment).map(Kind::name);
            let age = world.now() - copy.sent;
            (copy.to, copy.segment.seq.0, copy.segment.ack.0) == (self.to, self.seq, self.ack)
                && kind == Some(self.kind.as_str())
                && (copy.is_duplicate, age) == (self.is_duplicate, Moment::from(self.age))
        };
        let Self { to, kind, seq, .. } = self;
        world
            .in_flight()
            .iter()
            .find(is_it)
            .copied()
            .ok_or_else(|| format!("no such {kind} {seq} is on its way to {to}"))
    }
}
