//! Liveness under fairness: strongly connected components, Streett pairs, and the lassos that refute a property.

pub(crate) mod fairness;
pub(crate) mod search;
mod tarjan;
