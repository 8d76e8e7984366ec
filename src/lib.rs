//! A model checker for one protocol: how TCP closes a connection.
//!
//! Two endpoints and a network that loses, duplicates and reorders are written as a stateright actor model with
//! time; the checker explores every interleaving and decides properties that are kept in files. Imports run one
//! way: `commands` → [`report`] → [`conform`] → [`check`] → [`property`] → [`world`] → [`tcp`]. [`capture`], which explains captures
//! of real connections, stands beside [`check`] and needs [`tcp`] alone.

pub mod capture;
pub mod check;
pub mod cli;
pub mod commands;
pub mod conform;
pub mod diagnostic;
mod invariant;
pub mod property;
pub mod report;
pub mod source;
pub mod tcp;
pub mod text;
pub mod world;
