//! Properties that a scenario cannot decide, and expectations that name none.

use std::slice::from_ref;
use std::sync::Arc;

use super::library::Library;
use super::which::Which;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::End;
use crate::property::{Observation, Property, Requirement, Temporal};
use crate::scenario::{Expectation, Expected, NamedProperty, Scenario, WorldKind};

/// Finds what cannot be checked: in any scenario's file, names of no property and expectations that do not fit;
/// and selected properties that speak of what a selected scenario lacks although it is about them.
///
/// # Errors
/// Each of these mistakes, with its place; that no selected scenario is about a selected property, or that none is
/// applicable to any; and the mistakes in resolving the library's scenarios.
pub fn validate(
    library: &Library,
    scenarios: &[Arc<Scenario>],
    properties: &[Arc<Property>],
) -> Result<(), Diagnostics> {
    let is_about = |scenario: &Scenario, property: &Property| scenario.is_about(&property.name);
    if !scenarios.iter().any(|scenario| properties.iter().any(|property| is_about(scenario, property))) {
        let misnamed_in = |scenario: &Arc<Scenario>| {
            let named = scenario.properties.iter().flatten();
            named.filter_map(|named| misnamed(library, scenario, named)).collect::<Vec<_>>()
        };
        let unknown = scenarios.iter().flat_map(misnamed_in).collect();
        Diagnostics(unknown).or(())?;
        let all = scenarios.iter().flat_map(|scenario| scenario.properties.iter().flatten());
        let mut names: Vec<&str> = all.map(|named| named.property.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let title = "no selected scenario is about a selected property";
        return Err(Diagnostic::new(title).help(format!("its `properties` are: {}", names.join(", "))).into());
    }
    validate_pairs(library, scenarios, properties, &is_about)
}

/// As [`validate`], for properties that an option names: they are checked even in scenarios that are not about
/// them.
///
/// # Errors
/// Those of [`validate`], but for scenarios that are not about a property.
pub fn validate_asked(
    library: &Library,
    scenarios: &[Arc<Scenario>],
    properties: &[Arc<Property>],
) -> Result<(), Diagnostics> {
    validate_pairs(library, scenarios, properties, &|_, _| true)
}

fn validate_pairs(
    library: &Library,
    scenarios: &[Arc<Scenario>],
    properties: &[Arc<Property>],
    is_decided: &dyn Fn(&Scenario, &Property) -> bool,
) -> Result<(), Diagnostics> {
    let mut mistakes = Diagnostics::default();
    for scenario in mistakes.take(library.scenarios(Which::All, &[], 1)).into_iter().flatten() {
        for named in scenario.properties.iter().flatten() {
            mistakes.0.extend(misnamed(library, &scenario, named));
        }
        for expectation in &scenario.expectations {
            mistakes.0.extend(misstated(library, &scenario, expectation));
        }
    }
    let pairs = || {
        let of = move |scenario| properties.iter().map(move |property| (scenario, property));
        let all = scenarios.iter().flat_map(of);
        all.filter(|(scenario, property): &(&Arc<Scenario>, &Arc<Property>)| is_decided(scenario, property))
    };
    mistakes.0.extend(pairs().filter_map(|(scenario, property)| unobservable(scenario, property)));
    if !pairs().any(|(scenario, property)| is_applicable(scenario, property)) {
        let title = "no selected property is applicable to a selected scenario";
        mistakes.0.push(
            Diagnostic::new(title).help(
                "a property's `applies_to` names what a scenario must have; the asynchronous world has no fairness, and \
                 counts no losses, duplicates or retries",
            ),
        );
    }
    mistakes.or(())
}

fn misnamed(library: &Library, scenario: &Scenario, named: &NamedProperty) -> Option<Diagnostic> {
    let unknown = library.properties(from_ref(&named.property)).err()?.0.into_iter().next()?;
    Some(unknown.at(&scenario.source, named.span.clone(), "expected a property's name"))
}

fn misstated(library: &Library, scenario: &Scenario, expectation: &Expectation) -> Option<Diagnostic> {
    let name = &expectation.property;
    let place = |mistake: Diagnostic, label: &str| mistake.at(&scenario.source, expectation.span.clone(), label);
    let property = match library.instances(name) {
        Ok(instances) => instances.into_iter().next()?.property,
        Err(unknown) => {
            return unknown.0.into_iter().next().map(|mistake| place(mistake, "expected a property's name"));
        }
    };
    if !scenario.is_about(&property.name) {
        let title = format!("`{name}` is not among the properties that `{}` is about", scenario.name);
        return Some(place(Diagnostic::new(title), "expected one of the scenario's `properties`"));
    }
    if !is_applicable(scenario, &property) {
        let lacking = property.applies_to.iter().find(|requirement| !has(scenario, **requirement));
        if let Some(lacking) = lacking {
            let title = format!("`{name}` is not decided in `{}`", scenario.name);
            let mistake = Diagnostic::new(title).help(format!("it applies to `{}`", lacking.name()));
            return Some(place(mistake, "expected a property that applies to the scenario"));
        }
        let title = format!("`{name}` is not decided in the asynchronous world");
        let label = "expected a property of states that speaks of no losses, duplicates or retries";
        return Some(place(Diagnostic::new(title), label));
    }
    let temporal = property.formula.temporal();
    let label = match (temporal, expectation.verdict) {
        (Temporal::Possible, Expected::Possible | Expected::Impossible) => return None,
        (Temporal::Possible, _) => "expected the verdict \"possible\" or \"impossible\"",
        (_, Expected::Holds | Expected::Violated) => return None,
        (_, _) => "expected the verdict \"holds\" or \"violated\"",
    };
    let form =
        if temporal == Temporal::LeadsTo { "… leads to …".to_owned() } else { format!("{temporal} …") };
    let title = format!("`{name}` is a property of the form `{form}`");
    Some(place(Diagnostic::new(title), label))
}

/// The mistake, if a property speaks of what the scenario's timed world does not count or have; the help says what
/// its file needs.
#[must_use]
pub fn unobservable(scenario: &Scenario, property: &Property) -> Option<Diagnostic> {
    if !is_applicable(scenario, property) {
        return None;
    }
    let config = &scenario.config;
    let counts_retries = End::BOTH.iter().all(|end| config.end(*end).policy.retransmission.retries.is_some());
    let lacks = [
        (Observation::Retransmissions, counts_retries, "both ends have `retries`", Requirement::Retries),
        (Observation::Losses, config.losses.is_some(), "`network.losses` is a number", Requirement::CountsLosses),
        (
            Observation::Duplicates,
            config.duplicates.is_some(),
            "`network.duplicates` is a number",
            Requirement::CountsDuplicates,
        ),
    ];
    let opens = config.opens();
    let of_openings =
        Observation::OF_AN_OPENING.map(|one| (one, opens, "an end `opens` a new connection", Requirement::Opens));
    // Of a set it is known which segments are in flight, and not how many copies of each.
    let counts_copies = property.formula.counts_in_flight();
    let copies = (
        Observation::InFlight,
        config.duplicates.is_some() || !counts_copies,
        "`network.duplicates` is a number",
        Requirement::CountsDuplicates,
    );
    let old_copies = (Observation::InFlightOld, copies.1, copies.2, copies.3);
    lacks.into_iter().chain(of_openings).chain([copies, old_copies]).find_map(
        |(observation, is_counted, condition, requirement)| {
            let span = property.formula.mentions(observation).filter(|_| !is_counted)?;
            let mut names: Vec<&str> = property.applies_to.iter().map(|one| one.name()).collect();
            names.push(requirement.name());
            let line = match names.as_slice() {
                [one] => format!("applies_to = \"{one}\""),
                more => format!("applies_to = [\"{}\"]", more.join("\", \"")),
            };
            Some(
                if requirement == Requirement::Opens {
                    Diagnostic::new(format!("nothing is opened in the scenario `{}`", scenario.name)).at(
                        &property.file,
                        span,
                        format!("means something where {condition}"),
                    )
                } else {
                    let what = match observation {
                        Observation::InFlight | Observation::InFlightOld => "copies in flight".to_owned(),
                        other => format!("`{}`", other.name()),
                    };
                    Diagnostic::new(format!("{what} are not counted in the scenario `{}`", scenario.name)).at(
                        &property.file,
                        span,
                        format!("counted where {condition}"),
                    )
                }
                .help(format!("with `{line}` in its file the property is decided only where they are")),
            )
        },
    )
}

/// The property is decided in the scenario: it has what the property's `applies_to` names; and the asynchronous
/// world counts nothing, and has no fairness.
#[must_use]
pub fn is_applicable(scenario: &Scenario, property: &Property) -> bool {
    let counters = [Observation::Retransmissions, Observation::Losses, Observation::Duplicates];
    let formula = &property.formula;
    let mut unknown = counters.iter().chain(&Observation::OF_AN_OPENING);
    let is_decidable = scenario.kind == WorldKind::Timed
        || !formula.temporal().is_liveness() && unknown.all(|one| formula.mentions(*one).is_none());
    is_decidable && property.applies_to.iter().all(|requirement| has(scenario, *requirement))
}

fn has(scenario: &Scenario, requirement: Requirement) -> bool {
    let (config, is_timed) = (&scenario.config, scenario.kind == WorldKind::Timed);
    let ends = End::BOTH.map(|end| *config.end(end));
    match requirement {
        Requirement::CountsLosses => is_timed && config.losses.is_some(),
        Requirement::CountsDuplicates => is_timed && config.duplicates.is_some(),
        Requirement::Retries => ends.iter().all(|end| end.policy.retransmission.retries.is_some()),
        Requirement::FinWait2Timeout => ends.iter().all(|end| end.policy.wait.fin_wait_2_timeout.is_some()),
        Requirement::DelayedAck => ends.iter().all(|end| end.policy.acks.delayed_ack.is_some()),
        Requirement::Sends => ends.iter().any(|end| end.application.sends > 0),
        Requirement::Opens => is_timed && config.opens(),
        Requirement::Aborts => ends.iter().any(|end| end.application.aborts),
    }
}
