//! How far an exploration may go, and how far it came.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::model::Limit;

/// How far an exploration may go.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// How many states it may expand; in real time, how many zones it may find.
    pub max_states: Option<usize>,
    /// How much memory it may take, in bytes.
    pub max_memory: Option<usize>,
    /// When it must end.
    pub deadline: Option<Instant>,
    /// Set when the user ends the run.
    pub interrupted: &'a AtomicBool,
}

/// Nobody sets it.
static NEVER: AtomicBool = AtomicBool::new(false);

impl Limits<'static> {
    /// No limit.
    pub const NONE: Self = Self { max_states: None, max_memory: None, deadline: None, interrupted: &NEVER };
}

impl Limits<'_> {
    /// The time is up, or the user ends the run.
    pub(crate) fn cut_off(&self) -> Option<Stopped> {
        if self.interrupted.load(Ordering::Relaxed) {
            Some(Stopped::Interrupted)
        } else if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            Some(Stopped::Timeout)
        } else {
            None
        }
    }
}

/// Why an exploration ended before it had seen every state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// `--max-states` was reached.
    MaxStates,
    /// `--max-memory`, or what is available, was reached.
    MaxMemory,
    /// `--timeout` was reached.
    Timeout,
    /// The user ended the run.
    Interrupted,
    /// The world cannot represent a state.
    Limit(Limit),
    /// In real time, a duration, in ticks, that is too long to be computed with.
    LongDuration(u32),
    /// In real time, a property of runs that speaks of what is in flight, lost or duplicated, or a cycle without a
    /// timeout.
    RunsInRealTime,
    /// In real time, a cycle was found, but no times with which it repeats.
    NoRepeatingTimes,
    /// Where duplicates are unlimited, the network as a set does something for which no run with every copy was
    /// found.
    NoRunWithEveryCopy,
    /// There are more states than numbers for them, some two thousand million; or, in real time, more different
    /// ends or segments than 65,536.
    Numbers,
    /// A cycle of states in which no end and no time has a part. A fault of the model.
    NetworkCycle,
}

impl Stopped {
    /// Every state was seen, and what is asked of runs is undecided nevertheless.
    #[must_use]
    pub fn leaves_only_runs_open(self) -> bool {
        matches!(self, Self::RunsInRealTime | Self::NoRepeatingTimes | Self::NoRunWithEveryCopy)
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxStates => f.write_str("the limit of --max-states was reached"),
            Self::MaxMemory => f.write_str("the limit of --max-memory was reached"),
            Self::Timeout => f.write_str("the limit of --timeout was reached"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Limit(limit) => limit.fmt(f),
            Self::LongDuration(ticks) => {
                write!(f, "a duration of {ticks} ticks is too long for real time: choose a longer tick")
            }
            Self::RunsInRealTime => f.write_str(
                "in real time, a property of runs is undecided if it mentions in_flight, losses or duplicates, or if the \
                 only violating runs are those in which ends answer each other without a timeout: \
                 set network.delays = \"whole-ticks\"",
            ),
            Self::NoRepeatingTimes => f.write_str(
                "in real time, a cycle was found that a run may go round, but no times with which it repeats: \
                 set network.delays = \"whole-ticks\"",
            ),
            Self::NoRunWithEveryCopy => f.write_str(
                "the network as a set does something for which no run with every copy was found: \
                 set network.duplicates to a number",
            ),
            Self::Numbers => f.write_str("there are more states, or different ends or segments, than can be numbered"),
            Self::NetworkCycle => {
                f.write_str("the network alone can go round forever: this is a fault of the model")
            }
        }
    }
}

/// What is being done with a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its states are looked for, and properties of states are decided.
    Exploration,
    /// Cycles are looked for, and properties of runs are decided.
    Cycles,
    /// stateright explores it once more.
    CrossCheck,
}

/// How far an exploration has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExplorationStats {
    /// Different states, or zones, found.
    pub states: usize,
    /// Those of them that have not been expanded yet: what they lead to is not known.
    pub frontier: usize,
    /// Steps between them: every action that is enabled in some state counts once.
    pub transitions: usize,
    /// Steps from the initial state to the farthest one, on the shortest way; several threads of stateright do not
    /// find that.
    pub depth: Option<usize>,
    /// How much memory states, the set of them and the steps between them take, in bytes; 0 where stateright keeps
    /// them.
    pub bytes: usize,
    /// How long it took.
    pub elapsed: Duration,
}
