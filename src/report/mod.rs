//! Reports: a folder a subject, a file a format, and each format a pure function.

pub mod capture;
pub mod check;
pub mod conform;
mod drawing;
pub mod list;
mod policy;
pub(crate) mod quantity;
pub mod simulation;
pub mod sweep;
pub mod terminal;
pub mod trace;
