//! Liveness under fairness: strongly connected components, Streett pairs, and the lassos that refute a property.

pub(crate) mod counterexample;
pub(crate) mod fairness;
mod lasso;
pub(crate) mod search;
pub(crate) mod streett;
mod tarjan;
pub(crate) mod zone_fairness;
