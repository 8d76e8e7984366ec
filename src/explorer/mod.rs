//! stateright's web explorer on a scenario's timed world.

mod describe;
mod http;
mod links;
mod model;
mod server;

pub use links::Summary;
pub use model::Explorable;
pub use server::{Listening, Server};
