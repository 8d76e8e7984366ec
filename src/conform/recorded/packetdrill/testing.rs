//! What tests of scripts begin with.

use std::sync::Arc;

use super::parse;
use crate::conform::recorded::{CaseOutcome, StepDifference, replay};
use crate::diagnostic::SourceFile;
use crate::policy::{NamedPolicy, Policies};

/// A server whose connection is open; `win` is shifted by 2.
pub(super) const OPENED: &str = "\
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
    +0 bind(3, ..., ...) = 0\n\
    +0 listen(3, 1) = 0\n\
    +0 < S 100:100(0) win 5000 <mss 500,nop,wscale 2>\n\
    +0 > S. 700:700(0) ack 101 <...>\n\
    +.5 < . 101:101(0) ack 701 win 1000\n\
    +0 accept(3, ..., ...) = 4\n";

pub(super) fn named(policy: &str) -> Arc<NamedPolicy> {
    Arc::clone(Policies::shipped().unwrap().named(policy).unwrap())
}

pub(super) fn outcome(script: &str, policy: &str) -> String {
    match parse(&SourceFile::new("script.pkt", script), &named(policy)) {
        Err(mistakes) => mistakes.to_string(),
        Ok(case) => match replay(&case).outcome {
            CaseOutcome::Match => "match".to_owned(),
            CaseOutcome::OutOfScope(feature) => feature,
            CaseOutcome::Differs(differences) => {
                let line = |step: usize| case.steps.get(step - 1).and_then(|step| step.line).unwrap();
                let all = differences.iter().map(|StepDifference { step, expected, seen }| {
                    format!("line {}: {expected} | {seen}", line(*step))
                });
                all.collect::<Vec<_>>().join("\n")
            }
        },
    }
}

pub(super) fn after_opening(lines: &str, policy: &str) -> String {
    outcome(&format!("{OPENED}{lines}"), policy)
}
