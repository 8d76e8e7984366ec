//! smoltcp beside the endpoint: on paths of worlds that reach every transition, and on as many more as a minute allows,
//! both send the same and come to the same states, except where `divergences.toml` says why not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

mod comparison;
mod driver;
mod list;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use comparison::{Compared, compare};
use list::List;

#[test]
fn smoltcp_does_what_the_endpoint_does() {
    let start = Instant::now();
    let list = List::read();
    let Compared { agreed, differences, missing, paths: [covering, all] } =
        compare(&list.paths(), start + Duration::from_mins(1)).unwrap();
    println!(
        "{} transitions were taken alike, {} differences were seen; {covering} paths cover them, {all} were taken in {} s",
        agreed.len(),
        differences.len(),
        start.elapsed().as_secs()
    );

    let listed = list.differences();
    let unknown: Vec<String> = differences
        .iter()
        .filter(|(difference, _)| !listed.contains(&difference.to_string()))
        .map(|(difference, (path, divergence))| format!("{difference}\n  on: {path}\n  {divergence}"))
        .collect();
    assert!(unknown.is_empty(), "smoltcp differs where the list does not say so:\n{}", unknown.join("\n"));
    let seen: BTreeSet<String> = differences.keys().map(ToString::to_string).collect();
    let gone: Vec<&String> = listed.difference(&seen).collect();
    assert!(gone.is_empty(), "the list says so, but smoltcp does not differ any more: {gone:#?}");
    let missing: Vec<String> = missing.iter().map(|(one, path)| format!("{one}\n  on: {path}")).collect();
    assert!(missing.is_empty(), "these transitions were not compared:\n{}", missing.join("\n"));
}
