//! How fast worlds are explored in real time on one thread, in how much memory, and whether the unit of time
//! matters.
//!
//! The question is whether `no-premature-closed` holds. Both ends close at any time; `TIME_WAIT` is 2 MSL.

#![allow(clippy::panic, clippy::missing_docs_in_private_items, reason = "a benchmark that cannot run may panic")]

use std::fmt;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use lastack::check::Library;
use lastack::model::{Application, Closes, ClosesWith, Config, End, EndConfig, Opening};
use lastack::property::Property;
use lastack::realtime::{Question, SearchOptions, ZoneLimits, ZoneStats, explore};
use lastack::tcp::Policy;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[derive(Clone, Copy)]
struct World {
    name: &'static str,
    msl: u32,
    losses: u8,
    duplicates: u8,
    /// Every duration is multiplied by this.
    scale: u32,
}

const A: World = World { name: "a", msl: 3, losses: 2, duplicates: 1, scale: 1 };
const B: World = World { name: "b", losses: 1, duplicates: 2, ..A };
const C: World = World { name: "c", msl: 4, losses: 3, ..A };
const WORLDS: [World; 9] = [
    A,
    World { scale: 5, ..A },
    World { scale: 30, ..A },
    B,
    World { scale: 5, ..B },
    World { scale: 30, ..B },
    C,
    World { scale: 5, ..C },
    World { scale: 30, ..C },
];

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ×{}", self.name, self.scale)
    }
}

impl World {
    fn config(self) -> Config {
        let Self { msl, losses, duplicates, scale, .. } = self;
        let application = Application {
            closes: Closes::AnyTime,
            closes_with: ClosesWith::Shutdown,
            sends: 0,
            aborts: false,
            opening: Opening::NEVER,
        };
        let end = EndConfig {
            policy: Policy::rfc1337(msl * scale).with(|policy| policy.retransmission.rto = 2 * scale),
            application,
        };
        Config { msl: msl * scale, losses: Some(losses), duplicates: Some(duplicates), a: end, b: end }
    }
}

fn main() {
    println!("bytes a zone with its discrete part, at the peak and all included");
    for world in WORLDS {
        let property = property();
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let ZoneStats { zones, parts, transitions, .. } = decide(world, &property);
        let bytes = MEMORY.peak_usage().saturating_sub(before) / zones;
        println!(
            "  {world:<6} {zones:>8} zones {parts:>8} parts {transitions:>9} transitions {bytes:>5} bytes a zone"
        );
    }
    divan::main();
}

/// Items are transitions.
#[divan::bench(args = WORLDS, sample_count = 5, sample_size = 1)]
fn transitions(bencher: Bencher<'_, '_>, world: World) {
    let property = property();
    let stats = decide(world, &property);
    bencher.counter(ItemsCount::new(stats.transitions)).bench_local(|| decide(world, &property));
}

fn property() -> Arc<Property> {
    let library = Library::shipped().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let named = library.properties(&["no-premature-closed".to_owned()]);
    named.unwrap_or_else(|mistakes| panic!("{mistakes}")).remove(0)
}

fn decide(world: World, property: &Property) -> ZoneStats {
    let config = world.config();
    let questions = End::BOTH.map(|end| Question::of(&property.formula, end));
    match explore(&config, &questions, SearchOptions::default(), &ZoneLimits::NONE, &|_| {}) {
        Ok(explored) if explored.stopped().is_none() => explored.stats,
        Ok(explored) => panic!("{:?}", explored.ended),
        Err(stop) => panic!("{stop:?}"),
    }
}
