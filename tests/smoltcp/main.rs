//! smoltcp beside the endpoint: on paths of worlds that reach every transition, and on as many more as ten
//! seconds allow, both send the same and come to the same states, except where `divergences.toml` has a reason.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

mod comparison;
mod driver;

use std::time::{Duration, Instant};

use comparison::{Compared, compare};
use lastack::conform::{Known, ListCheck};
use lastack::diagnostic::SourceFile;

#[test]
fn smoltcp_does_what_the_endpoint_does() {
    let start = Instant::now();
    let known = Known::parse(&SourceFile::new("divergences.toml", include_str!("divergences.toml"))).unwrap();
    let Compared { comparison, missing, paths: [covering, all] } =
        compare(known.paths(), start + Duration::from_secs(10)).unwrap();
    println!(
        "{} transitions were taken alike, {} differences were seen; {covering} paths cover them, {all} were taken in {} s",
        comparison.agreed.len(),
        comparison.differences.len(),
        start.elapsed().as_secs()
    );

    let ListCheck { unlisted, unseen, .. } = known.check(&comparison);
    let unlisted: Vec<String> = unlisted
        .iter()
        .map(|(difference, path, divergence)| format!("{difference}\n  on: {path}\n  {divergence}"))
        .collect();
    assert!(unlisted.is_empty(), "smoltcp has differences that are not listed:\n{}", unlisted.join("\n"));
    assert!(unseen.is_empty(), "these listed differences do not occur any more: {unseen:#?}");
    let missing: Vec<String> = missing.iter().map(|(one, path)| format!("{one}\n  on: {path}")).collect();
    assert!(missing.is_empty(), "these transitions were not compared:\n{}", missing.join("\n"));
}
