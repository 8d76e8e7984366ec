//! A formula of one's own, evaluated along a path: what one run says of it, where a verdict is of all.

use std::sync::Arc;

use serde::Serialize;

use super::validate::unobservable;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use crate::model::Observe;
use crate::property::{Claim, Formula, Instance, Predicate, Property};
use crate::scenario::Scenario;
use crate::trace::{RunEnding, Trace, is_false_of_run, time_passes};

/// A formula along a path.
#[derive(Serialize)]
pub(crate) struct FormulaAlongPath {
    /// In its canonical form.
    pub(crate) formula: String,
    /// One for each end, if it speaks of `self` or `peer`.
    pub(crate) instances: Vec<InstanceAlongPath>,
}

/// What a path says of one end's formula.
#[derive(Serialize)]
pub(crate) struct InstanceAlongPath {
    /// Who `self` is; nothing if the formula does not ask.
    pub(crate) this: String,
    /// Its predicates, and whether each is true in each state of the path.
    pub(crate) predicates: Vec<PredicateAlongPath>,
    /// What the path says of it.
    pub(crate) result: String,
}

/// A predicate along a path.
#[derive(Serialize)]
pub(crate) struct PredicateAlongPath {
    pub(crate) name: &'static str,
    /// In each state, from the initial one on.
    pub(crate) values: Vec<bool>,
}

/// The states of a run without end: the first so many of the path, of which those from one on are repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forever {
    pub(crate) states: usize,
    pub(crate) from: usize,
    /// Time passes in what is repeated, or, at the end of a run, while nothing happens.
    pub(crate) time_passes: bool,
}

impl Forever {
    /// How a trace goes on forever, if it does.
    pub(crate) fn of(trace: &Trace) -> Option<Self> {
        let steps = trace.steps.len();
        match trace.ending {
            RunEnding::Open => None,
            RunEnding::Stops { .. } => Some(Self { states: steps + 1, from: steps, time_passes: true }),
            // The state that a cycle comes back to is the one in which it began.
            RunEnding::Repeats { from, .. } => {
                Some(Self { states: steps, from, time_passes: time_passes(trace, from) })
            }
        }
    }
}

/// Whether a property of runs is true of a run without end. Where no time passes it is no run: that refutes `time
/// passes`, and decides nothing else.
pub(crate) fn is_true_of(instance: &Instance, states: &[impl Observe], forever: Forever) -> Option<bool> {
    let Forever { states: number, from, time_passes } = forever;
    match instance.property.formula.claim() {
        Claim::TimePasses => Some(time_passes),
        _ => states.get(..number).filter(|_| time_passes).map(|run| !is_false_of_run(instance, run, from)),
    }
}

/// Evaluates a formula in the states of a path. `goes_on` says how the path goes on forever, if it is known.
///
/// # Errors
/// Mistakes in the formula, or what it speaks of and the scenario lacks.
pub(crate) fn evaluate(
    scenario: &Scenario,
    text: &str,
    states: &[impl Observe],
    goes_on: Option<Forever>,
) -> Result<FormulaAlongPath, Diagnostics> {
    let property = property(scenario, text)?;
    let instances = Instance::all(&property);
    Ok(FormulaAlongPath {
        formula: property.formula.to_string(),
        instances: instances.iter().map(|instance| of_instance(instance, states, goes_on)).collect(),
    })
}

/// The formula as a property, if it means something in the scenario.
fn property(scenario: &Scenario, text: &str) -> Result<Arc<Property>, Diagnostics> {
    let file = SourceFile::new("formula", text);
    let property = Arc::new(Property {
        name: "formula".to_owned(),
        about: String::new(),
        formula: Formula::parse_claim_or_predicate(&file, 0..text.len(), text)?,
        sources: Vec::new(),
        applies_to: Vec::new(),
        file,
        formula_span: 0..text.len(),
    });
    match unobservable(scenario, &property) {
        // The formula is in no file, to which the help would have something added.
        Some(mistake) => Err(Diagnostic { help: None, ..mistake }.into()),
        None => Ok(property),
    }
}

/// What the states of a path say of an instance.
fn of_instance(instance: &Instance, states: &[impl Observe], goes_on: Option<Forever>) -> InstanceAlongPath {
    let values =
        |predicate: &Predicate| states.iter().map(|state| predicate.holds(state, instance.this())).collect();
    let one = |predicate: &Predicate| vec![PredicateAlongPath { name: "p", values: values(predicate) }];
    let claim = instance.property.formula.claim();
    let predicates = match claim {
        Claim::Always(p)
        | Claim::Never(p)
        | Claim::Possible(p)
        | Claim::Eventually(p)
        | Claim::AlwaysEventually(p)
        | Claim::EventuallyAlways(p) => one(p),
        Claim::LeadsTo(p, q) => {
            vec![
                PredicateAlongPath { name: "p", values: values(p) },
                PredicateAlongPath { name: "q", values: values(q) },
            ]
        }
        Claim::TimePasses => Vec::new(),
    };
    let result = match goes_on {
        Some(forever) if instance.is_liveness() => match is_true_of(instance, states, forever) {
            Some(is_true) => format!("{is_true} of this run, which goes on forever"),
            None => "no time passes in the steps that are repeated: that is no run".to_owned(),
        },
        _ => result(claim, &predicates),
    };
    InstanceAlongPath { this: instance.end.map_or_else(String::new, |end| end.to_string()), predicates, result }
}

/// What a path that may go on says of a claim.
fn result(claim: &Claim<Predicate>, predicates: &[PredicateAlongPath]) -> String {
    let first = |value: bool| predicates.first()?.values.iter().position(|one| *one == value);
    let last = |number: usize| predicates.get(number)?.values.iter().rposition(|one| *one);
    let in_state = |found: Option<usize>, what: &str, otherwise: &str| match found {
        Some(0) => format!("{what} in the initial state"),
        Some(number) => format!("{what} after step {number}"),
        None => otherwise.to_owned(),
    };
    match claim {
        Claim::Always(_) => in_state(first(false), "violated: p is false", "p is true all along the path"),
        Claim::Never(_) => in_state(first(true), "violated: p is true", "not violated so far"),
        Claim::Possible(_) => in_state(first(true), "the path is an example: p is true", "the path is no example"),
        Claim::Eventually(_) => in_state(first(true), "p is true", "not so far; p may be true later"),
        Claim::LeadsTo(..) => match (last(0), last(1)) {
            (None, _) => "not violated so far: there is no p that q would have to follow".to_owned(),
            (Some(p), Some(q)) if q >= p => "each p is followed by q".to_owned(),
            (Some(_), _) => "q has not followed p; it may later".to_owned(),
        },
        Claim::AlwaysEventually(_) | Claim::EventuallyAlways(_) => {
            "a path that ends does not decide what happens again and again".to_owned()
        }
        Claim::TimePasses => "it speaks of no state".to_owned(),
    }
}
