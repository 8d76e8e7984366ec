//! The protocol of stateright's web explorer, for its own page: `/.status` and `/.states/…`.
//!
//! stateright's server has no end, and no bounds on what a request may cost, so its answers are given here. Two
//! things are left out: the fingerprints of states, which the page does not read, and the properties that are
//! listed with each state, beside which the page says "holds" although that is no verdict.

use serde::Serialize;
use stateright::{Expectation, Model};

use super::exploration::Exploration;
use super::model::{Choice, Explorable, Listed};
use super::request::{Refusal, Status};
use super::walk::WalkedPath;
use crate::model::Layout;

/// An expectation, a name, and the path to what was found.
type PropertyRecord = (Expectation, &'static str, Option<String>);

/// The answer to `/.status`.
#[derive(Serialize)]
pub(super) struct StatusRecord {
    done: bool,
    model: &'static str,
    state_count: usize,
    unique_state_count: usize,
    max_depth: usize,
    properties: Vec<PropertyRecord>,
    recent_path: Option<String>,
}

/// A state in the answer to `/.states`: the initial one, or one that an action leads to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    properties: [PropertyRecord; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    svg: Option<String>,
    action_index: usize,
}

/// How far lastack's exploration came, and what it has found. stateright counts the initial state as one that is
/// generated, and as a step.
pub(super) fn status<L: Layout>(exploration: &Exploration<L>) -> StatusRecord {
    let Exploration { decisions, model, .. } = exploration;
    let listed = |listed: &Listed<L>| {
        let Listed { expectation, name, discovery, .. } = listed;
        // stateright discovers nothing of what is always, or in the end, so.
        let found = discovery.as_ref().filter(|_| matches!(expectation, Expectation::Sometimes));
        (expectation.clone(), *name, found.map(|places| encoded(places)))
    };
    let named: Vec<PropertyRecord> = model.each_listed().iter().map(listed).collect();
    let others = model.properties().into_iter().skip(named.len());
    let others = others.map(|property| (property.expectation, property.name, None));
    StatusRecord {
        done: decisions.stopped.is_none(),
        model: std::any::type_name::<Explorable<L>>(),
        state_count: decisions.stats.transitions + 1,
        unique_state_count: decisions.stats.states,
        max_depth: decisions.stats.depth.map_or(0, |depth| depth + 1),
        properties: named.into_iter().chain(others).collect(),
        recent_path: None,
    }
}

/// A path as stateright writes it: the place of the initial state, there is one, and then of each action.
pub(super) fn encoded(places: &[usize]) -> String {
    let places = std::iter::once(&0).chain(places).map(usize::to_string);
    places.collect::<Vec<_>>().join("/")
}

/// The initial state.
pub(super) fn initial_states<L: Layout>(model: &Explorable<L>) -> Vec<StateRecord> {
    let record = |(place, state)| StateRecord {
        action: None,
        outcome: None,
        state: Some(format!("{state:#?}")),
        properties: [],
        svg: model.picture(&[]),
        action_index: place,
    };
    model.init_states().into_iter().enumerate().map(record).collect()
}

/// What may happen after a path, and where each action leads.
pub(super) fn next_states<L: Layout>(
    model: &Explorable<L>,
    places: &[usize],
) -> Result<Vec<StateRecord>, Refusal> {
    let walked = model.walk(places).map_err(|astray| Refusal::new(Status::NotFound, astray.to_string()))?;
    let WalkedPath { states, .. } = walked;
    let Some(state) = states.last().map(|state| super::model::Shown(*state)) else {
        return Ok(Vec::new());
    };
    let mut choices = Vec::new();
    model.actions(&state, &mut choices);
    let mut taken: Vec<usize> = places.to_vec();
    let record = |(place, choice): (usize, Choice)| {
        taken.push(place);
        let svg = model.picture(&taken);
        taken.pop();
        let action = Some(model.format_action(&choice));
        match model.next_state(&state, choice) {
            Some(next) => StateRecord {
                action,
                outcome: model.format_step(&state, choice),
                state: Some(format!("{next:#?}")),
                properties: [],
                svg,
                action_index: place,
            },
            None => {
                StateRecord { action, outcome: None, state: None, properties: [], svg: None, action_index: place }
            }
        }
    };
    Ok(choices.into_iter().enumerate().map(record).collect())
}
