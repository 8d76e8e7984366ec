//! Properties: the formula language, and the files that properties are kept in.
//!
//! A text becomes tokens (`lexer`), then a tree of names (`parser`, `syntax`), then, with names looked up and
//! types checked (`resolve`, `value`), a compact tree that is evaluated in every world (`predicate`).

mod file;
mod formula;
mod lexer;
mod parser;
mod predicate;
mod problem;
mod requirement;
mod resolve;
mod stateright;
mod syntax;
#[cfg(test)]
mod testing;
mod unexpected;
mod value;
mod verdict;
mod vocabulary;

pub use file::{Property, read_folder, unique_names};
pub use formula::Formula;
pub use predicate::{Counter, Flag, Number, Predicate, Symbol, Who};
pub use requirement::Requirement;
pub use resolve::Premise;
pub use stateright::state_properties;
pub use syntax::{Claim, Order, Temporal};
pub(crate) use verdict::Known;
pub use verdict::{Instance, Verdict};
pub use vocabulary::{Observation, Term, vocabulary};
