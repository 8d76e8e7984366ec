//! The kernel beside the endpoint: on paths that cover every transition, and on random walks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::capture::CaptureFile;
use super::error::Error;
use super::run::run_all;
use super::worlds;
use crate::conform::{Class, Comparison, EndpointPath, Known, PathGenerator, Transition, opening_paths, recorded};
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::explore::Limits;
use crate::model::End;
use crate::tcp::Timer;

/// What came of a comparison of the kernel with the endpoint.
pub struct Compared {
    /// What was compared.
    pub comparison: Comparison,
    /// The transitions that were to be covered.
    pub transitions: BTreeSet<Transition>,
    /// Those of them that no path led to.
    pub missing: BTreeSet<Transition>,
    /// What the kernel did on the paths that cover the transitions, as far as that is not among the differences:
    /// cases, a line each, by the transition that the path ends with.
    pub cases: BTreeMap<Transition, String>,
}

/// The differences that are known.
///
/// # Errors
/// The mistakes in the list, which is compiled in.
pub fn known() -> Result<Known, Diagnostics> {
    Known::parse(&SourceFile::new("divergences.toml", include_str!("divergences.toml")))
}

/// Compares the running kernel with the endpoint: on paths that cover every transition that an end takes in the
/// worlds of this module or where connections are opened, but for the expiry of 2MSL, on those that `known` names,
/// and on so many random walks of each end of each world.
///
/// # Errors
/// If the kernel cannot be driven, or the capture cannot be written.
pub fn compare(known: &Known, walks: u64, capture: Option<&Arc<CaptureFile>>) -> Result<Compared, Error> {
    let policy = worlds::policy_of_linux()?;
    let worlds =
        worlds::explore(policy, Limits::NONE).map_err(|stopped| Error::Unexpected(stopped.to_string()))?;
    let of_worlds: Vec<PathGenerator> =
        worlds.iter().flat_map(|world| End::BOTH.map(|end| PathGenerator::new(world, end))).collect();
    let opening = opening_paths(&policy, worlds::OPENINGS);
    let all: BTreeSet<Transition> =
        of_worlds.iter().chain([&opening]).flat_map(PathGenerator::transitions).copied().collect();
    let expires =
        |transition: &&Transition| matches!(transition.class, Class::Timeout { timer: Timer::TimeWait, .. });
    let left_out: BTreeSet<Transition> = all.iter().filter(expires).copied().collect();
    let transitions = &all - &left_out;
    let mut comparison = Comparison::without(left_out);
    let mut run = |paths: &[EndpointPath]| run_all(paths, &policy, capture);
    let mut cases = BTreeMap::new();
    let ways: Vec<&PathGenerator> = of_worlds.iter().chain([&opening]).collect();
    comparison.cover(&ways, |paths| {
        let runs = run(paths)?;
        for (path, run) in paths.iter().zip(&runs) {
            if let (Some(last), None) = (run.agreed.last(), &run.divergence) {
                let id = format!("linux/{last}");
                let line = recorded::line(&id, "linux", path, &run.seen, policy.retransmission.retries);
                if let Some(line) = line {
                    cases.entry(*last).or_insert(line);
                }
            }
        }
        Ok(runs)
    })?;
    comparison.take(known.paths().to_vec(), &mut run)?;
    comparison.walk(&of_worlds.iter().collect::<Vec<_>>(), 0..walks, &mut run)?;
    let missing = transitions.iter().filter(|one| !comparison.is_known(one)).copied().collect();
    Ok(Compared { comparison, transitions, missing, cases })
}
