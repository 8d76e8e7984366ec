//! A page in a browser on a scenario: its verdicts, each with its run, and its world to be walked through.
//!
//! `server` bounds what a request may cost, `guard` says who is served, `routes` has what there is at each place.
//! The answers are worked out from an [`Exploration`]: for the page by `answers` (of `walk` and `formula`), for
//! stateright's own page by `protocol`.

mod answers;
mod describe;
mod exploration;
mod formula;
mod guard;
mod links;
mod model;
mod protocol;
mod request;
mod routes;
mod server;
mod walk;

pub use exploration::Exploration;
pub use links::Summary;
pub use model::Explorable;
pub use server::{Listening, serve};
