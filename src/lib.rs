//! A model checker for one protocol: how TCP closes a connection.
//!
//! Two endpoints and a network that loses, duplicates and reorders are explored in every interleaving: in real
//! time by zones ([`realtime`]), in whole ticks state by state ([`explore`]). Properties that are kept in files
//! are decided.
//!
//! A stateright user finds two models of the same endpoints: [`model::TimedWorld`] is a [`stateright::Model`] of
//! its own, for time and the lifetime of segments are no part of stateright's `ActorModel`;
//! [`model::asynchronous_world`] is an `ActorModel` of the same two actors, where any timer may expire at any
//! moment. Both have stateright's `properties()` ([`property::state_properties`]).
//!
//! ```
//! use lastack::check::{Library, Options, check_one};
//! use lastack::property::Verdict;
//!
//! let library = Library::shipped()?;
//! let scenario = &library.scenarios(&["one-msl".to_owned()], &[], 1)?[0];
//! let properties = library.properties(&["no-premature-closed".to_owned()])?;
//! let checked = check_one(scenario, &properties, &Options::PLAIN, &|_, _| {});
//! assert_eq!(checked.results[0].verdict, Verdict::Violated);
//! # Ok::<(), lastack::diagnostic::Diagnostics>(())
//! ```
//!
//! Imports run one way, from `commands` down: [`explorer`] and [`report`] show what [`check`], [`conform`] and
//! [`capture`] find out; [`check`] goes one way from a scenario to its verdicts, by [`trace`] (a counterexample,
//! replayed), [`liveness`] (fair cycles), [`realtime`] and [`explore`]. All of these need [`property`],
//! [`scenario`], [`model`], [`policy`] and [`tcp`]. [`capture`], which explains captures of real connections,
//! needs [`tcp`] alone.

pub mod capture;
pub mod check;
pub mod cli;
pub mod commands;
pub mod configuration;
pub mod conform;
pub mod diagnostic;
pub mod explore;
pub mod explorer;
mod invariant;
mod json;
pub mod liveness;
pub mod model;
pub mod policy;
pub mod process;
pub mod property;
pub mod realtime;
pub mod report;
pub mod scenario;
pub mod simulation;
pub mod source;
pub mod stepping;
pub mod sweep;
pub mod tcp;
pub mod text;
pub mod trace;
