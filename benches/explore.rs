//! How fast shipped scenarios are explored on one thread, and in how much memory.

#![allow(clippy::panic, clippy::missing_docs_in_private_items, reason = "a benchmark that cannot run may panic")]

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use lastack::check::{Library, Options, check_one};
use lastack::explore::ExplorationStats;
use lastack::scenario::{Scenario, Setting};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// A small scenario, a middling one and the largest.
const SCENARIOS: [&str; 3] = ["simultaneous", "half-close", "data-in-flight"];

fn main() {
    println!("bytes a state, at the peak and all included");
    for name in SCENARIOS {
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let states = explore(name).states;
        let bytes = MEMORY.peak_usage().saturating_sub(before);
        println!("  {name:<20} {states:>8} states {:>8} KiB {:>5} bytes a state", bytes / 1024, bytes / states);
    }
    divan::main();
}

/// Items are states.
#[divan::bench(args = SCENARIOS, sample_count = 5, sample_size = 1)]
fn states(bencher: Bencher<'_, '_>, name: &str) {
    let stats = explore(name);
    bencher.counter(ItemsCount::new(stats.states)).bench_local(|| explore(name));
}

/// Items are transitions.
#[divan::bench(args = SCENARIOS, sample_count = 5, sample_size = 1)]
fn transitions(bencher: Bencher<'_, '_>, name: &str) {
    let stats = explore(name);
    bencher.counter(ItemsCount::new(stats.transitions)).bench_local(|| explore(name));
}

/// Explores a scenario and decides every property in it.
fn explore(name: &str) -> ExplorationStats {
    let (scenario, library) = scenario(name);
    check_one(&scenario, &library.properties, &Options::PLAIN, &|_, _| {}).stats
}

fn scenario(name: &str) -> (Arc<Scenario>, Library) {
    let library = Library::shipped().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let ticks = Setting::parse("network.delays=\"whole-ticks\"").unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut found =
        library.scenarios(&[name.to_owned()], &[ticks], 1).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    (found.remove(0), library)
}
