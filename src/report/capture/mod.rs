//! What the model makes of a capture: one file a format.

pub mod human;
pub mod json;
pub mod ladder;
mod rungs;
pub mod svg;
mod view;
