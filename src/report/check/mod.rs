//! What a check has shown, in each form that it is reported in.

pub mod coverage;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
pub mod show_command;
mod verdict_note;
