//! A recorded case beside its replay.

use crate::conform::recorded::{Case, Replayed};

/// A case that was replayed.
#[derive(Debug)]
pub struct Replay<'a> {
    /// The path of its file.
    pub file: &'a str,
    /// The case.
    pub case: &'a Case,
    /// What was seen.
    pub replayed: Replayed,
}

pub(super) fn step_text(case: &Case, step: usize) -> String {
    match step.checked_sub(1).and_then(|index| case.steps.get(index)) {
        Some(step) => step.text.clone(),
        None => format!("the way to {}", case.start),
    }
}
