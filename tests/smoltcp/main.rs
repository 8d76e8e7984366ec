//! smoltcp beside the endpoint.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

mod comparison;
mod driver;

use std::time::{Duration, Instant};

use comparison::{Both, covered};

#[test]
fn probe() {
    let start = Instant::now();
    let both = covered().unwrap();
    let Both { comparison, missing } = both;
    println!("{} paths in {:?}", comparison.paths(), start.elapsed());
    println!("agreed: {}", comparison.agreed.len());
    for (difference, (path, divergence)) in &comparison.differences {
        println!("{difference}\n      {path}\n     {divergence}");
    }
    for transition in missing {
        println!("MISSING {transition}");
    }
}
