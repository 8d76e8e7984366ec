//! The subcommands, one file each; what each does is done elsewhere.

pub mod check;
pub mod completions;
pub mod conform;
pub mod explore;
mod limits;
pub mod list;
pub mod merge;
pub mod replay;
mod selection;
pub mod show;
pub mod simulate;
pub mod step;
pub mod sweep;
