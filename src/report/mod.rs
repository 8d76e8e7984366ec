//! What people and machines are shown: one pure function a format.

mod copies;
pub mod coverage;
pub mod human;
pub mod json;
pub mod ladder;
pub mod list;
pub mod progress;
pub mod svg;
pub mod terminal;
